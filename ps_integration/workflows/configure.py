"""Writes the firm file into the warehouse's `config` tables, so that SQL can join it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ps_integration.connectors.registry import vendor
from ps_integration.connectors.setup import Setup
from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.money import exact_minor
from ps_integration.domain.ports import Queries, Row
from ps_integration.settings.firm import Firm, Role, System
from ps_integration.workflows.calendars import public_holidays
from ps_integration.workflows.night import Night, StepResult

FILES = "files"
"""The vendor whose streams a firm names itself."""
_ROLES: Final[tuple[Role, ...]] = ("time", "psa", "erp", "hr", "crm")


def configure(night: Night, warehouse: Queries) -> StepResult:
    """Replace every `config` table by what the firm file says for this run."""
    tables = {
        "config.run": [_run(night)],
        "config.currencies": [
            {"currency": code, "minor_units": decimals, "factor": 10**decimals}
            for code, decimals in sorted(MINOR_UNITS.items())
        ],
        "config.legal_entities": _legal_entities(night.firm),
        "config.systems": _systems(night.firm),
        "config.quotas": list(_quotas(night.firm)),
        "config.routing": list(_routing(night.firm)),
        "config.going_live": [row.model_dump() for row in night.firm.going_live],
        "config.ownership": [
            {"object_kind": row.object, "field": row.field, "system": row.system}
            for row in night.firm.ownership
        ],
        "config.rate_precedence": [
            {"scope": scope, "rank": rank}
            for rank, scope in enumerate(night.firm.rates.precedence, start=1)
        ],
        "config.revenue_targets": list(_revenue_targets(night.firm)),
        "config.labour_costs": list(_labour_costs(night.firm)),
        "config.public_holidays": public_holidays(night.firm, night.as_of_date),
        "config.rule_settings": list(_rule_settings(night.firm)),
    }
    with warehouse.transaction():
        for table, rows in tables.items():
            warehouse.execute(f"delete from {table}")
            warehouse.insert(table, rows)
    return StepResult(sum(len(rows) for rows in tables.values()))


def _run(night: Night) -> Row:
    return {
        "run_id": night.run_id,
        "as_of": night.as_of,
        "as_of_date": night.as_of_date,
        "time_zone": night.firm.firm.time_zone,
        "config_hash": night.config_hash,
        "ledger_seq": 0,
        "reporting_currency": night.firm.firm.reporting_currency,
    }


def _legal_entities(firm: Firm) -> list[Row]:
    return [
        {
            "legal_entity": entity.id,
            "name": entity.name,
            "currency": entity.currency,
            "time_zone": entity.time_zone,
            "rounding": entity.rounding,
            "closed_period_policy": entity.closed_period,
            "future_period_policy": entity.future_period,
            "corrections_policy": entity.corrections,
            "voided_policy": entity.voided,
            "zero_lines": entity.zero_lines,
        }
        for entity in firm.legal_entities
    ]


def _systems(firm: Firm) -> list[Row]:
    accounts = _accounts(firm)
    return [
        {
            "system": system.id,
            "vendor": system.vendor,
            "account": accounts[system.vendor_account],
            "roles": ",".join(sorted(system.roles)),
            "freshness_hours": system.freshness_hours,
            "quantity_decimals": vendor(system.vendor).hour_decimals(system),
            "feeds": _feeds(system),
            "lines_max": vendor(system.vendor).lines_max,
            "billing_attributes": _billing_attributes(system),
        }
        for system in firm.systems
    ]


def _feeds(system: System) -> str | None:
    """The canonical objects that a firm's own streams bring; None where the vendor says it."""
    streams = system.options.get("streams")
    if system.vendor != FILES or not isinstance(streams, list | tuple):
        return "" if system.vendor == FILES else None
    told = {str(one.get("table")) for one in streams if isinstance(one, dict)}
    return ",".join(sorted(told))


def _billing_attributes(system: System) -> str:
    """Columns of its projects that say how they are billed, by its connector's word."""
    return ",".join(sorted(vendor(system.vendor).billing_attributes(Setup(system, {}))))


def _accounts(firm: Firm) -> dict[tuple[str, str, str], str]:
    """Each vendor account by its first system in the firm file."""
    return {system.vendor_account: system.id for system in reversed(firm.systems)}


def _quotas(firm: Firm) -> Iterator[Row]:
    for account in sorted(_accounts(firm).values()):
        system = firm.system(account)
        for calls, seconds in vendor(system.vendor).quotas(system):
            yield {"account": account, "calls": calls, "seconds": int(seconds)}


def _routing(firm: Firm) -> Iterator[Row]:
    for role in _ROLES:
        for route in firm.routes(role):
            yield {"role": role, **route.model_dump()}


def _revenue_targets(firm: Firm) -> Iterator[Row]:
    for system in firm.systems:
        for option in ("revenue_accounts", "revenue_resources"):
            numbers = system.options.get(option, ())
            if isinstance(numbers, list | tuple):
                for number in numbers:
                    yield {"system": system.id, "object_number": str(number)}


def _labour_costs(firm: Firm) -> Iterator[Row]:
    currencies = {entity.id: entity.currency for entity in firm.legal_entities}
    for entity, amount in sorted(firm.business.cost_per_hour.items()):
        currency = currencies[entity]
        minor = exact_minor(Decimal(amount), currency)
        yield {"legal_entity": entity, "currency": currency, "hour_minor": minor}


def _rule_settings(firm: Firm) -> Iterator[Row]:
    def row(rule: str, setting: str, value: object) -> Row:
        return {"rule": rule, "setting": setting, "value": str(value)}

    for name, days in firm.slas.model_dump().items():
        yield row("SLA", name, days)
    yield row("LIMIT", "daily_hours", firm.firm.daily_hours_limit)
    yield row("FX", "rate_type", firm.rates.fx_rate_type)
    yield row("FX", "max_age_days", firm.rates.fx_max_age_days)
    yield row("RATES", "source", firm.rates.source or "")
    for code, setting in sorted(firm.rules.items()):
        for name in ("severity", "blocks", "owner"):
            value = getattr(setting, name)
            if value is not None:
                yield row(code, name, str(value).lower() if name == "blocks" else value)
        yield row(code, "is_enabled", str(setting.is_enabled).lower())
        for tolerance, value in sorted(setting.tolerances.items()):
            yield row(code, tolerance, value)
