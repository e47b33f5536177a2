"""The day on the paper, by policy; every expected date was read off a calendar."""

from datetime import date

import pytest

from ps_integration.domain.invoice_dates import Dating

SENT = date(2026, 4, 9)


@pytest.mark.parametrize(
    ("dating", "posting_date", "expected"),
    [
        (Dating(), date(2026, 3, 3), date(2026, 3, 3)),
        (Dating("end_of_period"), date(2026, 3, 3), date(2026, 3, 31)),
        (Dating("end_of_period"), date(2026, 3, 31), date(2026, 3, 31)),
        (Dating("end_of_period"), date(2028, 2, 5), date(2028, 2, 29)),
        (Dating("day_of_sending"), date(2026, 3, 3), SENT),
        # on the 5th: work up to the 5th waits for it, later work for the next month's
        (Dating("billing_calendar", 5), date(2026, 3, 3), date(2026, 3, 5)),
        (Dating("billing_calendar", 5), date(2026, 3, 5), date(2026, 3, 5)),
        (Dating("billing_calendar", 5), date(2026, 3, 6), date(2026, 4, 5)),
        (Dating("billing_calendar", 5), date(2026, 12, 31), date(2027, 1, 5)),
        # on the 31st, which February and April do not have
        (Dating("billing_calendar", 31), date(2026, 2, 27), date(2026, 2, 28)),
        (Dating("billing_calendar", 31), date(2026, 4, 30), date(2026, 4, 30)),
        (Dating("billing_calendar", 30), date(2026, 1, 31), date(2026, 2, 28)),
    ],
)
def test_the_invoice_date_of_a_policy(dating, posting_date, expected):
    assert dating.day(posting_date, SENT) == expected
