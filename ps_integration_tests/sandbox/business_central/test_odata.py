"""Reading: filters, paging, expansion, and what the vendor refuses."""

from datetime import datetime, timedelta

import pytest

from ps_integration.sandbox.faults import Fault, add_fault


def numbers(answer):
    return [row["number"] for row in answer["value"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("number eq 'P101'", ["P101"]),
        ("number gt 'P101' and number le 'P103'", ["P102", "P103"]),
        ("number in ('P100','P104')", ["P100", "P104"]),
        ("(number eq 'P100' or number eq 'P102') and displayName ne 'Project 100'", ["P102"]),
        ("startswith(number,'P10') and endswith(displayName,'3')", ["P103"]),
        ("contains(displayName, 'ject 104')", ["P104"]),
        ("displayName eq 'O''Brien'", []),
        ("lastModifiedDateTime gt 2026-03-31T22:00:00Z", []),
        ("lastModifiedDateTime ge 2026-03-31T22:00:00Z and number eq 'P100'", ["P100"]),
    ],
)
def test_filter_selects(client, text, found):
    assert numbers(client.get("projects", **{"$filter": text})) == found


@pytest.mark.parametrize(
    "text",
    [
        "customerNumber eq 'X'",
        "number eq 5",
        "number eq 'P100' or displayName eq 'Project 101'",
        "number like 'P'",
        "number eq 'P100",
        "not number eq 'P100'",
        "lastModifiedDateTime gt '2026-03-01'",
        "(" * 200 + "number eq 'P100'" + ")" * 200,
    ],
)
def test_a_filter_the_vendor_does_not_know_is_refused(client, text):
    assert client.code("GET", "projects", params={"$filter": text}) == "BadRequest"


def test_a_project_shows_four_properties_and_nothing_else(client):
    [row] = client.get("projects", **{"$filter": "number eq 'P100'"})["value"]
    del row["@odata.etag"]
    assert set(row) == {"id", "number", "displayName", "lastModifiedDateTime"}


def test_pages_follow_the_next_link_until_it_is_absent(client):
    headers = {"Prefer": "odata.maxpagesize=2"}
    page = client.call("GET", "projects", status=200, headers=headers, params={"$count": "true"})
    seen, counts = numbers(page), [page["@odata.count"]]
    while "@odata.nextLink" in page:
        answer = client.session.get(
            page["@odata.nextLink"], headers={**client.headers, **headers}, timeout=10
        )
        page = answer.json()
        seen += numbers(page)
    assert (seen, counts) == (["P100", "P101", "P102", "P103", "P104"], [5])


def test_a_record_removed_between_pages_does_not_shift_the_next_page(client, state, record):
    headers = {"Prefer": "odata.maxpagesize=2"}
    page = client.call("GET", "projects", status=200, headers=headers)
    collection, key = record("projects", 0)
    state.delete("bc", collection, key, state.clock())
    answer = client.session.get(
        page["@odata.nextLink"], headers={**client.headers, **headers}, timeout=10
    )
    assert numbers(answer.json()) == ["P102", "P103"]


def test_a_page_over_the_limit_is_refused(client):
    client.call("GET", "projects", status=413, headers={"Prefer": "odata.maxpagesize=20001"})


def test_top_skip_and_orderby(client):
    found = client.get("projects", **{"$orderby": "number desc", "$skip": "1", "$top": "2"})
    assert numbers(found) == ["P103", "P102"]


def test_select_keeps_only_what_is_named(client):
    found = client.get("projects", **{"$select": "number", "$top": "1"})
    assert set(found["value"][0]) == {"@odata.etag", "number"}


@pytest.mark.parametrize(
    "params",
    [{"$foo": "1"}, {"$select": "nope"}, {"$orderby": "nope"}, {"$top": "-1"}, {"$expand": "x"}],
)
def test_an_unknown_option_or_property_is_refused(client, params):
    assert client.code("GET", "projects", params=params) == "BadRequest"


def test_expand_reaches_the_dimensions_of_the_lines(client, invoice):
    made = client.post("salesInvoices", invoice)
    options = {"$expand": "salesInvoiceLines($expand=dimensionSetLines;$select=sequence)"}
    found = client.get(f"salesInvoices({made['id']})", **options)
    [line] = found["salesInvoiceLines"]
    assert line["sequence"] == 10000
    assert [(row["code"], row["valueCode"]) for row in line["dimensionSetLines"]] == [
        ("PROJECT", "P100")
    ]


