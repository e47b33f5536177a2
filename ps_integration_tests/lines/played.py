"""Plays cases of the grid, many in one firm, and says where a night is not as it should be."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from ps_integration.settings.firm import Firm
from ps_integration.stores.operational.models import Opening
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, write_offs
from ps_integration_tests.billing.history import FIRST_NIGHT, PERIODS, History
from ps_integration_tests.billing.truth import erp_net
from ps_integration_tests.billing.world import FAR_FUTURE, FAR_PAST
from ps_integration_tests.lines.expected import Expected, worth
from ps_integration_tests.lines.grid import CAP_MINOR, PRICE, Case, Policies, Work

NIGHTS = 3
CURRENCIES = {"home": "GBP", "other": "GBP", "entity": "EUR", "currency": "USD"}
_HIGH = dict.fromkeys(CURRENCIES.values(), "1000000000")


@dataclass
class Outcome:
    """What was tried, and what should not have been.

    Attributes:
        problems: Of a case, or of the whole night.
        kinds: Posted lines by correction and reason.
        compared: Cases whose documents were compared with what they must come to.
        lines: Lines that were under all equations and link checks, once for each time.
        by_policy: Documents that policy let go by itself.
    """

    problems: list[str] = field(default_factory=list)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    compared: int = 0
    lines: int = 0
    by_policy: int = 0

    def add(self, other: "Outcome") -> None:
        """Count another firm's in."""
        self.problems += other.problems
        self.kinds += other.kinds
        self.compared += other.compared
        self.lines += other.lines
        self.by_policy += other.by_policy


