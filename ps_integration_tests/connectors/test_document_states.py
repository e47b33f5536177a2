"""Every state that an ERP gives a document means one thing, to its reader and to its writer."""

import pytest

from ps_integration.connectors.vendors.business_central import documents as bc_reader
from ps_integration.connectors.vendors.business_central import writer as bc_writer
from ps_integration.connectors.vendors.tryton import documents as tryton_reader
from ps_integration.connectors.vendors.tryton import receipts as tryton_writer
from ps_integration.connectors.vendors.xero import documents as xero_reader
from ps_integration.connectors.vendors.xero import receipts as xero_writer

MEANS = {
    "draft": "draft",
    "open": "posted",
    "part_paid": "posted",
    "paid": "posted",
    "corrective": "posted",
    "cancelled": "cancelled",
}
"""What a status in the warehouse is to the life of a document."""
VENDORS = {
    "business_central": (bc_reader.STATES, bc_writer.STATES),
    "tryton": (tryton_reader.STATES, tryton_writer.STATES),
    "xero": (xero_reader.STATES, xero_writer.STATES),
}


@pytest.mark.parametrize(
    ("vendor", "word"),
    [
        (vendor, word)
        for vendor, tables in VENDORS.items()
        for word in sorted({*tables[0], *tables[1]})
    ],
)
def test_a_vendors_word_is_known_to_both_and_means_the_same(vendor, word):
    reader, writer = VENDORS[vendor]
    assert word in reader, "its reader would put such a document into quarantine"
    assert word in writer, "its writer would take such a document for unreadable"
    assert MEANS[reader[word]] == writer[word]
