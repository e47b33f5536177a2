"""Invoice cycle time runs from the last work day to the date on the paper; counted by hand."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ps_integration.metrics.compute import Window, compute
from ps_integration.stores.warehouse.warehouse import Warehouse

AS_OF = datetime(2026, 4, 12, 4, tzinfo=UTC)


@pytest.fixture
def warehouse():
    with Warehouse(Path(":memory:")) as made:
        yield made


def document(ref, **fields):
    return {
        "document_ref": ref,
        "kind": "invoice",
        "system": "books",
        "legal_entity": "UK",
        "state": "posted",
        "erp_id": f"id of {ref}",
        "posting_date": date(2026, 3, 31),
        **fields,
    }


def cycle(warehouse, documents, in_erp=(), last_work_day=date(2026, 3, 31)):
    """Figures of the whole firm: sample, median and longest."""
    lines = [
        {"document_ref": one["document_ref"], "line_key": f"{one['document_ref']} {day}",
         "work_date": day}
        for one in documents
        for day in (date(2026, 3, 2), last_work_day)
    ]  # fmt: skip
    warehouse.insert("ops.documents", documents)
    warehouse.insert("ops.posting_lines", lines)
    if in_erp:
        warehouse.insert("canonical.erp_documents", in_erp)
    found = [
        row
        for row in compute(warehouse, "night", Window(as_of=AS_OF))
        if row["metric"] == "invoice_cycle_time" and row["labels"] == "{}"
    ]
    figures = {str(row["statistic"]): int(row["value"]) for row in found}
    return int(str(found[0]["sample"])), figures["median"], figures["longest"]


def test_work_to_31_march_that_is_dated_9_april_took_nine_days(warehouse):
    """The posting date keeps revenue in March and says nothing of the wait."""
    sent = [document("D1", invoice_date=date(2026, 4, 9))]
    assert cycle(warehouse, sent) == (1, 9, 9)


def test_the_date_that_the_erp_shows_counts_once_it_was_read(warehouse):
    """Tryton dates invoices itself: 10 April, of which the store keeps none."""
    shown = {"system": "books", "external_id": "id of D1", "invoice_date": date(2026, 4, 10)}
    assert cycle(warehouse, [document("D1")], [shown]) == (1, 10, 10)


def test_by_the_last_work_day_nothing_is_waited_for(warehouse):
    sent = [document("D1", invoice_date=date(2026, 3, 31))]
    assert cycle(warehouse, sent) == (1, 0, 0)


def test_work_of_30_march_at_the_end_of_the_period_took_one_day(warehouse):
    sent = [
        document("D1", posting_date=date(2026, 3, 30), invoice_date=date(2026, 3, 31)),
        document("D2", posting_date=date(2026, 3, 30), invoice_date=date(2026, 4, 9)),
    ]
    assert cycle(warehouse, sent, last_work_day=date(2026, 3, 30)) == (2, 1, 10)
