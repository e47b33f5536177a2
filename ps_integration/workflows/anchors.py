"""Heads of the audit trail, noted outside the store, so that a cut tail shows.

After every command that wrote, one signed line goes to the end of a file in the state folder, and
of another one where the firm file names it.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ps_integration.domain.trail import Head, Key, KeyRing
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import audit
from ps_integration.stores.operational.audit_check import Anchor
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows.audit_keys import public_key, signer

ANCHOR_FILE: Final = "audit-anchors.jsonl"
_log = logging.getLogger(__name__)


def paths(firm: Firm, folder: Path) -> tuple[Path, ...]:
    """The files that heads are noted in."""
    elsewhere = (Path(firm.audit.anchor),) if firm.audit.anchor else ()
    return (folder / ANCHOR_FILE, *elsewhere)


def note_head(store: OperationalStore, firm: Firm, folder: Path) -> None:
    """Note where the trail ends now, in each file that does not say so yet."""
    if store.keys is None:
        return
    with store.snapshot() as session:
        head = audit.head(session)
    if not head.seq:
        return
    for path in paths(firm, folder):
        try:
            if _last(path) != head.sha256:
                _append(path, line_of(head, store.keys.current, datetime.now(UTC)))
        except OSError as error:
            _log.warning("audit.anchor: %s: %s", path, error.strerror)


def line_of(head: Head, key: Key, at: datetime) -> str:
    """One anchor as a line of JSON, signed."""
    told = {
        "at": at.isoformat(timespec="seconds"),
        "key_id": key.id,
        "ledger_seq": head.ledger_seq,
        "public_key": public_key(key),
        "seq": head.seq,
        "sha256": head.sha256,
    }
    signature = signer(key).sign(_signed(told)).hex()
    return json.dumps({**told, "signature": signature}, sort_keys=True)


def read(firm: Firm, folder: Path, keys: KeyRing) -> tuple[list[Anchor], list[str]]:
    """All heads noted anywhere, and what is wrong with the files that hold them."""
    anchors: list[Anchor] = []
    problems: list[str] = []
    trusted = {public_key(key) for key in (keys.current, *keys.previous)}
    for path in paths(firm, folder):
        if not path.exists():
            continue
        for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
            anchor = _anchor(text, trusted)
            if anchor is None:
                problems.append(f"{path}:{number}: no anchor that a key of ours signed")
            else:
                anchors.append(anchor)
    return anchors, problems


def _anchor(text: str, trusted: set[str]) -> Anchor | None:
    try:
        told = json.loads(text)
        signature = bytes.fromhex(told.pop("signature"))
        if told["public_key"] not in trusted:
            return None
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(told["public_key"])).verify(
            signature, _signed(told)
        )
        return Anchor(int(told["seq"]), str(told["sha256"]), datetime.fromisoformat(told["at"]))
    except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature):
        return None


def _signed(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True).encode()


def _lines(path: Path) -> Iterator[str]:
    if path.exists():
        yield from path.read_text("utf-8").splitlines()


def _last(path: Path) -> str:
    *_, last = ("", *_lines(path))
    try:
        return str(json.loads(last)["sha256"]) if last else ""
    except (ValueError, KeyError, TypeError):
        return ""


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
