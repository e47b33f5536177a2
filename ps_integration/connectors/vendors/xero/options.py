"""What a firm says about its Xero: organisations, revenue accounts, tracking categories."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from ps_integration.connectors.setup import Options as BaseOptions

API_URL = "https://api.xero.com/api.xro/2.0"
TOKEN_URL = "https://identity.xero.com/connect/token"  # noqa: S105 - an address, no secret
SCOPE = "accounting.transactions accounting.contacts accounting.settings"


class Options(BaseOptions):
    """Options of a Xero system.

    Attributes:
        companies: Legal entity id to tenant id (the organisation's GUID, "Xero tenants").
        revenue_accounts: Lines on these accounts, tracked to a project, are time or milestones
            billed.
        project_tracking: Name of the tracking category whose options are project codes.
        cost_centre_tracking: Name of the tracking category for cost centres; empty = not sent.
        contact_key: The field of a contact that is the customer's number, and by which an
            invoice names its customer.
        draft_first: Create drafts and approve them by a second call, which `posting.mode: draft`
            needs. Otherwise a document is approved by the call that creates it.
        payment_days: Due date of an invoice, in days from its date: Xero approves none without.
        scope: What the connection is asked for ("Scopes").
        token_url: Where tokens come from, or env:NAME; empty = Xero's own.
        page_size: Records a page (the vendor allows 1,000).
    """

    companies: Mapping[str, str] = Field(
        min_length=1, examples=[{"MAIN": "00000000-0000-0000-0000-000000000000"}]
    )
    revenue_accounts: tuple[str, ...] = Field(default=(), examples=[["4000"]])
    project_tracking: str = "Project"
    cost_centre_tracking: str = ""
    contact_key: Literal["ContactNumber", "ContactID"] = "ContactNumber"
    draft_first: bool = False
    payment_days: int = Field(default=30, ge=0, le=365)
    scope: str = SCOPE
    token_url: str = ""
    page_size: int = Field(default=500, ge=1, le=1000)

    def legal_entity(self, company: str) -> str | None:
        """The legal entity whose books an organisation is; None when several share it."""
        found = [entity for entity, key in self.companies.items() if key == company]
        return found[0] if len(found) == 1 else None

    def company_ids(self) -> list[str]:
        """Each organisation once, in the order of the firm file."""
        return list(dict.fromkeys(self.companies.values()))
