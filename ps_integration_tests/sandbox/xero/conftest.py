"""A sandbox with one Xero organisation, and a client that signs its requests."""

import pytest
import requests

from ps_integration_tests.posting.targets import xero

APOLLO = [{"Name": "Project", "Option": "APOLLO"}]
LINE = {"Description": "Work", "Quantity": 2, "UnitAmount": 50, "AccountCode": "4000",
        "TaxType": "TAXABLE", "Tracking": APOLLO}  # fmt: skip


def element(number="PS-1", **changes):
    invoice = {"Type": "ACCREC", "InvoiceNumber": number, "Contact": {"ContactNumber": "C100"},
               "Date": "2026-03-31", "DueDate": "2026-04-30", "Status": "AUTHORISED",
               "LineItems": [LINE]}  # fmt: skip
    return {**invoice, **changes}


@pytest.fixture
def target(tmp_path):
    with xero.serving(tmp_path) as target:
        yield target


@pytest.fixture
def call(target):
    """Send one request below the API, signed, for the tenant, with JSON asked for."""
    with requests.Session() as session:
        form = {"grant_type": "client_credentials", "scope": "accounting.transactions"}
        told = session.post(
            f"{target.base_url}/connect/token",
            data=form,
            auth=("sandbox-client", "sandbox-secret"),
            timeout=5,
        ).json()
        signed = {"Authorization": f"Bearer {told['access_token']}", "Accept": "application/json"}

        def send(path, method="GET", headers=None, **kwargs):
            sent = {**signed, "Xero-Tenant-Id": xero.TENANT, **(headers or {})}
            url = f"{target.base_url}/api.xro/2.0{path}"
            return session.request(method, url, headers=sent, timeout=5, **kwargs)

        yield send


@pytest.fixture
def put(call):
    """Create invoices; the elements of the answer."""

    def send(*elements, key=None, **params):
        headers = {} if key is None else {"Idempotency-Key": key}
        params = {"summarizeErrors": "false", **params}
        body = {"Invoices": list(elements)}
        return call("/Invoices", "PUT", headers, json=body, params=params)

    return send
