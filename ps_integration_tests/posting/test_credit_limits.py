"""What policy may take back of what was posted: nothing of what is gone, a little of the rest."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ps_integration.settings.approval import AutoCorrections
from ps_integration.stores.operational import taken_back
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import Line, PlanDocument, make_batch, make_document
from ps_integration_tests.posting.test_approve import open_posting


def correction(number, *amounts, reason="edited_after_posting", **fields):
    """A batch of one document that takes back the negative amounts and bills the others."""
    lines = tuple(
        Line(
            line_no=at,
            line_key=f"bc|harvest_uk|time_entry|{number}-{at}|1|1",
            object_id=f"harvest_uk:{number}-{at}",
            amount_minor=amount,
            correction_no=1,
            correction="reversal" if amount < 0 else "rebill",
            corrects_reason=reason,
        )
        for at, amount in enumerate(amounts, 1)
    )
    ref = f"PS-APOLLO-202603-{100 + number}"
    document = PlanDocument(document_ref=ref, lines=lines, content_sha256=f"{number:064}", **fields)
    return make_batch(document)


@pytest.fixture
def billed(store, night, tmp_path):
    """A month in which 1,000.00 USD are confirmed."""
    open_posting(store)
    post.stage(night, store, [make_batch(make_document(1, amounts=(100_000,)))])
    approve.by_policy(night, store)
    post.post(night, store, {"bc": FakeErp(tmp_path / "erp.sqlite", "F")})
    return replace(night, run_id="run-2", as_of=night.as_of + timedelta(days=1))


def limited(night, **limits):
    approval = night.firm.approval
    corrections = AutoCorrections(**({"max_amount": {"USD": "100000"}} | limits))
    automatic = approval.automatic.model_copy(update={"corrections": corrections})
    firm = night.firm.model_copy(
        update={"approval": approval.model_copy(update={"automatic": automatic})}
    )
    return replace(night, firm=firm)


def waits(store, night, *batches):
    post.stage(night, store, batches)
    return approve.by_policy(night, store).metadata["waiting"]


def test_a_correction_within_all_limits_is_approved(store, billed):
    assert waits(store, billed, correction(1, -5_000, 5_100)) == {}


@pytest.mark.parametrize("reason", sorted(taken_back.ABSENCE))
def test_a_credit_for_work_that_is_gone_waits_however_small(store, billed, reason):
    [why] = waits(store, billed, correction(1, -1, reason=reason)).values()
    assert "takes back 0.01 USD" in why
    assert "by a person" in why


def test_a_legal_entity_may_leave_such_credits_to_policy(store, billed):
    entities = [one.model_copy(update={"credits": "policy"}) for one in billed.firm.legal_entities]
    night = replace(billed, firm=billed.firm.model_copy(update={"legal_entities": entities}))
    assert waits(store, night, correction(1, -1, reason="deleted_after_posting")) == {}


def test_five_percent_of_the_confirmed_net_are_counted_gross(store, billed):
    # the net moves by one cent, 50.01 of 1,000.00 are taken back
    [why] = waits(store, billed, correction(1, -5_001, 5_000)).values()
    assert why == (
        "50.01 USD of us 2026-03 would be taken back today, policy takes back 5 % of the "
        "1,000.00 USD that are confirmed; a person decides"
    )


def test_eleven_lines_are_too_many_and_all_wait_not_the_eleventh(store, billed):
    found = waits(store, billed, *(correction(n, -100, 101) for n in range(1, 12)))
    assert len(found) == 11
    assert "11 lines of us would be taken back today, policy takes back 10" in min(found.values())


def test_what_policy_let_go_earlier_that_day_counts_and_the_day_after_does_not(store, billed):
    night = limited(billed, max_percent="6", max_reversed_lines=1)
    assert waits(store, night, correction(1, -100, 101)) == {}
    again = replace(night, run_id="run-3")
    [why] = waits(store, again, correction(2, -100, 101)).values()
    assert "2 lines of us would be taken back today" in why
    tomorrow = replace(night, run_id="run-4", as_of=night.as_of + timedelta(days=1))
    assert waits(store, tomorrow, correction(2, -100, 101)) == {}


def test_an_amount_that_the_firm_file_does_not_name_is_zero(store, billed):
    [why] = waits(store, limited(billed, max_amount={}), correction(1, -100, 101)).values()
    assert why == (
        "1.00 USD of us would be taken back today, policy takes back 0.00 USD; a person decides"
    )


def test_what_bills_for_the_first_time_does_not_wait_for_corrections(store, billed):
    other = make_batch(make_document(7, amounts=(20_000,)))
    found = waits(store, limited(billed, max_reversed_lines=0), correction(1, -100, 101), other)
    assert len(found) == 1
