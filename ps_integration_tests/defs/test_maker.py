"""Who a run in Dagster counts as made by: a tag is no identity, a tick of the daemon's is."""

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    TickData,
    TickStatus,
)

from ps_integration.defs import resources
from ps_integration.defs.resources import FirmResource
from ps_integration.domain.identity import current_user
from ps_integration_tests.defs.conftest import definitions_of, lay

ORIGIN = RemoteInstigatorOrigin(
    RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("ps"), "__repository__"), "nightly"
)


STATE = InstigatorState(
    ORIGIN,
    InstigatorType.SCHEDULE,
    InstigatorStatus.RUNNING,
    ScheduleInstigatorData("30 4 * * *", 0.0),
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """An instance on disk, as a daemon and its runs share one."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        instance.add_instigator_state(STATE)
        yield instance


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    folder = tmp_path_factory.mktemp("firm")
    lay(folder)
    job = definitions_of(folder / "firm.yaml").resolve_job_def("billing_feedback")
    return folder / "firm.yaml", job


@pytest.fixture
def night(laid, monkeypatch):
    """The night of a run with these tags, as a step would see it."""
    monkeypatch.setattr(resources, "TICK_SECONDS", 0.0)
    firm_file, job = laid

    def go(instance, **tags):
        run_id = instance.create_run_for_job(job, tags=tags).run_id
        return run_id, lambda: FirmResource(firm_file=str(firm_file)).night(instance, run_id)

    return go


def tick(instance, run_ids):
    instance.create_tick(
        TickData(
            instigator_origin_id=ORIGIN.get_id(),
            instigator_name="nightly",
            instigator_type=InstigatorType.SCHEDULE,
            status=TickStatus.SUCCESS,
            timestamp=0.0,
            run_ids=run_ids,
            selector_id=STATE.selector_id,
        )
    )


TAG = {"dagster/schedule_name": "nightly"}


def test_a_run_that_a_tick_started_is_the_schedules(night, kept):
    run_id, seen = night(kept, **TAG)
    tick(kept, [run_id])
    assert (seen().trigger, seen().maker) == ("schedule", "schedule")


@pytest.mark.parametrize("tags", [{}, TAG])
def test_a_run_that_no_tick_started_is_its_users(night, kept, tags):
    _, seen = night(kept, **tags)
    tick(kept, ["another-run"])
    assert (seen().trigger, seen().maker) == ("person", current_user())
