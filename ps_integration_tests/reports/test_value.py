"""The value of the night: what it says, held against rows filled in by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ps_integration.errors import CouldNotRunError
from ps_integration.reports.assemble import Before
from ps_integration.reports.exchange import Exchange
from ps_integration.reports.lines import DISPOSITIONS
from ps_integration.reports.value import FxQuote, decode, encode
from ps_integration_tests.reports import world


def test_the_verdict_says_in_one_sentence_what_is_held_and_at_risk(report):
    assert report.verdict.state == "open breaks"
    assert report.verdict.sentence == (
        "3 open breaks put 627.50 USD at risk, 625.00 USD of approved work is held, "
        "1 held entry has no price and is in no amount, 90.00 USD is deferred, "
        "1 record in quarantine, 1 stream could not be read. "
        "Both equations hold."
    )


def test_money_at_risk_is_counted_at_the_root_only(report):
    figure = report.figure("at_risk")
    assert [(s.currency, s.minor) for s in figure.by_currency] == [("GBP", 50000), ("USD", 250)]
    assert figure.reporting_minor == 62500 + 250


def test_milestones_are_part_of_the_approved_money(report):
    assert report.figure("waiting").reporting_minor == 20000 + 500000


def test_a_consequence_follows_its_root(report):
    assert [(x.rule, x.root_break_id) for x in report.exceptions] == [
        ("MD01", None),
        ("TM01", world.MD01_ID),
        ("TM06", None),
    ]


def test_a_consequence_of_a_break_that_is_closed_counts_for_itself(warehouse):
    world.fill(warehouse)
    alone = [b for b in world.make_breaks() if b.rule == "TM01"]
    report = world.make_report(warehouse, breaks=alone)
    assert [x.root_break_id for x in report.exceptions] == [None]
    assert report.figure("at_risk").by_currency[0].minor == 50000


def test_an_exception_carries_both_sides_owner_remedy_cause_and_age(report):
    line = report.exceptions[2]
    assert (line.left.value, line.right.value, line.right.id) == ("0.98 h", "1.00 h", "SI-1/1")
    assert (line.owner, line.remedy) == ("Delivery office", "Do what TM06 says.")
    assert (line.cause, line.age_days, report.exceptions[0].age_days) == (
        "edited_after_posting", 0, 7,
    )  # fmt: skip


def test_each_group_shows_all_eight_dispositions(report):
    uk = next(group for group in report.completeness if group.legal_entity == "UK")
    assert [part.disposition for part in uk.by_disposition] == list(DISPOSITIONS)
    assert sum(part.minor for part in uk.by_disposition) == uk.approved_minor == 62000
    assert sum(part.seconds for part in uk.by_disposition) == uk.approved_seconds == 3 * 3600


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        ("billing.completeness", "holds", "is not accounted for"),
        ("billing.ledger_equation", "holds", "does not tie"),
        ("billing.record_counts", "holds", "do not add up"),
    ],
)
def test_an_equation_that_does_not_hold_blocks(warehouse, table, column, said):
    tables = dict(world.TABLES)
    tables[table] = [{**row, column: False} for row in tables[table]]
    world.fill(warehouse, tables)
    verdict = world.make_report(warehouse).verdict
    assert verdict.state == "blocked"
    assert said in verdict.reasons[0]


def test_a_blocking_rule_that_could_not_look_blocks(warehouse):
    runs = [
        {**row, "holds_posting": row["rule"] == "MD03"}
        for row in world.TABLES["reconciliation.rule_runs"]
    ]
    world.fill(warehouse, {**world.TABLES, "reconciliation.rule_runs": runs})
    verdict = world.make_report(warehouse).verdict
    assert verdict.state == "blocked"
    assert "MD03" in verdict.sentence


def test_a_night_with_nothing_held_is_clear(warehouse):
    parts = [row for row in world.PARTS if row["disposition"] not in ("excepted", "deferred")]
    kept = {"billing.dispositions": parts, "config.run": [world.RUN]}
    world.fill(warehouse, kept)
    verdict = world.make_report(warehouse, breaks=[]).verdict
    assert verdict.state == "clear"
    assert "nothing is held" in verdict.sentence


def test_an_empty_warehouse_still_makes_a_report(warehouse):
    report = world.make_report(warehouse, breaks=[])
    assert report.verdict.state == "clear"
    assert report.completeness == ()


def test_a_batch_has_our_total_beside_the_one_read_back(report):
    posted = next(batch for batch in report.batches if batch.batch_id == "b-posted")
    assert (posted.posted_minor, posted.erp_minor, posted.difference_minor) == (27345, 27345, 0)


def test_batches_that_wait_come_first_and_old_ones_are_only_counted(report):
    assert [batch.batch_id for batch in report.batches] == ["b-waits", "b-posted"]
    assert report.older_batches == 1


def test_an_old_batch_whose_total_differs_stays_in_sight(warehouse):
    documents = [
        {**row, "readback_minor": 7999} if row["batch_id"] == "b-old" else row
        for row in world.TABLES["ops.documents"]
    ]
    world.fill(warehouse, {**world.TABLES, "ops.documents": documents})
    report = world.make_report(warehouse)
    assert next(b for b in report.batches if b.batch_id == "b-old").difference_minor == 1


def _posted(ref, minor, **more):
    """A document of ours that was posted in February; a credit memo's amount is below zero."""
    kind = "credit_memo" if minor < 0 else "invoice"
    row = next(one for one in world.TABLES["ops.documents"] if one["state"] == "posted")
    own = {
        "document_ref": ref, "erp_id": f"id-{ref}", "kind": kind, "amount_minor": minor,
        "readback_minor": abs(minor), "legal_entity": "US", "currency": "USD",
        "posting_date": date(2026, 2, 28),
    }  # fmt: skip
    return {**row, **own, **more}


