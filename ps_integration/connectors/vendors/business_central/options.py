"""What a firm says about its Business Central: tenant, companies, revenue accounts, dimensions."""

from collections.abc import Mapping
from typing import Final

from pydantic import Field

from ps_integration.connectors.setup import Options as BaseOptions

LOGIN_HOST = "https://login.microsoftonline.com"
API_HOST = "https://api.businesscentral.dynamics.com"
SCOPE = f"{API_HOST}/.default"


CUSTOM_PAGES: Final = ("project_billings", "project_prices")
"""Streams that only the firm's own API shows."""


class CustomApi(BaseOptions):
    """Route of the firm's own API that shows projects' billing terms and prices.

    Attributes:
        publisher: Of the API, as in its route.
        group: Of the API, as in its route.
        version: Of the API, as in its route.
        prices: Whether it has the page of prices, `projectPrices`.
    """

    publisher: str
    group: str
    version: str
    prices: bool = True

    @property
    def path(self) -> str:
        """As it stands between `/api/` and `/companies(...)`."""
        return f"{self.publisher}/{self.group}/{self.version}"


class Options(BaseOptions):
    """Options of a Business Central system.

    Attributes:
        tenant: Directory id or domain.
        environment: Name of the environment.
        companies: Legal entity id to company id (the GUID of `companies`).
        revenue_accounts: Lines on these accounts, with the project dimension, are time or
            milestones billed.
        revenue_resources: The same for lines of type Resource.
        project_dimension: Code of the dimension whose values are project numbers.
        cost_centre_dimension: Code of the dimension for cost centres; empty = not sent.
        custom_api: Where the firm's own API page is; None = there is none.
        token_url: Where tokens come from, or env:NAME; empty = the tenant's at Microsoft Entra.
        page_size: Records a page (the vendor allows 20,000; lines come with their headers).
    """

    tenant: str = Field(min_length=1)
    environment: str = Field(min_length=1)
    companies: Mapping[str, str] = Field(
        min_length=1, examples=[{"MAIN": "00000000-0000-0000-0000-000000000000"}]
    )
    revenue_accounts: tuple[str, ...] = Field(default=(), examples=[["4000"]])
    revenue_resources: tuple[str, ...] = ()
    project_dimension: str = "PROJECT"
    cost_centre_dimension: str = ""
    custom_api: CustomApi | None = None
    token_url: str = ""
    page_size: int = Field(default=1000, ge=1, le=20_000)

    def legal_entity(self, company: str) -> str | None:
        """The legal entity whose books a company is; None when several share it."""
        found = [entity for entity, key in self.companies.items() if key == company]
        return found[0] if len(found) == 1 else None

    def company_ids(self) -> list[str]:
        """Each company once, in the order of the firm file."""
        return list(dict.fromkeys(self.companies.values()))

    def custom_pages(self) -> tuple[str, ...]:
        """The streams of `CUSTOM_PAGES` that this firm has."""
        if self.custom_api is None:
            return ()
        return CUSTOM_PAGES if self.custom_api.prices else CUSTOM_PAGES[:1]

    def default_base_url(self) -> str:
        """The vendor's address of the environment (vendor page "Business Central endpoints")."""
        return f"{API_HOST}/v2.0/{self.tenant}/{self.environment}"

    def default_token_url(self) -> str:
        """The tenant's token endpoint (vendor page "Using service-to-service authentication")."""
        return self.token_url or f"{LOGIN_HOST}/{self.tenant}/oauth2/v2.0/token"
