"""Fills an empty Tryton database over its own API, as a person would by hand."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from ps_integration.sandbox.servers.tryton.books import Books, Company, Work
from ps_integration.sandbox.servers.tryton.rpc import Rpc

PROJECTS_ROOT: Final = "Projects"
COST_CENTRES_ROOT: Final = "Cost centres"
HOUR_DIGITS: Final = 5
"""Decimals of the unit Hour; Tryton's own default of two would refuse 1.58333 hours."""
_SEQUENCES: Final = ("OUT", "OUTCN", "IN", "INCN")
_CHART: Final = "wizard.account.create_chart"


def provision(rpc: Rpc, books: Books) -> dict[str, str]:
    """Fill the database.

    Returns:
        Company key to the id that Tryton gave it, as text.
    """
    currencies = _currencies(rpc, books)
    hour = rpc.one("product.uom", [["symbol", "=", "h"]])
    precise = {"rounding": 10.0**-HOUR_DIGITS, "digits": HOUR_DIGITS}
    rpc.model("product.uom", "write", [hour], precise)
    ids = [_company(rpc, company, currencies[company.currency]) for company in books.companies]
    _customers(rpc, books)
    for company_id, company in zip(ids, books.companies, strict=True):
        rpc.context = {"company": company_id}
        revenue = _chart(rpc, company_id, books.revenue_account)
        taxes = dict(_taxes(rpc, company_id, company))
        _year(rpc, company_id, books.year)
        _services(rpc, company_id, taxes, revenue, hour)
        _root(rpc, company_id, PROJECTS_ROOT)
        if company.cost_centre:
            centres = _root(rpc, company_id, COST_CENTRES_ROOT)
            centre = _analytic(company_id, centres, company.cost_centre)
            rpc.create("analytic_account.account", centre)
        for work in company.works:
            add_work(rpc, company_id, work)
        close(rpc, company_id, company.closed)
    rpc.context = {}
    return {
        company.key: str(company_id)
        for company_id, company in zip(ids, books.companies, strict=True)
    }


def close(rpc: Rpc, company: int, periods: tuple[str, ...]) -> None:
    """Close periods by name."""
    _press(rpc, company, periods, "open", "close")


def reopen(rpc: Rpc, company: int, periods: tuple[str, ...]) -> None:
    """Open closed periods again."""
    _press(rpc, company, periods, "closed", "reopen")


def _press(rpc: Rpc, company: int, periods: tuple[str, ...], state: str, button: str) -> None:
    own, named = ["company", "=", company], ["name", "in", list(periods)]
    asked = [own, named, ["state", "=", state]]
    if found := rpc.model("account.period", "search", asked, 0, None, None):
        rpc.model("account.period", button, found)


def _currencies(rpc: Rpc, books: Books) -> dict[str, int]:
    return {
        code: rpc.create(
            "currency.currency",
            {
                "name": code,
                "code": code,
                "symbol": code,
                "digits": 2,
                "rounding": Decimal("0.01"),
                "rates": [["create", [{"date": day, "rate": rate} for day, rate in days.items()]]],
            },
        )[0]
        for code, days in books.rates.items()
    }


def _company(rpc: Rpc, company: Company, currency: int) -> int:
    address = {"street": "1 Market Square", "city": "Harbour"}
    party = rpc.create("party.party", {"name": company.name, "addresses": [["create", [address]]]})
    made = rpc.create("company.company", {"party": party[0], "currency": currency})[0]
    own = {"companies": [["add", [made]]], "company": made, "company_filter": "all"}
    rpc.model("res.user", "write", [rpc.user], own)  # else only the last one's records are seen
    return made


def _chart(rpc: Rpc, company: int, revenue_account: str) -> int:
    """Tryton's universal chart by its wizard, and one account for services; its id."""
    template = rpc.one("account.account.template", [["parent", "=", None]])
    wizard = rpc.call(f"{_CHART}.create")[0]
    chosen = {"company": company, "account_template": template}
    rpc.call(f"{_CHART}.execute", wizard, {"start": {}}, "account")
    rpc.call(f"{_CHART}.execute", wizard, {"account": chosen}, "create_account")
    properties = {
        "company": company,
        "account_receivable": _account(rpc, company, "receivable"),
        "account_payable": _account(rpc, company, "payable"),
    }
    rpc.call(f"{_CHART}.execute", wizard, {"properties": properties}, "create_properties")
    rpc.call(f"{_CHART}.delete", wizard)
    revenue = rpc.read(
        "account.account",
        [["company", "=", company], ["type.revenue", "=", True], ["closed", "!=", True]],
        "type",
        "parent",
    )[0]
    account = {"name": "Consulting revenue", "code": revenue_account, "company": company}
    placed = {**account, "type": revenue["type"], "parent": revenue["parent"]}
    return rpc.create("account.account", placed)[0]


def _account(rpc: Rpc, company: int, kind: str) -> int:
    domain = [
        ["company", "=", company],
        [f"type.{kind}", "=", True],
        ["party_required", "=", True],
        ["closed", "!=", True],
    ]
    return rpc.one("account.account", domain)