def _listed(ref, minor, day, **more):
    own = {
        "system": "bc", "stream": "erp_documents", "external_id": f"id-{ref}", "number": ref,
        "record_id": ref, "kind": "invoice", "status": "open", "is_posted": True,
        "is_standing": True, "reference": ref, "currency": "USD", "posting_date": day,
        "amount_minor": minor,
    }  # fmt: skip
    return {**own, **more}


def test_posted_money_stands_in_the_month_of_its_posting_ours_beside_the_erps(warehouse):
    february, march = date(2026, 2, 28), date(2026, 3, 2)
    world.fill(
        warehouse,
        {
            **world.TABLES,
            "ops.documents": [
                _posted("A", 10_000),
                _posted("B", -1_500),
                _posted("C", 700, posting_date=march),
                _posted("D", 30, erp_id=None),  # known by its reference alone
                _posted("E", 4),  # the ERP lists none: as it was read back
                _posted("F", 200_000),  # cancelled in the ERP, and known to be
            ],
            "ops.erp_reversals": [
                {"document_ref": "F", "amount_minor": 200_000, "currency": "USD"}
            ],
            "canonical.erp_documents": [
                _listed("A", 10_000, february),
                _listed("B", 1_500, february, kind="credit_memo"),
                _listed("C", 700, march),
                _listed("D", 30, february, external_id="other"),
                # a clerk's copy of A under our reference is not A
                _listed("A", 10_000, march, external_id="copy", record_id="copy"),
                _listed("F", 200_000, february, is_standing=False, status="cancelled"),
            ],
        },
    )
    found = world.make_report(warehouse).posted_months
    told = [(x.month, x.document_count, x.confirmed_minor, x.erp_minor, x.holds) for x in found]
    assert told == [
        ("2026-02", 5, 8_534, 8_534, True),
        ("2026-03", 1, 700, 700, True),
    ]  # fmt: skip
    # a clerk moves A to March and makes C dearer: both months say so
    warehouse.execute(
        "update canonical.erp_documents set posting_date = '2026-03-02' where external_id = 'id-A'"
    )
    warehouse.execute(
        "update canonical.erp_documents set amount_minor = 900 where external_id = 'id-C'"
    )
    found = world.make_report(warehouse).posted_months
    assert [(x.confirmed_minor, x.erp_minor, x.holds) for x in found] == [
        (8_534, -1_466, False), (700, 10_900, False),
    ]  # fmt: skip


def test_a_blocked_project_names_the_next_step_and_whose_it_is(report):
    line, unpriced = report.blocked_projects
    assert (line.project_id, line.rule, line.held_minor, line.seconds) == (
        "uk-201", "MD01", 50000, 3600,
    )  # fmt: skip
    assert (unpriced.project_id, unpriced.rule, unpriced.held_minor) == ("in-301", "TM06", 0)
    assert (line.next_step, line.owner) == ("Do what MD01 says.", "Delivery office")


