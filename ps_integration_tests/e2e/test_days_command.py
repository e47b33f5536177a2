"""`days rederive`: a wrong zone is mended by a person, for what is not billed."""

from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.regressions.firm import lay, served

_DAY = "select work_date::varchar from canonical.time_entries where external_id = 'e1'"


def _day(firm):
    with Warehouse(firm.path("data/lakeside/warehouse.duckdb"), read_only=True) as warehouse:
        return warehouse.value(_DAY)


def test_unposted_work_is_dated_in_the_right_zone_and_the_trail_says_who_and_why(tmp_path):
    lay("lakeside", tmp_path)
    with served(tmp_path) as firm:
        firm.night("2026-03-31")
        assert _day(firm) == "2026-03-31"
        words = ("days", "rederive", "--person", "clock:u2", "--zone", "Asia/Kolkata")
        refused = firm.run(*words)
        assert refused.code == 2, refused.text
        assert "--note" in refused.text + refused.errors
        told = firm.said(*words, "--note", "worked from Pune since February", who="olga")
        assert told["dated"] == [
            {
                "entry_id": "clock:e1",
                "zone": "Asia/Kolkata",
                "before": "2026-03-31",
                "after": "2026-04-01",
            }
        ]
        assert (told["billed"], told["by"]) == ([], "olga")
        again = firm.run("days", "rederive", "clock:nobody", "--note", "x")
        assert again.code == 2
        assert "not known" in again.text + again.errors
        firm.night("2026-04-01")
        assert _day(firm) == "2026-04-01"
        assert firm.run("audit", "verify").code == 0
