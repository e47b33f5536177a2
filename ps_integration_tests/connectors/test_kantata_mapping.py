"""Kantata's records as canonical rows, from recorded answers and their edges."""

import json
from decimal import Decimal

import pytest

from ps_integration.connectors.vendors.kantata import KantataConnector
from ps_integration.connectors.vendors.kantata.options import Options
from ps_integration.connectors.vendors.kantata.reading import LISTINGS, Page, Slice
from ps_integration.domain.records import RecordRefusedError
from ps_integration_tests.connectors.cases import Case, rows

RECORDED = Case("kantata")
OPTIONS = RECORDED.told["system"]["options"]
GBP = {"currency": "GBP", "currency_base_unit": 100}


def parser(**changes):
    return KantataConnector("k", None, Options.model_validate({**OPTIONS, **changes}))


def only(connector, stream, payload):
    [(_, values)] = rows(connector, stream, payload)
    return values


def field(name, value, kind="string", **more):
    return {"custom_field_name": name, "value": value, "type": kind, **more}


def workspace(values=(), groups=(), **changes):
    record = {
        "id": "1", "title": "Apollo", "archived": False, "currency": "GBP",
        "status": {"key": 300, "message": "Active"}, "start_date": None, "due_date": None,
        "updated_at": "2026-03-01T08:00:00Z", "primary_workspace_group_id": None, **changes,
    }  # fmt: skip
    return {
        "workspace": record,
        "workspace_groups": list(groups),
        "custom_field_values": list(values),
    }


def story(**changes):
    record = {
        "id": "22", "workspace_id": "1", "title": "Go-live", "story_type": "milestone",
        "state": "completed", "budget_estimate_in_cents": 500000, "due_date": "2026-03-31",
        "billable": True, "archived": False, "time_trackable": False, "deleted_at": None,
        "updated_at": "2026-03-31T08:00:00Z",
    }  # fmt: skip
    return {"story": {**record, **changes}, "currency": GBP, "state_changes": []}


def entry(**changes):
    record = {
        "id": "9", "user_id": "11", "workspace_id": "1", "story_id": None,
        "date_performed": "2026-03-02", "time_in_minutes": 90, "billable": True,
        "approved": False, "active_submission_id": None, "is_invoiced": False,
        "rate_in_cents": 15050, "currency": "GBP", "currency_base_unit": 100, "notes": "x",
        "updated_at": "2026-03-02T18:00:00Z",
    }  # fmt: skip
    return {**record, **changes}


def reference(**changes):
    record = {
        "id": "5", "service_name": "erp_invoices", "service_model": "sales_invoice",
        "service_model_ref": "9e0f", "subject_type": "Workspace", "subject_id": "1",
        "status": "successful", "external_status": "part_paid", "external_message": "m",
        "updated_at": "2026-03-02T18:00:00Z",
    }  # fmt: skip
    return {**record, **changes}


def test_an_exact_slice_of_each_answer_stands_in_the_raw_record():
    apollo = RECORDED.records("workspaces")[0]
    assert apollo["workspace"]["title"] == "Apollo"
    assert [one["name"] for one in apollo["workspace_groups"]] == ["Northwind", "Region north"]
    names = {value["custom_field_name"] for value in apollo["custom_field_values"]}
    assert names == {"Project Code", "Not To Exceed", "Billing Type"}


def test_an_archived_project_is_closed():
    assert only(parser(), "workspaces", workspace(archived=True))["status"] == "closed"


def test_a_projects_status_means_what_the_options_say():
    connector = parser(status_values={"Prospect": "planned", "300": "active"})
    prospect = workspace(status={"key": 100, "message": "Prospect"})
    assert only(connector, "workspaces", prospect)["status"] == "planned"
    assert only(connector, "workspaces", workspace())["status"] == "active"


def test_a_status_the_options_do_not_know_is_refused():
    connector = parser(status_values={"Prospect": "planned"})
    with pytest.raises(RecordRefusedError, match=r"status\.message='Active'"):
        connector.parse("workspaces", workspace())


def test_a_billing_type_the_options_do_not_know_is_refused():
    with pytest.raises(RecordRefusedError, match="Billing Type='Retainer'"):
        parser().parse("workspaces", workspace([field("Billing Type", "Retainer")]))


def test_an_internal_project_is_not_billable():
    values = only(parser(), "workspaces", workspace([field("Billing Type", "Internal")]))
    assert (values["billing_type"], values["is_billable"]) == ("internal", False)


