"""The entity sets Business Central publishes: properties, kinds, lengths, what may be written.

Properties are those of the vendor's API v2.0 pages. `projectBillings` and `projectPrices` are not
the vendor's: they are the custom API pages a firm adds to expose its projects' billing terms,
published under `api/psIntegration/billing/v1.0`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NO_GUID = "00000000-0000-0000-0000-000000000000"
NO_DATE = "0001-01-01"
NO_INSTANT = "0001-01-01T00:00:00Z"
BLANKS: Mapping[str, Any] = {
    "text": "",
    "guid": NO_GUID,
    "decimal": 0,
    "integer": 0,
    "boolean": False,
    "date": NO_DATE,
    "datetime": NO_INSTANT,
}


@dataclass(frozen=True, slots=True)
class Child:
    """A navigation property: its entity and where its rows are.

    `key` is the property of the child that holds the parent's id; None means that the rows are
    kept inside the parent's own document.
    """

    entity: "Entity"
    key: str | None


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity set.

    Attributes:
        set_name: As in the address, e.g. `salesInvoices`.
        type_name: As in error texts, e.g. `salesInvoice`.
        kinds: Every property and its kind.
        lengths: Longest text of a property that may be written; every property that may be
            written is a key, with 0 where length means nothing.
        children: Navigation properties by name.
        methods: HTTP methods besides GET.
    """

    set_name: str
    type_name: str
    kinds: Mapping[str, str]
    lengths: Mapping[str, int] = field(default_factory=dict)
    children: Mapping[str, Child] = field(default_factory=dict)
    methods: frozenset[str] = frozenset()


def _kinds(spec: str) -> dict[str, str]:
    """Read `name` or `name:kind` words; text when no kind is given."""
    pairs = (word.partition(":") for word in spec.split())
    return {name: kind or "text" for name, _, kind in pairs}


def _lengths(spec: str) -> dict[str, int]:
    pairs = (word.partition(":") for word in spec.split())
    return {name: int(length or 0) for name, _, length in pairs}


def _read_only(set_name: str, type_name: str, spec: str, **children: Child) -> Entity:
    kinds = _kinds(f"id:guid {spec} lastModifiedDateTime:datetime")
    return Entity(set_name, type_name, kinds, children=children)


_ADDRESS = "addressLine1 addressLine2 city state country postalCode phoneNumber"
DIMENSION_SET_LINES = Entity(
    "dimensionSetLines",
    "dimensionSetLine",
    _kinds(
        "id:guid code consolidationCode parentId:guid parentType displayName"
        " valueId:guid valueCode valueConsolidationCode valueDisplayName"
    ),
    _lengths("id code:20 valueId valueCode:20"),
)
_DIMENSIONS = Child(DIMENSION_SET_LINES, None)


def _document_lines(document: str) -> Entity:
    return Entity(
        f"{document}Lines",
        f"{document}Line",
        _kinds(
            "id:guid documentId:guid sequence:integer itemId:guid accountId:guid lineType"
            " lineObjectNumber description description2 unitOfMeasureId:guid unitOfMeasureCode"
            " quantity:decimal unitPrice:decimal discountAmount:decimal discountPercent:decimal"
            " discountAppliedBeforeTax:boolean amountExcludingTax:decimal taxCode"
            " taxPercent:decimal totalTaxAmount:decimal amountIncludingTax:decimal"
            " invoiceDiscountAllocation:decimal netAmount:decimal netTaxAmount:decimal"
            " netAmountIncludingTax:decimal shipmentDate:date itemVariantId:guid locationId:guid"
        ),
        _lengths(
            "documentId sequence itemId accountId lineType lineObjectNumber:20 description:100"
            " description2:50 unitOfMeasureId unitOfMeasureCode:10 quantity unitPrice"
            " discountPercent taxCode:20 shipmentDate dimensionSetLines"
        ),
        {"dimensionSetLines": _DIMENSIONS},
        frozenset({"POST", "PATCH", "DELETE"}),
    )


_PARTY = (
    "dueDate:date customerId:guid customerNumber customerName billToName billToCustomerId:guid"
    " billToCustomerNumber sellToAddressLine1 sellToAddressLine2 sellToCity sellToCountry"
    " sellToState sellToPostCode billToAddressLine1 billToAddressLine2 billToCity billToCountry"
    " billToState billToPostCode currencyId:guid shortcutDimension1Code shortcutDimension2Code"
    " currencyCode paymentTermsId:guid shipmentMethodId:guid salesperson"
    " pricesIncludeTax:boolean discountAmount:decimal discountAppliedBeforeTax:boolean"
    " totalAmountExcludingTax:decimal totalTaxAmount:decimal totalAmountIncludingTax:decimal"
    " status lastModifiedDateTime:datetime phoneNumber email"
)
_PARTY_WRITABLE = (
    "externalDocumentNumber:35 postingDate dueDate customerId customerNumber:20 currencyId"
    " currencyCode:10 paymentTermsId shipmentMethodId salesperson:20 shortcutDimension1Code:20"
    " shortcutDimension2Code:20 phoneNumber:30 email:80 dimensionSetLines"
)


