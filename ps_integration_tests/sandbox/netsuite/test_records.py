"""Single records: upsert by external id, lines, references, periods."""

import pytest

INVOICE = "/record/v1/invoice/eid:R-1"


def test_an_upsert_answers_with_the_internal_id_and_no_body(call, body):
    answer = call("PUT", INVOICE, body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Location"] == "/services/rest/record/v1/invoice/1"
    told = call("GET", "/record/v1/invoice/1?expandSubResources=true").json()
    assert (told["externalId"], told["tranId"], told["total"]) == ("R-1", "INV1", 110)
    assert told["item"]["items"][0]["amount"] == 100


def test_a_second_upsert_changes_the_first_record(call, body):
    call("PUT", f"{INVOICE}?replace=item", body)
    body["item"]["items"][0]["rate"] = 60
    call("PUT", f"{INVOICE}?replace=item", body)
    told = call("GET", f"{INVOICE}?expandSubResources=true").json()
    assert (told["id"], told["subtotal"], len(told["item"]["items"])) == ("1", 120, 1)


def test_without_replace_lines_are_appended(call, body):
    call("PUT", INVOICE, body)
    call("PUT", INVOICE, body)
    told = call("GET", f"{INVOICE}?expandSubResources=true").json()
    assert (told["subtotal"], len(told["item"]["items"])) == (200, 2)


def test_sublists_are_links_unless_they_are_asked_for(call, body):
    call("PUT", INVOICE, body)
    assert "items" not in call("GET", INVOICE).json()["item"]


def test_a_record_that_is_not_there_is_404(call, error):
    assert error(call("GET", INVOICE)) == (404, "NONEXISTENT_ID", "")
    assert error(call("DELETE", "/record/v1/invoice/9")) == (404, "NONEXISTENT_ID", "")
    assert call("GET", "/record/v1/spaceship/1").status_code == 404


def test_an_external_id_is_shared_by_all_transactions(call, body, error):
    call("PUT", INVOICE, body)
    taken = call("PUT", "/record/v1/creditMemo/eid:R-1", body)
    assert error(taken) == (400, "USER_ERROR", "")
    posted = call("POST", "/record/v1/invoice", {**body, "externalId": "R-1"})
    assert error(posted) == (400, "USER_ERROR", "")


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("entity", {"id": "999"}, "entity"),
        ("subsidiary", {"id": "2"}, "subsidiary"),
        ("currency", {"id": "2"}, "currency"),
        ("tranDate", "31.03.2026", "tranDate"),
    ],
)
def test_a_reference_to_nothing_or_not_the_customers_is_refused(
    call, body, error, name, value, path
):
    assert error(call("PUT", INVOICE, {**body, name: value})) == (400, "INVALID_CONTENT", path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("item", {"id": "9"}), ("taxCode", {"id": "9"}), ("job", {"id": "302"}), ("rate", "much")],
)
def test_a_wrong_line_is_named_by_its_place(call, body, error, name, value):
    body["item"]["items"].append({**body["item"]["items"][0], name: value})
    told = error(call("PUT", INVOICE, body))
    assert told == (400, "INVALID_CONTENT", f"item.items[1].{name}")


@pytest.mark.parametrize("name", ["entity", "item"])
def test_what_is_required_is_missed(call, body, error, name):
    del body[name]
    assert error(call("PUT", INVOICE, body))[:2] == (400, "USER_ERROR")


@pytest.mark.parametrize("day", ["2026-01-31", "2026-02-01", "2030-01-01"])
def test_a_closed_locked_or_missing_period_refuses(call, body, error, day):
    assert error(call("PUT", INVOICE, {**body, "tranDate": day}))[:2] == (400, "USER_ERROR")
    assert call("GET", INVOICE).status_code == 404


@pytest.mark.parametrize("settings", [{"date_outside_period": True}])
def test_an_account_may_move_what_is_dated_in_a_closed_period(settings, call, body):
    assert call("PUT", INVOICE, {**body, "tranDate": "2026-01-31"}).status_code == 204
    told = call("GET", INVOICE).json()
    assert (told["tranDate"], told["postingPeriod"]) == ("2026-01-31", {"id": "603"})
    assert call("PUT", f"{INVOICE}?replace=item", body).status_code == 204


def test_unknown_properties_are_refused_only_where_that_is_asked_for(call, body, error):
    odd = {**body, "colour": "red"}
    strict = {"X_NetSuite_PropertyNameValidation": "Error"}
    assert error(call("PUT", INVOICE, odd, **strict)) == (400, "INVALID_CONTENT", "colour")
    routed = {**body, "approvalStatus": {"id": "2"}}
    told = error(call("PUT", INVOICE, routed, **strict))
    assert told == (400, "INVALID_CONTENT", "approvalStatus")
    assert call("PUT", INVOICE, odd).status_code == 204


@pytest.mark.parametrize("settings", [{"approval_routing": True}])
def test_where_invoices_are_approved_they_wait_for_it(settings, call, body):
    call("PUT", INVOICE, body)
    assert call("GET", INVOICE).json()["approvalStatus"] == {"id": "1"}
    call("PATCH", INVOICE, {"approvalStatus": {"id": "2"}})
    told = call("GET", f"{INVOICE}?expandSubResources=true").json()
    assert (told["approvalStatus"], len(told["item"]["items"])) == ({"id": "2"}, 1)


def test_a_change_keeps_what_was_paid(call, body, server):
    call("PUT", INVOICE, body)
    known = server.state.get("netsuite", "invoice", "1")
    left = known["amountRemaining"] - 30
    server.state.put(
        "netsuite", "invoice", "1", {**known, "amountRemaining": left}, server.state.clock()
    )
    call("PUT", f"{INVOICE}?replace=item", body)
    assert call("GET", INVOICE).json()["amountRemaining"] == 80


def test_a_record_of_an_open_period_is_deleted(call, body):
    call("PUT", INVOICE, body)
    assert call("DELETE", "/record/v1/invoice/1").status_code == 204
    assert call("GET", INVOICE).status_code == 404
    assert call("PUT", INVOICE, body).headers["Location"].endswith("/2")
