"""Files a drawn report: whole or not at all, under names of our own making."""

import os
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from ps_integration.errors import CouldNotRunError, FixConfigError

_RUN_ID: Final = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")
VALUE: Final = "value.json"
MANIFEST: Final = "manifest.json"
LATEST: Final = "latest"


def run_folder(reports: Path, run_id: str) -> Path:
    """The folder of one run's report.

    Raises:
        FixConfigError: The run id could lead out of the reports folder.
    """
    if not _RUN_ID.match(run_id) or run_id == LATEST:
        raise FixConfigError(f"run {run_id!r}: a run id is letters, digits, '.', '_' and '-'")
    return reports / run_id


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 by a temporary file, fsync and rename."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_report(folder: Path, drawings: Mapping[str, bytes]) -> None:
    """Write the drawings, then the manifest with the SHA-256 of each."""
    for name, data in drawings.items():
        write_whole(folder / name, data)
    hashes = {name: sha256(data).hexdigest() for name, data in sorted(drawings.items())}
    write_whole(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(hashes)) + b"\n")


def point_latest(reports: Path, run_id: str) -> None:
    """Say which report is the newest, in a small JSON file."""
    write_whole(reports / LATEST, msgspec.json.encode({"run_id": run_id}) + b"\n")


def latest_run_id(reports: Path) -> str | None:
    """The run whose report is the newest; None before the first.

    Raises:
        CouldNotRunError: The pointer cannot be read.
    """
    path = reports / LATEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])["run_id"]
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, KeyError) as error:
        raise CouldNotRunError(f"{path}: not a pointer to a report; run a night anew") from error