def _document(name: str, spec: str, writable: str, lines: Entity) -> Entity:
    return Entity(
        f"{name}s",
        name,
        _kinds(f"id:guid number externalDocumentNumber postingDate:date {spec} {_PARTY}"),
        _lengths(f"{_PARTY_WRITABLE} {writable} {lines.set_name}"),
        {lines.set_name: Child(lines, "documentId"), "dimensionSetLines": _DIMENSIONS},
        frozenset({"POST", "PATCH", "DELETE"}),
    )


SALES_INVOICE_LINES = _document_lines("salesInvoice")
SALES_INVOICES = _document(
    "salesInvoice",
    "invoiceDate:date promisedPayDate:date customerPurchaseOrderReference shipToName"
    " shipToContact shipToAddressLine1 shipToAddressLine2 shipToCity shipToCountry shipToState"
    " shipToPostCode orderId:guid orderNumber disputeStatusId:guid disputeStatus"
    " remainingAmount:decimal",
    "invoiceDate promisedPayDate customerPurchaseOrderReference:35",
    SALES_INVOICE_LINES,
)
SALES_CREDIT_MEMO_LINES = _document_lines("salesCreditMemo")
SALES_CREDIT_MEMOS = _document(
    "salesCreditMemo",
    "creditMemoDate:date invoiceId:guid invoiceNumber customerReturnReasonId:guid",
    "creditMemoDate invoiceId invoiceNumber:20",
    SALES_CREDIT_MEMO_LINES,
)
_DIMENSION_VALUES = _read_only(
    "dimensionValues", "dimensionValue", "code dimensionId:guid displayName consolidationCode"
)
COMPANIES = Entity(
    "companies",
    "company",
    _kinds("id:guid systemVersion timestamp:integer name displayName businessProfileId"),
)
_ENTITIES = (
    SALES_INVOICES,
    SALES_INVOICE_LINES,
    SALES_CREDIT_MEMOS,
    SALES_CREDIT_MEMO_LINES,
    _DIMENSION_VALUES,
    _read_only(
        "customers",
        "customer",
        f"number displayName type {_ADDRESS} email website salespersonCode balanceDue:decimal"
        " taxLiable:boolean taxAreaId:guid taxAreaDisplayName taxRegistrationNumber"
        " currencyId:guid currencyCode paymentTermsId:guid shipmentMethodId:guid"
        " paymentMethodId:guid blocked",
    ),
    _read_only("projects", "project", "number displayName"),
    _read_only(
        "dimensions",
        "dimension",
        "code displayName consolidationCode",
        dimensionValues=Child(_DIMENSION_VALUES, "dimensionId"),
    ),
    _read_only(
        "accounts",
        "account",
        "number displayName category subCategory blocked:boolean accountType"
        " directPosting:boolean netChange:decimal consolidationTranslationMethod"
        " consolidationDebitAccount consolidationCreditAccount excludeFromConsolidation:boolean",
    ),
    _read_only(
        "currencies",
        "currency",
        "code displayName symbol amountDecimalPlaces amountRoundingPrecision:decimal",
    ),
    _read_only(
        "currencyExchangeRates",
        "currencyExchangeRate",
        "currencyCode startingDate:date exchangeRateAmount:decimal relationalCurrencyCode"
        " relationalExchangeRateAmount:decimal",
    ),
    _read_only(
        "accountingPeriods",
        "accountingPeriod",
        "startingDate:date name newFiscalYear:boolean closed:boolean dateLocked:boolean",
    ),
    _read_only(
        "generalLedgerSetup",
        "generalLedgerSetup",
        "allowPostingFrom:date allowPostingTo:date additionalReportingCurrency"
        " localCurrencyCode localCurrencySymbol allowQueryFromConsolidation:boolean"
        " shortcutDimension1Code shortcutDimension2Code shortcutDimension3Code"
        " shortcutDimension4Code shortcutDimension5Code shortcutDimension6Code"
        " shortcutDimension7Code shortcutDimension8Code",
    ),
    _read_only(
        "companyInformation",
        "companyInformation",
        f"displayName {_ADDRESS} faxNumber email website taxRegistrationNumber currencyCode"
        " currentFiscalYearStartDate:date industry experience",
    ),
    _read_only(
        "employees",
        "employee",
        f"number displayName givenName middleName surname jobTitle {_ADDRESS} mobilePhone email"
        " personalEmail employmentDate:date terminationDate:date status birthDate:date"
        " statisticsGroupCode bankBranchNumber bankAccountNumber iban",
    ),
    _read_only(
        "generalLedgerEntries",
        "generalLedgerEntry",
        "entryNumber:integer postingDate:date documentNumber documentType accountId:guid"
        " accountNumber description debitAmount:decimal creditAmount:decimal"
        " additionalCurrencyDebitAmount:decimal additionalCurrencyCreditAmount:decimal",
        dimensionSetLines=_DIMENSIONS,
    ),
)
STANDARD: Mapping[str, Entity] = {entity.set_name: entity for entity in _ENTITIES}
CUSTOM: Mapping[str, Entity] = {
    entity.set_name: entity
    for entity in (
        _read_only(
            "projectBillings",
            "projectBilling",
            "projectNumber customerNumber currencyCode taxCode revenueAccountNumber"
            " costCentreCode billingRule purchaseOrderNumber status startingDate:date"
            " endingDate:date",
        ),
        _read_only(
            "projectPrices",
            "projectPrice",
            "projectNumber resourceNumber roleCode workTypeCode currencyCode unitPrice:decimal"
            " startingDate:date endingDate:date",
        ),
    )
}
