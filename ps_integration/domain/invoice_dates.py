"""The two dates of an ERP document: the month it counts in, and the day that stands on the paper.

The posting date is planned and signed. The invoice date follows from a policy of the legal entity,
which is part of the configuration that an approval signs. The date itself is fixed when the
document is claimed for its first send, and is never computed again.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

InvoiceDatePolicy = Literal["last_work_day", "end_of_period", "day_of_sending", "billing_calendar"]
"""The last work day that is billed (the posting date); the last day of the posting period; the day
on which the document is first sent; or the next day of the firm's billing calendar."""

ErpDates = Literal["two", "one", "own"]
"""What an ERP has for them: a date each; one date, which is also the month of revenue; or a date
each, of which it gives the invoice date itself."""

LEAVES_THE_MONTH: frozenset[InvoiceDatePolicy] = frozenset({"day_of_sending", "billing_calendar"})
"""Policies whose date may be in another month than the posting date."""


@dataclass(frozen=True, slots=True)
class Dating:
    """How documents of one legal entity are dated.

    Attributes:
        policy: Which rule.
        billing_day: Day of the month on which `billing_calendar` dates invoices; a shorter month
            has its last day instead.
    """

    policy: InvoiceDatePolicy = "last_work_day"
    billing_day: int = 31

    def day(self, posting_date: date, sent_on: date) -> date:
        """The invoice date of a document that is first sent on a day.

        Args:
            posting_date: The document's.
            sent_on: The legal entity's own day.
        """
        match self.policy:
            case "last_work_day":
                return posting_date
            case "end_of_period":
                return _day_of(posting_date, 31)
            case "day_of_sending":
                return sent_on
            case "billing_calendar":
                this = _day_of(posting_date, self.billing_day)
                if this >= posting_date:
                    return this
                next_month = _day_of(posting_date, 31) + timedelta(days=1)
                return _day_of(next_month, self.billing_day)


def _day_of(month: date, day: int) -> date:
    """That day of a month, or its last one where the month is shorter."""
    return month.replace(day=min(day, monthrange(month.year, month.month)[1]))
