"""Dagster's code location. The firm file comes from PS_FIRM, else the demonstration firm.

Everything runs in one process unless PS_EXECUTOR is `multiprocess`: thirty short steps cost more
to start than to run.
"""

import os
from pathlib import Path

import dagster as dg

from ps_integration.defs.assets import raw_assets, step_assets
from ps_integration.defs.jobs import jobs
from ps_integration.defs.resources import FirmResource
from ps_integration.errors import FixConfigError
from ps_integration.workflows.config_check import load_checked

DEMO_FIRM = Path(__file__).parent.parent / "data" / "demo" / "firm.yaml"
EXECUTORS = {
    "in_process": dg.in_process_executor,
    "multiprocess": dg.multiprocess_executor,
}


def definitions_of(path: Path) -> dg.Definitions:
    """Assets, checks, jobs and the schedule of one firm.

    Raises:
        FixConfigError: The firm file has mistakes; all are listed.
    """
    firm = load_checked(path).firm
    assets = dg.Definitions(
        assets=[*raw_assets(firm), *step_assets(firm)],
        resources={"firm": FirmResource(firm_file=str(path))},
        executor=_executor(),
    )
    return dg.Definitions.merge(assets, jobs(firm))


def _executor() -> dg.ExecutorDefinition:
    name = os.environ.get("PS_EXECUTOR") or "in_process"
    if name not in EXECUTORS:
        raise FixConfigError(f"PS_EXECUTOR={name!r}: write {' or '.join(EXECUTORS)}")
    return EXECUTORS[name]


@dg.definitions
def defs() -> dg.Definitions:
    """The code location `ps_integration`."""
    return definitions_of(Path(os.environ.get("PS_FIRM") or DEMO_FIRM))
