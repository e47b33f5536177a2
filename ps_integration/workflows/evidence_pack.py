"""A signed evidence pack of some batches: everything an auditor needs to check them offline.

The same state gives the same bytes. `verify_pack` is in the pack as `verify.py` and tells what is
checked; `docs/finance.md` walks an auditor through it.
"""

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import msgspec

from ps_integration import __version__
from ps_integration.domain.ports import Queries
from ps_integration.domain.seal import EMPTY_SHA256
from ps_integration.domain.trail import KeyRing
from ps_integration.errors import AskFinanceError
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import approvals, exhibits, witness
from ps_integration.stores.operational.kinds import KINDS
from ps_integration.stores.operational.store import OperationalStore, Session
from ps_integration.workflows import anchors
from ps_integration.workflows.audit_keys import public_key, signer
from ps_integration.workflows.verify_pack import sha

_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
_SOURCES: Final[Mapping[str, str]] = {
    "raw.jsonl": """
        select re.system || ':' || re.record_id as entry_id, re.*
        from raw.records as re
        inner join (
            select distinct ev.raw_seq
            from canonical.entry_versions as ev
            inner join (select unnest($ids) as entry_id) as wanted on ev.entry_id = wanted.entry_id
        ) as used on re.raw_seq = used.raw_seq
        order by re.raw_seq
    """,
    "versions.jsonl": """
        select ev.*
        from canonical.entry_versions as ev
        inner join (select unnest($ids) as entry_id) as wanted on ev.entry_id = wanted.entry_id
        order by ev.entry_id, ev.version_no
    """,
    "rates.jsonl": """
        select ra.*
        from billing.rated_entries as ra
        inner join (select unnest($ids) as entry_id) as wanted on ra.entry_id = wanted.entry_id
        order by ra.entry_id, ra.version_no
    """,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a pack is about: one batch, or a posting period of a legal entity."""

    batch_id: str = ""
    period: str = ""
    legal_entity: str = ""

    @property
    def group(self) -> str:
        """What the trail calls the batches of a period; empty for one batch."""
        return witness.group_of(self.legal_entity, self.period) if self.period else ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the evidence is."""

    firm: Firm
    folder: Path
    store: OperationalStore
    warehouse: Queries


def export(places: Places, keys: KeyRing, scope: Scope) -> bytes:
    """The pack, as the bytes of a zip archive.

    Raises:
        AskFinanceError: There is no such batch, or none in that period.
    """
    with places.store.snapshot() as session:
        batches = [exhibits.sealed(session, one) for one in _batches(session, scope)]
        refs = sorted(ref for batch in batches for ref in batch.documents)
        ids = exhibits.objects(session, refs)
        known = {*refs, *(batch.batch_id for batch in batches), scope.group} - {""}
        trail = list(exhibits.trail(session, known))
        pack = _store_files(session, batches, refs)
    pack["trail.txt"] = b"".join(map(_trail_line, trail))
    pack["anchors.jsonl"] = _anchors(places)
    for name, sql in _SOURCES.items():
        pack[name] = _json_lines(places.warehouse.rows(sql, {"ids": ids}))
    pack["verify.py"] = files("ps_integration.workflows").joinpath("verify_pack.py").read_bytes()
    manifest = {
        "format": 1,
        "made_by": f"ps_integration {__version__}",
        "firm": places.firm.firm.name,
        "scope": {"batch_id": scope.batch_id, "group": scope.group},
        "public_keys": [public_key(key) for key in (keys.current, *keys.previous)],
        "trail": {
            "from": trail[0].seq if trail else 1,
            "previous": trail[0].previous if trail else EMPTY_SHA256,
        },
        "columns": {kind.name: kind.columns for kind in KINDS.values() if kind.is_shown},
        "files": {name: sha(data) for name, data in sorted(pack.items())},
    }
    pack["manifest.json"] = json.dumps(manifest, indent=1, sort_keys=True).encode()
    pack["manifest.sig"] = signer(keys.current).sign(pack["manifest.json"]).hex().encode()
    return _zipped(pack)


def _batches(session: Session, scope: Scope) -> Sequence[str]:
    if scope.batch_id:
        return [approvals.get(session, scope.batch_id).batch_id]
    found = exhibits.batch_ids(session, scope.period, scope.legal_entity)
    if not found:
        raise AskFinanceError(f"{scope.legal_entity} {scope.period}: no batch was ever planned")
    return found


def _store_files(
    session: Session, batches: Sequence[exhibits.SealedBatch], refs: Sequence[str]
) -> dict[str, bytes]:
    told = {
        batch.batch_id: {
            "root": batch.root,
            "header": batch.header.decode(),
            "proofs": batch.proofs,
        }
        for batch in batches
    }
    rows = exhibits.row_bodies(session, list(told), refs)
    pack = {
        "batches.json": json.dumps(told, indent=1, sort_keys=True).encode(),
        "rows.jsonl": b"".join(row + b"\n" for row in rows),
    }
    for batch in batches:
        pack |= {f"documents/{ref}.jsonl": body for ref, body in batch.documents.items()}
    return pack


def _trail_line(row: exhibits.TrailRow) -> bytes:
    body = row.body or f"={row.body_sha256}".encode()
    return f"{row.seq} {row.sha256} ".encode() + body + b"\n"


def _anchors(places: Places) -> bytes:
    """Every head noted anywhere; those after the last row show that the tail was cut."""
    lines = {
        line
        for path in anchors.paths(places.firm, places.folder)
        if path.exists()
        for line in path.read_text("utf-8").splitlines()
    }
    return "".join(f"{line}\n" for line in sorted(lines)).encode()


def _json_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(dict(row), order="sorted") + b"\n" for row in rows)


def _zipped(pack: Mapping[str, bytes]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(pack):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, pack[name])
    return target.getvalue()
