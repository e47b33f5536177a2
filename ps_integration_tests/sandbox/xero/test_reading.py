import pytest
import requests

from ps_integration.sandbox.faults import Fault, add_fault
from ps_integration_tests.posting.targets import xero
from ps_integration_tests.sandbox.xero.conftest import element


@pytest.fixture
def numbers(call):
    def read(**params):
        answer = call("/Invoices", params=params)
        assert answer.ok, answer.text
        return [one["InvoiceNumber"] for one in answer.json()["Invoices"]]

    return read


def test_pages_have_lines_and_count_their_records(call, put):
    put(*(element(f"PS-{number}") for number in range(5)))
    body = call("/Invoices", params={"page": 2, "pageSize": 2}).json()
    assert body["pagination"] == {"page": 2, "pageSize": 2, "pageCount": 3, "itemCount": 5}
    assert [one["InvoiceNumber"] for one in body["Invoices"]] == ["PS-2", "PS-3"]
    assert all(one["LineItems"] for one in body["Invoices"])


def test_a_list_without_a_page_leaves_the_lines_out(call, put):
    put(element())
    body = call("/Invoices").json()
    assert "pagination" not in body
    assert "LineItems" not in body["Invoices"][0]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"InvoiceNumbers": "PS-1,OLD,PS-3"}, ["PS-1", "OLD"]),
        ({"Statuses": "DRAFT"}, ["PS-2"]),
        ({"where": 'Status=="DRAFT"'}, ["PS-2"]),
        ({"where": 'InvoiceNumber!=null AND InvoiceNumber.StartsWith("ps-")'}, ["PS-1", "PS-2"]),
        ({"where": 'Reference=="a AND b"'}, ["OLD"]),
        ({"where": "Date>=DateTime(2026, 03, 31)"}, ["PS-1", "PS-2"]),
        ({"where": "Total>200 AND Total<=220"}, []),
        ({"where": 'Contact.ContactID==guid("c1000000-0000-4000-8000-000000000001")',
          "order": "InvoiceNumber DESC"}, ["PS-2", "PS-1", "OLD"]),
        ({"searchTerm": "ol"}, ["OLD"]),
    ],
)  # fmt: skip
def test_a_list_is_filtered(numbers, put, params, found):
    put(
        element("PS-1"),
        element("PS-2", Status="DRAFT"),
        element("OLD", Date="2026-03-30", Reference="a AND b"),
    )
    assert numbers(**params) == found


@pytest.mark.parametrize(
    "params",
    [
        {"where": "Status like 'x'"},
        {"where": 'Status=="a" OR Status=="b"'},
        {"surprise": 1},
        {"page": 0},
        {"page": 1, "pageSize": 1001},
        {"unitdp": 3},
    ],
)
def test_an_option_that_cannot_be_read_is_refused(call, params):
    answer = call("/Invoices", params={"page": 1, **params})
    assert (answer.status_code, answer.json()["Type"]) == (400, "QueryParseException")


def test_archived_contacts_are_listed_on_request(call):
    def count(**params):
        return len(call("/Contacts", params=params).json()["Contacts"])

    assert (count(), count(includeArchived="true")) == (1, 2)


def test_a_contact_is_read_by_id_and_by_number(call):
    by_number = call("/Contacts/C100").json()["Contacts"][0]
    assert call(f"/Contacts/{by_number['ContactID']}").json()["Contacts"] == [by_number]


def test_what_is_not_there_is_not_found(call):
    assert call("/Invoices/00000000-0000-4000-8000-000000000000").status_code == 404
    assert call("/Surprises").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer nothing"}, 401),
        ({"Xero-Tenant-Id": ""}, 403),
        ({"Xero-Tenant-Id": "nobody"}, 403),
        ({"Accept": "*/*"}, 406),
    ],
)
def test_a_request_says_who_whose_and_in_which_form(call, headers, status):
    assert call("/Organisation", headers=headers).status_code == status


def test_a_token_needs_the_right_secret(target):
    form = {"grant_type": "client_credentials", "client_id": "sandbox-client",
            "client_secret": "wrong"}  # fmt: skip
    answer = requests.post(f"{target.base_url}/connect/token", data=form, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_the_connections_are_the_organisations(call, target):
    told = call("/../../connections")
    assert [one["tenantId"] for one in told.json()] == [xero.TENANT]


def test_a_minute_has_a_limit_that_is_told(call, target):
    settings = {"requests_minute": 2, "requests_day": 5000}
    target.state.register_system(xero.SYSTEM, "xero", settings)
    assert call("/Organisation").headers["X-MinLimit-Remaining"] == "1"
    call("/Organisation")
    answer = call("/Organisation")
    assert (answer.status_code, answer.headers["X-Rate-Limit-Problem"]) == (429, "minute")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_requests_at_once_have_a_limit(call, target):
    settings = {**xero.UNHURRIED, "requests_at_once": 0}
    target.state.register_system(xero.SYSTEM, "xero", settings)
    answer = call("/Organisation")
    assert (answer.status_code, answer.headers["X-Rate-Limit-Problem"]) == (429, "concurrent")


def test_a_request_that_is_answered_makes_room_for_the_next(call, target):
    settings = {**xero.UNHURRIED, "requests_at_once": 1}
    target.state.register_system(xero.SYSTEM, "xero", settings)
    assert [call("/Organisation").status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("kind", "status"),
    [("status_429", 429), ("status_500_before", 500), ("status_503", 503), ("wrong_token", 401)],
)
def test_a_switched_fault_answers_as_the_vendor_does(call, target, kind, status):
    add_fault(target.state, Fault(kind, "*", times=1))
    answer = call("/Organisation")
    assert (answer.status_code, answer.json()["Status"]) == (status, status)


@pytest.mark.parametrize("field", ["renamed_field", "dropped_field"])
def test_a_fault_inside_a_record_reaches_it(call, target, field):
    options = {"field": "Name", "value": "Title"}
    add_fault(target.state, Fault(field, "*", times=1, options=options))
    contact = call("/Contacts").json()["Contacts"][0]
    assert ("Name" in contact, "Title" in contact) == (False, field == "renamed_field")
