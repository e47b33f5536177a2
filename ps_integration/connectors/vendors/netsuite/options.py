"""What a firm says about its NetSuite account: subsidiaries, currencies, items, tax codes."""

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, StringConstraints

from ps_integration.connectors.keys import KeyRule
from ps_integration.connectors.setup import Options as BaseOptions

InternalId = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,18}$")]
CustomField = Annotated[str, StringConstraints(pattern=r"^custentity_?[a-z0-9_]{1,60}$")]
BillingAttribute = Literal[
    "tax_code", "revenue_account", "cost_centre", "billing_rule", "purchase_order"
]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("not an IANA time zone, e.g. America/Los_Angeles")
    return name


class Options(BaseOptions):
    """Options of a NetSuite account.

    Attributes:
        account: Account id as on the Company Information page, e.g. `1234567` or `1234567_SB1`.
        companies: Legal entity id to the internal id of its subsidiary.
        currencies: ISO code to the internal id of the currency.
        items: Revenue account to the internal id of the service item that books to it. A line
            with one of these items and a project is billed time or a milestone.
        tax_codes: Tax code to its internal id.
        cost_centre_field: Which classification of a line takes the cost centre (an internal id
            there); empty = not sent.
        invoice_approval: `none` = the account does not route invoices for approval and they post
            when they are created; `approved` = it does, and they are created approved; `draft` =
            it does, they are created pending approval, and posting approves them.
        credit_memos_post_at_once: With `draft`: send credit memos although NetSuite knows no
            unapproved ones.
        asynchronous: Write through NetSuite's queue, with an idempotency key.
        job_wait_seconds: How long to wait for a queued write before its outcome is unknown.
        project_key: Which column of a project carries the key other systems know it by.
        project_fields: Billing attribute to the custom field of a project that holds it.
        time_zone: Time zone of the token's user, which NetSuite tells times in.
        concurrency: Calls at a time; the account's limit is shared with all its integrations.
        page_size: Rows a page.
    """

    account: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(_[A-Z0-9]+)?$")] = Field(
        examples=["1234567"]
    )
    companies: Mapping[str, InternalId] = Field(min_length=1, examples=[{"MAIN": "1"}])
    currencies: Mapping[str, InternalId] = Field(min_length=1, examples=[{"USD": "1"}])
    items: Mapping[str, InternalId] = Field(min_length=1, examples=[{"4000": "101"}])
    tax_codes: Mapping[str, InternalId] = Field(default_factory=dict)
    cost_centre_field: Literal["", "department", "class", "location"] = ""
    invoice_approval: Literal["none", "approved", "draft"] = "none"
    credit_memos_post_at_once: bool = False
    asynchronous: bool = False
    job_wait_seconds: float = Field(default=120.0, gt=0, le=240)
    project_key: KeyRule = KeyRule(field="entityid")
    project_fields: Mapping[BillingAttribute, CustomField] = Field(default_factory=dict)
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "America/Los_Angeles"
    concurrency: int = Field(default=4, ge=1, le=100)
    page_size: int = Field(default=500, ge=1, le=1000)

    def legal_entity(self, company: str) -> str | None:
        """The legal entity whose books a subsidiary is; None when several share it."""
        found = [entity for entity, key in self.companies.items() if key == company]
        return found[0] if len(found) == 1 else None

    def company_ids(self) -> list[str]:
        """Each subsidiary once, in the order of the firm file."""
        return list(dict.fromkeys(self.companies.values()))

    def zone(self) -> ZoneInfo:
        """The time zone of NetSuite's times."""
        return ZoneInfo(self.time_zone)

    def default_base_url(self) -> str:
        """The account's own domain (vendor page "Account-specific domains")."""
        return f"https://{self.account.lower().replace('_', '-')}.suitetalk.api.netsuite.com"
