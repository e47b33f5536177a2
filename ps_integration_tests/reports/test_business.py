"""The business report beside a count by loops, over small random firms."""

import json
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from ps_integration.reports.business import sheets
from ps_integration.reports.business.value import (
    BusinessReport,
    decode,
    encode,
)
from ps_integration_tests.reports.business_firm import (
    COSTS,
    DAY,
    ENTITIES,
    FIRST,
    PEOPLE,
    PROJECTS,
    SUPPLIED,
    TODAY,
    firm,
    reported,
)


def waiting(tables):
    """Every part that is not billed, as (place, age, seconds, minor, disposition, project)."""
    rules = {one["break_id"]: one["rule"] for one in tables["ops.breaks"]}
    for one in tables["billing.dispositions"]:
        if one["disposition"] in ("queued", "excepted", "deferred"):
            place = (one["legal_entity"], one["currency"], one["disposition"], one["reason"],
                     rules.get(one["break_id"]))  # fmt: skip
            age = (TODAY - one["work_date"]).days
            yield place, age, one["seconds"], one["amount_minor"], one
    for one in tables["billing.entries"]:
        if (
            one["approval_state"] in ("draft", "submitted") and one["is_primary"]
            and one["is_billable"] and not one["is_deleted"]
        ):  # fmt: skip
            place = (one["legal_entity"], one["currency"], "not_approved", one["approval_state"],
                     None)  # fmt: skip
            yield place, (TODAY - one["work_date"]).days, one["seconds"], None, one


@pytest.mark.parametrize("seed", range(10))
def test_work_in_progress_is_what_a_loop_counts(seed):
    tables = firm(seed)
    report = reported(tables)
    sums = defaultdict(lambda: [0, 0, 0, 0, 0, 0])
    for place, age, seconds, minor, _ in waiting(tables):
        mine = sums[place]
        mine[0] += 1
        mine[1] += seconds
        bucket = 2 + (age > 30) + (age > 60) + (age > 90)
        mine[bucket] += minor or 0
    found = {
        (one.legal_entity, one.currency, one.disposition, one.reason, one.rule): [
            one.parts, one.seconds, one.to_30_minor, one.to_60_minor, one.to_90_minor,
            one.over_90_minor,
        ]
        for one in report.unbilled
    }  # fmt: skip
    assert found == dict(sums)
    assert all(
        one.minor == one.to_30_minor + one.to_60_minor + one.to_90_minor + one.over_90_minor
        for one in report.unbilled
    )
    assert len(report.unbilled_lines) == sum(one.parts for one in report.unbilled)
    assert {one.key for one in report.unbilled_lines} == {one.key for one in report.unbilled}


@pytest.mark.parametrize("seed", range(10))
def test_projects_are_what_a_loop_counts(seed):
    tables = firm(seed)
    states = {one["document_ref"]: one["state"] for one in tables["ops.documents"]}
    for line in reported(tables).projects:
        mine = [
            one for one in tables["ops.posting_lines"]
            if (one["project_id"], one["currency"]) == (line.project_id, line.currency)
            and one["document_ref"] != "D6"
        ]  # fmt: skip
        billed = sum(x["amount_minor"] for x in mine if states[x["document_ref"]] == "posted")
        on_way = sum(
            x["amount_minor"] for x in mine if states[x["document_ref"]] in ("approved", "dead")
        )
        parts = [
            one for one in tables["billing.dispositions"]
            if (one["project_id"], one["currency"]) == (line.project_id, line.currency)
        ]  # fmt: skip
        by = defaultdict(int)
        for one in parts:
            is_on_way = states.get(one["document_ref"], "planned") != "planned"
            if not (one["disposition"] == "queued" and is_on_way):
                by[one["disposition"]] += one["amount_minor"] or 0
        assert (line.billed_minor, line.on_way_minor) == (billed, on_way)
        assert (line.ready_minor, line.held_minor, line.deferred_minor) == (
            by["queued"], by["excepted"], by["deferred"],
        )  # fmt: skip
        coming = sum(
            one["amount_minor"] for one in tables["canonical.milestones"]
            if not one["is_reached"] and (line.project_id, line.currency) == ("pr-0", "GBP")
        )  # fmt: skip
        assert line.milestones_minor == coming
        worked = billed + on_way + by["queued"] + by["excepted"] + by["deferred"]
        rest = 0 if line.cap_minor is None else max(0, line.cap_minor - worked)
        assert line.backlog_minor == rest + coming


def test_what_was_billed_by_hand_is_no_backlog_any_more():
    tables = firm(3)
    project, entity = next(iter(PROJECTS.items()))
    currency = ENTITIES[entity]
    for row in tables["billing.projects"]:
        row["cap_minor"] = 10**9
    tables["canonical.erp_documents"].append(
        {"system": "books", "company": "C", "external_id": "H", "number": "S-1", "reference": "",
         "kind": "invoice", "is_posted": True, "is_standing": True, "status": "open",
         "posting_date": TODAY}
    )  # fmt: skip
    tables["canonical.erp_lines"].append(
        {"system": "books", "company": "C", "external_id": "h1", "document_external_id": "H",
         "line_no": 1, "line_type": "account", "object_number": "4000", "project_key": project,
         "currency": currency, "quantity": 1, "amount_minor": 70_000}
    )  # fmt: skip
    facts = {"number": "S-1", "line_no": "1", "seconds": None, "amount_minor": 70_000}
    decision = {
        "decision_id": 1, "decision": "accepted", "lines": json.dumps({"books|C|h1": facts}),
        "entries": "{}", "project_id": project, "currency": currency, "decided_by": "ana",
    }  # fmt: skip
    [before, after] = [
        {(one.project_id, one.currency): one for one in reported(tables | more).projects}
        for more in ({}, {"ops.match_decisions": [decision]})
    ]
    key = (project, currency)
    assert (before[key].by_hand_minor, after[key].by_hand_minor) == (0, 70_000)
    assert before[key].backlog_minor - after[key].backlog_minor == 70_000
    assert {k: v for k, v in before.items() if k != key} == {
        k: v for k, v in after.items() if k != key
    }


