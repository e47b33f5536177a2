"""What Business Central holds: three companies' books, customers, projects, prices and rates."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.world.projects import CUSTOMERS, START, Project
from ps_integration.sandbox.world.rates import CARDS
from ps_integration.sandbox.world.record import Record, text_of

SYSTEM = "bc"
COMPANIES = {
    "US": ("8f1d2c30-0001-4a00-9000-000000000001", "Halden Ridge Inc", "USD", "NONTAX"),
    "UK": ("8f1d2c30-0002-4a00-9000-000000000002", "Halden Ridge Ltd", "GBP", "STANDARD"),
    "IN": ("8f1d2c30-0003-4a00-9000-000000000003", "Halden Ridge Pvt Ltd", "INR", "GST18"),
}
"""Legal entity to company id, name, local currency, and tax code of its services."""
REVENUE_ACCOUNT = "4000"
CLOSED_FROM = date(2026, 3, 20)
"""India closes February on this day."""
MISSING_UNTIL = {"US-110": date(2026, 4, 5)}
WITHOUT_TAX_CODE = frozenset({"UK-207"})
WRONG_CURRENCY = {"UK-208": (date(2026, 3, 10), "EUR")}
DEARER = {("IN-305", "ANALYST OFFSHORE"): Decimal(100)}
"""Prices that are higher here than in the PSA, by so much an hour."""
EURO_RATES = {
    date(2026, 1, 5): "0.80",
    date(2026, 2, 2): "0.80",
    date(2026, 2, 9): "0.80",
    date(2026, 2, 16): "0.80",
    date(2026, 2, 23): "0.80",
    date(2026, 3, 2): "0.80",
    date(2026, 3, 9): "0.80",
}
"""Pounds for one euro; nobody entered any after 9 March."""
GROUP_RATES = {"GBP": "1.25", "EUR": "1.08", "INR": "0.012"}
"""Dollars for one unit, entered in the head office's books on the first of each month."""
_ACCOUNTS = {
    "1100": ("Receivables", False),
    "2200": ("Tax payable", False),
    REVENUE_ACCOUNT: ("Consulting revenue", True),
    "6000": ("Other income", True),
}


def guid(*words: object) -> str:
    """An id that is always the same for the same thing."""
    return str(uuid5(NAMESPACE_URL, "/".join(("halden", *map(str, words)))))


def records(day: date, projects: Iterable[Project]) -> Iterator[Record]:
    """All books at the end of a day, without the sales documents."""
    shown = tuple(projects)
    for entity, (company, name, currency, _) in COMPANIES.items():
        document = {"id": company, "name": name, "displayName": name, "systemVersion": "26.0"}
        yield Record(SYSTEM, "companies", company, document)
        for set_name, found in _books(entity, currency, day).items():
            for document in found:
                yield _record(entity, set_name, document)
        for number, (_, billed_by, customer_currency) in CUSTOMERS.items():
            if billed_by == entity:
                yield _record(entity, "customers", _customer(number, customer_currency))
        for project in shown:
            if project.entity == entity and _is_here(project, day):
                yield from _project(entity, project, day)


def _is_here(project: Project, day: date) -> bool:
    until = MISSING_UNTIL.get(project.code)
    return until is None or day >= until


def _record(entity: str, set_name: str, document: Document) -> Record:
    company = COMPANIES[entity][0]
    words = (document.get(name) for name in ("number", "code", "startingDate", "currencyCode"))
    key = str(document.get("id") or guid(entity, set_name, *words))
    return Record(SYSTEM, f"{company}/{set_name}", key, {"id": key, **document})


