"""Backs up a firm's state, and puts it back.

A backup is a folder: the operational store as an SQLite file (whatever store it came from), the
warehouse that the last finished night published, and a manifest of hashes. Raw records cannot be
fetched again, so both belong together. The posting journal is left where it is: it must outlive
what is restored.
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from ps_integration import __version__
from ps_integration.errors import CouldNotRunError, FixConfigError
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import audit, fence
from ps_integration.stores.operational.clone import clone
from ps_integration.stores.operational.journal import Mark
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.snapshot import SNAPSHOT_NAME
from ps_integration.workflows.night import WAREHOUSE_NAME, sqlite_path, store_url
from ps_integration.workflows.nightly import operational_store, state_folder

OPERATIONAL: Final = "operational.sqlite"
WAREHOUSE: Final = "warehouse.duckdb"
MANIFEST: Final = "manifest.json"
_SIDE_FILES: Final = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes:
        store_id: The store it was made of.
        epoch: That store's epoch.
        ledger_seq: Its newest ledger row.
        files: SHA-256 of every file, by name.
    """

    firm: str
    made_at: datetime
    code_version: str
    store_id: str
    epoch: int
    ledger_seq: int
    files: Mapping[str, str]


def backup(file: FirmFile, target: Path, now: datetime) -> Manifest:
    """Copy both stores into a new folder, at one moment each.

    Raises:
        FixConfigError: The folder is not empty.
    """
    if target.exists() and any(target.iterdir()):
        raise FixConfigError(f"{target}: is not empty; a backup never writes over another")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    published = state_folder(file) / SNAPSHOT_NAME
    if published.exists():
        shutil.copyfile(published, target / WAREHOUSE)
    with operational_store(file) as source:
        mark = _copy(source, target / OPERATIONAL)
    files = {path.name: _sha256(path) for path in sorted(target.iterdir())}
    manifest = Manifest(
        file.firm.firm.id, now, __version__, mark.store_id, mark.epoch, mark.seq, files
    )
    (target / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(asdict(manifest))))
    return manifest


def _copy(source: OperationalStore, path: Path) -> Mark:
    """Clone the store; the copy knows that it is one, and must catch up before it posts."""
    copied = OperationalStore(f"sqlite:///{path}")
    try:
        copied.migrate()
        clone(source, copied)
        with copied.session() as session:
            fence.identity(session).is_copy = True
            mark = fence.mark(session)
    finally:
        copied.close()
    for suffix in _SIDE_FILES[1:]:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return mark


def restore(file: FirmFile, source: Path, who: str, now: datetime) -> Manifest:
    """Put a backup in the place of the firm's state; what was there is moved aside.

    Nothing is sent from it before it has caught up with the posting journal and the ERP.

    Raises:
        FixConfigError: It is no backup of this firm, or PostgreSQL already holds a store.
        CouldNotRunError: A file is damaged.
    """
    manifest = read_manifest(source)
    if manifest.firm != file.firm.firm.id:
        raise FixConfigError(f"{source}: is a backup of {manifest.firm}, not of this firm")
    folder = state_folder(file)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = folder / f"before-restore-{now:%Y%m%dT%H%M%S}"
    if file.firm.stores.operational:
        _into_database(file, source / OPERATIONAL)
    else:
        _into_place(source / OPERATIONAL, sqlite_path(folder), aside)
    if WAREHOUSE in manifest.files:
        for name in (WAREHOUSE_NAME, SNAPSHOT_NAME):
            _into_place(source / WAREHOUSE, folder / name, aside)
    with operational_store(file) as store, store.session() as session:
        detail = {"ledger_seq": manifest.ledger_seq, "made_at": manifest.made_at.isoformat()}
        subject = manifest.store_id
        audit.append(session, at=now, who=who, action="restore", subject=subject, detail=detail)
    return manifest


def read_manifest(source: Path) -> Manifest:
    """The manifest of a backup whose files are all as they were written.

    Raises:
        FixConfigError: The folder is no backup.
        CouldNotRunError: A file is missing or damaged.
    """
    try:
        manifest = msgspec.json.decode((source / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise FixConfigError(f"{source}: is no backup: {error}") from None
    for name, wanted in manifest.files.items():
        path = source / Path(name).name
        if not path.exists() or _sha256(path) != wanted:
            raise CouldNotRunError(f"{path}: is missing or not as it was backed up")
    return manifest


def _into_place(source: Path, target: Path, aside: Path) -> None:
    """Move what is there aside and put a copy in its place."""
    for suffix in _SIDE_FILES:
        old = target.with_name(target.name + suffix)
        if old.exists():
            aside.mkdir(exist_ok=True, mode=0o700)
            old.rename(aside / old.name)
    partial = target.with_name(target.name + ".partial")
    shutil.copyfile(source, partial)
    partial.chmod(0o600)
    partial.replace(target)


def _into_database(file: FirmFile, source: Path) -> None:
    """Fill an empty database; one that holds a store is never written over."""
    target = OperationalStore(store_url(file.firm, state_folder(file)))
    copied = OperationalStore(f"sqlite:///{source}")
    try:
        if target.is_in_use():
            raise FixConfigError(
                "stores.operational: the database holds a store already; name an empty one"
            )
        target.migrate()
        copied.check()
        clone(copied, target)
    finally:
        copied.close()
        target.close()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