def test_rules_that_could_not_run_are_told_from_clean_ones(report):
    assert {rule.code: rule.status for rule in report.rules} == {
        "MD01": "found",
        "MD03": "could_not_run",
        "TM01": "found",
        "TM02": "clean",
        "TM06": "found",
        "TM12": "switched_off",
    }


def test_sources_say_in_plain_words_what_is_wrong(report):
    status = {(s.system, s.stream): s for s in report.sources}
    assert status["kantata", "projects"].status == "complete"
    assert status["bc", "salesInvoices"].status == "stale"
    assert status["hr", ""].status == "never_read"
    failed = status["harvest_us", "time_entries"]
    assert failed.status == "failed"
    assert failed.last_complete_at == world.EARLIER
    assert failed.message == (
        "The system was busy or out of reach; the next night asks again. "
        "GET /v2/time_entries: ReadTimeout. Until then earlier data stands."
    )


def test_reporting_currency_uses_the_quote_or_its_inverse(report):
    assert {quote.currency: quote.rate for quote in report.fx} == {
        "GBP": Decimal("1.25"),
        "INR": Decimal("0.0125"),
    }
    written_off = next(d for d in report.dispositions if d.disposition == "written_off")
    assert (written_off.minor, written_off.currency) == (100000, "INR")


def test_a_currency_without_a_rate_is_left_out_of_the_sum_and_said_so(warehouse):
    world.fill(warehouse, {**world.TABLES, "canonical.fx_rates": []})
    report = world.make_report(warehouse)
    figure = report.figure("at_risk")
    assert (figure.reporting_minor, figure.is_partial) == (250, True)
    assert "at least 2.50 USD" in report.verdict.sentence


@pytest.mark.parametrize(("minor", "expected"), [(1000, 833), (-1000, -833), (3, 3)])
def test_conversion_moves_between_minor_units_and_rounds_half_up(minor, expected):
    quote = FxQuote(currency="JPY", rate=Decimal("0.00833"), valid_on=None, source="bc")
    assert Exchange("USD", {"JPY": quote}).minor(minor, "JPY") == (
        expected if abs(minor) > 3 else 2
    )


def test_the_value_comes_back_from_its_json_unchanged(report):
    assert decode(encode(report)) == report


def test_a_value_of_another_version_is_refused(report):
    with pytest.raises(CouldNotRunError, match="version 99"):
        decode(encode(replace(report, version=99)))


def test_the_first_report_says_that_there_is_nothing_to_compare_with(report):
    assert report.changes.previous_run_id is None
    assert "first report" in report.changes.note
    assert report.changes.new_breaks == ()


def test_changes_are_the_difference_of_two_frozen_values(warehouse, report):
    world.fill(warehouse)
    gone = world.make_break("TM02", "SI-9/1", "2026-02", 700, "USD")
    earlier = world.AS_OF - timedelta(days=1)
    before = world.make_report(
        warehouse, breaks=[*world.make_breaks()[1:], gone], run_id="night-1", as_of=earlier
    )
    before = replace(
        before,
        documents=tuple(d for d in before.documents if d.state != "posted"),
        completeness=before.completeness[:2],
    )
    now = world.make_report(warehouse, before=Before(report=before))
    assert [x.rule for x in now.exceptions if x.is_new] == ["TM01"]
    assert [x.rule for x in now.changes.resolved] == ["TM02"]
    assert now.changes.posted == ("PS-US-101-202602-1",)
    moved = {(m.currency, m.disposition): (m.before_minor, m.now_minor) for m in now.changes.moved}
    assert moved[("USD", "posted")] == (0, 27345)
    assert [night.run_id for night in now.history] == ["night-1", "night-2"]
    assert now.history[-1].posted_minor == 27345


def test_a_night_drawn_again_is_in_the_trend_once(warehouse, report):
    world.fill(warehouse)
    again = world.make_report(warehouse, before=Before(report=report), run_id="night-2")
    assert [night.run_id for night in again.history] == ["night-2"]


def test_what_was_posted_long_before_is_no_news(warehouse, report):
    world.fill(warehouse)
    before = world.make_report(warehouse, run_id="night-1", as_of=datetime(2026, 3, 8, tzinfo=UTC))
    before = replace(before, documents=())
    now = world.make_report(warehouse, before=Before(report=before))
    assert now.changes.posted == ()