def _books(entity: str, currency: str, day: date) -> Mapping[str, list[Document]]:
    closed = entity == "IN" and day >= CLOSED_FROM
    codes = ("PROJECT", "COSTCENTRE")
    return {
        "accounts": [
            {"number": number, "displayName": name, "directPosting": direct, "blocked": False}
            for number, (name, direct) in _ACCOUNTS.items()
        ],
        "currencies": [
            {"code": code, "displayName": code, "amountRoundingPrecision": Decimal("0.01")}
            for code in ("EUR", "GBP", "USD", "INR")
        ],
        "dimensions": [
            {"id": guid(entity, "dimension", code), "code": code, "displayName": code}
            for code in codes
        ],
        "dimensionValues": [
            {
                "code": f"CC-{entity}",
                "dimensionId": guid(entity, "dimension", "COSTCENTRE"),
                "displayName": f"Consulting {entity}",
            }
        ],
        "accountingPeriods": [
            {
                "startingDate": f"2026-{month:02d}-01",
                "name": f"{date(2026, month, 1):%B}",
                "newFiscalYear": month == 1,
                "closed": False,
                "dateLocked": False,
            }
            for month in range(1, 13)
        ],
        "generalLedgerSetup": [
            {
                "localCurrencyCode": currency,
                "allowPostingFrom": "2026-03-01" if closed else "2026-01-01",
                "allowPostingTo": "2026-12-31",
            }
        ],
        "currencyExchangeRates": _exchange_rates(entity),
    }


def _exchange_rates(entity: str) -> list[Document]:
    if entity == "UK":
        return [_quote("EUR", start, "GBP", rate) for start, rate in EURO_RATES.items()]
    if entity == "US":
        firsts = [date(2026, month, 1) for month in range(1, 5)]
        return [
            _quote(currency, first, "USD", rate)
            for first in firsts
            for currency, rate in GROUP_RATES.items()
        ]
    return []


def _quote(currency: str, start: date, local: str, rate: str) -> Document:
    return {
        "currencyCode": currency,
        "startingDate": start.isoformat(),
        "exchangeRateAmount": 1,
        "relationalCurrencyCode": local,
        "relationalExchangeRateAmount": Decimal(rate),
    }


def _customer(number: str, currency: str) -> Document:
    return {
        "number": number,
        "displayName": CUSTOMERS[number][0],
        "type": "Company",
        "currencyCode": currency,
        "blocked": " ",
    }


def _project(entity: str, project: Project, day: date) -> Iterator[Record]:
    dimension = {
        "code": project.code,
        "dimensionId": guid(entity, "dimension", "PROJECT"),
        "displayName": project.name,
    }
    yield _record(entity, "dimensionValues", dimension)
    yield _record(entity, "projects", {"number": project.code, "displayName": project.title})
    yield _record(entity, "projectBillings", _billing(entity, project, day))
    for start, prices in CARDS[project.rate_card].versions.items():
        for role, price in prices.items():
            yield _record(entity, "projectPrices", _price(project, start, role, price))


def _billing(entity: str, project: Project, day: date) -> Document:
    currency = project.currency
    since, wrong = WRONG_CURRENCY.get(project.code, (date.max, ""))
    closed = project.is_closed(day)
    is_internal = project.billing == "internal"
    return {
        "id": guid(entity, "billing", project.code),
        "projectNumber": project.code,
        "customerNumber": project.customer,
        "currencyCode": wrong if day >= since else currency,
        "taxCode": "" if project.code in WITHOUT_TAX_CODE else COMPANIES[entity][3],
        "revenueAccountNumber": "" if is_internal else REVENUE_ACCOUNT,
        "costCentreCode": f"CC-{entity}",
        "billingRule": "" if is_internal else "MONTHLY",
        "purchaseOrderNumber": "" if is_internal else f"PO-{project.code}",
        "status": "Completed" if closed else "Open",
        "startingDate": START.isoformat(),
        "endingDate": (text_of(project.closed_on) if closed else None) or "0001-01-01",
    }


def _price(project: Project, start: date, role: str, price: Decimal) -> Document:
    card = CARDS[project.rate_card]
    later = sorted(other for other in card.versions if other > start)
    last = date.fromordinal(later[0].toordinal() - 1).isoformat() if later else "0001-01-01"
    return {
        "id": guid("price", project.code, start, role),
        "projectNumber": project.code,
        "resourceNumber": "",
        "roleCode": role,
        "workTypeCode": "",
        "currencyCode": card.currency,
        "unitPrice": price + DEARER.get((project.code, role), Decimal(0)),
        "startingDate": start.isoformat(),
        "endingDate": last,
    }
