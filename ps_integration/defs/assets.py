"""One asset per box of the data flow, made from the workflows' own list of steps."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

from ps_integration.defs.metadata import of_check, of_step, shown
from ps_integration.defs.resources import FirmResource
from ps_integration.defs.running import run_end, run_extract, run_step
from ps_integration.settings.firm import Firm, System
from ps_integration.workflows.step_checks import CheckSpec
from ps_integration.workflows.steps import STEPS, Step

WRITER_POOL = "warehouse_writer"
END = "published_night"
_OWNERS = {
    "prepare": "team:integration",
    "extract": "team:integration",
    "conform": "team:integration",
    "rate": "team:finance",
    "reconcile": "team:finance",
    "bill": "team:finance",
    "post": "team:finance",
    "feedback": "team:integration",
    "report": "team:finance",
}

Events = Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]


def raw_assets(firm: Firm) -> list[dg.AssetsDefinition]:
    """One asset per connected system: its raw records, landed."""
    return [_raw_asset(system) for system in firm.systems]


def step_assets(firm: Firm) -> list[dg.AssetsDefinition]:
    """Every other step of the night, after the raw records of all systems, and its end."""
    raw_keys = [raw_key(system) for system in firm.systems]
    steps = [_step_asset(step, raw_keys, firm) for step in STEPS if step.name != "raw"]
    return [*steps, _end_asset()]


def raw_key(system: System) -> dg.AssetKey:
    """Asset key of one system's raw records."""
    return dg.AssetKey(["raw", system.id])


def api_pool(system_id: str) -> str:
    """The pool that keeps two runs from asking one account at the same time."""
    return f"api_{system_id}"


def _raw_asset(system: System) -> dg.AssetsDefinition:
    check = f"read_{system.id}"

    @dg.asset(
        key=raw_key(system),
        group_name="extract",
        kinds={"python", "csv" if system.vendor == "files" else "rest"},
        owners=[_OWNERS["extract"]],
        deps=["recovery"],
        pool=api_pool(system.id),
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=timedelta(hours=system.freshness_hours)
        ),
        tags={"ps/system": system.id, "ps/vendor": system.vendor},
        description=(
            f"What {system.id} says ({system.vendor}; {', '.join(system.roles)}), exactly as "
            "received and append-only. A record is kept again only when it has changed."
        ),
        check_specs=[
            dg.AssetCheckSpec(
                check,
                asset=raw_key(system),
                description=f"Every stream of {system.id} was read completely",
            )
        ],
    )
    def raw(context: dg.AssetExecutionContext, firm: FirmResource) -> Events:
        result = run_extract(context, firm, system.id)
        yield dg.MaterializeResult(metadata=of_step(result))
        checks = {one.name: one for one in result.checks}
        yield of_check(checks[check])

    return raw


def _step_asset(step: Step, raw_keys: list[dg.AssetKey], firm: Firm) -> dg.AssetsDefinition:
    deps: list[dg.AssetKey] = []
    for name in step.after:
        deps.extend(raw_keys if name == "raw" else [dg.AssetKey(name)])

    @dg.asset(
        name=step.name,
        group_name=step.group,
        kinds=set(step.kinds),
        owners=[_OWNERS[step.group]],
        deps=deps,
        pool=WRITER_POOL,
        description=f"{step.title}.",
        check_specs=_specs(step.name, step.checks(firm)),
    )
    def run(context: dg.AssetExecutionContext, firm: FirmResource) -> Events:
        result = run_step(context, firm, step)
        yield dg.MaterializeResult(metadata=of_step(result))
        for check in result.checks:
            yield of_check(check)

    return run


def _specs(asset: str, checks: Mapping[str, CheckSpec]) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            name, asset=asset, blocking=check.is_blocking, description=check.description
        )
        for name, check in checks.items()
    ]


def _end_asset() -> dg.AssetsDefinition:
    @dg.asset(
        name=END,
        group_name="report",
        kinds={"duckdb", "sqlalchemy"},
        owners=[_OWNERS["report"]],
        deps=["settled_equations", "reconciliation_report"],
        pool=WRITER_POOL,
        description=(
            "The run's outcome in its own record, and the warehouse as this night left it, "
            "published to everyone who only reads."
        ),
    )
    def end(context: dg.AssetExecutionContext, firm: FirmResource) -> dg.MaterializeResult[Any]:
        return dg.MaterializeResult(metadata=of_outcome(run_end(context, firm).data))

    return end


def of_outcome(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a controller asks first, from the object that `nightly --json` prints."""
    names = ("verdict", "failed_checks", "alerts", "unread", "quarantined", "batches")
    return shown(
        {
            **{name: data[name] for name in names},
            **data["reports"],
            "posted_lines": data["posted"]["total"],
            "posted_lines_tonight": data["posted"]["new"],
            "open_breaks": [
                {"rule": rule, "open": count} for rule, count in data["breaks"]["open"].items()
            ],
            "approved_hours_and_what_became_of_them": _groups(data["completeness"]["groups"]),
        }
    )


def _groups(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Places and amounts; a disposition that nothing has is left out."""
    places = ("legal_entity", "currency", "period")
    amounts = [
        name
        for name in (groups[0] if groups else ())
        if name.endswith("_amount") and any(group[name] for group in groups)
    ]
    return [{name: group[name] for name in (*places, "holds", *amounts)} for group in groups]
