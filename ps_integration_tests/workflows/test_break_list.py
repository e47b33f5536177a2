"""The list of breaks begins with the most money, whatever currency it is in."""

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from ps_integration.contracts.found import COLUMNS
from ps_integration.domain.breaks import RuleOutcome
from ps_integration.reports.exchange import Exchange
from ps_integration.reports.value import FxQuote
from ps_integration.stores.operational import breaks
from ps_integration.stores.operational.base import Base
from ps_integration.workflows.break_list import listed
from ps_integration_tests.reconciliation.test_reconcile_step import FIRM

NIGHT = datetime(2026, 3, 31, 22, tzinfo=UTC)
YEN = FxQuote(currency="JPY", rate=Decimal("0.0067"), valid_on=date(2026, 3, 31), source="bc")
# 933,880 JPY are 6,257.00 USD; 7,000.00 USD are more, 600.00 USD less
MONEY = {
    "a": (60_000, "USD"),
    "b": (933_880, "JPY"),
    "c": (None, None),
    "d": (700_000, "USD"),
    "e": (10_000_000, "CHF"),
}


def test_the_list_begins_with_the_most_money_in_the_reporting_currency():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    row = dict.fromkeys(("rule", *COLUMNS)) | {"rule": "TM01", "period": "2026-03"}
    rows = [
        row | {"record_key": key, "at_risk_minor": minor, "currency": currency}
        for key, (minor, currency) in MONEY.items()
    ]
    with Session(engine) as session:
        outcome = RuleOutcome("TM01", "found", "high", "finance")
        breaks.record(session, ("r1", NIGHT), rows, [outcome])
        shown = listed(session, FIRM, NIGHT, Exchange("USD", {"JPY": YEN})).shown
    assert [(one.item.record_key, one.worth_minor) for one in shown] == [
        ("d", 700_000), ("b", 625_700), ("a", 60_000),
        ("e", None),  # no rate says what it is worth
        ("c", None),
    ]  # fmt: skip
    engine.dispose()
