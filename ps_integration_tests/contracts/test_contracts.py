"""Every contract: what it accepts, what it refuses, and that all failures are told at once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_integration.contracts.registry import CANONICAL, CONTRACTS
from ps_integration.contracts.remedies import REMEDIES
from ps_integration.contracts.typed import arrow_schema, arrow_table
from ps_integration.contracts.validate import validate
from ps_integration.settings.base import FAR_PAST
from ps_integration.stores.warehouse.warehouse import Warehouse

TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
GOOD = {
    "customers": {"currency": "GBP"},
    "projects": {"status": "active", "cap_minor": 100, "currency": "GBP"},
    "tasks": {"is_billable": True},
    "resources": {"starts_on": date(1984, 2, 29)},
    "assignments": {"project_external_id": "p", "resource_external_id": "r"},
    "rates": {"scope": "role", "currency": "GBP", "unit_price": Decimal("120.123456")},
    "time_entries": {
        "resource_external_id": "r",
        "work_date": TODAY,
        "seconds": 90_000,
        "approval_state": "approved",
    },
    "approvals": {"entry_external_id": "e", "state": "approved"},
    "expenses": {
        "spent_on": TODAY,
        "amount_minor": 1,
        "currency": "GBP",
        "approval_state": "approved",
    },
    "milestones": {"project_external_id": "p", "is_reached": False},
    "erp_documents": {
        "kind": "invoice",
        "status": "open",
        "is_posted": True,
        "is_standing": True,
        "currency": "GBP",
        "amount_minor": 1,
    },
    "erp_lines": {"document_external_id": "d", "line_no": 1, "quantity": Decimal("1.50000")},
    "accounting_periods": {
        "period": "2026-06",
        "starts_on": date(2026, 6, 1),
        "ends_on": date(2026, 7, 1),
        "state": "open",
    },
    "fx_rates": {
        "from_currency": "GBP",
        "to_currency": "USD",
        "valid_on": TODAY,
        "rate": Decimal("1.27"),
    },
    "intercompany_charges": {
        "from_legal_entity": "UK",
        "to_legal_entity": "US",
        "period": "2026-06",
        "is_posted": True,
        "amount_minor": -1,
        "currency": "GBP",
    },
    "subcontractor_costs": {
        "resource_key": "r",
        "period": "2026-06",
        "is_posted": True,
        "amount_minor": -1,
        "currency": "GBP",
    },
    "invoice_statuses": {
        "subject_kind": "project",
        "subject_external_id": "p",
        "status": "paid",
    },
    "opportunities": {"stage": "won", "won_on": TODAY, "amount_minor": 1, "currency": "GBP"},
    "absences": {
        "resource_external_id": "r",
        "starts_on": TODAY,
        "ends_on": TODAY,
        "approval_state": "approved",
    },
}


def problems_of(name, /, **changed):
    table, typing = arrow_table(name, [{"external_id": "1"} | GOOD[name] | changed])
    good, broken = validate(name, table, TODAY)
    found = {(one.problem.field, one.problem.rule) for one in [*typing, *broken]}
    assert bool(found) is bool(typing) or good[0] == (not broken)
    return found


@pytest.mark.parametrize("name", CANONICAL)
def test_a_good_row_passes(name):
    assert problems_of(name) == set()


@pytest.mark.parametrize("name", CANONICAL)
def test_an_empty_id_is_refused(name):
    assert problems_of(name, external_id="") == {("external_id", "text_length")}


@pytest.mark.parametrize("name", CANONICAL)
def test_a_missing_id_is_refused(name):
    assert problems_of(name, external_id=None) == {("external_id", "required")}


@pytest.mark.parametrize("name", CANONICAL)
def test_a_nul_in_an_id_is_refused(name):
    assert problems_of(name, external_id="a\0b") == {("external_id", "no_control_characters")}


@pytest.mark.parametrize("name", CANONICAL)
def test_a_column_the_contract_does_not_know_is_refused(name):
    assert problems_of(name, colour="red") == {("colour", "unknown_column")}


@pytest.mark.parametrize(
    ("name", "field", "value", "rule"),
    [
        ("customers", "currency", "XXX", "known_value"),
        ("customers", "name", "n" * 501, "text_length"),
        ("projects", "status", "paused", "known_value"),
        ("projects", "billing_type", "barter", "known_value"),
        ("projects", "cap_minor", -1, "not_below_limit"),
        ("projects", "cap_minor", 10**19, "value_fits_type"),
        ("projects", "starts_on", date(1999, 12, 31), "not_below_limit"),
        ("projects", "starts_on", TODAY + timedelta(days=367), "not_above_limit"),
        ("projects", "currency", None, "required_currency"),
        ("tasks", "is_billable", 1, "type"),
        ("resources", "email", "a\tb@c", "no_control_characters"),
        ("rates", "unit_price", Decimal("1.0000001"), "value_fits_type"),
        ("rates", "unit_price", 1.5, "type"),
        ("rates", "unit_price", Decimal("NaN"), "value_fits_type"),
        ("rates", "unit_price", Decimal("Infinity"), "value_fits_type"),
        ("rates", "unit_price", Decimal(-1), "not_below_limit"),
        ("time_entries", "seconds", 864_001, "not_above_limit"),
        ("time_entries", "seconds", -864_001, "not_below_limit"),
        ("time_entries", "seconds", 3600.0, "type"),
        ("time_entries", "seconds", True, "type"),
        ("time_entries", "seconds", None, "required"),
        ("time_entries", "work_date", TODAY + timedelta(days=8), "not_above_limit"),
        ("time_entries", "work_date", None, "has_a_day"),
        ("time_entries", "work_date", NOW, "type"),
        ("time_entries", "updated_at", datetime(2026, 1, 1), "value_fits_type"),  # noqa: DTZ001
        ("time_entries", "updated_at", datetime(2200, 1, 1, tzinfo=UTC), "not_above_limit"),
        ("time_entries", "note", "bell\a", "no_control_characters"),
        ("time_entries", "note", "\ud800", "value_fits_type"),
        ("time_entries", "note", "n" * 10_001, "text_length"),
        ("approvals", "state", "maybe", "known_value"),
        ("expenses", "amount_minor", 10**15 + 1, "not_above_limit"),
        ("milestones", "amount_minor", 5, "required_currency"),
        ("erp_documents", "kind", "receipt", "known_value"),
        ("erp_lines", "line_no", 2**31, "value_fits_type"),
        ("erp_lines", "quantity", Decimal("0.000001"), "value_fits_type"),
        ("accounting_periods", "period", "2026-13", "format"),
        ("accounting_periods", "ends_on", date(2026, 6, 1), "ends_after_it_starts"),
        ("fx_rates", "rate", Decimal(0), "not_below_limit"),
        ("invoice_statuses", "status", "lost", "known_value"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, field, value, rule):
    if rule == "required_currency":
        cap = name == "projects"
        field_rule = ("currency", "cap_has_currency" if cap else "amount_has_currency")
        assert problems_of(name, **{field: value}) == {field_rule}
    else:
        assert (field, rule) in problems_of(name, **{field: value})


@pytest.mark.parametrize("note", ["two\nlines\tand a tab\r\n", "", "naïve 日本", None])
def test_prose_may_have_lines_and_any_script(note):
    assert problems_of("time_entries", note=note) == set()


def test_an_entry_of_25_hours_is_not_the_contracts_business():
    assert problems_of("time_entries", seconds=25 * 3600) == set()


def test_a_price_without_a_first_day_holds_since_always():
    assert problems_of("rates", valid_from=FAR_PAST) == set()


def test_all_failures_of_all_rows_are_told_at_once():
    rows = [
        {"external_id": "1"} | GOOD["time_entries"] | {"currency": "XXX", "note": "\0"},
        {"external_id": "2"} | GOOD["time_entries"],
        {"external_id": ""} | GOOD["time_entries"] | {"approval_state": "perhaps"},
    ]
    good, found = validate("time_entries", arrow_table("time_entries", rows)[0], TODAY)
    assert list(good) == [False, True, False]
    assert sorted((one.row, one.problem.field, one.problem.value) for one in found) == [
        (0, "currency", "XXX"),
        (0, "note", "\0"),
        (2, "approval_state", "perhaps"),
        (2, "external_id", ""),
    ]
    assert all(one.problem.remedy for one in found)


def test_a_column_of_another_precision_is_refused_not_coerced():
    schema = arrow_schema("rates")
    at = schema.get_field_index("unit_price")
    table, _ = arrow_table("rates", [{"external_id": "1"} | GOOD["rates"]])
    looser = pa.array([Decimal("120.12")], pa.decimal128(18, 2))
    with pytest.raises(TypeError, match="no single row"):
        validate("rates", table.set_column(at, "unit_price", looser), TODAY)


@pytest.mark.parametrize("name", CANONICAL)
def test_a_contract_has_the_columns_and_types_of_its_table(tmp_path, name):
    with Warehouse(tmp_path / "w.duckdb") as warehouse:
        warehouse.execute(f"insert into canonical.{name} (system) values ('s')")
        declared = next(warehouse.batches(f"select * from canonical.{name}")).schema
    assert list(declared)[4:] == list(arrow_schema(name))


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_contract_has_a_version(name):
    assert CONTRACTS[name].version.isdigit()


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(-(10**7), 10**7)), max_size=30))
def test_good_rows_and_rows_with_problems_are_all_rows(cases):
    rows = [
        {"external_id": text} | GOOD["time_entries"] | {"seconds": number} for text, number in cases
    ]
    table, typing = arrow_table("time_entries", rows)
    good, broken = validate("time_entries", table, TODAY)
    bad = {one.row for one in broken}
    assert bad == {row for row, is_good in enumerate(good) if not is_good}
    assert {one.row for one in typing} <= bad | {one.row for one in typing}
    assert len(bad) + int(good.sum()) == len(rows)
    assert all(one.problem.rule in REMEDIES for one in [*typing, *broken])


@pytest.mark.parametrize("name", sorted(CONTRACTS))
def test_every_check_over_several_columns_has_a_field_and_a_remedy(name):
    contract = CONTRACTS[name]
    words = {check.name for check in contract.model.to_schema().checks}
    assert words == set(contract.fields)
    assert words <= set(REMEDIES)