@pytest.mark.parametrize(
    ("currency", "kind", "value", "minor"),
    [
        ("GBP", "currency", 5_000_000, 5_000_000),
        ("GBP", "number", Decimal("50000.5"), 5_000_050),
        ("JPY", "number", 50000, 50000),
    ],
)
def test_a_cap_is_counted_in_minor_units(currency, kind, value, minor):
    project = workspace([field("Not To Exceed", value, kind)], currency=currency)
    assert only(parser(), "workspaces", project)["cap_minor"] == minor


def test_a_cap_with_half_a_yen_is_refused():
    project = workspace([field("Not To Exceed", Decimal("1.5"), "number")], currency="JPY")
    with pytest.raises(RecordRefusedError, match="minor_units"):
        parser().parse("workspaces", project)


def test_a_choice_shows_its_label_and_not_its_id():
    value = field("Billing Type", ["771"], "single", display_value="T&M")
    values = only(parser(), "workspaces", workspace([value]))
    assert values["billing_type"] == "time_and_materials"


def test_clients_known_by_name_give_the_project_their_key():
    group = {"id": "7", "name": " North  Wind ", "company": True}
    values = only(parser(customer_fields={}), "workspaces", workspace(groups=[group]))
    assert (values["customer_external_id"], values["customer_key"]) == ("7", "north wind")


def test_two_clients_and_no_primary_one_are_not_guessed_between():
    groups = [{"id": key, "name": key, "company": True} for key in ("7", "8")]
    assert only(parser(), "workspaces", workspace(groups=groups))["customer_external_id"] is None


def test_an_account_with_terms_as_fields_says_so():
    connector = parser(custom_fields={"tax_code": "Tax"})
    values = only(connector, "workspaces", workspace([field("Tax", "STANDARD")]))
    assert (values["has_billing_attributes"], values["tax_code"]) == (True, "STANDARD")


@pytest.mark.parametrize("state", ["not started", "started"])
def test_a_milestone_is_reached_only_when_completed(state):
    values = only(parser(), "stories", story(state=state))
    assert (values["is_reached"], values["reached_on"]) == (False, None)


def test_a_milestone_in_an_unknown_state_is_refused():
    with pytest.raises(RecordRefusedError, match="state='resolved'"):
        parser().parse("stories", story(state="resolved"))


def test_a_milestone_is_reached_on_the_day_it_last_became_completed():
    record = story()
    record["state_changes"] = [
        {"state": "completed", "created_at": "2026-03-10T09:00:00Z"},
        {"state": "started", "created_at": "2026-03-11T09:00:00Z"},
        {"state": "completed", "created_at": "2026-03-12T09:00:00Z"},
    ]
    assert str(only(parser(), "stories", record)["reached_on"]) == "2026-03-12"


def test_a_milestone_of_an_evening_belongs_to_that_evenings_month():
    record = story()
    record["state_changes"] = [
        {"state": "completed", "created_at": "2026-03-31T08:00:00Z"},
        {"state": "completed", "created_at": "2026-03-31T20:30:00-05:00"},
    ]
    assert str(only(parser(), "stories", record)["reached_on"]) == "2026-03-31"


def test_a_milestone_that_takes_time_is_a_task_as_well():
    tables = [table for table, _ in rows(parser(), "stories", story(time_trackable=True))]
    assert tables == ["milestones", "tasks"]


def test_a_deleted_task_gives_no_row():
    assert rows(parser(), "stories", story(deleted_at="2026-03-05T00:00:00Z")) == []


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "draft"),
        ({"active_submission_id": "95"}, "submitted"),
        ({"active_submission_id": "95", "approved": True}, "approved"),
        ({"approved": True}, "approved"),
    ],
)
def test_approval_shows_on_the_entry(changes, state):
    assert only(parser(), "time_entries", entry(**changes))["approval_state"] == state


def test_a_rate_in_yen_is_not_divided_by_a_hundred():
    values = only(parser(), "time_entries", entry(currency="JPY", currency_base_unit=1))
    assert (values["unit_price"], values["seconds"]) == (Decimal(15050), 5400)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"currency": "GBX"}, "currency"),
        ({"time_in_minutes": Decimal("90.5")}, "time_in_minutes"),
        ({"date_performed": "02/03/2026"}, "date_performed"),
        ({"workspace_id": None}, "workspace_id"),
    ],
)
def test_an_entry_that_cannot_be_read_names_its_field(changes, named):
    with pytest.raises(RecordRefusedError) as refused:
        parser().parse("time_entries", entry(**changes))
    assert refused.value.problem.field == named


