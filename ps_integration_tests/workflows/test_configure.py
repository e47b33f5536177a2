"""What the firm file says reaches the tables that rules and rating read."""

from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.configure import configure
from ps_integration_tests.posting.making import make_firm, make_night


def test_hours_are_rated_at_the_scale_that_the_erp_keeps(tmp_path):
    firm = make_firm()
    (books, time) = firm.systems
    companies = {"companies": {"us": "1"}}
    xero = books.model_copy(update={"id": "xe", "vendor": "xero", "options": companies})
    options = {**companies, "tenant": "t", "environment": "e"}
    books = books.model_copy(update={"options": options})
    night = make_night(tmp_path, firm=firm.model_copy(update={"systems": (books, xero, time)}))
    with Warehouse(tmp_path / "w.duckdb") as warehouse:
        configure(night, warehouse)
        rows = warehouse.rows("select system, quantity_decimals from config.systems")
    assert {row["system"]: row["quantity_decimals"] for row in rows}["xe"] == 4
    assert {row["system"]: row["quantity_decimals"] for row in rows}["bc"] == 5
