"""The one resource of the code location: which firm file a run reads, and its as-of time."""

import getpass
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from ps_integration.settings.load import FirmFile
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.night import Night
from ps_integration.workflows.nightly import new_night

TRIGGER_TAG = "ps/trigger"


class FirmResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # generic only for I/O managers
    """The firm a run works for.

    Attributes:
        firm_file: Path of the firm file.
        as_of: The night's instant, ISO 8601 with a zone; empty = when the run started.
    """

    firm_file: str
    as_of: str = ""

    def load(self) -> FirmFile:
        """Read and check the firm file.

        Raises:
            FixConfigError: The file has mistakes; all are listed.
        """
        return load_checked(Path(self.firm_file))

    def night(self, context: dg.AssetExecutionContext) -> Night:
        """The same night for every step of one run."""
        record = context.instance.get_run_record_by_id(context.run_id)
        started = record.start_time if record is not None and record.start_time else None
        as_of = (
            datetime.fromisoformat(self.as_of)
            if self.as_of
            else datetime.fromtimestamp(started, UTC)
            if started is not None
            else datetime.now(UTC)
        )
        is_scheduled = "dagster/schedule_name" in context.run.tags
        return new_night(
            self.load(),
            as_of,
            trigger="schedule" if is_scheduled else "person",
            maker="schedule" if is_scheduled else getpass.getuser(),
            run_id=context.run_id,
        )


def environ() -> Mapping[str, str]:
    """The environment that secrets are read from."""
    return os.environ
