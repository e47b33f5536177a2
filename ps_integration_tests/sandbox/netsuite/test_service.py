"""Signatures, the account's places, the queue, and SuiteQL."""

import threading
import time
import uuid

import pytest
import requests

from ps_integration.sandbox.faults import Fault, add_fault
from ps_integration_tests.posting.targets import netsuite
from ps_integration_tests.sandbox.netsuite.conftest import signer

INVOICE = "/record/v1/invoice/eid:R-1"
SUITEQL = "/query/v1/suiteql"
KEY = str(uuid.UUID(int=7))
LOGIN = (401, "INVALID_LOGIN", "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": "7654321"},
        {"NS_CONSUMER_KEY": "nobody"},
        {"NS_CONSUMER_SECRET": "guessed"},
        {"NS_TOKEN_ID": "nobody"},
        {"NS_TOKEN_SECRET": "guessed"},
        {"clock": lambda: time.time() - 400},
    ],
)
def test_a_wrong_signature_is_refused(call, error, wrong):
    assert error(call("GET", INVOICE, auth=signer(**wrong))) == LOGIN


def test_a_nonce_counts_once(call, error):
    now = time.time()
    again = signer(nonce=lambda: "once", clock=lambda: now)
    assert call("GET", INVOICE, auth=again).status_code == 404
    assert error(call("GET", INVOICE, auth=again)) == LOGIN


def test_a_signature_covers_method_path_and_query(server, error):
    base = f"{netsuite.base_url(server)}/services/rest"
    signed = signer().sign("GET", f"{base}{INVOICE}?expandSubResources=true")
    for method, path in (("DELETE", INVOICE), ("GET", INVOICE), ("GET", "/record/v1/invoice/2")):
        answer = requests.request(method, f"{base}{path}", headers=signed, timeout=5)
        assert error(answer) == LOGIN


def test_a_signature_is_for_the_address_the_client_used(server, error):
    """Something in between that keeps the Host header breaks nothing; another host does."""
    address = f"{netsuite.base_url(server)}/services/rest{INVOICE}"
    elsewhere = f"http://proxy.example:8080/netsuite/services/rest{INVOICE}"
    signed = signer().sign("GET", elsewhere)
    kept = {**signed, "Host": "proxy.example:8080"}
    assert requests.get(address, headers=kept, timeout=5).status_code == 404
    signed = signer().sign("GET", elsewhere)
    assert error(requests.get(address, headers=signed, timeout=5)) == LOGIN


@pytest.mark.parametrize("settings", [{"concurrency_max": 1, "processing_seconds": 0.3}])
def test_a_call_over_the_accounts_limit_is_blocked(settings, call, body, error):
    first = threading.Thread(target=call, args=("PUT", INVOICE, body))
    first.start()
    time.sleep(0.1)
    blocked = error(call("PUT", "/record/v1/invoice/eid:R-2", body))
    first.join()
    assert blocked == (429, "CONCURRENCY_LIMIT_EXCEEDED", "")
    assert call("GET", "/record/v1/invoice/eid:R-2").status_code == 404
    assert call("GET", INVOICE).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("status_429", 429, "CONCURRENCY_LIMIT_EXCEEDED"),
        ("status_500_before", 500, "UNEXPECTED_ERROR"),
        ("status_500_after_commit", 500, "UNEXPECTED_ERROR"),
        ("status_503", 503, "UNEXPECTED_ERROR"),
        ("wrong_token", 401, "INVALID_LOGIN"),
    ],
)
def test_a_switched_fault_is_answered_in_netsuites_own_shape(
    call, body, error, server, kind, status, code
):
    add_fault(server.state, Fault(kind, "netsuite", times=1))
    assert error(call("PUT", INVOICE, body)) == (status, code, "")
    is_done = kind == "status_500_after_commit"
    assert call("GET", INVOICE).status_code == (200 if is_done else 404)


def queue(call, body, path=INVOICE, key=KEY):
    headers = {"Prefer": "respond-async", "X_NetSuite_Idempotency_Key": key}
    return call("PUT", path, body, **headers)


def job(answer):
    return answer.headers["Location"].removeprefix("/services/rest")


def test_a_queued_request_leads_to_its_result(call, body):
    answer = queue(call, body)
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "respond-async")
    told = call("GET", job(answer)).json()
    assert (told["completed"], told["progress"]) == (True, "succeeded")
    assert call("GET", f"{job(answer)}/task").json()["items"][0]["id"] == "1"
    assert call("GET", f"{job(answer)}/task/1").json()["completed"] is True
    result = call("GET", f"{job(answer)}/task/1/result")
    assert result.headers["Location"] == "/services/rest/record/v1/invoice/1"


