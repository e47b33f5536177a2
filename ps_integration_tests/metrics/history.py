"""Random event histories: the rows that the metrics read, of any order, number and oddity."""

import random
from datetime import UTC, datetime, timedelta

AS_OF = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
ENTITIES = ("UK", "US")
SYSTEMS = ("clockify", "kantata", "books")
STATES = ("posted", "posted", "posted", "planned", "held", "dead", "refused")


def instant(rng, days=60):
    """Some instant up to two months before, or a little after, the night."""
    return AS_OF - timedelta(
        seconds=rng.randrange(-86400, days * 86400), microseconds=rng.randrange(9)
    )


def history(seed):
    """Rows by table."""
    rng = random.Random(seed)
    documents = [_document(rng, n) for n in range(rng.randrange(12))]
    lines, versions = _lines(rng, documents)
    breaks = [
        {
            "break_id": f"b{n}",
            "rule": rng.choice(("TM01", "MD01")),
            "owner": rng.choice(("finance", "delivery ops")),
            "state": "open",
            "severity": "high",
            **rng.choice(
                (
                    {"blocked_kind": "entry", "blocked_id": f"e{rng.randrange(8)}"},
                    {"blocked_kind": "project", "blocked_id": f"p{rng.randrange(3)}"},
                    {"blocked_kind": None, "blocked_id": None},
                )
            ),
        }
        for n in range(rng.randrange(8))
    ]
    return {
        "ops.documents": documents,
        "canonical.erp_documents": [
            {
                "system": one["system"],
                "external_id": one["erp_id"],
                "invoice_date": instant(rng).date(),
            }
            for one in documents
            if rng.random() < 0.5
        ],
        "ops.posting_lines": lines,
        "canonical.entry_versions": versions,
        "ops.ledger": _ledger(rng, documents),
        "ops.breaks": breaks,
        "ops.break_events": _events(rng, breaks),
        "ops.decisions": [{"kind": "waiver", "entry_id": f"e{rng.randrange(40)}", "part": 1}],
        "ops.feedback": [
            {
                "system": rng.choice(SYSTEMS),
                "state": rng.choice(("told", "refused", "pending")),
                "changed_at": instant(rng),
            }
            for _ in range(rng.randrange(6))
        ],
        "raw.reads": [
            {
                "run_id": f"r{n}",
                "system": rng.choice(SYSTEMS),
                "stream": rng.choice(("time_entries", "projects")),
                "status": (status := rng.choice(("complete", "complete", "failed", "absent"))),
                "records_read": rng.randrange(9) if status == "complete" else 0,
                "finished_at": instant(rng),
            }
            for n in range(rng.randrange(10))
        ],
        **_calls(rng),
        "quarantine.records": [
            {
                "system": rng.choice(SYSTEMS),
                "stream": "time_entries",
                "record_id": f"{rng.randrange(4)}",
                "first_seen_at": instant(rng),
            }
            for _ in range(rng.randrange(6))
        ],
        "billing.entries": _entries(rng),
        "billing.dispositions": [
            {
                "entry_id": f"e{n}",
                "seconds": rng.randrange(1, 9) * 900,
                "legal_entity": rng.choice(ENTITIES),
                "project_id": f"p{rng.randrange(3)}",
                "disposition": rng.choice(("posted", "queued", "excepted", "deferred")),
                "break_id": f"b{rng.randrange(8)}",
            }
            for n in range(rng.randrange(12))
        ],
        "canonical.time_entries": [
            {
                "system": rng.choice(SYSTEMS),
                "external_id": f"{n}",
                "approval_state": rng.choice(("approved", "submitted")),
                "submitted_at": rng.choice((None, instant(rng))),
                "approved_at": instant(rng),
            }
            for n in range(rng.randrange(9))
        ],
        "metrics.project_setups": [_setup(rng, n) for n in range(rng.randrange(8))],
    }


def _calls(rng):
    """Three systems, two of which share one account, and quotas of a day and of an hour."""
    accounts = {"clockify": "clockify", "kantata": "kantata", "books": "kantata"}
    return {
        "config.systems": [{"system": one, "account": of} for one, of in accounts.items()],
        "config.quotas": [
            {"account": account, "calls": rng.randrange(1, 50), "seconds": seconds}
            for account, seconds in (("kantata", 86_400), ("kantata", 7_200), ("clockify", 86_400))
            if rng.random() < 0.8
        ],
        "raw.calls": [
            {
                "run_id": f"r{n}",
                "system": rng.choice(SYSTEMS),
                "calls": rng.randrange(1, 30),
                "noted_at": AS_OF - timedelta(seconds=rng.choice((-1, 0, 7_199, 7_200, 86_400))),
            }
            for n in range(rng.randrange(12))
        ],
    }


