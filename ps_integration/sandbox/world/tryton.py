"""The demonstration firm's books in a live Tryton, and what people do in them.

The same companies, customers and projects as in Business Central, as far as Tryton has them. Left
out, because Tryton knows no such thing: a price by grade, and the change of a posted invoice.
Everything here looks first and does nothing twice, so that a night can be prepared again.
"""

from datetime import date
from decimal import Decimal
from typing import Final

from ps_integration.sandbox.servers.tryton.books import Books, Company, Customer, Work
from ps_integration.sandbox.servers.tryton.provision import add_work, close, finish_work
from ps_integration.sandbox.servers.tryton.rpc import Rpc
from ps_integration.sandbox.servers.tryton.server import Live
from ps_integration.sandbox.world.business_central import (
    CLOSED_FROM,
    COMPANIES,
    EURO_RATES,
    MISSING_UNTIL,
    REVENUE_ACCOUNT,
    WITHOUT_TAX_CODE,
    WRONG_CURRENCY,
)
from ps_integration.sandbox.world.documents import STARTED, TAX_RATES
from ps_integration.sandbox.world.ledger_edits import EDITED, RAISED_ON, SET_RIGHT
from ps_integration.sandbox.world.projects import BY_CODE, CUSTOMERS, PROJECTS, Project

CLOSED: Final = ("2026-01", "2026-02")
COPIED: Final = "PS-US-106-202602-1"
"""The invoice that somebody copies, our reference with it."""
MANUAL: Final = "Workshop"
_FIRST: Final = date(2026, 1, 1)
_QUOTES: Final = {"GBP": Decimal(1), "USD": Decimal("1.25"), "INR": Decimal("104.166667")}


def books() -> Books:
    """The firm before its first night."""
    months = [date(2026, month, 1) for month in range(1, 5)]
    rates = {
        currency: dict.fromkeys([_FIRST] if currency == "GBP" else months, quote)
        for currency, quote in _QUOTES.items()
    }
    rates["EUR"] = {day: 1 / Decimal(rate) for day, rate in EURO_RATES.items()}
    return Books(
        companies=tuple(
            Company(
                key=entity,
                name=name,
                currency=currency,
                taxes={tax: TAX_RATES[tax]},
                works=tuple(_work(one) for one in PROJECTS if _is_here(one, entity, _FIRST)),
                cost_centre=f"CC-{entity}",
            )
            for entity, (_, name, currency, tax) in COMPANIES.items()
        ),
        customers=tuple(Customer(code, name) for code, (name, *_) in CUSTOMERS.items()),
        rates=rates,
        revenue_account=REVENUE_ACCOUNT,
    )


def prepare(live: Live, day: date) -> None:
    """Bring the books to the end of a day."""
    rpc = live.rpc()
    for entity, company in live.companies.items():
        rpc.context = {"company": int(company)}
        for project in PROJECTS:
            if _is_here(project, entity, day):
                _bring(rpc, int(company), project, day)
    if day >= CLOSED_FROM:
        close(rpc, int(live.companies["IN"]), CLOSED)
    if day >= EDITED:
        _invoice_by_hand(rpc, int(live.companies["UK"]))
    if day >= RAISED_ON:
        _copy(rpc, int(live.companies["US"]))
    if day >= SET_RIGHT:
        _cancel_copy(rpc, int(live.companies["US"]))


def ids(live: Live) -> dict[str, str]:
    """What Tryton calls the records of this story; those that are not there yet are left out."""
    rpc = live.rpc()
    asked: dict[str, tuple[str, list[object]]] = {
        "copy": ("account.invoice", [["reference", "=", COPIED]]),
        "film archive": ("project.work", [["name", "like", "UK-208 %"]]),
        "control review": ("account.invoice", [["reference", "like", "PS-UK-206-%"]]),
        "by hand": ("account.invoice.line", [["description", "=", MANUAL]]),
    }
    found = {}
    for name, (model, domain) in asked.items():
        known = rpc.read(model, domain, "rec_name")
        if name == "copy":
            known = known[1:]
        if known:
            found[name] = str(known[0]["id"])
    return found


def _is_here(project: Project, entity: str, day: date) -> bool:
    since = max(STARTED.get(project.code, _FIRST), MISSING_UNTIL.get(project.code, _FIRST))
    return project.entity == entity and day >= since


