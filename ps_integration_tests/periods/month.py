"""A month of a small firm in which everything is as it should be, and what can be put into it."""

from datetime import UTC, date, datetime

from ps_integration.contracts.found import COLUMNS
from ps_integration.domain.breaks import RuleOutcome, break_id
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational import breaks
from ps_integration.stores.operational.models import Batch, Document, Run
from ps_integration.workflows.period import status

NOW = datetime(2026, 4, 2, 12, tzinfo=UTC)
MARCH = ("UK", "2026-03")


def make_firm(**more):
    return Firm.model_validate(
        {
            "firm": {
                "id": "acme", "name": "Acme", "time_zone": "Europe/London",
                "reporting_currency": "GBP",
            },
            "legal_entities": [
                {"id": one, "name": one, "currency": "GBP", "time_zone": "Europe/London"}
                for one in ("UK", "IE")
            ],
            "systems": [
                {"id": "clock", "vendor": "clockify", "roles": ["time"]},
                {"id": "harvest", "vendor": "harvest", "roles": ["time"]},
            ],
            "routing": {
                "time": [
                    {"legal_entity": "UK", "system": "clock"},
                    {"legal_entity": "IE", "system": "harvest"},
                ]
            },
            **more,
        }
    )  # fmt: skip


GROUP = {"legal_entity": "UK", "currency": "GBP", "period": "2026-03"}
TABLES = {
    "config.run": [{"run_id": "r1", "as_of": NOW, "as_of_date": date(2026, 4, 2)}],
    "config.systems": [
        {"system": one, "vendor": "x", "roles": "time", "freshness_hours": 30}
        for one in ("clock", "harvest")
    ],
    "config.routing": [
        {"role": "time", "legal_entity": "UK", "system": "clock"},
        {"role": "time", "legal_entity": "IE", "system": "harvest"},
    ],
    "raw.reads": [
        {"run_id": "r1", "system": one, "stream": "entries", "status": "complete",
         "started_at": NOW, "finished_at": NOW}
        for one in ("clock", "harvest")
    ],
    "reconciliation.rule_runs": [{"rule": "TM01", "status": "clean", "found_count": 0}],
    "billing.completeness": [
        {**GROUP, "approved_count": 3, "holds": True},
        {**GROUP, "period": "2026-02", "approved_count": 1, "holds": False},
    ],
    "billing.record_counts": [{"system": "clock", "holds": True}],
    "billing.ledger_equation": [{**GROUP, "holds": True}],
    "billing.corrections_owed": [{**GROUP, "owed_minor": 0}],
    "billing.entries": [
        {**GROUP, "entry_id": "e1", "approval_state": "approved", "is_primary": True,
         "is_billable": True, "is_deleted": False, "seconds": 3600}
    ],
    "billing.dispositions": [{**GROUP, "entry_id": "e1", "disposition": "posted"}],
    "quarantine.records": [],
    "quarantine.told": [],
}  # fmt: skip
WAITING = {**TABLES["billing.entries"][0], "entry_id": "e2", "approval_state": "submitted"}


def put_batch(store):
    with store.session() as session:
        session.add(
            Run(
                run_id="r1",
                job="nightly_sync",
                as_of=NOW,
                trigger="schedule",
                maker="schedule",
                config_hash="c",
                code_version="1",
                status="done",
                started_at=NOW,
            )
        )
        session.flush()
        session.add(
            Batch(
                batch_id="b", content_sha256="0" * 64, merkle_root="0" * 64, config_hash="c",
                run_id="r1", maker="schedule", system="bc", company="UK", document_count=1,
                line_count=1, amount_minor=1, status="planned", planned_at=NOW, **GROUP,
            )
        )  # fmt: skip


def ask(store, warehouse, place=MARCH, **more):
    with store.snapshot() as session:
        return status(make_firm(**more), warehouse, session, *place)


def kinds(found, weight=None):
    return [one.kind for one in found.reasons if weight in (None, one.weight)]


def put_break(store, rule="TM01", period="2026-03", severity="high", money=1000, **more):
    row = {
        **dict.fromkeys(("rule", *COLUMNS)), "rule": rule, "record_key": "k", "period": period,
        "legal_entity": "UK", "at_risk_minor": money, "currency": "GBP", **more,
    }  # fmt: skip
    with store.session() as session:
        breaks.record(session, ("r1", NOW), [row], [RuleOutcome(rule, "found", severity, "x")])
    return break_id(rule, row["record_key"], period)


def put_document(store, ref="D1", state="unknown", **more):
    with store.session() as session:
        session.add(
            Document(
                document_ref=ref, batch_id="b", kind="invoice", system="bc", company="UK",
                project_id="p", customer_key="c", posting_date=date(2026, 3, 31),
                amount_minor=12300, state=state, content={}, content_sha256="0" * 64,
                merkle_proof={}, **{**GROUP, **more},
            )
        )  # fmt: skip
