"""A small settled night, filled in by hand: every table the report reads has rows."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ps_integration.domain.breaks import break_id
from ps_integration.reports.assemble import Before, Occasion, assemble
from ps_integration.stores.operational.models import Break

AS_OF = datetime(2026, 3, 7, 4, 59, 59, tzinfo=UTC)
EARLIER = AS_OF - timedelta(days=7)

RUN = {
    "run_id": "night-2",
    "as_of": AS_OF,
    "as_of_date": date(2026, 3, 6),
    "config_hash": "c0ffee" * 10,
    "ledger_seq": 42,
    "reporting_currency": "USD",
}


def _part(entry, disposition, reason, minor, **more):
    return {
        "entry_id": entry,
        "part": 1,
        "seconds": 3600,
        "amount_minor": minor,
        "currency": "USD",
        "legal_entity": "US",
        "period": "2026-02",
        "project_id": "us-101",
        "disposition": disposition,
        "reason": reason,
        "evidence": f"{entry}: {reason.replace('_', ' ')}.",
        **more,
    }


UK = {"currency": "GBP", "legal_entity": "UK", "project_id": "uk-201"}
IN = {"currency": "INR", "legal_entity": "IN", "project_id": "in-301"}
MD01_ID = break_id("MD01", "uk-201", "")
TM01_ID = break_id("TM01", "clockify_emea:77", "2026-02")
TM06_ID = break_id("TM06", "harvest_us:1", "2026-02")

PARTS = [
    _part("harvest_us:1", "posted", "in_posted_document", 15000, document_ref="PS-US-101-202602-1"),
    _part("harvest_us:2", "posted", "in_posted_document", 12345, document_ref="PS-US-101-202602-1"),
    _part("harvest_us:3", "queued", "waits_for_approval", 20000, document_ref="PS-US-101-202602-2"),
    _part("harvest_us:4", "non_billable", "internal_project", 0),
    _part("harvest_us:5", "covered", "milestone_project", 0),
    _part("harvest_us:6", "deferred", "cap_used_up", 9000),
    _part("clockify_emea:76", "posted", "in_posted_document", 8000, **UK),
    _part("clockify_emea:77", "excepted", "project_missing_in_erp", 50000, break_id=MD01_ID, **UK),
    _part("clockify_emea:78", "settled_elsewhere", "before_bill_from", 4000, **UK),
    _part("clockify_emea:90", "written_off", "agreed_with_client", 100000, **IN),
    _part("clockify_emea:91", "excepted", "rate_missing", None, break_id=TM06_ID, **IN),
]


def _group(entity, currency, count, minor, unpriced=0):
    return {
        "legal_entity": entity,
        "currency": currency,
        "period": "2026-02",
        "approved_count": count,
        "approved_seconds": count * 3600,
        "approved_minor": minor,
        "unpriced_count": unpriced,
        "disposed_count": count,
        "disposed_seconds": count * 3600,
        "disposed_minor": minor,
        "holds": True,
    }


def _ledger(entity, currency, confirmed, in_flight, owed, erp):
    return {
        "legal_entity": entity,
        "currency": currency,
        "period": "2026-02",
        "confirmed_minor": confirmed,
        "in_flight_minor": in_flight,
        "owed_minor": owed,
        "target_minor": confirmed + in_flight + owed,
        "erp_minor": erp,
        "holds": True,
    }


def _document(ref, batch, state, minor, readback, confirmed=None, **more):
    return {
        "document_ref": ref,
        "batch_id": batch,
        "kind": "invoice",
        "system": "bc",
        "company": "US",
        "legal_entity": "US",
        "project_id": "us-101",
        "customer_key": "northwind",
        "currency": "USD",
        "period": "2026-02",
        "posting_date": date(2026, 2, 28),
        "state": state,
        "amount_minor": minor,
        "readback_minor": readback,
        "confirmed_at": confirmed,
        "erp_number": None if readback is None else f"SI-{ref[-1]}",
        **more,
    }


def _batch(batch, status, minor, lines, entity="US", currency="USD"):
    return {
        "batch_id": batch,
        "system": "bc",
        "company": entity,
        "legal_entity": entity,
        "period": "2026-02",
        "currency": currency,
        "line_count": lines,
        "amount_minor": minor,
        "status": status,
    }


def _read(system, stream, status, at, **more):
    return {
        "run_id": "night-2",
        "system": system,
        "stream": stream,
        "mode": "incremental",
        "status": status,
        "records_read": 10,
        "records_changed": 3,
        "started_at": at,
        "finished_at": at,
        **more,
    }


def _project(project, name, entity, currency):
    return {
        "project_id": project,
        "name": name,
        "customer_key": "northwind",
        "legal_entity": entity,
        "currency": currency,
        "status": "active",
    }


def _run(rule, status, count, message="", holds_posting=False):
    return {
        "rule": rule,
        "status": status,
        "found_count": count,
        "message": message,
        "holds_posting": holds_posting,
    }


TABLES = {
    "config.run": [RUN],
    "config.systems": [
        {"system": "kantata", "vendor": "kantata", "roles": "psa", "freshness_hours": 30},
        {"system": "harvest_us", "vendor": "harvest", "roles": "time", "freshness_hours": 30},
        {"system": "bc", "vendor": "business_central", "roles": "erp", "freshness_hours": 30},
        {"system": "hr", "vendor": "files", "roles": "hr", "freshness_hours": 48},
    ],
    "billing.completeness": [
        _group("US", "USD", 6, 56345),
        _group("UK", "GBP", 3, 62000),
        _group("IN", "INR", 2, 100000, unpriced=1),
    ],
    "billing.dispositions": PARTS,
    "billing.milestones": [
        {
            "object_id": "kantata:9",
            "project_id": "us-102",
            "name": "Design accepted",
            "legal_entity": "US",
            "currency": "USD",
            "period": "2026-02",
            "amount_minor": 500000,
            "disposition": "queued",
            "reason": "waits_for_approval",
        }
    ],
    "billing.record_counts": [
        {
            "system": "harvest_us",
            "raw_records": 10,
            "not_approved": 2,
            "approved": 6,
            "quarantined": 1,
            "deleted": 1,
            "superseded": 0,
            "holds": True,
        }
    ],
    "billing.ledger_equation": [
        _ledger("US", "USD", 27345, 20000, -250, 27345),
        _ledger("UK", "GBP", 8000, 0, 0, None),
    ],
    "billing.corrections_owed": [
        {
            "entry_id": "harvest_us:1",
            "legal_entity": "US",
            "currency": "USD",
            "period": "2026-02",
            "confirmed_minor": 15000,
            "in_flight_minor": 0,
            "target_minor": 14750,
            "owed_minor": -250,
            "reason": "hours_changed",
        }
    ],
    "billing.projects": [
        _project("us-101", "Ledger renewal", "US", "USD"),
        _project("uk-201", "Depot survey", "UK", "GBP"),
        _project("in-301", "Test bench", "IN", "INR"),
    ],
    "ops.batches": [
        _batch("b-posted", "posted", 27345, 2),
        _batch("b-waits", "planned", 520000, 2),
        _batch("b-old", "posted", 8000, 1, "UK", "GBP"),
        _batch("b-gone", "superseded", 1, 1),
    ],
    "ops.documents": [
        _document("PS-US-101-202602-1", "b-posted", "posted", 27345, 27345, AS_OF),
        _document("PS-US-101-202602-2", "b-waits", "planned", 20000, None),
        _document(
            "PS-US-101-202602-3", "b-waits", "planned", -4000, None, kind="credit_memo"
        ),
        _document(
            "PS-UK-201-202601-1", "b-old", "posted", 8000, 8000, AS_OF - timedelta(days=90),
            legal_entity="UK", currency="GBP",
        ),
    ],
    "ops.open_breaks": [
        {
            "break_id": MD01_ID,
            "rule": "MD01",
            "record_key": "uk-201",
            "period": "",
            "state": "open",
            "blocked_kind": "project",
            "blocked_id": "uk-201",
            "opened_at": EARLIER,
        }
    ],
    "canonical.fx_rates": [
        {
            "system": "bc",
            "company": "US",
            "from_currency": "GBP",
            "to_currency": "USD",
            "rate_type": "spot",
            "valid_on": date(2026, 3, 1),
            "rate": Decimal("1.25"),
        },
        {
            "system": "bc",
            "company": "IN",
            "from_currency": "USD",
            "to_currency": "INR",
            "rate_type": "spot",
            "valid_on": date(2026, 3, 1),
            "rate": Decimal(80),
        },
    ],
    "quarantine.records": [
        {
            "system": "harvest_us",
            "stream": "time_entries",
            "record_id": "666",
            "object": "time_entries",
            "rule": "hours at most 24 a day",
            "field": "hours",
            "value": "NaN",
            "remedy": "Correct the hours in Harvest.",
            "first_seen_at": EARLIER,
            "last_seen_at": AS_OF,
        }
    ],
    "raw.reads": [
        _read("kantata", "projects", "complete", AS_OF - timedelta(minutes=5)),
        _read("harvest_us", "time_entries", "complete", EARLIER),
        _read(
            "harvest_us", "time_entries", "failed", AS_OF, records_read=0, records_changed=0,
            error_kind="retry_later", error_message="GET /v2/time_entries: ReadTimeout",
        ),
        _read("bc", "salesInvoices", "complete", AS_OF - timedelta(hours=40)),
    ],
    "reconciliation.rule_runs": [
        _run("MD01", "found", 1),
        _run("MD03", "could_not_run", 0, "no billing attributes of projects read from bc"),
        _run("TM01", "found", 1),
        _run("TM02", "clean", 0),
        _run("TM06", "found", 1),
    ],
}  # fmt: skip


def make_break(rule, key, period, minor, currency, **more):
    """An open break as the store hands it out."""
    facts = {
        "legal_entity": "UK",
        "project_id": "uk-201",
        "customer_key": "northwind",
        "entry_id": None,
        "left_system": "kantata",
        "left_id": "4711",
        "left_value": "Depot survey",
        "right_system": "bc",
        "right_id": None,
        "right_value": None,
        "difference_seconds": None,
        "difference_minor": None,
        "cause": "not_synced_yet",
        "detail": "Project Depot survey is active in kantata and not in bc.",
        **more.pop("facts", {}),
    }
    values = {
        "break_id": break_id(rule, key, period),
        "rule": rule,
        "record_key": key,
        "period": period,
        "state": "open",
        "severity": "high",
        "owner": "delivery_ops",
        "blocked_kind": None,
        "blocked_id": None,
        "root_break_id": None,
        "opened_at": EARLIER,
        "last_seen_at": AS_OF,
        "closed_at": None,
        "times_seen": 2,
        "times_opened": 1,
        "facts": facts,
        "at_risk_minor": minor,
        "currency": currency,
    }
    return Break(**{**values, **more})


def make_breaks():
    """A root, what follows from it, and one of its own."""
    return [
        make_break("TM01", "clockify_emea:77", "2026-02", 50000, "GBP", root_break_id=MD01_ID),
        make_break(
            "TM06", "harvest_us:1", "2026-02", 250, "USD", opened_at=AS_OF,
            facts={
                "legal_entity": "US", "project_id": "us-101", "entry_id": "harvest_us:1",
                "left_value": "0.98 h", "right_value": "1.00 h", "right_id": "SI-1/1",
                "difference_minor": -250, "difference_seconds": -60,
                "cause": "edited_after_posting", "detail": "Hours changed from 1.00 to 0.98.",
            },
        ),
        make_break(
            "MD01", "uk-201", "", 50000, "GBP", blocked_kind="project", blocked_id="uk-201"
        ),
    ]  # fmt: skip


class RuleText:
    """A rule's header."""

    def __init__(self, code, title, blocks=False):
        self.code, self.title, self.blocks = code, title, blocks
        self.severity, self.owner = "high", "delivery_ops"
        self.remedy = f"Do what {code} says."


