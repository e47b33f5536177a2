"""The books of a firm in Xero, as people see and change them there."""

from decimal import Decimal
from typing import Any

import requests

from ps_integration_tests.regressions.firm import COMPANY, Firm


def xero(firm: Firm, method: str, path: str, body: object = None) -> Any:
    """What Xero answers over HTTP."""
    token = requests.post(
        firm.environ["BOOKS_TOKEN_URL"],
        data={
            "grant_type": "client_credentials",
            "client_id": firm.environ["BOOKS_CLIENT"],
            "client_secret": firm.environ["BOOKS_SECRET"],
        },
        timeout=30,
    ).json()["access_token"]
    answer = requests.request(
        method,
        f"{firm.environ['BOOKS_URL']}/{path}",
        json=body,
        headers={
            "Authorization": f"Bearer {token}",
            "Xero-Tenant-Id": COMPANY,
            "Accept": "application/json",
        },
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return answer.json(parse_float=Decimal)


def invoices(firm: Firm) -> list[tuple[str, Decimal]]:
    """State and net of every invoice in Xero."""
    found = xero(firm, "GET", "Invoices?page=1")["Invoices"]
    return sorted((one["Status"], Decimal(str(one["SubTotal"]))) for one in found)


def end(firm: Firm, net: str, status: str) -> None:
    """Void or delete the invoice of that net, as a person does in Xero."""
    found = xero(firm, "GET", "Invoices?page=1")["Invoices"]
    [key] = [one["InvoiceID"] for one in found if Decimal(str(one["SubTotal"])) == Decimal(net)]
    xero(firm, "POST", "Invoices", {"Invoices": [{"InvoiceID": key, "Status": status}]})
