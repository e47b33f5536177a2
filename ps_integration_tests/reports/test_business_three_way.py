"""Hours and money of all systems in total, beside a count by loops."""

from collections import defaultdict
from datetime import timedelta

import pytest

from ps_integration_tests.reports.business_firm import FIRST, firm, reported


def kept(tables):
    """Entries that count, each with which side it is of."""
    for one in tables["billing.entries"]:
        if one["is_deleted"]:
            continue
        if one["is_primary"] and one["approval_state"] == "approved":
            yield "time", one
        elif (
            not one["is_primary"] and one["system"] == "psa" and one["approval_state"] != "rejected"
        ):
            yield "psa", one


def posted(tables):
    states = {one["document_ref"]: one["state"] for one in tables["ops.documents"]}
    for one in tables["ops.posting_lines"]:
        if states[one["document_ref"]] == "posted" and one["document_ref"] != "D6":
            yield one


def erp_lines(tables):
    """Lines that stand in the ERP, with their document and sign."""
    documents = {one["external_id"]: one for one in tables["canonical.erp_documents"]}
    for line in tables["canonical.erp_lines"]:
        document = documents[line["document_external_id"]]
        if document["is_standing"]:
            yield line, document, -1 if document["kind"] == "credit_memo" else 1


@pytest.mark.parametrize("seed", range(10))
def test_projects_and_months_are_what_a_loop_counts(seed):
    tables = firm(seed)
    for document in tables["ops.documents"]:
        document["period"] = "2026-02"
    ours = {one["document_ref"] for one in tables["ops.documents"]}
    sums = defaultdict(lambda: defaultdict(int))
    for side, one in kept(tables):
        sums[one["project_id"], one["period"], one["currency"]][side] += one["seconds"]
    for one in posted(tables):
        mine = sums[one["project_id"], one["period"], one["currency"]]
        mine["ledger"] += one["amount_minor"]
        if one["object_kind"] == "time_entry":
            mine["ledger seconds"] += one["seconds"]
        else:
            mine["erp seconds"] -= 3600 * one["quantity"]
    for line, document, sign in erp_lines(tables):
        if line["line_type"] == "comment":
            continue
        period = "2026-02" if document["reference"] in ours else "2026-03"
        mine = sums[line["project_key"].strip().lower(), period, line["currency"]]
        mine["erp"] += sign * line["amount_minor"]
        mine["erp seconds"] += sign * 3600 * line["quantity"]
    names = ("time", "psa", "ledger seconds", "erp seconds", "ledger", "erp")
    truth = {
        key: [mine[name] for name in names] for key, mine in sums.items() if key[1] >= "2026-02"
    }
    found = {
        (x.project_id, x.period, x.currency): [
            x.time_seconds, x.psa_seconds or 0, x.ledger_seconds, x.erp_seconds, x.ledger_minor,
            x.erp_minor,
        ]
        for x in reported(tables).three_way
    }  # fmt: skip
    extra = {key: row for key, row in found.items() if key not in truth}
    assert all(row == [0] * len(names) for row in extra.values())
    assert {key: found[key] for key in truth} == truth


@pytest.mark.parametrize("seed", range(10))
def test_weeks_are_what_a_loop_counts(seed):
    tables = firm(seed)
    people = {one["entry_id"]: one["resource_id"] for one in tables["billing.entries"]}

    def monday(day):
        return day - timedelta(days=day.weekday())

    sums = defaultdict(lambda: defaultdict(int))
    for side, one in kept(tables):
        sums[one["resource_id"], monday(one["work_date"])][side] += one["seconds"]
    for one in posted(tables):
        if one["object_kind"] == "time_entry":
            sums[people[one["object_id"]], monday(one["work_date"])]["ledger"] += one["seconds"]
    found = {
        (x.resource_id, x.week): [x.time_seconds, x.psa_seconds or 0, x.ledger_seconds]
        for x in reported(tables).weeks
    }
    for key, mine in sums.items():
        if key[1] >= FIRST:
            assert found[key] == [mine["time"], mine["psa"], mine["ledger"]]
    assert all(key in sums or not any(row) for key, row in found.items())


@pytest.mark.parametrize("seed", range(10))
def test_accounts_are_what_a_loop_counts(seed):
    tables = firm(seed)
    ours = {one["document_ref"] for one in tables["ops.documents"]}
    sums = defaultdict(lambda: [0, 0, 0])
    for line, document, sign in erp_lines(tables):
        if line["object_number"] in ("4000", "4001"):
            mine = sums[line["object_number"]]
            mine[0] += 1
            mine[1 if document["reference"] in ours else 2] += sign * line["amount_minor"]
    found = {x.account: [x.lines, x.ours_minor, x.typed_minor] for x in reported(tables).accounts}
    assert found == dict(sums)
