"""What was changed in the warehouse between two nights, found by its seals, put right and named.

What a night cannot make again (raw, entry versions, histories) is taken from the copy that the last
night published; what follows from raw is made from it again. What can be neither is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ps_integration.domain.ports import Row
from ps_integration.errors import PsIntegrationError
from ps_integration.stores.warehouse import seals
from ps_integration.stores.warehouse.seals import Place, Seal
from ps_integration.stores.warehouse.snapshot import SNAPSHOT_NAME
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.night import Night

NAMED_AT_MOST: Final = 10
"""Records named in one sentence; the others are counted."""
_NO_COPY: Final = "the copy that the last night published cannot be read; restore the last backup"


def say(night: Night, warehouse: Warehouse, sentences: Sequence[str]) -> None:
    """Keep what was put right, for the report of this run."""
    warehouse.execute(
        "delete from config.mendings where run_id <> $run_id", {"run_id": night.run_id}
    )
    rows: list[Row] = [{"run_id": night.run_id, "sentence": one} for one in sentences]
    warehouse.insert("config.mendings", rows)


def mend_kept(night: Night, warehouse: Warehouse) -> None:
    """Put back what a night cannot make again, as the last run left it.

    Called before a run writes its configuration. When another run has begun since the seals were
    written, only the rows of a growing table that they cover are held against them.
    """
    sealed = seals.read(warehouse, kept=True)
    last = warehouse.value("select min(run_id) from config.seals where system = ''")
    is_last = warehouse.value("select min(run_id) from config.run") == last
    wrong = list(_differing(warehouse, sealed, whole=is_last)) if sealed else []
    if wrong:
        say(night, warehouse, [*_put_back(night, warehouse, wrong, whole=is_last)])


def seal_kept(night: Night, warehouse: Warehouse) -> None:
    """Seal what a night cannot make again, at the end of a run."""
    with warehouse.transaction():
        before = seals.read(warehouse, kept=True)
        seals.write(warehouse, night.run_id, seals.of_kept(warehouse, before), kept=True)


def _differing(
    warehouse: Warehouse, sealed: Mapping[Place, Seal], *, whole: bool
) -> Iterator[tuple[str, Seal]]:
    for name, columns in seals.tables(warehouse).items():
        seal = sealed.get((name, "", ""))
        if seal is None or seal.columns != columns or not (whole or name in seals.GROWING):
            continue
        up_to = None if whole else seal.top or 0
        now = seals.of_table(warehouse, name, columns, up_to=up_to)
        if (now.rows, now.digest) != (seal.rows, seal.digest):
            yield name, seal


def _put_back(
    night: Night, warehouse: Warehouse, wrong: Sequence[tuple[str, Seal]], *, whole: bool
) -> Iterator[str]:
    with _published(night, warehouse) as known:
        for name, seal in wrong:
            if known.get((name, "", "")) != seal or not _is_itself(warehouse, name, seal):
                yield f"{name}: is not as the last night left it, and {_NO_COPY}."
                continue
            limit = "" if whole else f" where {seals.GROWING[name]} <= {seal.top or 0}"
            count = warehouse.value(
                f"select count(*) from ((from {name}{limit} except all from published.{name}) union"
                f" all (from published.{name} except all from {name}{limit}))"
            )
            with warehouse.transaction():
                warehouse.execute(f"delete from {name}{limit}")
                warehouse.execute(f"insert into {name} by name from published.{name}")
            yield (
                f"{name}: {count} rows were changed, added or lost since the last night; they are"
                " again as it left them, taken from the copy that it published."
            )


def _is_itself(warehouse: Warehouse, name: str, seal: Seal) -> bool:
    found = seals.of_table(warehouse, f"published.{name}", seal.columns)
    return (found.rows, found.digest) == (seal.rows, seal.digest)


@contextmanager
def _published(night: Night, warehouse: Warehouse) -> Iterator[Mapping[Place, Seal]]:
    """The published copy, attached; its seals, none when it cannot be read."""
    path = night.folder / SNAPSHOT_NAME
    if not _attached(warehouse, path):
        yield {}
        return
    try:
        yield seals.read(warehouse, kept=True, catalog="published.")
    finally:
        warehouse.execute("detach published")


def _attached(warehouse: Warehouse, path: Path) -> bool:
    if not path.exists():
        return False
    quoted = str(path).replace("'", "''")
    try:
        warehouse.execute(f"attach '{quoted}' as published (read_only)")
    except PsIntegrationError:
        return False
    return True


class Rebuild:
    """Streams whose canonical rows are not those that the last night left: made from raw again."""

    def __init__(self, night: Night, warehouse: Warehouse) -> None:
        """Hold what follows from raw against its seals; what does not is forgotten.

        Args:
            night: The run.
            warehouse: Open for writing; conform has not begun.
        """
        self._night = night
        self._warehouse = warehouse
        self._before: dict[Place, str] = {}
        self._lost: set[Place] = set()

    def begin(self, streams: set[tuple[str, str]]) -> None:
        """Empty what is not as it was left, so that it is conformed from its first record.

        Args:
            streams: System and stream of all that can be read tonight.
        """
        sealed = seals.read(self._warehouse, kept=False)
        if not sealed:
            return
        columns = seals.derived(self._warehouse)
        now = seals.of_streams(self._warehouse)
        wrong = [
            place
            for place in sorted({*sealed, *now})
            if _is_wrong(place, sealed.get(place), now.get(place), columns)
        ]
        known = {place[1:] for place in sealed}
        places = {place[1:] for place in wrong}
        for place in wrong:
            if place[1:] in streams or place[1:] not in known:
                self._remember(place)
            else:
                self._lost.add(place)
        for system, stream in sorted(places):
            if (system, stream) in streams or (system, stream) not in known:
                self._forget(system, stream, columns)

    def _remember(self, place: Place) -> None:
        table, system, stream = place
        name = f"was_{len(self._before)}"
        where = {"system": system, "stream": stream}
        self._warehouse.execute(
            f"create or replace temp table {name} as from {table}"
            " where coalesce(system, '') = $system and coalesce(stream, '') = $stream",
            where,
        )
        self._before[place] = name

    def _forget(self, system: str, stream: str, columns: Mapping[str, str]) -> None:
        """Empty every table of a stream; how far its shapes were noted is kept."""
        where = {"system": system, "stream": stream}
        with self._warehouse.transaction():
            noted = self._warehouse.value(
                "select max(top) from config.seals"
                " where table_name = 'canonical.conformed'"
                " and system = $system and stream = $stream",
                where,
            )
            for table in columns:
                self._warehouse.execute(
                    f"delete from {table}"
                    " where coalesce(system, '') = $system and coalesce(stream, '') = $stream",
                    where,
                )
            if noted is not None:
                row = {"raw_seq": noted, "mapping_hash": "", **where}
                self._warehouse.insert("canonical.conformed", [row])

    def end(self) -> None:
        """Name what came back otherwise, and seal all that follows from raw."""
        said = [*self._named()]
        if said:
            say(self._night, self._warehouse, said)
        now = seals.of_streams(self._warehouse)
        old = seals.read(self._warehouse, kept=False)
        kept = {place: old[place] for place in self._lost if place in old}
        conformed = self._conformed()
        marked = {place: conformed.get(place, seal) for place, seal in now.items()}
        seals.write(self._warehouse, self._night.run_id, {**marked, **kept}, kept=False)
        for name in self._before.values():
            self._warehouse.execute(f"drop table {name}")

    def _conformed(self) -> dict[Place, Seal]:
        table = "canonical.conformed"
        columns = seals.tables(self._warehouse)[table]
        found: dict[Place, Seal] = {}
        for row in self._warehouse.rows(
            f"select system, stream, count(*) as rows, max(raw_seq) as top,"
            f" sum(hash(tt)::hugeint)::varchar as digest from {table} as tt group by all"
        ):
            place = (table, str(row["system"]), str(row["stream"]))
            top = int(str(row["top"] or 0))
            found[place] = Seal(int(str(row["rows"])), str(row["digest"]), columns, top)
        return found

    def _named(self) -> Iterator[str]:
        for (table, system, stream), before in sorted(self._before.items()):
            ids = self._changed(table, system, stream, before)
            if ids:
                yield (
                    f"{table}: {_listed(ids)} of {stream} in {system} did not follow from what"
                    " was received; made from it again."
                )
        for table, system, stream in sorted(self._lost):
            yield (
                f"{table}: rows of {stream} in {system} are not as the last night left them, and"
                f" {system} is not read any more, so that they cannot be made again; restore the"
                " last backup, or name the system in the firm file again."
            )

    def _changed(self, table: str, system: str, stream: str, before: str) -> list[str]:
        columns = seals.tables(self._warehouse)[table].split()
        told = [one for one in columns if one not in _TOLD_BY_THE_NIGHT]
        listed = ", ".join(f'"{one}"' for one in told)
        key = "record_id" if "record_id" in columns else "stream"
        where = "where coalesce(system, '') = $system and coalesce(stream, '') = $stream"
        rows = self._warehouse.rows(
            f"""
            with was as (select {listed} from {before}),
            now as (select {listed} from {table} {where}),
            changed as (
                (select * from was except all select * from now)
                union all
                (select * from now except all select * from was)
            )
            select distinct coalesce("{key}", '') as record_id from changed order by 1
            """,
            {"system": system, "stream": stream},
        )
        return [str(row["record_id"]) for row in rows]


_TOLD_BY_THE_NIGHT: Final = {
    *("first_seen_at", "last_seen_at", "run_id", "mapping_hash", "zone_raw_seq"),
}
"""Columns that say when something was made, not what."""


def _is_wrong(
    place: Place, seal: Seal | None, now: Seal | None, columns: Mapping[str, str]
) -> bool:
    if place[0] not in columns or (seal and seal.columns != columns[place[0]]):
        return False
    was = (seal.rows, seal.digest) if seal else (0, "0")
    found = (now.rows, now.digest) if now else (0, "0")
    return was != found


def _listed(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:NAMED_AT_MOST])
    more = f" and {len(ids) - NAMED_AT_MOST} more" if len(ids) > NAMED_AT_MOST else ""
    return f"{len(ids)} record{'s' if len(ids) > 1 else ''} ({shown}{more})"