RULES = [
    RuleText("MD01", "Project missing in the ERP", blocks=True),
    RuleText("MD03", "Project not billable in the ERP", blocks=True),
    RuleText("TM01", "Approved time not in the ERP"),
    RuleText("TM02", "ERP time with no source"),
    RuleText("TM06", "Entry changed after posting"),
    RuleText("TM12", "Hours differ"),
]


def make_occasion(**changed):
    """The night of the tables above."""
    values = {
        "run_id": "night-2",
        "firm": "Halden Ridge",
        "as_of": AS_OF,
        "as_of_date": date(2026, 3, 6),
        "time_zone": "America/New_York",
        "reporting_currency": "USD",
        "config_hash": "c0ffee" * 10,
        "is_dry": False,
        "owners": {"delivery_ops": "Delivery office"},
    }
    return Occasion(**{**values, **changed})


def fill(warehouse, tables=None):
    """Insert the rows of every table."""
    with warehouse.transaction():
        for table, rows in (tables or TABLES).items():
            names = {name: None for row in rows for name in row}
            warehouse.insert(table, [{**names, **row} for row in rows])


def make_report(warehouse, *, breaks=None, rules=None, before=None, **changed):
    """The report of a filled warehouse."""
    return assemble(
        warehouse,
        make_occasion(**changed),
        make_breaks() if breaks is None else breaks,
        RULES if rules is None else rules,
        before or Before(),
    )
