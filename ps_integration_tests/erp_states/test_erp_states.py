"""A law for every ERP: each state of a document is read back, told apart, and followed rightly.

The product's own writer makes a draft over HTTP; people bring it into a state; the connector reads
it over HTTP into the warehouse; the next night does what the state asks for, and no more.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from ps_integration.sandbox.servers.tryton.server import is_installed
from ps_integration_tests.erp_states.sides import (
    SIDES,
    Case,
    Side,
    cases,
    export,
    exported,
    firm_of,
)
from ps_integration_tests.regressions.firm import Firm

LEDGER: Final = (
    "select project_id, document_ref, erp_id, state from ops.documents"
    " where state not in ('refused', 'superseded') order by document_ref"
)
READ: Final = "select external_id, status, is_posted, is_standing from canonical.erp_documents"
BREAKS: Final = (
    "select rule, split_part(record_key, '|', 1) as ref from reconciliation.found"
    " where rule in ('BL05', 'BL06', 'IN01', 'TM05')"
)
REVERSED: Final = "select document_ref from ops.erp_reversals"
LIVE: Final = "select entry_id, disposition from billing.dispositions"


class Seen:
    """What the published warehouse says after a night."""

    def __init__(self, firm: Firm) -> None:
        with duckdb.connect(firm.path("data/hudson/snapshot.duckdb"), read_only=True) as copy:
            ledger = copy.execute(LEDGER).fetchall()
            self.read = {str(row[0]): row[1:] for row in copy.execute(READ).fetchall()}
            self.breaks = set(copy.execute(BREAKS).fetchall())
            self.reversed = {row[0] for row in copy.execute(REVERSED).fetchall()}
            dispositions = dict(copy.execute(LIVE).fetchall())
        self.of: dict[str, list[tuple[str, str, str]]] = {}
        for project, *rest in ledger:
            self.of.setdefault(str(project).upper(), []).append(tuple(rest))
        self.disposition = {str(key).split(":")[-1]: value for key, value in dispositions.items()}

    def told(self, ref: str) -> set[str]:
        """Rules with a break about a document."""
        return {rule for rule, record in self.breaks if record == ref}


TELL_CREDITS = {"business_central", "xero"}
"""Where a credit that somebody else set against our invoice can be told from a payment."""


def after_draft(side: Side, word: str) -> tuple[str, int]:
    """State of the ledger, and how many documents of the project live, where drafts bill again."""
    if word == "gone":
        return "released", 1
    status, is_posted, _ = side.meanings[word]
    if status == "cancelled":
        return "released", 1
    return ("draft" if not is_posted else "posted"), 1


def after_posting(side: Side, word: str, *, is_second: bool) -> tuple[set[str], bool]:
    """Rules of which one names it, and whether it counts as taken back and may be billed again.

    What was read before and is listed no more is missed after two readings, and then looked up. A
    folder cannot be asked: what its export lacks waits for a person.
    """
    if word == "gone":
        return ({"BL06"} if is_second or not side.open else set()), is_second and bool(side.open)
    meaning = {**side.meanings, **side.more}[word]
    if meaning[2]:
        is_told = word.endswith("credited") and side.vendor in TELL_CREDITS
        return ({"BL05"} if is_told else set()), False
    return ({"BL05"} if side.open else {"BL05", "BL06"}), meaning[0] == "cancelled"


@pytest.mark.parametrize("side", [one for one in SIDES if one.open], ids=lambda one: one.vendor)
def test_every_state_is_read_back_and_told_apart(side: Side, tmp_path: Path) -> None:
    assert set(side.words) == set(side.meanings), "say what the vendor's new word means"
    if side.vendor == "tryton" and not is_installed():
        pytest.skip("Tryton is not installed (extra `tryton`)")
    with firm_of(side, tmp_path) as (firm, act):
        firm.night("2026-03-31")
        firm.sign()
        firm.night("2026-04-01")
        made = Seen(firm)
        ours = {one: made.of[one.project][0] for one in cases(side)}
        assert {state for _, _, state in ours.values()} == {"draft"}
        for one, (_, erp_id, _) in ours.items():
            act(firm, erp_id, one.word if one.before == "draft" else side.open)

        firm.night("2026-04-02")
        _check_drafts(side, ours, Seen(firm))

        _voided(firm, "rebill", "hold")
        for one, (_, erp_id, _) in ours.items():
            if one.before == "posted" and one.word != side.open:
                act(firm, erp_id, one.word)
        night = firm.night("2026-04-03")
        assert night["failed_checks"] == [], night["alerts"]
        held = Seen(firm)
        _check_posted(side, ours, held, is_billed_again=False)

        _voided(firm, "hold", "rebill")
        night = firm.night("2026-04-04")
        assert night["failed_checks"] == [], night["alerts"]
        _check_posted(side, ours, Seen(firm), is_billed_again=True)


def test_every_state_of_an_export_is_told_apart(tmp_path: Path) -> None:
    """An ERP behind a folder has no drafts of ours, and cannot be asked for what is gone."""
    [side] = [one for one in SIDES if not one.open]
    assert set(side.words) == set(side.meanings), "say what the new word means"
    with firm_of(side, tmp_path) as (firm, _):
        firm.night("2026-03-31")
        firm.sign()
        firm.night("2026-04-01")
        made = Seen(firm)
        refs = {one: made.of[one.project][0][0] for one in cases(side)}
        assert {made.of[one.project][0][2] for one in refs} == {"posted"}
        _voided(firm, "rebill", "hold")
        for day, is_billed_again in (("2026-04-02", False), ("2026-04-03", True)):
            export(firm, side, refs)
            firm.run("config", "accept", who="olga")
            night = firm.night(day)
            assert night["failed_checks"] == [], night["alerts"]
            ours = {one: (ref, exported(one), "posted") for one, ref in refs.items()}
            _check_posted(side, ours, Seen(firm), is_billed_again=is_billed_again)
            _voided(firm, "hold", "rebill") if not is_billed_again else None


def _voided(firm: Firm, old: str, new: str) -> None:
    firm.edit("firm.yaml", f"voided: {old}", f"voided: {new}")
    firm.run("config", "accept", who="olga")


def _check_drafts(side: Side, ours: Mapping[Case, Any], seen: Seen) -> None:
    for one, (ref, erp_id, _) in ours.items():
        live = seen.of[one.project]
        if one.before == "posted":
            assert [(name, state) for name, _, state in live] == [(ref, "posted")], one
            assert seen.read[erp_id] == side.meanings[side.open], one
            continue
        state, count = after_draft(side, one.word)
        assert len(live) == count, (one, live)
        if state == "released":
            assert (live[0][0] != ref, live[0][2]) == (True, "draft"), (one, live)
        else:
            assert [(name, now) for name, _, now in live] == [(ref, state)], one
            assert seen.told(ref) == set(), one
        reading = side.meanings.get(one.word)
        if one.word == "gone":
            assert erp_id not in seen.read, one
        elif side.vendor == "tryton" and one.word == "cancelled":
            assert seen.read[erp_id] == ("cancelled", False, False), one
        else:
            assert seen.read[erp_id] == reading, one


def _check_posted(
    side: Side, ours: Mapping[Case, Any], seen: Seen, *, is_billed_again: bool
) -> None:
    for one, (ref, erp_id, _) in ours.items():
        if one.before == "draft":
            continue
        rules, is_reversed = after_posting(side, one.word, is_second=is_billed_again)
        live = seen.of[one.project]
        assert (live[0][0], live[0][2]) == (ref, "posted"), (one, live)
        assert (ref in seen.reversed) == is_reversed, one
        again = [state for _, _, state in live[1:]]
        state = "draft" if side.open else "posted"
        assert again == ([state] if is_reversed and is_billed_again else []), (one, live)
        assert bool(rules & seen.told(ref)) is bool(rules), (one, seen.told(ref))
        if not rules:
            assert seen.told(ref) == set(), one
        if one.word == "gone":
            assert (erp_id in seen.read) == (bool(side.open) and not is_billed_again), one
        else:
            assert seen.read[erp_id] == {**side.meanings, **side.more}[one.word], one
