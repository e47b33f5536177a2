"""Writes what lines of credit memos typed by hand take back, before the rules run."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ps_integration.domain.ports import Queries, Row
from ps_integration.reconciliation.matching.assignment import Judged
from ps_integration.reconciliation.matching.credits import Billed, take_back

# In a credit memo the sign is the vendor's; in an invoice what is taken back is negative.
_TYPED: Final = """
select record_key as key, system, company, customer_key, project_id, currency, posting_date,
    abs(amount_minor) as minor, kind = 'credit_memo' or amount_minor < 0 as is_taking,
    coalesce(number, document_external_id) || '/' || line_no::varchar as named
from reconciliation.hand_typed_lines
where
    customer_key is not null and project_id is not null and posting_date is not null
    and kind in ('credit_memo', 'invoice') and amount_minor <> 0
order by record_key
"""
# What stands in the ERP as we posted it, and that we have not corrected ourselves.
_POSTED: Final = """
select
    pl.document_ref || '/' || pl.line_no::varchar as key, sd.system, sd.company, sd.customer_key,
    pl.project_id, pl.currency,
    coalesce(sd.posting_date, config.day_of(sd.confirmed_at, pl.legal_entity)) as posting_date,
    pl.amount_minor as minor,
    coalesce(sd.erp_number || ', ', '') || pl.document_ref || '/' || pl.line_no::varchar as named
from ops.posting_lines as pl
inner join reconciliation.standing_documents as sd on pl.document_ref = sd.document_ref
where
    pl.amount_minor in (
        select abs(li.amount_minor) from reconciliation.hand_typed_lines as li
        where li.kind = 'credit_memo' or li.amount_minor < 0
    )
    and sd.customer_key is not null and pl.project_id is not null
    and coalesce(sd.posting_date, config.day_of(sd.confirmed_at, pl.legal_entity)) is not null
    and pl.line_key not in (
        select co.corrects_line_key from ops.posting_lines as co
        inner join ops.documents as dc on co.document_ref = dc.document_ref
        where co.corrects_line_key is not null and dc.state not in ('refused', 'superseded')
    )
order by key
"""


def fill(queries: Queries) -> None:
    """Fill `reconciliation.credit_matches`, which is empty; the caller owns the transaction.

    Lines typed by hand and lines of ours stand beside each other: when one of each fits, neither is
    the likelier one.
    """
    typed = queries.rows(_TYPED)
    taking = [row for row in typed if row["is_taking"]]
    if not taking:
        return
    posted = queries.rows(_POSTED)
    named = {str(row["key"]): str(row["named"]) for row in (*typed, *posted)}
    ours = frozenset(str(row["key"]) for row in posted)
    billed = [_billed(row) for row in (*typed, *posted) if not row.get("is_taking")]
    judged = take_back([_billed(row) for row in taking], billed)
    queries.insert("reconciliation.credit_matches", list(_rows(judged, named, ours)))


def _billed(row: Row) -> Billed:
    customer = str(row["customer_key"]).strip().lower()
    block = (row["system"], row["company"], customer, row["project_id"], row["currency"])
    return Billed(
        str(row["key"]),
        "|".join(str(part) for part in block),
        row["posting_date"],  # type: ignore[arg-type]  # a date, as the schema says
        int(str(row["minor"])),
    )


def _rows(
    judged: Sequence[Judged], named: Mapping[str, str], ours: frozenset[str]
) -> Iterator[Row]:
    choices: dict[str, int] = defaultdict(int)
    for found in judged:
        (line,), (taken,) = found.link.lines, found.link.entries
        choices[line] += 1
        yield {
            "record_key": line,
            "line": named[line],
            "takes_back": taken,
            "kind": "posted" if taken in ours else "hand_typed",
            "named": named[taken],
            "status": "confirmed" if found.is_confirmed else "ambiguous",
            "choice": choices[line],
            "evidence": found.link.evidence,
        }