class LedgerFirm(History):
    """One legal entity for each set of policies, and another one beside it to move work to."""

    def __init__(self, store: OperationalStore, cases: Sequence[Case]) -> None:
        super().__init__(store)
        self.cases, self.outcome = cases, Outcome()
        self.expected = {case: Expected(case) for case in cases}
        self.works = {case: case.works for case in cases}
        self.sent: list[set[str]] = []
        self.entities = {
            rules: f"E{number}"
            for number, rules in enumerate(sorted({case.policies for case in cases}))
        }
        with self.together():
            self.put("canonical.feeds", system="psa", stream="milestones", object="milestones")
            for rules, entity in self.entities.items():
                self._found(entity, "GBP", rules)
                self._found(f"{entity}X", "EUR", rules)
            for case in cases:
                for place in sorted({work.place for work in self.works[case]}):
                    self._found_project(case, place)
        self.firm = self._firm()
        self._sign_openings()

    def _found(self, entity: str, currency: str, rules: Policies) -> None:
        """A legal entity with a company in the ERP, whose periods are all open so far."""
        put = self.put
        put("config.legal_entities", legal_entity=entity, currency=currency, rounding="half_up",
            closed_period_policy=rules.period_policy, future_period_policy=rules.period_policy,
            corrections_policy=rules.corrections, voided_policy=rules.voided)  # fmt: skip
        put("config.routing", role="erp", legal_entity=entity, system="bc", company=f"{entity}CO",
            valid_from=FAR_PAST, valid_to=FAR_FUTURE)  # fmt: skip
        put("config.going_live", legal_entity=entity, time_system="tt",
            bill_from=date(2026, 2, 1))  # fmt: skip
        for period in PERIODS:
            put("canonical.accounting_periods", system="bc", company=f"{entity}CO",
                external_id=period, period=period, state="open")  # fmt: skip

    def _found_project(self, case: Case, place: str) -> None:
        entity = self.entities[case.policies] + ("X" if place == "entity" else "")
        is_capped = place == "home" and case.shape in {"capped", "written off"}
        self.new_project(
            _project(case, place), str(PRICE), currency=CURRENCIES[place], legal_entity=entity,
            customer_key=f"customer-{case.number}-{place}", erp_company=f"{entity}CO",
            cap_minor=CAP_MINOR if is_capped else None,
        )  # fmt: skip

    def _firm(self) -> Firm:
        """Policy lets everything go, but for credits of work that is gone."""
        policy = {"max_lines_per_batch": 1_000_000, "max_amount_per_batch": _HIGH,
                  "max_amount_per_day": _HIGH, "max_amount_per_month": _HIGH,
                  "corrections": {"max_reversed_lines": 1_000_000, "max_percent": "1000000",
                                  "max_amount": _HIGH}}  # fmt: skip
        one = Firm.model_validate({
            "firm": {"id": "f", "name": "F", "time_zone": "UTC", "reporting_currency": "GBP"},
            "legal_entities": [{"id": "E", "name": "E", "currency": "GBP", "time_zone": "UTC"}],
            "systems": [{"id": "tt", "vendor": "harvest", "roles": ["time"]}],
            "routing": {},
            "going_live": [
                {"legal_entity": "E", "time_system": "tt", "bill_from": date(2026, 2, 1)}
            ],
            "approval": {"automatic": policy, "split_days": 0},
        })  # fmt: skip
        own = [entity + end for entity in self.entities.values() for end in ("", "X")]
        [there], [live] = one.legal_entities, one.going_live
        return one.model_copy(update={
            "legal_entities": tuple(there.model_copy(update={"id": entity}) for entity in own),
            "going_live": tuple(live.model_copy(update={"legal_entity": entity}) for entity in own),
        })  # fmt: skip

    def _sign_openings(self) -> None:
        with self.store.session() as session:
            for entity in self.firm.legal_entities:
                session.add(Opening(
                    legal_entity=entity.id, time_system="tt", bill_from=date(2026, 2, 1),
                    list_sha256="0" * 64, signed_by="maria", signed_at=FIRST_NIGHT,
                ))  # fmt: skip

    def must_balance(self) -> None:
        """As for every history, but told instead of raised, so that all nights are played."""
        broken = [*(one for part in self.broken() for one in part),
                  *self.warehouse.rows("from billing.broken_links")]  # fmt: skip
        self.outcome.problems += [f"night {self.nights}: {one}" for one in broken]
        self.outcome.lines += int(str(self.warehouse.value(
            "select count(*) from ops.posting_lines"
        )))  # fmt: skip

    # the nights

    def play(self) -> Outcome:
        """Three nights of changes, and one in which nothing happens."""
        for night in range(NIGHTS):
            self._change(night)
            self.run_night()
            self._let_go(night)
            self._compare(night)
            if night == 0:
                self._write_off()
                self._shut_periods()
        self.run_night()
        self.outcome.problems += [
            f"the night after brings document {ref}" for ref in self.refs("planned", "approved")
        ]
        self.outcome.kinds.update(
            (str(line["correction"] or "first"), str(line["corrects_reason"] or ""))
            for line in self.lines()
            if line["document_ref"] in self.erp
        )
        return self.outcome

    def _change(self, night: int) -> None:
        """What people change at the sources and in the ERP before a night."""
        self.set_entries({
            str(case.number): _fields(case, self.works[case][night])
            for case in self.cases
            if case.shape != "milestone"
        })  # fmt: skip
        self._set_milestones(night)
        for case, works in self.works.items():
            before, now = works[max(night - 1, 0)], works[night]
            for place, _ in {*before.prices} ^ {*now.prices}:
                self.rerate(_project(case, place), str(dict(now.prices).get(place, PRICE)))
        if night:
            self._void(night)

    def _set_milestones(self, night: int) -> None:
        changed = [
            case for case in self.cases
            if case.shape == "milestone"
            and (night == 0 or self.works[case][night] != self.works[case][night - 1])
        ]  # fmt: skip
        numbers = [str(case.number) for case in changed]
        self._run("delete from canonical.milestones where list_contains($n, external_id)",
                  n=numbers)  # fmt: skip
        with self.together():
            for case in changed:
                work = self.works[case][night]
                self.raw_seq += 1
                self.put("raw.records", raw_seq=self.raw_seq, system="psa", stream="milestones",
                         record_id=str(case.number), payload=None if work.is_deleted else "{}",
                         is_tombstone=work.is_deleted,
                         fetched_at=self.tonight.as_of)  # fmt: skip
                if not work.is_deleted:
                    self.put("canonical.milestones", system="psa", external_id=str(case.number),
                             name="Go-live", project_external_id=f"psa-{_project(case, 'home')}",
                             amount_minor=work.fixed_minor, currency="GBP",
                             is_reached=work.is_approved, reached_on=work.on,
                             is_invoiced=False)  # fmt: skip
            there = sum(not self.works[case][night].is_deleted for case in changed)
            self._read("psa", "milestones", there)
        self._receive()

    def _void(self, night: int) -> None:
        """The ERP cancels what the night before posted, where the case says so."""
        wanted = ("none", "first", "newest")[night]
        voided = {str(case.number): case for case in self.cases if case.void == wanted}
        for case in voided.values():
            self.expected[case].void(night - 1)
        for ref in sorted(self.sent[night - 1]):
            if _number(self.erp[ref].lines[0].group.project_id) in voided:
                self.void(ref)

    def _let_go(self, night: int) -> None:
        """Policy signs what it may, a person the rest; the ERP takes all of it."""
        before = set(self.erp)
        cases = {str(case.number): case for case in self.cases}
        if night:  # there is nothing to take back before
            approve.by_policy(self.tonight, self.store)
        by_policy = self.refs("approved")
        self.outcome.by_policy += len(by_policy)
        self.post_all()
        self.sent.append(set(self.erp) - before)
        for ref in by_policy:
            for line in self.erp[ref].lines:
                case = cases[_number(line.group.project_id)]
                is_gone = worth(case, self.works[case][night]) == 0
                if self.erp[ref].kind == "credit_memo" and is_gone:
                    self.outcome.problems.append(f"night {night + 1}: policy credits {case}")

    def _compare(self, night: int) -> None:
        """What stands in the ERP is what it must be, case by case."""
        found: dict[str, dict[tuple[str, str], int]] = {}
        for group, minor in erp_net(self.erp.values()).items():
            number, place = _number(group.project_id), group.project_id.split("-")[1]
            found.setdefault(number, {})[place, group.period] = minor
        for case in self.cases:
            expected = self.expected[case]
            expected.night(self.works[case][night])
            wanted = {place: minor for place, minor in expected.billed.items() if minor}
            self.outcome.compared += 1
            if found.get(str(case.number), {}) != wanted:
                self.outcome.problems.append(
                    f"night {night + 1}: {case}: in the ERP {found.get(str(case.number), {})}, "
                    f"right is {wanted}"
                )

    def _write_off(self) -> None:
        """Two persons write off what the cap has cut off."""
        self.settle()
        for case in self.cases:
            if case.shape == "written off":
                asked = write_offs.Asked(f"tt:{case.number}", 2, "agreed with the customer")
                at = self.tonight.as_of
                made = write_offs.propose(self.store, self.warehouse, asked, "ravi", at)
                write_offs.confirm(self.store, made.proposal_id, "lena", at)

    def _shut_periods(self) -> None:
        for rules, entity in self.entities.items():
            shut = {"closed": "2026-03", "not_open": "2026-04"}.get(rules.period_state)
            self._run("update canonical.accounting_periods set state = $s where period = $p "
                      "and company in ($c, $x)", s=rules.period_state, p=shut or "",
                      c=f"{entity}CO", x=f"{entity}XCO")  # fmt: skip


def _fields(case: Case, work: Work) -> dict[str, Any]:
    return {
        "project_id": _project(case, work.place), "work_date": work.on, "seconds": work.seconds,
        "is_billable": work.is_billable, "is_approved": work.is_approved,
        "is_deleted": work.is_deleted,
    }  # fmt: skip


def _project(case: Case, place: str) -> str:
    return f"{case.number}-{place}"


def _number(project_id: str) -> str:
    return project_id.split("-", maxsplit=1)[0]


@cache
def _template() -> bytes:
    """An empty store."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        store = OperationalStore(f"sqlite:///{path}")
        store.migrate()
        store.close()
        return path.read_bytes()


def played(cases: Iterable[Case]) -> Outcome:
    """All nights of some cases, in one firm of their own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        path.write_bytes(_template())
        store = OperationalStore(f"sqlite:///{path}")
        firm = LedgerFirm(store, tuple(cases))
        try:
            return firm.play()
        finally:
            firm.warehouse.close()
            store.close()