def test_a_key_is_for_one_request(call, body, error):
    first = queue(call, body)
    second = queue(call, body, "/record/v1/invoice/eid:R-2")
    assert error(second) == (400, "IDEMPOTENCY_ERROR", "")
    assert second.json()["title"] == "Conflict"
    assert second.headers["Location"] == first.headers["Location"]
    assert call("GET", "/record/v1/invoice/eid:R-2").status_code == 404


def test_a_key_counts_only_in_the_queue(call, body):
    for _ in range(2):
        assert call("PUT", INVOICE, body, X_NetSuite_Idempotency_Key=KEY).status_code == 204


def test_a_key_must_be_a_uuid(call, body, error):
    assert error(queue(call, body, key="mine")) == (400, "INVALID_HEADER", "")


def test_a_failed_job_answers_with_its_error(call, body, error):
    answer = queue(call, {**body, "tranDate": "2026-01-31"})
    assert call("GET", job(answer)).json()["progress"] == "failed"
    assert error(call("GET", f"{job(answer)}/task/1/result"))[:2] == (400, "USER_ERROR")


@pytest.mark.parametrize("settings", [{"job_seconds": 0.2}])
def test_a_job_waits_its_turn(settings, call, body):
    answer = queue(call, body)
    assert call("GET", job(answer)).json()["progress"] == "pending"
    assert call("GET", f"{job(answer)}/task/1/result").status_code == 404
    assert call("GET", INVOICE).status_code == 404
    time.sleep(0.25)
    assert call("GET", INVOICE).status_code == 200


def ask(call, query, parameters="", prefer="transient"):
    return call("POST", f"{SUITEQL}{parameters}", {"q": query}, Prefer=prefer)


PERIODS = "SELECT accountingperiod.id AS id FROM accountingperiod ORDER BY accountingperiod.id"


def test_a_query_answers_page_by_page_with_values_as_text(call):
    first = ask(call, PERIODS, "?limit=2&offset=0").json()
    assert [row["id"] for row in first["items"]] == ["601", "602"]
    assert (first["hasMore"], first["totalResults"], first["count"]) == (True, 5, 2)
    last = ask(call, PERIODS, "?limit=2&offset=4").json()
    assert ([row["id"] for row in last["items"]], last["hasMore"]) == (["609"], False)


def test_a_null_is_left_out(call):
    query = "SELECT job.id AS id, job.startdate AS started FROM job ORDER BY job.id"
    with_date, without = ask(call, query).json()["items"]
    assert ("started" in with_date, "started" in without) == (True, False)


def test_amounts_of_lines_have_the_sign_of_a_credit(call, body):
    call("PUT", INVOICE, body)
    query = (
        "SELECT transactionline.foreignamount AS amount, transactionline.mainline AS mainline"
        " FROM transactionline ORDER BY transactionline.transaction, transactionline.id"
    )
    found = [(row["mainline"], row["amount"]) for row in ask(call, query).json()["items"]]
    assert found == [("T", "110.00"), ("F", "-100.00"), ("F", "-10.00")]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM transaction",
        "SELECT * FROM transaction",
        "SELECT id FROM transaction",
        "SELECT transaction.colour AS c FROM transaction",
        "SELECT spaceship.id AS id FROM spaceship",
        "SELECT transaction.id AS id FROM transaction; SELECT job.id AS id FROM job",
        "SELECT COUNT(transaction.id) AS n FROM transaction",
        "SELECT TO_CHAR(transaction.trandate, 'DD.MM.YYYY') AS d FROM transaction WHERE",
        "SELECT job.id AS id FROM job WHERE job.id IN (SELECT customer.id AS id FROM customer)) x",
        "",
    ],
)
def test_a_query_that_is_not_known_is_refused(call, error, query):
    assert error(ask(call, query))[:2] == (400, "INVALID_PARAMETER")


@pytest.mark.parametrize(
    "parameters", ["?limit=0", "?limit=1001", "?limit=2&offset=1", "?limit=x", "?page=1"]
)
def test_paging_is_as_the_page_says(call, error, parameters):
    assert error(ask(call, PERIODS, parameters))[:2] == (400, "INVALID_PARAMETER")


def test_a_query_needs_its_header(call, error):
    assert error(ask(call, PERIODS, prefer="respond-async"))[:2] == (400, "INVALID_HEADER")
