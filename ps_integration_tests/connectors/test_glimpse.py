"""Of a refused record what is in order can still be read, and nothing is derived from the rest."""

import json
from datetime import date
from decimal import Decimal

import pytest

from ps_integration.connectors.fields import Fields
from ps_integration.connectors.glimpse import UNREAD, UnreadError, attempt, forgiving
from ps_integration.connectors.vendors.files.mapping import canonical
from ps_integration.connectors.vendors.files.options import FileStream
from ps_integration.connectors.vendors.harvest import HarvestConnector, HarvestOptions
from ps_integration.domain.records import RecordRefusedError
from ps_integration.workflows.told import _facts
from ps_integration.workflows.told import _glimpse as _glimpse_of

HOURS = FileStream.model_validate(
    {
        "name": "hours", "table": "time_entries", "path": "*.csv", "id": ["No"],
        "columns": {
            "resource_external_id": "Who", "project_external_id": "What", "work_date": "Day",
            "seconds": "Hours", "approval_state": "State", "is_billable": {"const": True},
        },
    }
)  # fmt: skip
GOOD = {"No": "1", "Who": "P", "What": "N", "Day": "2026-03-02", "Hours": "7.5"}
ROW = {"cells": {**GOOD, "State": "approved"}}


def _glimpse(**cells):
    with forgiving():
        return canonical(HOURS, {"cells": {**ROW["cells"], **cells}})


def test_each_field_is_read_by_itself():
    for field, column in (("Day", "work_date"), ("Hours", "seconds"), ("State", "approval_state")):
        whole, partly = canonical(HOURS, ROW).values, _glimpse(**{field: "?"}).values
        read = {name: value for name, value in partly.items() if value is not UNREAD}
        assert read == {name: value for name, value in whole.items() if name != column}
        assert partly[column] is UNREAD


def test_a_record_is_refused_as_before_once_it_was_looked_at():
    _glimpse(Hours="?")
    with pytest.raises(RecordRefusedError):
        canonical(HOURS, {"cells": {**ROW["cells"], "Hours": "?"}})


@pytest.mark.parametrize(
    "use",
    [
        lambda one: "approved" if one else "draft", lambda one: one == "x", lambda one: one or "x",
        lambda one: f"{one}", lambda one: one + 1, lambda one: {"x": 1}[one], lambda one: one < 2,
        lambda one: one.strip(), lambda one: [*one], str, int,
    ],
)  # fmt: skip
def test_nothing_is_made_of_a_field_that_cannot_be_read(use):
    with forgiving():
        flag = Fields({"is_locked": "perhaps"}).flag("is_locked")
    assert flag is UNREAD
    with pytest.raises(UnreadError):
        use(flag)
    assert attempt(use, flag) is UNREAD


def test_an_amount_in_an_unknown_currency_is_not_read():
    with forgiving():
        record = Fields({"amount": "5", "currency": "gbp"})
        assert record.money("amount", record.currency("currency")) is UNREAD


def test_a_column_that_broke_its_contract_tells_nothing():
    told = _facts(_glimpse(), set())
    assert (told["first_day"], told["last_day"]) == (date(2026, 3, 2), date(2026, 3, 2))
    assert (told["seconds"], told["is_approved"], told["has_period"]) == (27_000, True, True)
    told = _facts(_glimpse(), {"time_entries.work_date", "time_entries.approval_state"})
    assert (told["first_day"], told["is_approved"], told["seconds"]) == (None, None, 27_000)


HARVEST = HarvestConnector("clock", None, HarvestOptions())
TIMED = {
    "id": 7, "spent_date": "2026-03-31", "hours": Decimal("7.5"), "user": {"id": 1},
    "project": {"id": 2}, "task": {"id": 3}, "billable": True, "is_running": False,
    "is_billed": False, "approval_status": "approved", "updated_at": "2026-04-01T08:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        ({}, ("2026-03-31", 27_000, True)),
        ({"hours": "seven", "rounded_hours": None}, ("2026-03-31", None, True)),
        ({"spent_date": "31.03.2026"}, (None, 27_000, True)),
        ({"approval_status": "perhaps"}, ("2026-03-31", 27_000, None)),
        ({"approval_status": None, "is_closed": "perhaps"}, None),  # derived: nothing is told
        ({"is_running": None}, None),
    ],
)
def test_a_record_of_a_vendor_tells_what_its_own_mapping_reads(spoiled, told):
    found = _glimpse_of(HARVEST, "time_entries", json.dumps({**TIMED, **spoiled}, default=float))
    if told is None:
        assert not found
        return
    facts = _facts(found[0], set())
    day = None if facts["first_day"] is None else facts["first_day"].isoformat()
    assert (day, facts["seconds"], facts["is_approved"]) == told


def test_a_payload_that_is_none_tells_nothing():
    assert not _glimpse_of(HARVEST, "time_entries", "[1]")
    assert not _glimpse_of(HARVEST, "time_entries", "{")
