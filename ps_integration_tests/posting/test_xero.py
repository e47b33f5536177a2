"""A staged batch goes to Xero, over HTTP, and is there once."""

import pytest

from ps_integration.workflows import post
from ps_integration_tests.posting.making import make_batch
from ps_integration_tests.posting.targets import xero

REF = "PS-APOLLO-202603-1"
POSTED = [(REF, "invoice", "posted", 35_000)]


@pytest.fixture
def target(tmp_path):
    with xero.serving(tmp_path) as target:
        yield target


def test_a_signed_batch_is_posted_and_read_back(store, night, approved, states, target):
    approved(make_batch())
    result = post.post(night, store, {"bc": xero.writer(target.base_url)})
    assert (states()[REF], result.row_count) == ("posted", 1)
    assert "erp_altered" not in result.metadata
    assert xero.documents(target.state) == POSTED
