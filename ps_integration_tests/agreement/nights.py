"""Ten nights of two firms: corrections, a moved month, batches that wait, a void, a bill again.

What people and the ERP do happens before each night; what the ERP holds is read over HTTP.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ps_integration_tests.regressions.firm import COMPANY, Firm
from ps_integration_tests.regressions.xero_books import end, xero

HOURS, DAYS = "drops/hours-2026-03.csv", "drops/worked-on.csv"
DAY_OF_1001 = "1001,02/03/2026"


def longer(firm: Firm) -> None:
    """An entry that was billed becomes longer."""
    firm.edit(HOURS, "1002,P-17,NL-1,Design,0.25", "1002,P-17,NL-1,Design,1.0")


def april(firm: Firm) -> None:
    """The first hour of April is approved."""
    hours, days = firm.path(HOURS), firm.path(DAYS)
    hours.write_text(f"{hours.read_text('utf-8')}1101,P-17,NL-1,Site,2.0,Y,RELEASED\n", "utf-8")
    days.write_text(f"{days.read_text('utf-8')}1101,01/04/2026\n", "utf-8")


def moved(firm: Firm) -> None:
    """An entry that was billed in March turns out to be of April."""
    firm.edit(DAYS, DAY_OF_1001, "1001,02/04/2026")


def voided_in_bc(firm: Firm) -> None:
    """A clerk cancels our first invoice in Business Central."""
    first = min(str(one["number"]) for one in firm.bc("salesInvoices") if one["status"] == "Open")
    firm.far("books", f"{COMPANY}/salesInvoices", first, status="Canceled")


def voided_in_xero(firm: Firm) -> None:
    """A clerk voids the invoice of 190.00 in Xero."""
    end(firm, "190.00", "VOIDED")


def bill_again(firm: Firm) -> None:
    """Finance decides that what the ERP cancelled is billed again."""
    firm.edit("firm.yaml", "id: NL, name:", "id: NL, voided: rebill, name:")
    firm.run("config", "accept", who="olga")


def approve(firm: Firm) -> None:
    """A controller approves everything that waits."""
    firm.approve()


def nothing(_firm: Firm) -> None:
    """Nobody does anything."""


def in_bc(firm: Firm) -> Mapping[str, int]:
    """Minor units that stand in Business Central, by posting month."""
    found: Counter[str] = Counter()
    for month, net in firm.standing():
        found[month] += int(net * 100)
    return found


def in_xero(firm: Firm) -> Mapping[str, int]:
    """Minor units that stand in Xero, by month of the document's date."""
    found: Counter[str] = Counter()
    for name, sign in (("Invoices", 1), ("CreditNotes", -1)):
        for one in xero(firm, "GET", f"{name}?page=1")[name]:
            if one["Status"] in ("AUTHORISED", "PAID"):
                net = Decimal(str(one["SubTotal"]))
                found[str(one["DateString"])[:7]] += sign * int(net * 100)
    return found


@dataclass(frozen=True)
class Play:
    """A firm, what its ERP holds, and how its clerk voids an invoice."""

    place: str
    in_erp: Callable[[Firm], Mapping[str, int]]
    void: Callable[[Firm], None]

    @property
    def nights(self) -> tuple[Callable[[Firm], None], ...]:
        """What happens before each night; the first one is before all."""
        return (
            nothing, Firm.sign, longer, april, moved, nothing, approve, self.void, bill_again,
            approve,
        )  # fmt: skip


PLAYS = {
    "business_central": Play("northlight", in_bc, voided_in_bc),
    "xero": Play("harbour", in_xero, voided_in_xero),
}
