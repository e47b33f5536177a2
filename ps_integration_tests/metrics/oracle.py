"""Every metric anew, by loops over the events: slow, plain, and written apart from the SQL."""

from collections import defaultdict
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil

from ps_integration_tests.metrics.history import AS_OF

DAYS = 30
SINCE = AS_OF - timedelta(days=DAYS)
POSTING_SLA, SETUP_SLA, TOLERANCE = 2 * 86400, 5 * 86400, 40 * 3600 * 2 // 100
OPENING, CLOSING = ("opened", "reopened"), ("resolved", "accepted")


def expected(tables):
    """(metric, labels as sorted pairs) to {statistic: value} with the sample under `sample`."""
    found = {}
    for metric, compute in METRICS.items():
        for labels, figures in compute(tables).items():
            found[metric, labels] = figures
    return found


def rank(values, percent):
    """The smallest value that at least `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[ceil(Fraction(len(ordered) * percent, 100)) - 1] if ordered else None


def share(part, whole):
    if not whole:
        return None
    exact = Fraction(part, whole)
    digits = Decimal(exact.numerator) / Decimal(exact.denominator)
    return digits.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def seconds(first, last):
    return (last - first) // timedelta(seconds=1)


def in_window(moment):
    return moment is not None and SINCE < moment <= AS_OF


def grouped(items, *names):
    """[(labels of the item, thing)] to {labels: [things]}, and all of them under ()."""
    groups = defaultdict(list)
    for values, thing in items:
        groups[tuple(sorted(zip(names, values, strict=True)))].append(thing)
        groups[()].append(thing)
    return groups


def posted_lines(tables):
    documents = {one["document_ref"]: one for one in tables["ops.documents"]}
    for line in tables["ops.posting_lines"]:
        document = documents[line["document_ref"]]
        if document["state"] == "posted" and in_window(document["confirmed_at"]):
            yield line, document


def posting_latency(tables):
    items = []
    for line, document in posted_lines(tables):
        if line["object_kind"] != "time_entry" or line["correction"]:
            continue
        versions = [
            one
            for one in tables["canonical.entry_versions"]
            if (one["entry_id"], one["version_sha256"])
            == (line["object_id"], line["version_sha256"])
            and one["approved_at"] is not None
            and one["first_seen_at"] <= document["confirmed_at"]
        ]
        if versions:
            billed = max(versions, key=lambda one: one["version_no"])
            took = seconds(billed["approved_at"], document["confirmed_at"])
            items.append(((line["legal_entity"],), took))
    return {
        labels: {
            "sample": len(took),
            "median": rank(took, 50),
            "p90": rank(took, 90),
            "p99": rank(took, 99),
            "share_within_sla": share(sum(one <= POSTING_SLA for one in took), len(took)),
        }
        for labels, took in grouped(items, "legal_entity").items()
    }


def invoice_cycle_time(tables):
    items = []
    for document in tables["ops.documents"]:
        dates = [
            line["work_date"]
            for line in tables["ops.posting_lines"]
            if line["document_ref"] == document["document_ref"]
        ]
        in_erp = [
            one["invoice_date"]
            for one in tables["canonical.erp_documents"]
            if (one["system"], one["external_id"]) == (document["system"], document["erp_id"])
        ]
        issued = (in_erp or [document["invoice_date"]])[0] or document["posting_date"]
        is_ours = document["kind"] == "invoice" and document["state"] == "posted" and dates
        if is_ours and SINCE.date() < issued <= AS_OF.date():
            items.append(((document["legal_entity"],), (issued - max(dates)).days))
    return {
        labels: {
            "sample": len(days),
            "median": rank(days, 50),
            "p90": rank(days, 90),
            "longest": max(days),
        }
        for labels, days in grouped(items, "legal_entity").items()
    }


def failed_synchronisation(tables):
    sums = defaultdict(lambda: [0, 0])
    for place, operations, failed in [*_inward(tables), *_outward(tables)]:
        for key in (tuple(sorted(zip(("system", "stream", "direction"), place, strict=True))), ()):
            sums[key][0] += operations
            sums[key][1] += failed
    return {
        key: {
            "sample": operations,
            "operations": operations,
            "failed": failed,
            "share_failed": share(min(failed, operations), operations),
        }
        for key, (operations, failed) in sums.items()
        if operations
    }


def _inward(tables):
    for read in tables["raw.reads"]:
        if in_window(read["finished_at"]):
            failed = read["status"] == "failed"
            yield (read["system"], read["stream"], "in"), read["records_read"] + failed, failed
    refused = {
        (one["system"], one["stream"], one["record_id"])
        for one in tables["quarantine.records"]
        if in_window(one["first_seen_at"])
    }
    for system, stream, _ in refused:
        yield (system, stream, "in"), 0, 1


def _outward(tables):
    documents = {one["document_ref"]: one for one in tables["ops.documents"]}
    for row in tables["ops.ledger"]:
        is_call = row["to_state"] == "sending"
        is_answer = row["from_state"] in ("sending", "draft")
        if in_window(row["at"]) and (is_call or is_answer):
            place = documents[row["document_ref"]]["system"], "documents", "out"
            yield place, is_call, is_answer and row["to_state"] in ("refused", "unknown", "dead")
    for row in tables["ops.feedback"]:
        if in_window(row["changed_at"]) and row["state"] in ("told", "refused"):
            yield (row["system"], "billing_status", "out"), 1, row["state"] == "refused"


def exception_resolution(tables):
    items = []
    for item in tables["ops.breaks"]:
        turns = [
            one
            for one in tables["ops.break_events"]
            if one["break_id"] == item["break_id"]
            and one["event"] in OPENING + CLOSING
            and one["at"] <= AS_OF
        ]
        key = item["rule"], item["owner"]
        for before, after in pairwise(turns):
            if before["event"] in OPENING and after["event"] in CLOSING and after["at"] > SINCE:
                items.append((key, ("took", seconds(before["at"], after["at"]))))
        if turns and turns[-1]["event"] in OPENING:
            items.append((key, ("age", seconds(turns[-1]["at"], AS_OF))))
    found = {}
    for labels, facts in grouped(items, "rule", "owner").items():
        took = [value for kind, value in facts if kind == "took"]
        ages = [value for kind, value in facts if kind == "age"]
        found[labels] = {
            "sample": len(facts),
            "closed": len(took),
            "median": rank(took, 50),
            "p90": rank(took, 90),
            "open": len(ages),
            "median_open_age": rank(ages, 50),
            "oldest_open_age": max(ages, default=None),
        }
    return found


def manual_intervention(tables):
    items = []
    for line, document in posted_lines(tables):
        worked = any(
            event["event"] in ("commented", "snoozed", "proposed", "accepted")
            and event["at"] <= document["confirmed_at"]
            and (item["blocked_kind"], item["blocked_id"])
            in (("entry", line["object_id"]), ("project", line["project_id"]))
            for item in tables["ops.breaks"]
            for event in tables["ops.break_events"]
            if event["break_id"] == item["break_id"]
        )
        waived = any(one["entry_id"] == line["object_id"] for one in tables["ops.decisions"])
        held = any(
            row["document_ref"] == line["document_ref"] and row["to_state"] == "held"
            for row in tables["ops.ledger"]
        )
        items.append(((line["legal_entity"],), worked or waived or held))
    return {
        labels: {
            "sample": len(touched),
            "lines": len(touched),
            "share_touched": share(sum(touched), len(touched)),
        }
        for labels, touched in grouped(items, "legal_entity").items()
    }


def utilisation_accuracy(tables):
    kept = [
        one
        for one in tables["billing.entries"]
        if not one["is_deleted"] and one["resource_id"] is not None
    ]
    monday = lambda day: day - timedelta(days=day.weekday())  # noqa: E731 # two uses, next to it
    weeks = {
        (one["resource_id"], monday(one["work_date"]))
        for one in kept
        if SINCE.date() < monday(one["work_date"]) + timedelta(days=6) <= AS_OF.date()
    }
    found = defaultdict(list)
    for person, week in weeks:
        mine = [
            one
            for one in kept
            if one["resource_id"] == person
            and monday(one["work_date"]) == week
            and one["is_billable"]
        ]
        truth = sum(
            one["seconds"]
            for one in mine
            if one["is_primary"] and one["approval_state"] == "approved"
        )
        verdicts = []
        for system in {one["system"] for one in kept if one["resource_id"] == person}:
            own = sum(one["seconds"] for one in mine if one["system"] == system)
            verdicts.append(abs(own - truth) <= TOLERANCE)
            found[(("system", system),)].append(verdicts[-1])
        found[()].append(all(verdicts))
    return {
        labels: {"sample": len(all_), "share_agreeing": share(sum(all_), len(all_))}
        for labels, all_ in found.items()
    }


def project_setup(tables):
    items = []
    for one in tables["metrics.project_setups"]:
        active, ready = one["active_at"], one["ready_at"]
        if active and active <= AS_OF and (ready is None or ready > SINCE):
            items.append(((one["legal_entity"],), (active, ready)))
    found = {}
    for labels, pairs in grouped(items, "legal_entity").items():
        took = [seconds(active, ready) for active, ready in pairs if ready is not None]
        waits = [seconds(active, AS_OF) for active, ready in pairs if ready is None]
        found[labels] = {
            "sample": len(pairs),
            "median": rank(took, 50),
            "p90": rank(took, 90),
            "share_within_sla": share(sum(one <= SETUP_SLA for one in took), len(took)),
            "waiting": len(waits),
            "oldest_waiting": max(waits, default=None),
        }
    return found


def throughput(tables):
    items = [((line["legal_entity"],), line) for line, _ in posted_lines(tables)]
    return {
        labels: {
            "sample": len(lines),
            "lines": len(lines),
            "documents": len({line["document_ref"] for line in lines}),
            "seconds_billed": sum(line["seconds"] for line in lines),
        }
        for labels, lines in grouped(items, "legal_entity").items()
    }


def approval_latency(tables):
    items = [
        ((one["system"],), seconds(one["submitted_at"], one["approved_at"]))
        for one in tables["canonical.time_entries"]
        if one["approval_state"] == "approved"
        and one["submitted_at"]
        and in_window(one["approved_at"])
    ]
    return {
        labels: {"sample": len(took), "median": rank(took, 50), "p90": rank(took, 90)}
        for labels, took in grouped(items, "system").items()
    }


def billing_readiness(tables):
    items = [
        ((one["legal_entity"],), one)
        for one in tables["billing.dispositions"]
        if one["disposition"] in ("queued", "excepted", "deferred")
    ]
    return {
        labels: {
            "sample": len(parts),
            "share_ready": share(
                sum(one["seconds"] for one in parts if one["disposition"] == "queued"),
                sum(one["seconds"] for one in parts),
            ),
        }
        for labels, parts in grouped(items, "legal_entity").items()
    }


def blocked_projects(tables):
    rules = {one["break_id"]: one["rule"] for one in tables["ops.breaks"]}
    items = [
        ((rules[one["break_id"]],), one["project_id"])
        for one in tables["billing.dispositions"]
        if one["disposition"] == "excepted" and one["break_id"] in rules
    ]
    counts = {labels: len(set(projects)) for labels, projects in grouped(items, "rule").items()}
    return {labels: {"sample": count, "open": count} for labels, count in {(): 0, **counts}.items()}


def retries(tables):
    documents = {one["document_ref"]: one for one in tables["ops.documents"]}
    items = [
        ((documents[row["document_ref"]]["system"],), row["from_state"] in ("unknown", "sending"))
        for row in tables["ops.ledger"]
        if row["to_state"] == "sending" and in_window(row["at"])
    ]
    return {
        labels: {
            "sample": len(again),
            "operations": len(again),
            "share_retried": share(sum(again), len(again)),
        }
        for labels, again in grouped(items, "system").items()
    }


def dead_letters(tables):
    items = [
        ((one["system"],), one)
        for one in tables["ops.documents"]
        if one["state"] in ("dead", "held")
    ]
    counts = {labels: len(those) for labels, those in grouped(items, "system").items()}
    return {
        labels: {"sample": count, "waiting": count} for labels, count in {(): 0, **counts}.items()
    }


def freshness(tables):
    reads = defaultdict(list)
    for read in tables["raw.reads"]:
        if read["status"] == "complete":
            key = (("stream", read["stream"]), ("system", read["system"]))
            reads[key].append(read["finished_at"])
    return {
        labels: {"sample": len(times), "age": max(seconds(max(times), AS_OF), 0)}
        for labels, times in reads.items()
    }


def quota_exposure(tables):
    accounts = {one["system"]: one["account"] for one in tables["config.systems"]}
    uses = defaultdict(list)
    for quota in tables["config.quotas"]:
        calls = sum(
            one["calls"]
            for one in tables["raw.calls"]
            if accounts[one["system"]] == quota["account"]
            and 0 <= (AS_OF - one["noted_at"]).total_seconds() < quota["seconds"]
        )
        uses[(("system", quota["account"]),)].append((share(calls, quota["calls"]), calls))
    return {
        labels: {"sample": len(used), "share_used": max(used)[0], "calls": max(used)[1]}
        for labels, used in uses.items()
    }


METRICS = {
    one.__name__: one
    for one in (
        approval_latency, billing_readiness, blocked_projects, dead_letters, exception_resolution,
        failed_synchronisation, freshness, invoice_cycle_time, manual_intervention,
        posting_latency, project_setup, quota_exposure, retries, throughput, utilisation_accuracy,
    )
}  # fmt: skip
