"""Keeps how often each system was called, for what is said of its quotas."""

from ps_integration.connectors.limits import Meter
from ps_integration.domain.ports import Queries
from ps_integration.workflows.night import Night


def note(night: Night, warehouse: Queries, meter: Meter) -> None:
    """Write the calls since the last note into `raw.calls`."""
    warehouse.insert(
        "raw.calls",
        [
            {
                "run_id": night.run_id,
                "system": system,
                "calls": calls,
                "noted_at": night.as_of,
            }
            for system, calls in sorted(meter.take().items())
        ],
    )
