"""Finds the records a document names: Tryton takes ids, the suite knows codes and names.

Everything is read once a run. What is not there, or is there twice, is refused before anything is
sent. Source: Tryton module documentation of `party`, `account`, `account_invoice` and
`analytic_account`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ps_integration.connectors.compose import listed
from ps_integration.connectors.fields import Fields
from ps_integration.connectors.vendors.tryton.options import Options
from ps_integration.connectors.vendors.tryton.rpc import Rpc
from ps_integration.domain.text import match_key
from ps_integration.errors import PsIntegrationError

_PARTY: Final = (
    "code",
    "addresses.invoice",
    "customer_payment_term",
    "account_receivable",
)


class NotKnownError(PsIntegrationError):
    """Tryton has no such record, or several."""


@dataclass(frozen=True, slots=True)
class Party:
    """A customer as an invoice names it; ids."""

    party: int
    address: int
    account: int
    payment_term: int | None


class Directory:
    """Ids of one database, by company and code."""

    def __init__(self, rpc: Rpc, options: Options) -> None:
        """Nothing is asked before it is needed."""
        self._rpc = rpc
        self._options = options
        self._ids: dict[tuple[str, ...], int] = {}
        self._parties: dict[tuple[str, str], Party] = {}
        self._codes: dict[str, str] = {}

    def currency(self, code: str) -> int:
        """A currency by its ISO code."""
        return self._one("", "currency.currency", [["code", "=", code]], f"currency {code}")

    def account(self, company: str, code: str) -> int:
        """An account of a company by its code."""
        domain = [_of(company), ["code", "=", code], ["closed", "!=", True]]
        return self._one(company, "account.account", domain, f"account {code}")

    def tax(self, company: str, name: str) -> int:
        """A tax of a company by its name."""
        domain = [_of(company), ["name", "=", name], ["parent", "=", None]]
        return self._one(company, "account.tax", domain, f"tax {name}")

    def journal(self, company: str) -> int:
        """The journal of customer invoices."""
        domain = [["type", "=", "revenue"]]
        return self._one(company, "account.journal", domain, "journal of type revenue")

    def unit(self) -> int:
        """The unit of hours."""
        symbol = self._options.hour_unit
        return self._one("", "product.uom", [["symbol", "=", symbol]], f"unit {symbol}")

    def root(self, company: str, name: str) -> int:
        """An analytic tree by its name."""
        domain = [_of(company), ["type", "=", "root"], ["name", "=", name]]
        return self._one(company, "analytic_account.account", domain, f"analytic tree {name}")

    def analytic(self, company: str, root: str, code: str) -> int:
        """An analytic account in a tree by its code, capitals or not."""
        tree = self.root(company, root)
        domain = [_of(company), ["root", "=", tree], ["type", "=", "normal"]]
        what = f"analytic account {code} in {root}"
        return self._one(company, "analytic_account.account", [*domain, _like(code)], what, code)

    def project_code(self, company: str, external_id: str, otherwise: str) -> str:
        """The number of a project of ours, by which its analytic account is found."""
        work = external_id.partition("/")[2]
        if not work.isdigit():
            return otherwise
        if external_id not in self._codes:
            rule = self._options.project_key
            found = self._rpc.found(
                "project.work", [["id", "=", int(work)]], (rule.field,), company
            )
            self._codes[external_id] = (rule.read(found[0]) if found else None) or otherwise
        return self._codes[external_id]

    def party(self, company: str, key: str) -> Party:
        """A customer by its code, with what its invoices in a company need."""
        if (company, key) not in self._parties:
            domain = [_like(key)]
            found = [
                one
                for one in self._rpc.found("party.party", domain, _PARTY, company)
                if match_key(one.opt_text("code") or "") == match_key(key)
            ]
            if len(found) != 1:
                raise NotKnownError(_said(f"active party {key}", len(found)))
            self._parties[company, key] = self._as_billed(company, key, found[0])
        return self._parties[company, key]

    def _as_billed(self, company: str, key: str, party: Fields) -> Party:
        addresses = listed(party, "addresses")
        for_invoices = [one for one in addresses if one.raw("invoice") in (True, 1)]
        if not addresses:
            raise NotKnownError(f"Tryton's party {key} has no address to bill")
        return Party(
            _id(party),
            _id((for_invoices or addresses)[0]),
            _opt_id(party, "account_receivable") or self._receivable(company),
            _opt_id(party, "customer_payment_term"),
        )

    def _receivable(self, company: str) -> int:
        """The company's own receivable account, where the party has none."""
        field = "default_account_receivable"
        asked = ("model.account.configuration.read", [1], [field])
        answer = self._rpc.read(*asked, company=company).json
        result = answer.get("result") if isinstance(answer, dict) else None
        told = result[0] if isinstance(result, list) and result else None
        found = told.get(field) if isinstance(told, dict) else None
        if type(found) is not int:
            raise NotKnownError(f"Tryton's company {company} has no default receivable account")
        return found

    def _one(
        self, company: str, model: str, domain: Sequence[object], what: str, code: str = ""
    ) -> int:
        key = (company, model, what)
        if key not in self._ids:
            found = self._rpc.found(model, domain, ("code",) if code else (), company)
            if code:
                found = [one for one in found if match_key(one.text("code")) == match_key(code)]
            if len(found) != 1:
                raise NotKnownError(_said(what, len(found)))
            self._ids[key] = _id(found[0])
        return self._ids[key]


def _of(company: str) -> list[object]:
    return ["company", "=", int(company)]


def _like(code: str) -> list[object]:
    escaped = code.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return ["code", "ilike", escaped]


def _said(what: str, count: int) -> str:
    return f"Tryton has {'no' if not count else f'{count} times'} {what}"


def _id(record: Fields) -> int:
    return int(record.ident("id"))


def _opt_id(record: Fields, name: str) -> int | None:
    told = record.opt_ident(name)
    return None if told is None else int(told)
