"""External references: the vendor's upsert, and how they are found again."""

import pytest
import requests

from ps_integration.sandbox.faults import Fault, add_fault

PATH = "external_references/create_or_update"


def save(client, reference, *, status=200):
    return client.call("POST", PATH, status=status, json={"external_reference": reference})


def test_the_same_five_keys_update_one_reference(client, reference, state):
    first = save(client, reference)["results"]
    second = save(client, {**reference, "external_status": "paid"})
    assert second["results"] == first
    [stored] = state.documents("kantata", "external_references")
    assert (stored["external_status"], stored["external_message"]) == (
        "paid",
        "PS-INV000001 GBP 999.98",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service_model_ref", "PSI-UK-0002"),
        ("service_model", "salesCreditMemo"),
        ("service_name", "other"),
        ("subject_id", 2),
    ],
)
def test_another_key_is_another_reference(client, reference, state, field, value):
    save(client, reference)
    save(client, {**reference, field: value})
    assert len(state.documents("kantata", "external_references")) == 2


def test_one_service_name_can_be_unique_per_record(client, reference, register):
    register(unique_service_name=True)
    save(client, reference)
    save(client, {**reference, "external_status": "paid"})
    answer = save(client, {**reference, "service_model_ref": "PSI-UK-0002"}, status=422)
    assert answer["errors"][0]["field"] == "service_name"


@pytest.mark.parametrize(
    "field", ["service_name", "service_model", "service_model_ref", "subject_type", "subject_id"]
)
def test_a_key_field_is_required(client, reference, field):
    del reference[field]
    [error] = save(client, reference, status=422)["errors"]
    assert error == {"type": "validation", "message": "can't be blank", "field": field}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 5),
        ("status", "done"),
        ("subject_type", "Project"),
        ("subject_id", 99),
        ("locked", "yes"),
    ],
)
def test_a_wrong_attribute_is_refused(client, reference, state, field, value):
    [error] = save(client, {**reference, field: value}, status=422)["errors"]
    assert error["field"] == field
    assert state.documents("kantata", "external_references") == []


@pytest.mark.parametrize("body", [{"service_name": "x"}, [], {"external_reference": []}])
def test_a_body_without_the_envelope_is_refused(client, body):
    client.call("POST", PATH, status=422, json=body)


def test_a_body_that_is_not_json_is_refused(client):
    client.call("POST", PATH, status=400, data="{")


def test_references_are_found_by_subject_and_service(client, reference):
    save(client, reference)
    save(client, {**reference, "subject_type": "Story", "subject_id": 22})
    [found] = client.get("external_references", subject_type="Story", subject_id="22")["results"]
    same = client.ids("external_references", subject_type="Story", service_model_ref="PSI-UK-0001")
    assert same == [found["id"]]


def test_the_list_needs_a_type_of_subject(client):
    assert client.error("external_references")["field"] == "subject_type"


def test_a_record_shows_its_references_when_included(client, reference):
    [saved] = save(client, reference)["results"]
    answer = client.get("workspaces/1", include="external_references")
    assert answer["workspaces"]["1"]["external_reference_ids"] == [saved["id"]]
    assert answer["external_references"][saved["id"]]["external_status"] == "open"


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"has_external_references": "true"}, ["1"]),
        ({"has_external_references": "false"}, ["2"]),
        ({"external_reference_service_model_ref": "PSI-UK-0001"}, ["1"]),
        ({"without_external_reference_service_name": "business_central"}, ["2"]),
    ],
)
def test_records_are_filtered_by_their_references(client, reference, params, found):
    save(client, reference)
    assert client.ids("workspaces", include_archived="true", **params) == found


def test_a_reference_can_be_deleted_once(client, reference):
    [saved] = save(client, reference)["results"]
    client.call("DELETE", f"external_references/{saved['id']}", status=204)
    client.call("DELETE", f"external_references/{saved['id']}", status=404)


def test_a_reference_saved_under_a_lost_reply_is_saved_once(client, reference, state):
    add_fault(state, Fault("timeout_after_commit", "kantata", method="POST", times=1))
    with pytest.raises(requests.ConnectionError):
        save(client, reference)
    save(client, reference)
    assert len(state.documents("kantata", "external_references")) == 1


@pytest.mark.parametrize(
    ("kind", "status"), [("wrong_token", 401), ("status_429", 429), ("status_503", 503)]
)
def test_a_fault_answers_in_the_vendors_words(client, state, kind, status):
    add_fault(state, Fault(kind, "kantata", times=1))
    assert client.error("workspaces", status=status)["type"] in ("oauth", "system")
