"""Links every record to its canonical object, in the operational store, and writes the crosswalk.

What a lost warehouse held of it is made again from the store; what a store of an older release does
not hold yet is taken over from the crosswalk of the night before.
"""

from collections.abc import Iterable, Iterator, Sequence

from ps_integration.domain.canonical_ids import Identity, Known, Link, Plan, Seen, plan_links
from ps_integration.domain.ports import Queries
from ps_integration.domain.text import key_text, match_key
from ps_integration.settings.firm import CrosswalkRow
from ps_integration.stores.operational import canonical
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows.mirror import Tables, copy_table
from ps_integration.workflows.night import Night
from ps_integration.workflows.statements import sql_text

_TABLES = ("ops.canonical_ids", "ops.record_links")
_UNLINKED = """
select kr.* exclude (match_key), kr.match_key, min(cw.canonical_id) as canonical_id
from canonical.known_records as kr
anti join canonical.links as li
    on
        kr.object_kind = li.object_kind
        and kr.system = li.system
        and kr.stream = li.stream
        and kr.record_id = li.record_id
        and kr.external_id = li.external_id
inner join canonical.crosswalk as cw
    on
        kr.object_kind = cw.object_kind
        and kr.system = cw.system
        and kr.external_id = cw.external_id
where cw.how <> 'configured' and (cw.canonical_id = kr.match_key or not exists (
    select 1 from canonical.crosswalk as same
    where
        same.object_kind = cw.object_kind
        and same.system = cw.system
        and same.external_id = cw.external_id
        and same.canonical_id = kr.match_key
))
group by all
order by all
"""
_CHANGED = """
select count(*)
from canonical.known_records as kr
left join canonical.links as li
    on
        kr.object_kind = li.object_kind
        and kr.system = li.system
        and kr.stream = li.stream
        and kr.record_id = li.record_id
        and kr.external_id = li.external_id
where
    kr.match_key is distinct from li.match_key
    and (kr.match_key is not null or li.link_id is null)
"""
_RENAMED = """
select distinct kr.object_kind, li.canonical_id
from canonical.known_records as kr
inner join canonical.links as li
    on
        kr.object_kind = li.object_kind
        and kr.system = li.system
        and kr.stream = li.stream
        and kr.record_id = li.record_id
        and kr.external_id = li.external_id
where kr.match_key <> li.match_key and kr.object_kind <> 'task'
"""
_ENTRIES = """
select distinct ev.entry_id
from canonical.entry_versions as ev
inner join canonical.links as li
    on
        li.object_kind = 'resource'
        and ev.system = li.system
        and ev.resource_external_id = li.external_id
where li.canonical_id = $canonical_id
"""
_KNOWN = "select * from canonical.known_records order by all"


def seed(night: Night, warehouse: Tables, store: OperationalStore | None) -> int:
    """Take over the crosswalk of the night before for records that the store does not know yet.

    Args:
        night: The run.
        warehouse: Before anything is conformed: its canonical rows and crosswalk are one night's.
        store: The operational store; None for a rehearsal, which remembers nothing.

    Returns:
        The records that were taken over: all on the first night of this release, none later.
    """
    _copy(warehouse, store)
    taken = tuple(
        Link(_identity(row), _text(row["match_key"]), str(row["canonical_id"]), "seeded")
        for row in warehouse.rows(_UNLINKED)
    )
    if taken:
        made = _known(warehouse, store, ()).born
        ids = sorted({(link.identity.object_kind, link.canonical_id) for link in taken} - set(made))
        born = tuple((kind, canonical_id, canonical_id) for kind, canonical_id in ids)
        _remember(night, warehouse, store, Plan(born, taken, {}))
    return len(taken)


