"""Whatever a connector reads of an ERP's document is compared with what was posted, or excused."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ps_integration.connectors.rows import COLUMNS
from ps_integration.reconciliation.compared import (
    DOCUMENTS,
    DOCUMENTS_LEFT_OUT,
    LINES,
    LINES_LEFT_OUT,
)
from ps_integration_tests.reconciliation.world import WORLD, breaks_of
from ps_integration_tests.reconciliation.world_master import from_record

OURS = [
    {
        "posting_date": date(2026, 3, 15),
        "invoice_date": date(2026, 3, 31),
        "content": '{"tax_code": "STANDARD", "revenue_account": "4000"}',
        "readback": '{"tax_minor": 3000, "invoice_date": "2026-03-31"}',
    }
]
DOCUMENT = {"tax_minor": 3000, "credited_minor": 0, "invoice_date": date(2026, 3, 31)}
LINE = {"tax_code": "Standard"}
OTHER = {"kind": "credit_memo", "status": "draft", "project_key": "GEMINI"}
"""Other values where a column takes only some."""
GEMINI = {"external_id": "B2", "match_key": "gemini", "name": "Gemini"}


def _other(column, value):
    if column in OTHER:
        return OTHER[column]
    if isinstance(value, bool):
        return not value
    if isinstance(value, date):
        return value + timedelta(days=40)
    if isinstance(value, int | Decimal):
        return value + 100
    return {"USD": "EUR"}.get(value, f"{value}-other")


def _world(document=(), line=()):
    template = WORLD["canonical.projects"][-1]
    crosswalk = WORLD["canonical.crosswalk"]
    erp = next(row for row in crosswalk if row["system"] == "bc" and row["external_id"] == "B1")
    return {
        "ops__documents": OURS,
        "canonical__erp_documents": [{**DOCUMENT, **dict(document)}],
        "canonical__erp_lines": [{**LINE, **dict(line)}],
        "canonical__projects": [
            *WORLD["canonical.projects"],
            {**template, **from_record("bc", "projects", "B2"), **GEMINI},
        ],
        "canonical__crosswalk": [
            *(dict(row) for row in crosswalk),
            {**erp, "canonical_id": "gemini", "external_id": "B2"},
        ],
    }


@pytest.mark.parametrize(
    ("table", "compared", "left_out"),
    [
        ("erp_documents", DOCUMENTS, DOCUMENTS_LEFT_OUT),
        ("erp_lines", LINES, LINES_LEFT_OUT),
    ],
)
def test_every_column_is_compared_or_says_why_not(table, compared, left_out):
    assert sorted((*compared, *left_out)) == sorted(COLUMNS[table])
    assert all(left_out.values())


@pytest.mark.parametrize("rule", sorted({*DOCUMENTS.values(), *LINES.values()}))
def test_what_is_as_it_was_posted_is_no_break(rule):
    assert breaks_of(rule, **_world()) == []


@pytest.mark.parametrize(("column", "rule"), DOCUMENTS.items())
def test_a_changed_column_of_a_document_is_a_break(column, rule):
    template = {**WORLD["canonical.erp_documents"][0], **DOCUMENT}
    assert breaks_of(rule, **_world(document={column: _other(column, template[column])}))


@pytest.mark.parametrize(("column", "rule"), LINES.items())
def test_a_changed_column_of_a_line_is_a_break(column, rule):
    template = {**WORLD["canonical.erp_lines"][0], **LINE}
    assert breaks_of(rule, **_world(line={column: _other(column, template[column])}))


def test_tax_is_named_with_both_amounts():
    [found] = breaks_of("BL05", **_world(document={"tax_minor": 750}))
    assert found["detail"].endswith("shows another: tax. Tax was 30.00 USD and is 7.50 USD.")


def test_lines_without_a_tax_code_and_merged_projects_say_nothing():
    """NetSuite's lines give no code; a project that is merged since is under another id."""
    assert breaks_of("BL05", **_world(line={"tax_code": None})) == []
    changes = _world()
    for row in changes["canonical__crosswalk"]:
        row.update(canonical_id="gemini" if row["canonical_id"] == "apollo" else "other")
    assert breaks_of("BL05", **changes) == []


def test_a_document_posted_before_tax_was_kept_says_nothing_of_it():
    changes = _world(document={"tax_minor": 750})
    changes["ops__documents"] = [{**OURS[0], "readback": '{"number": "S-INV1"}'}]
    assert breaks_of("BL05", **changes) == []
