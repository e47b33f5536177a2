"""A warehouse that is gone, emptied or damaged is replaced by the copy the last night published.

Nothing is ever thrown away: what was in its place is moved aside. Without a copy the night starts
from an empty warehouse: everything is read again, and what the sources have deleted since stays as
it was billed until a person decides.
"""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

from ps_integration.errors import (
    CouldNotRunError,
    StatementRefusedError,
    WarehouseDamagedError,
)
from ps_integration.stores.warehouse.snapshot import SNAPSHOT_NAME
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.night import Night

_SIDES: Final = ("", ".wal")
_RECORDS: Final = "select count(*) from raw.records"


def find_again(night: Night) -> tuple[str, ...]:
    """Make sure that the warehouse is the firm's own, before a run writes to it.

    Returns:
        What was done, one sentence each; usually nothing.

    Raises:
        RetryLaterError: Another process is writing it.
    """
    path, copy = night.warehouse_path, night.folder / SNAPSHOT_NAME
    is_there = path.exists() and path.stat().st_size > 0
    what = _wrong(path, copy) if is_there else "was gone"
    if not what:
        return ()
    said = [f"The warehouse {what}"]
    if is_there:
        said.append(f"; it was moved to {_aside(night, path)}")
    elif path.with_name(path.name + ".wal").exists():
        _aside(night, path)
    if copy.exists() and not _damage(copy):
        _put(copy, path)
        said.append(f". The copy published by run {_run_of(path)} is in its place now.")
    elif not is_there and not copy.exists() and not _has_run(night):
        return ()
    else:
        if copy.exists():
            said.append(f", and the published copy is damaged too (moved to {_aside(night, copy)})")
        said.append(
            ". No published copy can take its place, so everything is read again from the"
            " systems; restore the last backup if there is one: it knows what they have deleted."
        )
    return ("".join(said),)


def set_aside(night: Night, error: WarehouseDamagedError) -> CouldNotRunError:
    """After a run met damage: move the warehouse aside, and say what the next run does."""
    place = _aside(night, night.warehouse_path)
    copy = night.folder / SNAPSHOT_NAME
    then = (
        "the next run starts from the copy that the last night published"
        if copy.exists() and not _damage(copy)
        else "no published copy can take its place: restore the last backup"
    )
    return CouldNotRunError(
        f"warehouse: it is damaged ({error}) and was moved to {place}; nothing of this run was"
        f" published, and {then}; check the disk and run it again"
    )


def _wrong(path: Path, copy: Path) -> str:
    """What is wrong with a warehouse that is there, as the end of a sentence; empty = nothing."""
    damage = _damage(path)
    if damage:
        return f"could not be read ({damage})"
    if not _records(path) and copy.exists() and not _damage(copy) and _records(copy):
        return "held no records any more"
    return ""


def _damage(path: Path) -> str:
    try:
        with Warehouse(path, read_only=not path.with_name(path.name + ".wal").exists()) as found:
            found.rows("select * from config.run")
    except CouldNotRunError as error:
        return str(error)
    except StatementRefusedError:
        return ""
    return ""


def _records(path: Path) -> int:
    try:
        with Warehouse(path, read_only=True) as found:
            return int(str(found.value(_RECORDS)))
    except StatementRefusedError:
        return 0


def _run_of(path: Path) -> str:
    with Warehouse(path, read_only=True) as found:
        return str(found.value("select min(run_id) from config.run"))


def _has_run(night: Night) -> bool:
    """Whether a run of this firm has ever sent its report: then there was a warehouse."""
    return (night.folder / "reports").exists() and any((night.folder / "reports").iterdir())


def _aside(night: Night, path: Path) -> str:
    stamp = f"{night.as_of:%Y%m%dT%H%M%S}"
    moved = next(
        place
        for place in _places(path, stamp)
        if not any(place.with_name(place.name + side).exists() for side in _SIDES)
    )
    for side in _SIDES:
        old = path.with_name(path.name + side)
        if old.exists():
            old.rename(moved.with_name(moved.name + side))
    return moved.name


def _places(path: Path, stamp: str) -> Iterator[Path]:
    yield path.with_name(f"{path.name}.damaged-{stamp}")
    for number in count(2):
        yield path.with_name(f"{path.name}.damaged-{stamp}-{number}")


def _put(copy: Path, path: Path) -> None:
    partial = path.with_name(path.name + ".partial")
    shutil.copyfile(copy, partial)
    partial.chmod(0o600)
    partial.replace(path)
