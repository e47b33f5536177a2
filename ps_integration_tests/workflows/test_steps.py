"""What playing one step notes of its calls, and whose error comes out when something fails."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest

from ps_integration.errors import RetryLaterError
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import step_checks
from ps_integration.workflows.night import Night, StepResult
from ps_integration.workflows.steps import STEPS, Step, Workbench, play
from ps_integration_tests.workflows.test_connect import firm

BOOKS = {"vendor": "xero", "roles": ["erp"]}


@pytest.fixture
def bench(tmp_path):
    night = Night(
        "r", datetime(2026, 3, 1, tzinfo=UTC), firm(books=BOOKS), "", tmp_path, "person", "kim"
    )
    with Warehouse(night.warehouse_path) as warehouse:
        yield Workbench(night, warehouse, store=None)


def step(*, error=None, breaks_the_note=False):
    """A step that calls `books` twice, and then ends or raises."""

    def run(bench):
        bench.meter.count("books")
        bench.meter.count("books")
        if breaks_the_note:
            bench.warehouse.execute("drop table raw.calls")
        if error is not None:
            raise error
        return StepResult(7)

    return Step("reading", "extract", frozenset(), "Reads", run)


def noted(bench):
    return bench.warehouse.rows("select system, calls from raw.calls")


def test_a_step_s_result_comes_back_and_its_calls_are_noted(bench):
    assert play(bench, step()).row_count == 7
    assert noted(bench) == [{"system": "books", "calls": 2}]


@pytest.mark.parametrize("error", [RetryLaterError("books: busy", 60.0), KeyboardInterrupt()])
def test_the_calls_of_a_step_that_failed_are_noted(bench, error):
    with pytest.raises(type(error)) as caught:
        play(bench, step(error=error))
    assert caught.value is error
    assert noted(bench) == [{"system": "books", "calls": 2}]


def test_the_step_s_own_error_comes_out_when_the_note_fails_too(bench, caplog):
    own = RetryLaterError("books: busy", 60.0)
    with caplog.at_level(logging.WARNING), pytest.raises(RetryLaterError) as caught:
        play(bench, step(error=own, breaks_the_note=True))
    assert caught.value is own
    (added,) = own.__notes__
    (logged,) = caplog.messages
    for said in (added, logged):
        assert all(words in said for words in ("reading", "raw.calls", "does not exist"))


def test_an_error_of_the_note_comes_out_of_a_step_that_did_its_work(bench):
    with pytest.raises(duckdb.CatalogException, match="calls"):
        play(bench, step(breaks_the_note=True))


@pytest.mark.parametrize("error", [RetryLaterError("books: busy", 60.0), ValueError("odd")])
def test_a_step_the_night_can_do_without_is_named_as_missing(bench, error):
    told = replace(step(error=error), may_fail=True, checks=step_checks.of_delivery)
    result = play(bench, told)
    assert result.metadata["failed"] in (str(error), f"ValueError: {error}")
    assert [check.passed for check in result.checks] == [False]
    [row] = bench.warehouse.rows("select part, why from reconciliation.failed_parts")
    assert row == {"part": "Reads", "why": result.metadata["failed"]}
    assert noted(bench) == [{"system": "books", "calls": 2}]


def test_what_posts_or_reports_may_not_fail():
    assert {one.name for one in STEPS if one.may_fail} == {
        "invoice_feedback", "metrics", "delivery"
    }  # fmt: skip
