"""What a firm says about its Tryton: database, companies, revenue accounts, analytic trees."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from ps_integration.connectors.keys import KeyRule
from ps_integration.connectors.setup import Options as BaseOptions
from ps_integration.domain.invoice_dates import ErpDates


class Options(BaseOptions):
    """Options of a Tryton system.

    Attributes:
        database: Name of the database on the server.
        user: Login of the user the suite works as.
        companies: Legal entity id to company id (the number of `company.company`).
        revenue_accounts: Codes of accounts; lines on them, with a project, are time or milestones
            billed.
        project_root: Name of the analytic tree whose accounts are projects.
        cost_centre_root: Name of the analytic tree for cost centres; empty = not sent.
        cost_centres: Legal entity id to the code of its cost centre in that tree; a project has
            none of its own in Tryton.
        project_key: Where a project shows its number; its analytic account's code is the same.
        currency_key: Where a project shows its own currency; Tryton has no field for it. Not
            found = the company's.
        purchase_order_key: Where a project shows the customer's order; Tryton has no field for it.
        statuses: Name of a project's status to what it means.
        hour_unit: Symbol of the unit of quantities.
        quantity_decimals: Digits of that unit in Tryton.
        price_decimals: Tryton's `price_decimal` (its own default is 4).
        invoice_date: `at_posting` leaves the invoice's date to Tryton, which takes the day of
            posting; `document` sends ours, and then dates may only rise.
            The legal entity's `invoice_date` says which that is.
        page_size: Records a call.
    """

    database: str = Field(min_length=1)
    user: str = Field(min_length=1)
    companies: Mapping[str, str] = Field(min_length=1, examples=[{"MAIN": "1"}])
    revenue_accounts: tuple[str, ...] = Field(default=(), examples=[["4000"]])
    project_root: str = "Projects"
    cost_centre_root: str = ""
    cost_centres: Mapping[str, str] = Field(default_factory=dict)
    project_key: KeyRule = KeyRule(field="number")
    currency_key: KeyRule | None = None
    purchase_order_key: KeyRule | None = None
    statuses: Mapping[str, Literal["planned", "active", "closed"]] = Field(
        default={"Open": "active", "Done": "closed"}
    )
    hour_unit: str = "h"
    quantity_decimals: int = Field(default=2, ge=0, le=5)
    price_decimals: int = Field(default=4, ge=0, le=6)
    invoice_date: Literal["at_posting", "document"] = "at_posting"
    page_size: int = Field(default=500, ge=1, le=5000)

    @property
    def dates(self) -> ErpDates:
        """Whether the invoice date is ours to give."""
        return "two" if self.invoice_date == "document" else "own"

    def legal_entity(self, company: str) -> str | None:
        """The legal entity whose books a company is; None when several share it."""
        found = [entity for entity, key in self.companies.items() if key == company]
        return found[0] if len(found) == 1 else None

    def cost_centre(self, company: str) -> str | None:
        """The cost centre of a company's projects; None when the firm file names none."""
        return self.cost_centres.get(self.legal_entity(company) or "")

    def company_ids(self) -> list[str]:
        """Each company once, in the order of the firm file."""
        return list(dict.fromkeys(self.companies.values()))
