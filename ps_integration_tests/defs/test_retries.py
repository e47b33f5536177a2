"""Only what may succeed later is tried again, and never a write to another system."""

from functools import partial
from types import SimpleNamespace

import dagster as dg
import pytest

from ps_integration.connectors.http import Policy
from ps_integration.defs import running
from ps_integration.errors import (
    AskFinanceError,
    BadAnswerError,
    CouldNotRunError,
    FixConfigError,
    RetryLaterError,
)
from ps_integration.stores.operational import runs
from ps_integration.workflows import connect
from ps_integration.workflows.nightly import operational_store


class Context:
    op_execution_context = SimpleNamespace(retry_number=1)


def handled(error, *, can_retry=True):
    with (
        pytest.raises((dg.Failure, dg.RetryRequested)) as raised,
        running._errors(Context(), can_retry=can_retry),
    ):
        raise error
    return raised.value


@pytest.mark.parametrize(
    "error",
    [FixConfigError("key"), BadAnswerError("html"), AskFinanceError("no"), CouldNotRunError("sql")],
)
def test_what_a_person_must_do_is_never_retried(error):
    failure = handled(error)
    assert isinstance(failure, dg.Failure)
    assert failure.allow_retries is False
    assert failure.description == str(error)


def test_a_busy_system_is_asked_again_after_a_growing_wait():
    request = handled(RetryLaterError("429"))
    assert isinstance(request, dg.RetryRequested)
    assert (request.max_retries, request.seconds_to_wait) == (2, 60)


def test_the_wait_is_what_the_far_side_asked_for():
    assert handled(RetryLaterError("429", 7)).seconds_to_wait == 7


def test_a_write_to_another_system_is_never_retried():
    failure = handled(RetryLaterError("503"), can_retry=False)
    assert isinstance(failure, dg.Failure)
    assert failure.allow_retries is False


def test_a_mistake_in_the_program_is_not_ours_to_translate():
    with pytest.raises(ZeroDivisionError), running._errors(Context(), can_retry=True):
        raise ZeroDivisionError


def test_a_dead_system_is_tried_again_then_left_to_its_check(world, instance, monkeypatch):
    monkeypatch.setattr(running, "RETRY_WAIT_SECONDS", 0)
    monkeypatch.setenv("SMALL_BOOKS_URL", "http://127.0.0.1:9/v2.0/small/Production")
    monkeypatch.setenv("SMALL_TOKEN_URL", "http://127.0.0.1:9/token")
    monkeypatch.setattr(connect, "Policy", partial(Policy, tries=1))

    result = world.run(instance=instance)

    retries = [event for event in result.all_events if event.is_step_restarted]
    assert {event.step_key for event in retries} == {"raw__books"}
    checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
    assert checks["read_books"].passed is False
    assert checks["read_sheets"].passed is True
    with operational_store(world.file) as store, store.session() as session:
        assert runs.find(session, result.run_id).result["unread"] != []
