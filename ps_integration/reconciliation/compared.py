"""Which rule compares each column of an ERP's documents with what was posted, or why none does.

A column that a connector reads and nobody compares is a change in the ERP that nobody hears of.
Every column of `canonical.erp_documents` and `canonical.erp_lines` is in one of these, which a test
sees to: a compared one fires its rule when it changes.
"""

from collections.abc import Mapping
from typing import Final

DOCUMENTS: Final[Mapping[str, str]] = {
    "external_id": "BL06",
    "company": "BL05",
    "kind": "BL05",
    "number": "BL05",
    "reference": "BL05",
    "status": "BL05",
    "is_standing": "BL05",
    "customer_key": "BL05",
    "currency": "BL05",
    "posting_date": "BL05",
    "invoice_date": "BL05",
    "amount_minor": "BL05",
    "tax_minor": "BL05",
    "credited_minor": "BL05",
}
"""Columns of a document, by the rule that compares them."""
LINES: Final[Mapping[str, str]] = {
    "document_external_id": "BL06",
    "object_number": "BL05",
    "project_key": "BL05",
    "quantity": "TM03",
    "unit_price": "TM04",
    "amount_minor": "TM04",
    "tax_code": "BL05",
}
"""Columns of a line, by the rule that compares them."""
DOCUMENTS_LEFT_OUT: Final[Mapping[str, str]] = {
    "is_posted": "follows from `status`: what was posted and is a draft again is named as that",
    "total_minor": "is amount and tax, which are both compared",
    "remaining_minor": "falls with every payment",
    "applies_to": "names the invoice that a credit memo settles, whose credits are compared",
    "updated_at": "says when, not what",
}
"""Columns of a document that nothing compares, and why."""
LINES_LEFT_OUT: Final[Mapping[str, str]] = {
    "external_id": "some ERPs give the lines of a posted document new ids",
    "company": "is the document's",
    "line_no": "ERPs number lines in their own way; they are laid side by side in their order",
    "line_type": "says only how `object_number` is to be read",
    "description": "is the firm's wording, which may be corrected",
    "currency": "is the document's",
}
"""Columns of a line that nothing compares, and why."""
