"""The tables of how people were used and what it brought."""

from typing import Any

from ps_integration.reports.business.parts import ENTITY, MONTH, share
from ps_integration.reports.business.value import BusinessReport
from ps_integration.reports.columns import Column, Sheet
from ps_integration.reports.sheets import CURRENCY, currency_of, money
from ps_integration.reports.texts import Said, say


def _hours() -> list[Column[Any]]:
    return [
        Column("Available, hours", 11, "hours", lambda x: x.available_seconds),
        Column("Worked, hours", 11, "hours", lambda x: x.worked_seconds),
        Column("Billable, hours", 11, "hours", lambda x: x.billable_seconds),
        share("Utilisation", lambda x: x.billable_seconds, lambda x: x.available_seconds),
    ]


def utilisation(report: BusinessReport) -> Sheet[Any]:
    """Utilisation by legal entity and month."""
    return Sheet(
        "Utilisation",
        say(
            "Approved billable hours as a share of available ones: {hours} a working day, less "
            "public holidays and approved leave.",
            hours=f"{report.day_seconds / 3600:g}",
        ),
        [MONTH, ENTITY, *_hours()],
        report.utilisation_of_entities,
    )


def people(report: BusinessReport) -> Sheet[Any]:
    """Utilisation by person and month."""
    return Sheet(
        "Utilisation by person",
        "The hours behind utilisation, person by person.",
        [
            MONTH,
            ENTITY,
            Column("Person", 28, "text", lambda x: x.resource_id),
            Column("Name", 24, "text", lambda x: x.name),
            *_hours(),
        ],
        report.utilisation,
    )


def _amounts() -> list[Column[Any]]:
    return [
        CURRENCY,
        money("Billed", lambda x: x.billed_minor, currency_of),
        money("Unbilled", lambda x: x.unbilled_minor, currency_of),
        money("Revenue", lambda x: x.revenue_minor, currency_of),
        money("Suppliers", lambda x: x.supplier_minor, currency_of),
        money("Other entities", lambda x: x.charge_minor, currency_of),
        money("Own people", lambda x: x.labour_minor, currency_of),
        money("Margin", lambda x: x.margin_minor, currency_of),
        share("Margin, share", lambda x: x.margin_minor, lambda x: x.revenue_minor),
    ]


def _about_margins(report: BusinessReport) -> Said:
    if not report.costed:
        return say(
            "Revenue of the month in which the work was done, billed or approved to be. Own people "
            "have no cost here: the firm file's business.cost_per_hour names none."
        )
    return say(
        "Revenue of the month in which the work was done, billed or approved to be. Own people "
        "cost what the firm file says, in {entities}.",
        entities=", ".join(report.costed),
    )


def margins(report: BusinessReport) -> Sheet[Any]:
    """Revenue and margin by legal entity and month."""
    return Sheet(
        "Revenue and margin",
        _about_margins(report),
        [MONTH, ENTITY, *_amounts()],
        tuple(sorted(report.margins_of_entities, key=lambda x: x.period, reverse=True)),
    )


def customers(report: BusinessReport) -> Sheet[Any]:
    """Revenue and margin by customer."""
    return Sheet(
        "Margin by customer",
        "The same for the months shown, by customer.",
        [Column("Customer", 18, "text", lambda x: x.customer_key), ENTITY, *_amounts()],
        tuple(sorted(report.margins_of_customers, key=lambda x: -x.revenue_minor)),
    )


def margin_lines(report: BusinessReport) -> Sheet[Any]:
    """Revenue and margin by project and month."""
    return Sheet(
        "Margin by project",
        "The projects behind revenue and margin, month by month.",
        [
            MONTH,
            ENTITY,
            Column("Project", 14, "text", lambda x: x.project_id),
            Column("Name", 26, "text", lambda x: x.name),
            Column("Customer", 16, "text", lambda x: x.customer_key),
            Column("Costed, hours", 11, "hours", lambda x: x.seconds),
            *_amounts(),
        ],
        report.margins,
    )