def _document(rng, number):
    state = rng.choice(STATES)
    confirmed = state == "posted" and rng.random() < 0.9
    return {
        "document_ref": f"D{number}",
        "kind": rng.choice(("invoice", "invoice", "credit_memo")),
        "system": rng.choice(SYSTEMS),
        "legal_entity": rng.choice(ENTITIES),
        "posting_date": instant(rng).date(),
        "invoice_date": rng.choice((None, instant(rng).date())),
        "erp_id": f"E{number}",
        "state": state,
        "confirmed_at": instant(rng) if confirmed else None,
    }


def _lines(rng, documents):
    lines, versions = [], {}
    for document in documents:
        for number in range(rng.randrange(1, 4)):
            entry = f"e{rng.randrange(40)}"
            kind = rng.choice(("time_entry", "time_entry", "milestone"))
            lines.append(
                {
                    "line_key": f"{document['document_ref']}-{number}",
                    "document_ref": document["document_ref"],
                    "object_kind": kind,
                    "object_id": entry,
                    "version_sha256": rng.choice("ab"),
                    "project_id": f"p{rng.randrange(3)}",
                    "legal_entity": document["legal_entity"],
                    "work_date": instant(rng).date(),
                    "seconds": rng.randrange(9) * 900,
                    "correction": rng.choice((None, None, None, "reversal")),
                }
            )
            for version in range(1, rng.randrange(1, 5)):
                versions[entry, version] = {
                    "entry_id": entry,
                    "version_no": version,
                    "version_sha256": rng.choice("ab"),
                    "approved_at": rng.choice((None, instant(rng), instant(rng))),
                    "first_seen_at": instant(rng),
                }
    return lines, list(versions.values())


def _ledger(rng, documents):
    rows = []
    for document in documents:
        for attempt in range(1, rng.randrange(1, 5)):
            at = instant(rng)
            outcome = rng.choice(("posted", "refused", "unknown", "dead", "held", "draft"))
            first = rng.choice(("approved", "draft", "unknown", "sending"))
            before = rng.choice(("sending", "draft", "unknown"))
            for from_state, to_state in ((first, "sending"), (before, outcome)):
                rows.append(
                    {
                        "seq": len(rows),
                        "at": at,
                        "document_ref": document["document_ref"],
                        "from_state": from_state,
                        "to_state": to_state,
                        "attempt": attempt,
                    }
                )
    return rows


def _events(rng, breaks):
    """Lives in which people act at any time; closings and openings take turns."""
    rows = []
    for item in breaks:
        moments = sorted(instant(rng, 45) for _ in range(rng.randrange(1, 8)))
        is_open = False
        for moment in moments:
            if is_open:
                event = rng.choice(("resolved", "accepted", "commented", "snoozed", "assigned"))
            else:
                event = (
                    "reopened" if rows and rows[-1]["break_id"] == item["break_id"] else "opened"
                )
            # what was accepted may also go away by itself
            if rows and rows[-1]["event"] == "accepted" and rng.random() < 0.3:
                event = "resolved"
            is_open = event not in ("resolved", "accepted")
            rows.append({"break_id": item["break_id"], "at": moment, "event": event})
    return [{"seq": number, **row} for number, row in enumerate(rows)]


def _entries(rng):
    return [
        {
            "entry_id": f"x{n}",
            "system": rng.choice(SYSTEMS[:2]),
            "resource_id": rng.choice((None, "ann", "bob")),
            "work_date": instant(rng).date(),
            "seconds": rng.choice((600, 3600, 7200)),
            "is_billable": rng.random() < 0.8,
            "is_primary": rng.random() < 0.6,
            "approval_state": rng.choice(("approved", "approved", "submitted")),
            "is_deleted": rng.random() < 0.1,
        }
        for n in range(rng.randrange(14))
    ]


def _setup(rng, number):
    active = instant(rng)
    later = active + timedelta(seconds=rng.randrange(20 * 86400))
    ready = later if later <= AS_OF and rng.random() < 0.7 else None
    return {
        "project_id": f"p{number}",
        "legal_entity": rng.choice(ENTITIES),
        "active_at": None if ready and rng.random() < 0.2 else active,
        "ready_at": ready,
    }