def _work(project: Project, currency: str = "") -> Work:
    is_internal = project.billing == "internal"
    told = [] if is_internal else [f"Purchase order PO-{project.code}"]
    told.append(f"Currency {currency or project.currency}")
    return Work(
        code=project.code,
        name=project.name,
        customer=project.customer,
        tax="" if project.code in WITHOUT_TAX_CODE else COMPANIES[project.entity][3],
        comment="\n".join(told),
        is_billable=not is_internal,
    )


def _bring(rpc: Rpc, company: int, project: Project, day: date) -> None:
    asked = [["company", "=", company], ["name", "like", f"{project.code} %"]]
    found = rpc.read("project.work", asked, "status.progress", "comment")
    work = found[0]["id"] if found else add_work(rpc, company, _work(project))
    if project.is_closed(day) and project.closed_on and not (found and _is_done(found[0])):
        finish_work(rpc, work, project.closed_on)
    since, wrong = WRONG_CURRENCY.get(project.code, (date.max, ""))
    if day >= since:
        rpc.model("project.work", "write", [work], {"comment": _work(project, wrong).comment})


def _is_done(work: dict[str, dict[str, float | None]]) -> bool:
    return work["status."]["progress"] == 1


def _invoice_by_hand(rpc: Rpc, company: int) -> None:
    """Finance in the UK invoices four hours of UK-202 by hand."""
    asked = [["company", "=", company], ["lines.description", "=", MANUAL]]
    if rpc.model("account.invoice", "search", asked, 0, 1, None):
        return
    rpc.context = {"company": company}
    own = ["company", "=", company]
    party = rpc.one("party.party", [["code", "=", BY_CODE["UK-202"].customer]])
    currency = rpc.one("currency.currency", [["code", "=", "GBP"]])
    analytic = [own, ["code", "=", "UK-202"]]
    found = rpc.read("analytic_account.account", analytic, "root")[0]
    tax = rpc.one("account.tax", [own, ["name", "=", COMPANIES["UK"][3]]])
    line = {
        "type": "line",
        "company": company,
        "currency": currency,
        "description": MANUAL,
        "quantity": 4.0,
        "unit": rpc.one("product.uom", [["symbol", "=", "h"]]),
        "unit_price": Decimal(110),
        "account": rpc.one("account.account", [own, ["code", "=", REVENUE_ACCOUNT]]),
        "taxes": [["add", [tax]]],
        "analytic_accounts": [["create", [{"root": found["root"], "account": found["id"]}]]],
    }
    day = date(2026, 3, 12)
    invoice = {
        "type": "out",
        "company": company,
        "currency": currency,
        "party": party,
        "invoice_address": rpc.one("party.address", [["party", "=", party]]),
        "account": rpc.one(
            "account.account", [own, ["type.receivable", "=", True], ["party_required", "=", True]]
        ),
        "journal": rpc.one("account.journal", [["type", "=", "revenue"]]),
        "accounting_date": day,
        "lines": [["create", [line]]],
    }
    rpc.model("account.invoice", "post", rpc.create("account.invoice", invoice))


def _copies(rpc: Rpc, company: int) -> list[dict[str, object]]:
    asked = [["company", "=", company], ["reference", "=", COPIED]]
    return rpc.read("account.invoice", asked, "state", "accounting_date")


def _copy(rpc: Rpc, company: int) -> None:
    """Somebody copies an invoice, our reference with it, and posts the copy."""
    rpc.context = {"company": company}
    found = _copies(rpc, company)
    if len(found) != 1:
        return
    dates = {"reference": COPIED, "accounting_date": found[0]["accounting_date"]}
    made = rpc.model("account.invoice", "copy", [found[0]["id"]], dates)
    rpc.model("account.invoice", "post", made)


def _cancel_copy(rpc: Rpc, company: int) -> None:
    """The copy is credited with a refund, which cancels it."""
    copies = [one for one in _copies(rpc, company)[1:] if one["state"] == "posted"]
    for copy in copies:
        rpc.context = {
            "company": company,
            "active_model": "account.invoice",
            "active_id": copy["id"],
            "active_ids": [copy["id"]],
        }
        refund(rpc)


def refund(rpc: Rpc) -> None:
    """Credit the context's active invoice so that it is cancelled, by Tryton's own wizard."""
    wizard = rpc.call("wizard.account.invoice.credit.create")[0]
    start = {"start": {"with_refund": True, "invoice_date": None}}
    rpc.call("wizard.account.invoice.credit.execute", wizard, start, "credit")
