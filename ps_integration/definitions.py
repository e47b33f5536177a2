"""Dagster's code location. The firm file comes from PS_FIRM, else the demonstration firm."""

import os
from pathlib import Path

import dagster as dg

from ps_integration.defs.assets import raw_assets, step_assets
from ps_integration.defs.jobs import jobs, nightly_schedule
from ps_integration.defs.resources import FirmResource
from ps_integration.workflows.config_check import load_checked

DEMO_FIRM = Path("data/demo/firm.yaml")


@dg.definitions
def defs() -> dg.Definitions:
    """Assets, checks, jobs and the schedule of one firm."""
    path = Path(os.environ.get("PS_FIRM", DEMO_FIRM))
    firm = load_checked(path).firm
    every_job = jobs(firm)
    return dg.Definitions(
        assets=[*raw_assets(firm), *step_assets(firm)],
        jobs=list(every_job.values()),
        schedules=[nightly_schedule(firm, every_job["nightly_sync"])],
        resources={"firm": FirmResource(firm_file=str(path))},
    )
