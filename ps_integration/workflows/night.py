"""One run: its as-of time, its firm, its folder, and what its steps report."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal

from ps_integration.domain.days import day_in
from ps_integration.errors import FixConfigError
from ps_integration.settings.firm import Firm

WAREHOUSE_NAME: Final = "warehouse.duckdb"


@dataclass(frozen=True, slots=True)
class Night:
    """Everything a step of a run may know about time, place and maker. "Now" is `as_of`.

    Attributes:
        run_id: Unique id of this run.
        as_of: The run's instant, aware UTC: the clock of every decision in it.
        firm: The firm file.
        config_hash: Hash of the billing-relevant configuration (no URLs, no paths).
        folder: Where this firm's state lives (`data/<firm id>` by default).
        trigger: What started the run.
        maker: The operating system's user who started it, or `schedule`.
        is_dry: Plan everything, write nothing outside.
        config_owner: Who owns the firm file; empty when it came from no file.
    """

    run_id: str
    as_of: datetime
    firm: Firm
    config_hash: str
    folder: Path
    trigger: Literal["schedule", "person"]
    maker: str
    is_dry: bool = False
    config_owner: str = ""

    @property
    def installers(self) -> tuple[tuple[str, str], ...]:
        """Who a configuration that was never seen before comes from, and how that is known."""
        owner = [(self.config_owner, "owns the file")] if self.config_owner else []
        runner = [(self.maker, "ran it first")] if owner and self.trigger == "person" else []
        return (*owner, *(one for one in runner if one[0] != self.config_owner))

    @property
    def as_of_date(self) -> date:
        """The calendar date of the run in the firm's time zone."""
        return day_in(self.as_of, self.firm.firm.time_zone)

    @property
    def warehouse_path(self) -> Path:
        """The warehouse file."""
        return self.folder / WAREHOUSE_NAME

    def moved(self, folder: Path) -> "Night":
        """The same night on copies in another folder, both stores included."""
        moved = {"operational": "", "folder": str(folder), "journal": ""}
        stores = self.firm.stores.model_copy(update=moved)
        firm = self.firm.model_copy(update={"stores": stores})
        return replace(self, folder=folder, firm=firm)

    @property
    def operational_url(self) -> str:
        """SQLAlchemy URL of the operational store."""
        return store_url(self.firm, self.folder)

    @property
    def journal_path(self) -> Path:
        """The posting journal."""
        return journal_path(self.firm, self.folder)


def journal_path(firm: Firm, folder: Path) -> Path:
    """Where the posting journal is: `stores.journal`, else beside the stores."""
    return Path(firm.stores.journal) if firm.stores.journal else folder / "posting.journal"


def sqlite_path(folder: Path) -> Path:
    """Where the operational store is when the firm file names no other."""
    return folder / "operational.sqlite"


def store_url(firm: Firm, folder: Path) -> str:
    """Where the operational store is: the firm file's URL or `env:NAME`, else SQLite.

    Raises:
        FixConfigError: The environment variable is not set.
    """
    told = firm.stores.operational
    if not told:
        return f"sqlite:///{sqlite_path(folder)}"
    if not told.startswith("env:"):
        return told
    name = told.removeprefix("env:")
    if not os.environ.get(name):
        raise FixConfigError(f"stores.operational: set {name} in the environment")
    return os.environ[name]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of a step, as Dagster and the command line show it."""

    name: str
    passed: bool
    severity: Literal["error", "warn"]
    is_blocking: bool
    description: str
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step did: rows, figures worth showing, and its checks."""

    row_count: int
    metadata: Mapping[str, object] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