def days_of(period):
    days = [FIRST + timedelta(days=n) for n in range((TODAY - FIRST).days + 1)]
    return [day for day in days if f"{day:%Y-%m}" == period]


def free(tables, person, home, day):
    """Seconds that a person has on a day."""
    is_off = (
        day.weekday() > 4
        or (home == "UK" and day == date(2026, 3, 17))
        or (person.startswith("p2") and day < date(2026, 2, 16))
    )
    away = sum(
        DAY if one["seconds_per_day"] is None else one["seconds_per_day"]
        for one in tables["canonical.absences"]
        if person == "p0@x.com"
        and one["approval_state"] == "approved"
        and one["starts_on"] <= day <= one["ends_on"]
    )
    return 0 if is_off else max(0, DAY - away)


@pytest.mark.parametrize("seed", range(10))
def test_utilisation_is_what_a_loop_counts(seed):
    tables = firm(seed)
    found = {(one.resource_id, one.period): one for one in reported(tables).utilisation}
    for person, home in PEOPLE.items():
        for period in ("2026-02", "2026-03"):
            available = sum(free(tables, person, home, day) for day in days_of(period))
            mine = [
                one for one in tables["billing.entries"]
                if one["resource_id"] == person and one["period"] == period and one["is_primary"]
                and not one["is_deleted"] and one["approval_state"] == "approved"
            ]  # fmt: skip
            line = found[person, period]
            assert line.available_seconds == available
            assert line.worked_seconds == sum(one["seconds"] for one in mine)
            assert line.billable_seconds == sum(
                one["seconds"] for one in mine if one["is_billable"]
            )


def key_of(one):
    return one["project_id"], one["period"], one["currency"]


def earned(tables):
    """What was billed and what is to be, as (place, name, minor)."""
    states = {one["document_ref"]: one["state"] for one in tables["ops.documents"]}
    for one in tables["ops.posting_lines"]:
        if states[one["document_ref"]] == "posted" and one["document_ref"] != "D6":
            yield key_of(one), "billed", one["amount_minor"]
    for _, _, _, minor, one in waiting(tables):
        if "disposition" in one:
            yield key_of(one), "unbilled", minor or 0


def spent(tables):
    """What it cost, as (place, name, minor); own hours are rounded by person, project and month."""
    for table, name in (("subcontractor_costs", "supplier"), ("intercompany_charges", "charge")):
        for one in tables[f"canonical.{table}"]:
            if one["is_posted"]:
                key = one["project_key"].strip().lower(), one["period"], one["currency"]
                yield key, name, one["amount_minor"]
    hours = defaultdict(int)
    for one in tables["billing.entries"]:
        if (
            one["home_legal_entity"] == one["legal_entity"] == "UK" and one["is_primary"]
            and not one["is_deleted"] and one["approval_state"] == "approved"
            and one["resource_id"] != SUPPLIED
        ):  # fmt: skip
            hours[one["resource_id"], one["project_id"], one["period"]] += one["seconds"]
    for (_, project, period), seconds in hours.items():
        minor = (Decimal(seconds) * COSTS["UK"] / 3600).quantize(Decimal(1), "ROUND_HALF_UP")
        yield (project, period, "GBP"), "labour", int(minor)


@pytest.mark.parametrize("seed", range(10))
def test_revenue_and_margin_are_what_a_loop_counts(seed):
    tables = firm(seed)
    report = reported(tables)
    sums = defaultdict(lambda: defaultdict(int))
    for key, name, minor in [*earned(tables), *spent(tables)]:
        sums[key][name] += minor
    names = ("billed", "unbilled", "supplier", "charge", "labour")
    truth = {
        key: [mine[name] for name in names] for key, mine in sums.items() if key[1] >= "2026-02"
    }
    found = {
        (one.project_id, one.period, one.currency): [
            one.billed_minor, one.unbilled_minor, one.supplier_minor, one.charge_minor,
            one.labour_minor,
        ]
        for one in report.margins
    }  # fmt: skip
    assert found == truth
    for sums_of in (report.margins_of_customers, report.margins_of_entities):
        for currency in ENTITIES.values():
            assert sum(x.margin_minor for x in sums_of if x.currency == currency) == sum(
                x.margin_minor for x in report.margins if x.currency == currency
            )


def test_months_before_the_first_entry_have_no_utilisation():
    tables = firm(2)
    tables["billing.entries"] = [
        one for one in tables["billing.entries"] if one["work_date"] >= date(2026, 3, 9)
    ]
    found = {one.period for one in reported(tables).utilisation}
    assert found == {"2026-03"}


def test_a_kept_value_is_the_value():
    report = reported(firm(1))
    assert decode(encode(report)) == report
    assert isinstance(report, BusinessReport)


def test_every_sheet_has_lines_and_every_figure_its_lines():
    report = reported(firm(1))
    drawn = {sheet.name: sheet for sheet in sheets.tables(report)}
    assert all(sheet.lines for sheet in drawn.values())
    keys = drawn[sheets.UNBILLED_LINES].rows_by_key()
    links = [column for column in drawn["Work in progress"].columns if column.link]
    for line in report.unbilled:
        for column in links:
            assert column.link(line)[1] in keys