def test_lines_are_not_shown_without_expand(client, invoice):
    assert "salesInvoiceLines" not in client.post("salesInvoices", invoice)


def test_lines_need_their_document(client):
    assert client.refusal("GET", "salesInvoiceLines") == (
        "You must specify an Id or a Document Id to get the lines."
    )


def test_dimension_values_are_reached_through_their_dimension(client):
    [row] = client.get("dimensions", **{"$expand": "dimensionValues"})["value"]
    assert [value["code"] for value in row["dimensionValues"]] == ["P100"]


def test_an_unpublished_entity_set_is_not_found(client):
    assert client.code("GET", "resources", status=404) == "BadRequest_ResourceNotFound"


def test_an_unknown_company_is_not_found(client):
    client.root = client.root.replace("11111111-", "99999999-")
    assert client.code("GET", "projects", status=404) == "BadRequest_NotFound"


def test_companies_are_listed(client):
    root = client.root.rpartition("/")[0]
    answer = client.session.get(f"{root}/companies", headers=client.headers, timeout=10)
    assert [row["name"] for row in answer.json()["value"]] == ["North UK"]


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense", "Bearer e30=.00", "Basic eA=="])
def test_a_call_without_a_good_token_is_refused(client, authorization):
    headers = {"Authorization": authorization}
    code = client.code("GET", "projects", status=401, headers=headers)
    assert code == "Authentication_InvalidCredentials"


def test_a_token_expires_with_the_clock(client, state):
    client.get("projects")
    state.set_clock(state.clock() + timedelta(seconds=3600))
    client.code("GET", "projects", status=401)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "unauthorized_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
def test_no_token_for_wrong_credentials(books, token, changes, error):
    assert token(**changes).json()["error"] == error


def test_too_many_calls_are_refused(client, register):
    register(requests_max=2)
    client.get("projects")
    client.get("projects")
    client.code("GET", "projects", status=429)


def test_the_custom_api_shows_billing_terms_of_projects(client):
    client.root = client.root.replace("/api/v2.0/", "/api/psIntegration/billing/v1.0/")
    [row] = client.get("projectBillings", **{"$filter": "projectNumber eq 'P100'"})["value"]
    assert (row["customerNumber"], row["endingDate"]) == ("10000", "0001-01-01")


def test_the_custom_api_can_be_absent(client, register):
    register(custom_api=False)
    client.root = client.root.replace("/api/v2.0/", "/api/psIntegration/billing/v1.0/")
    assert client.code("GET", "projectBillings", status=404) == "BadRequest_ResourceNotFound"


def test_an_incremental_read_sees_what_changed_since(client, state, record):
    later = datetime.fromisoformat("2026-03-31T23:00:00.250Z")
    collection, key = record("projects", 3)
    state.put("bc", collection, key, {"id": key, "number": "P103"}, later)
    text = "lastModifiedDateTime gt 2026-03-31T23:00:00Z"
    [row] = client.get("projects", **{"$filter": text})["value"]
    assert (row["number"], row["lastModifiedDateTime"]) == ("P103", "2026-03-31T23:00:00.250Z")


def test_the_custom_api_shows_prices_with_their_dates(client, state, record):
    collection, key = record("projectPrices", 0)
    price = {"id": key, "projectNumber": "P100", "roleCode": "CONSULTANT", "unitPrice": 150}
    state.put("bc", collection, key, {**price, "startingDate": "2026-03-01"}, state.clock())
    client.root = client.root.replace("/api/v2.0/", "/api/psIntegration/billing/v1.0/")
    options = {"$filter": "startingDate le 2026-03-31 and unitPrice ge 100.5"}
    [row] = client.get("projectPrices", **options)["value"]
    assert (row["roleCode"], row["unitPrice"]) == ("CONSULTANT", 150)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("wrong_token", 401), ("status_429", 429), ("status_500_before", 500), ("status_503", 503)],
)
def test_a_fault_answers_in_the_vendors_words(client, state, kind, status):
    add_fault(state, Fault(kind, "bc", times=1))
    assert "CorrelationId" in client.call("GET", "projects", status=status)["error"]["message"]
