"""What a firm says about its Kantata account: which custom field is what, which value means what.

Kantata has no fields for a project's code, legal entity, kind of billing or cap; accounts keep them
as custom fields (vendor page "Custom Field Values").
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from ps_integration.connectors.setup import Options as BaseOptions

BillingType = Literal["time_and_materials", "milestone", "fixed_fee", "internal"]
ProjectStatus = Literal["planned", "active", "closed"]


class ProjectFields(BaseOptions):
    """Names of the custom fields of workspaces; empty = the account has none."""

    code: str = ""
    legal_entity: str = ""
    billing_type: str = ""
    cap: str = ""
    closed_on: str = ""
    tax_code: str = ""
    revenue_account: str = ""
    cost_centre: str = ""
    billing_rule: str = ""
    purchase_order: str = ""

    @property
    def has_billing_attributes(self) -> bool:
        """Whether this account says how a project is invoiced."""
        return any(
            (
                self.tax_code,
                self.revenue_account,
                self.cost_centre,
                self.billing_rule,
                self.purchase_order,
            )
        )


class CustomerFields(BaseOptions):
    """Names of the custom fields of workspace groups (clients)."""

    number: str = ""
    legal_entity: str = ""


class ResourceFields(BaseOptions):
    """Names of the custom fields of users; `supplier_key` is who invoices a subcontractor."""

    home_legal_entity: str = ""
    home_valid_from: str = ""
    supplier_key: str = ""
    time_zone: str = ""
    starts_on: str = ""
    ends_on: str = ""


class Options(BaseOptions):
    """Options of a Kantata system.

    Attributes:
        service_name: Service of the external references that carry ERP invoices.
        custom_fields: Custom fields of workspaces.
        customer_fields: Custom fields of workspace groups.
        resource_fields: Custom fields of users.
        billing_type_values: Value of the billing type field to what it means here.
        legal_entity_values: Value of a legal entity field to the firm's legal entity id; empty =
            the values are the ids.
        status_values: Message or key of a workspace's status to what it means here; what is not
            listed is refused. Empty = a project is active until it is archived.
    """

    service_name: str = "erp_invoices"
    custom_fields: ProjectFields = ProjectFields()
    customer_fields: CustomerFields = CustomerFields()
    resource_fields: ResourceFields = ResourceFields()
    billing_type_values: Mapping[str, BillingType] = Field(default_factory=dict)
    legal_entity_values: Mapping[str, str] = Field(default_factory=dict)
    status_values: Mapping[str, ProjectStatus] = Field(default_factory=dict)
