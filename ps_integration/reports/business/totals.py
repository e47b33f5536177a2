"""The tables that lay all systems side by side in total."""

from typing import Any

from ps_integration.reports.business.parts import ENTITY, MONTH
from ps_integration.reports.business.value import BusinessReport
from ps_integration.reports.columns import Column, Sheet
from ps_integration.reports.sheets import CURRENCY, currency_of, money


def three_way(report: BusinessReport) -> Sheet[Any]:
    """Each project and month in all systems."""
    return Sheet(
        "Three-way by project",
        "Approved time, the PSA's own hours, our ledger and the ERP, by project and month of the "
        "work. What the ERP has beyond the ledger was typed there by hand.",
        [
            MONTH,
            ENTITY,
            Column("Project", 14, "text", lambda x: x.project_id),
            Column("Name", 26, "text", lambda x: x.name),
            Column("Time system, hours", 11, "hours", lambda x: x.time_seconds),
            Column("PSA, hours", 11, "hours", lambda x: x.psa_seconds),
            Column("Ledger, hours", 11, "hours", lambda x: x.ledger_seconds),
            Column("ERP, hours", 11, "hours", lambda x: x.erp_seconds),
            Column("PSA lacks, hours", 11, "hours", _psa_lacks, is_zero_good=True),
            CURRENCY,
            money("Rated", lambda x: x.rated_minor, currency_of),
            money("Ledger", lambda x: x.ledger_minor, currency_of),
            money("ERP", lambda x: x.erp_minor, currency_of),
            money(
                "ERP less ledger", lambda x: x.erp_minor - x.ledger_minor, currency_of,
                is_zero_good=True,
            ),
        ],
        report.three_way,
    )  # fmt: skip


def _psa_lacks(line: Any) -> int | None:  # noqa: ANN401 - a month or a week
    return None if line.psa_seconds is None else line.time_seconds - line.psa_seconds


def weeks(report: BusinessReport) -> Sheet[Any]:
    """Each person's week."""
    return Sheet(
        "Three-way by person and week",
        "Approved hours of each person's week, the PSA's own, and those posted.",
        [
            Column("Week from", 12, "day", lambda x: x.week),
            ENTITY,
            Column("Person", 28, "text", lambda x: x.resource_id),
            Column("Name", 24, "text", lambda x: x.name),
            Column("Time system, hours", 11, "hours", lambda x: x.time_seconds),
            Column("PSA, hours", 11, "hours", lambda x: x.psa_seconds),
            Column("PSA lacks, hours", 11, "hours", _psa_lacks, is_zero_good=True),
            Column("Posted, hours", 11, "hours", lambda x: x.ledger_seconds),
        ],
        report.weeks,
    )


def accounts(report: BusinessReport) -> Sheet[Any]:
    """Each revenue account of the ERP."""
    return Sheet(
        "ERP revenue by account",
        "Posted lines of each revenue account, by month of posting: under our references, and "
        "typed by hand.",
        [
            MONTH,
            Column("System", 12, "text", lambda x: x.system),
            Column("Company", 20, "text", lambda x: x.company),
            Column("Account", 14, "text", lambda x: x.account),
            Column("Lines", 9, "integer", lambda x: x.lines),
            CURRENCY,
            money("Ours", lambda x: x.ours_minor, currency_of),
            money("By hand", lambda x: x.typed_minor, currency_of),
            money("Together", lambda x: x.ours_minor + x.typed_minor, currency_of),
        ],
        report.accounts,
    )
