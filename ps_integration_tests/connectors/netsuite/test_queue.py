"""Writing through NetSuite's queue, with a key that is used once."""

from dataclasses import replace
from datetime import date

import pytest

from ps_integration.connectors.http import Policy
from ps_integration_tests.posting.targets import netsuite

REF = "PS-APOLLO-202603-1"


@pytest.fixture
def queued(url):
    return netsuite.writer(url, asynchronous=True)


def duplicates(server):
    return [one for one in server.log.requests() if (one.method, one.status) == ("PUT", 400)]


def test_a_queued_invoice_is_followed_to_its_end_and_read_back(queued, invoice, held, server):
    answer = queued.create(invoice)
    assert (answer.outcome, answer.receipt.state) == ("accepted", "posted")
    assert held() == [(REF, "invoice", "posted", 109_998)]
    assert [one.status for one in server.log.requests() if one.method == "PUT"] == [202]


@pytest.mark.parametrize("settings", [{"job_seconds": 0.6}])
def test_a_resend_while_the_first_job_waits_follows_that_job(
    settings, queued, invoice, fault, held, server
):
    fault("timeout_after_commit")
    assert queued.create(invoice).outcome == "ambiguous"
    assert queued.find("1", REF) == []
    patient = netsuite.vendor("netsuite").erp_writer(
        netsuite.setup(netsuite.base_url(server), Policy(tries=1), asynchronous=True)
    )
    answer = patient.create(invoice)
    assert (answer.outcome, answer.receipt.state) == ("accepted", "posted")
    assert len(duplicates(server)) == 1
    assert held() == [(REF, "invoice", "posted", 109_998)]
    assert len(list(server.state.stored("netsuite", "asyncJob"))) == 1


@pytest.mark.parametrize("settings", [{"job_seconds": 30.0}])
def test_a_job_that_is_not_over_in_time_is_in_doubt(settings, url, invoice):
    writer = netsuite.writer(url, asynchronous=True, job_wait_seconds=0.2)
    answer = writer.create(invoice)
    assert (answer.outcome, answer.recovery) == ("ambiguous", "outcome_unknown")


def test_a_failed_job_refuses_as_a_synchronous_request_would(queued, invoice, held):
    answer = queued.create(
        replace(invoice, invoice_date=date(2026, 1, 31), posting_date=date(2026, 1, 31))
    )
    assert (answer.outcome, answer.code, answer.recovery) == ("refused", "USER_ERROR", "fix_data")
    wrong = replace(invoice.lines[0], line_no=3, project_external_id="1/302")
    blamed = queued.create(replace(invoice, reference="PS-2", lines=(wrong,)))
    assert (blamed.outcome, blamed.bad_lines) == ("refused", (3,))
    assert held() == []


def test_the_same_document_can_be_sent_again_after_its_job_failed(
    queued, invoice, edit, held, server
):
    edit("accountingPeriod", "603", closed=True)
    assert queued.create(invoice).outcome == "refused"
    assert queued.create(invoice).outcome == "refused"
    edit("accountingPeriod", "603", closed=False)
    assert queued.create(invoice).outcome == "accepted"
    assert len(duplicates(server)) == 3
    assert held() == [(REF, "invoice", "posted", 109_998)]


def test_too_many_calls_at_a_time_are_throttled_in_the_queue_too(queued, invoice, fault):
    fault("status_429")
    assert queued.create(invoice).outcome == "throttled"


def test_a_job_that_cannot_be_followed_is_in_doubt(queued, invoice, fault):
    fault("status_500_before", path="*/async/v1/job/*", method="GET", times=None)
    assert queued.create(invoice).outcome == "ambiguous"
