"""Lines typed by hand and entries as the last night left them, and what is kept of them."""

from collections.abc import Collection, Sequence
from typing import Final

from ps_integration.domain.ports import Queries, Row
from ps_integration.reconciliation.matching.fill import entry_of, line_of
from ps_integration.stores.operational.match_decisions import Match

_LINES: Final = """
select
    record_key, coalesce(number, document_external_id) as number, line_no, line_type, kind,
    quantity, amount_minor, currency, project_id, project_key, posting_date
from reconciliation.hand_typed_lines
where
    record_key in (select unnest($given::varchar[]))
    or coalesce(number, document_external_id) || '/' || line_no::varchar
    in (select unnest($given::varchar[]))
order by record_key
"""
_ENTRIES: Final = """
select
    en.entry_id, en.version_sha256, en.project_id, en.currency, en.work_date, en.seconds,
    ra.amount_minor, en.approval_state, coalesce(en.is_deleted, false) as is_deleted,
    coalesce(en.resource_id, en.resource_external_id, '') as person,
    en.entry_id in (
        select un.entry_id from reconciliation.unposted_entries as un
        union all
        select ma.entry_id from reconciliation.matches as ma where ma.status = 'accepted'
    ) as is_unposted,
    (
        select string_agg(distinct di.disposition || ' (' || di.reason || ')', ', ')
        from billing.dispositions as di
        where di.entry_id = en.entry_id
    ) as fate
from billing.entries as en
left join billing.rated_entries as ra on en.entry_id = ra.entry_id
where en.entry_id in (select unnest($entry_ids::varchar[]))
order by en.entry_id
"""


def lines_named(queries: Queries, given: Collection[str]) -> list[Row]:
    """Lines typed by hand by record key or `DOCUMENT/LINE`; a name may mean several."""
    return queries.rows(_LINES, {"given": sorted(given)})


def entries_named(queries: Queries, entry_ids: Collection[str]) -> list[Row]:
    """Entries by id, with their price, and whether they wait to be billed."""
    return queries.rows(_ENTRIES, {"entry_ids": sorted(entry_ids)})


def said(line: Row) -> str:
    """A line as people know it: DOCUMENT/LINE."""
    return f"{line['number']}/{line['line_no']}"


def match_of(lines: Sequence[Row], entries: Sequence[Row]) -> Match:
    """Both sides as a decision keeps them; all are of one project and currency."""
    looked_at = {str(row["record_key"]): line_of(row) for row in lines}
    prices = [entry_of(row).minor for row in entries]
    billed = sum(line.minor for line in looked_at.values())
    known = [price for price in prices if price is not None]
    return Match(
        lines={
            str(row["record_key"]): {
                "number": str(row["number"]),
                "line_no": str(row["line_no"]),
                "seconds": looked_at[str(row["record_key"])].seconds,
                "amount_minor": looked_at[str(row["record_key"])].minor,
            }
            for row in lines
        },
        entries={
            str(row["entry_id"]): {
                "version_sha256": row["version_sha256"],
                "seconds": row["seconds"],
                "amount_minor": row["amount_minor"],
            }
            for row in entries
        },
        project_id=str(lines[0]["project_id"]),
        currency=str(lines[0]["currency"]),
        difference_minor=billed - sum(known) if len(known) == len(prices) else None,
    )