def _taxes(rpc: Rpc, company: int, seed: Company) -> Iterator[tuple[str, int]]:
    owed = rpc.one(
        "account.account",
        [
            ["company", "=", company],
            ["type.statement", "=", "balance"],
            ["type.receivable", "=", False],
            ["type.payable", "=", False],
            ["closed", "!=", True],
        ],
    )
    for name, percent in seed.taxes.items():
        tax = {
            "name": name,
            "description": name,
            "type": "percentage",
            "rate": Decimal(percent) / 100,
            "company": company,
            "invoice_account": owed,
            "credit_note_account": owed,
        }
        yield name, rpc.create("account.tax", tax)[0]


def _year(rpc: Rpc, company: int, year: int) -> None:
    kinds = {
        "MOVE": rpc.model("ir.model.data", "get_id", "account", "sequence_type_account_move"),
        **dict.fromkeys(
            _SEQUENCES,
            rpc.model(
                "ir.model.data", "get_id", "account_invoice", "sequence_type_account_invoice"
            ),
        ),
    }
    made = dict(
        zip(
            kinds,
            rpc.create(
                "ir.sequence.strict",
                *(
                    {
                        "name": name,
                        "sequence_type": kind,
                        "company": company,
                        "prefix": f"{name}-",
                        "padding": 5,
                    }
                    for name, kind in kinds.items()
                ),
            ),
            strict=True,
        )
    )
    numbering = {
        "company": company,
        "out_invoice_sequence": made["OUT"],
        "out_credit_note_sequence": made["OUTCN"],
        "in_invoice_sequence": made["IN"],
        "in_credit_note_sequence": made["INCN"],
    }
    fiscal_year = {
        "name": str(year),
        "start_date": date(year, 1, 1),
        "end_date": date(year, 12, 31),
        "company": company,
        "move_sequence": made["MOVE"],
        "invoice_sequences": [["create", [numbering]]],
    }
    ids = rpc.create("account.fiscalyear", fiscal_year)
    rpc.model("account.fiscalyear", "create_period", ids, 1, 31)


def _customers(rpc: Rpc, books: Books) -> None:
    days = {"type": "remainder", "relativedeltas": [["create", [{"days": 30}]]]}
    term = rpc.create(
        "account.invoice.payment_term", {"name": "30 days", "lines": [["create", [days]]]}
    )[0]
    address = {"street": "2 Harbour Road", "city": "Harbour"}
    rpc.create(
        "party.party",
        *(
            {
                "name": customer.name,
                "code": customer.code,
                "customer_payment_term": term,
                "addresses": [["create", [address]]],
            }
            for customer in books.customers
        ),
    )


def _services(rpc: Rpc, company: int, taxes: Mapping[str, int], revenue: int, hour: int) -> None:
    """A service billed by the hour for every tax, and one without."""
    for name, tax in {**taxes, "": None}.items():
        category = {
            "name": _service(company, name),
            "accounting": True,
            "account_revenue": revenue,
            "customer_taxes": [["add", [] if tax is None else [tax]]],
        }
        template = {
            "name": f"Consulting hour {name}".strip(),
            "type": "service",
            "default_uom": hour,
            "list_price": Decimal(100),
            "account_category": rpc.create("product.category", category)[0],
            "products": [["create", [{}]]],
        }
        rpc.create("product.template", template)


def _service(company: int, tax: str) -> str:
    """Name of the category of a company's services with one tax."""
    return f"Services {company} {tax}".strip()


def add_work(rpc: Rpc, company: int, work: Work) -> int:
    """A project and its analytic account, in the context of its company; its id."""
    root = [["company", "=", company], ["type", "=", "root"], ["name", "=", PROJECTS_ROOT]]
    analytic = _analytic(company, rpc.one("analytic_account.account", root), work.code, work.name)
    rpc.create("analytic_account.account", analytic)
    values: dict[str, object] = {
        "name": f"{work.code} {work.name}",
        "type": "project",
        "company": company,
        "comment": work.comment,
        "timesheet_available": True,
    }
    if work.customer:
        values["party"] = rpc.one("party.party", [["code", "=", work.customer]])
    if work.is_billable:
        category = ["template.account_category.name", "=", _service(company, work.tax)]
        values["product"] = rpc.one("product.product", [category])
    return rpc.create("project.work", values)[0]


def finish_work(rpc: Rpc, work: int, last_day: date) -> None:
    """Close a project."""
    done = rpc.one("project.work.status", [["progress", "=", 1]])
    closed = {"status": done, "progress": 1.0, "timesheet_end_date": last_day}
    rpc.model("project.work", "write", [work], closed)


def _root(rpc: Rpc, company: int, name: str) -> int:
    root = {"name": name, "type": "root", "company": company}
    return rpc.create("analytic_account.account", root)[0]


def _analytic(company: int, root: int, code: str, name: str = "") -> dict[str, object]:
    return {
        "name": name or code,
        "code": code,
        "type": "normal",
        "company": company,
        "root": root,
        "parent": root,
    }