def test_an_unnamed_place_in_a_project_is_no_assignment():
    place = {"id": "82", "workspace_id": "1", "user_id": None, "role_name": "Architect"}
    assert (
        rows(parser(), "workspace_resources", {"workspace_resource": place, "currency": GBP}) == []
    )


def test_a_submission_in_an_unknown_status_is_refused():
    record = {"id": "95", "status": "resubmitted", "time_entry_ids": ["1"]}
    with pytest.raises(RecordRefusedError, match="status='resubmitted'"):
        parser().parse("timesheet_submissions", record)


def test_an_erp_reference_is_an_invoice_status():
    values = only(parser(), "external_references", reference(subject_type="Story"))
    assert (values["subject_kind"], values["status"]) == ("milestone", "part_paid")


@pytest.mark.parametrize("changes", [{"service_name": "crm"}, {"subject_type": "Invoice"}])
def test_references_of_others_give_no_row(changes):
    assert rows(parser(), "external_references", reference(**changes)) == []


def test_an_erp_reference_with_an_unknown_status_is_refused():
    with pytest.raises(RecordRefusedError, match="external_status='settled'"):
        parser().parse("external_references", reference(external_status="settled"))


@pytest.mark.parametrize(("value", "supplier"), [("V-7", "V-7"), ("", None)])
def test_a_field_of_the_account_says_who_invoices_a_subcontractor(value, supplier):
    person = {"id": "7", "full_name": "Ann Example", "email_address": "ann@example.com"}
    payload = {"user": person, "custom_field_values": [field("Supplier", value)]}
    asked = parser(resource_fields={"supplier_key": "Supplier"})
    assert only(asked, "users", payload)["supplier_key"] == supplier
    assert only(parser(), "users", payload)["supplier_key"] is None


def test_versions_of_one_date_hold_for_the_same_days():
    """Nobody says which of them counts: both reach to the next later version."""
    dates = {"1": "2026-01-01", "2": "2026-01-01", "3": "2026-03-16"}
    card = {
        "rate_card": {"id": "30", "currency": "GBP"},
        "rate_card_set": {"id": "3"},
        "roles": [],
        "rate_card_roles": [],
        "workspace_ids": ["21"],
        "rate_card_set_versions": [
            {"id": key, "effective_date": day} for key, day in dates.items()
        ],
        "rate_card_versions": [
            {"id": key, "rate_card_set_version_id": key, "default_rate": 100} for key in dates
        ],
    }
    found = [values for _, values in rows(parser(), "rate_cards", card)]
    assert [(str(one["valid_from"]), str(one["valid_to"])) for one in found] == [
        ("2026-01-01", "2026-03-16"), ("2026-01-01", "2026-03-16"), ("2026-03-16", "None"),
    ]  # fmt: skip


def alone(stream, record):
    """The raw record of one whose project did not come with it."""
    page = Page([], {"workspaces": {}})
    return json.loads(LISTINGS[stream].payload(page, Slice(json.dumps(record), record)))


def test_what_comes_without_its_project_is_refused_by_itself():
    milestone = alone("stories", story()["story"])
    place = alone("workspace_resources", {"id": "7", "workspace_id": "1"})
    for stream, record in (("stories", milestone), ("workspace_resources", place)):
        with pytest.raises(RecordRefusedError) as refused:
            parser().parse(stream, record)
        assert (refused.value.problem.field, refused.value.problem.rule) == (
            "currency",
            "value_missing",
        )
    task = alone("stories", story(story_type="task")["story"])
    assert [row.table for row in parser().parse("stories", task)] == ["tasks"]


def test_a_price_card_without_its_set_is_refused_by_itself():
    card = {
        "rate_card": {"id": "5", "currency": "GBP"}, "rate_card_set": None, "roles": [],
        "rate_card_set_versions": [], "rate_card_versions": [], "rate_card_roles": [],
        "workspace_ids": ["1"],
    }  # fmt: skip
    with pytest.raises(RecordRefusedError) as refused:
        parser().parse("rate_cards", card)
    assert refused.value.problem.field == "rate_card_set"