def link(night: Night, warehouse: Tables, store: OperationalStore | None) -> None:
    """Link what is new or has another key, and write `canonical.crosswalk` and `canonical.keys`.

    Args:
        night: The run, with the crosswalk rows of the firm file, which win.
        warehouse: With tonight's canonical rows.
        store: As for `seed`.
    """
    rows = [
        row.model_copy(update={"external_id": key_text(row.external_id)})
        for row in night.firm.crosswalk
    ]
    is_changed = bool(warehouse.value(_CHANGED))
    known = _known(warehouse, store, rows, _renamed(warehouse) if is_changed else ())
    seen = _seen(warehouse) if is_changed or rows else []
    plan = plan_links(seen, known)
    if is_changed and (plan.links or plan.born):
        _remember(night, warehouse, store, plan)
    warehouse.execute("delete from canonical.crosswalk")
    warehouse.insert(
        "canonical.crosswalk",
        [
            {
                "object_kind": row.object,
                "canonical_id": plan.named[row.object, _said(row)],
                "system": row.system,
                "external_id": row.external_id,
                "valid_from": row.valid_from,
                "valid_to": row.valid_to,
                "how": "configured",
            }
            for row in rows
        ],
    )
    for statement in sql_text("crosswalk").split(";"):
        if statement.strip():
            warehouse.execute(statement)


def _seen(warehouse: Queries) -> list[Seen]:
    return [Seen(_identity(row), _text(row["match_key"])) for row in warehouse.rows(_KNOWN)]


def _known(
    warehouse: Queries,
    store: OperationalStore | None,
    rows: Sequence[CrosswalkRow],
    renamed: Iterable[canonical.Renamed] = (),
) -> Known:
    configured: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for row in sorted(rows, key=lambda row: row.valid_from):
        place = (str(row.object), row.system, row.external_id)
        configured[place] = (*configured.get(place, ()), _said(row))
    if store is not None:
        with store.snapshot() as session:
            unbilled = canonical.unbilled(session, renamed)
            return Known(canonical.links(session), canonical.born(session), configured, unbilled)
    links = [
        Link(_identity(row), _text(row["match_key"]), str(row["canonical_id"]), "match_key")
        for row in warehouse.rows("select * from canonical.links order by link_id")
    ]
    born = {
        (str(row["object_kind"]), str(row["canonical_id"])): str(row["born_key"])
        for row in warehouse.rows("select * from ops.canonical_ids order by made_at, canonical_id")
    }
    return Known(links, born, configured)


def _renamed(warehouse: Queries) -> Iterator[canonical.Renamed]:
    """Projects, customers and people that have another key tonight; of people, their entries."""
    for row in warehouse.rows(_RENAMED):
        kind, canonical_id = str(row["object_kind"]), str(row["canonical_id"])
        entries: Sequence[str] = ()
        if kind == "resource":
            found = warehouse.rows(_ENTRIES, {"canonical_id": canonical_id})
            entries = [str(one["entry_id"]) for one in found]
        yield kind, canonical_id, entries


def _remember(night: Night, warehouse: Tables, store: OperationalStore | None, plan: Plan) -> None:
    if store is not None:
        with store.session() as session:
            canonical.remember(session, plan, night.as_of, night.run_id)
        _copy(warehouse, store)
        return
    stamp = {"run_id": night.run_id}
    last = int(str(warehouse.value("select coalesce(max(link_id), 0) from ops.record_links")))
    warehouse.insert(
        "ops.canonical_ids",
        [
            {"object_kind": kind, "canonical_id": one, "born_key": key, "made_at": night.as_of}
            | stamp
            for kind, one, key in plan.born
        ],
    )
    warehouse.insert(
        "ops.record_links",
        [
            {
                "link_id": last + number,
                **one.identity._asdict(),
                "match_key": one.match_key,
                "canonical_id": one.canonical_id,
                "how": one.how,
                "seen_at": night.as_of,
            }
            | stamp
            for number, one in enumerate(plan.links, 1)
        ],
    )


def _copy(warehouse: Tables, store: OperationalStore | None) -> None:
    if store is None:
        return
    with store.snapshot() as session:
        for table in _TABLES:
            copy_table(warehouse, session, table)


def _said(row: CrosswalkRow) -> str:
    return match_key(row.id) or row.id


def _identity(row: object) -> Identity:
    fields = row if isinstance(row, dict) else {}
    return Identity(*(str(fields[name]) for name in Identity._fields))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
