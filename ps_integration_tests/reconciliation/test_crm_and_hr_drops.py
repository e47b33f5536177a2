"""Sales and leave as file drops, through a whole night, to the breaks of their rules."""

from datetime import date

import pytest

from ps_integration.sandbox.addresses import addresses
from ps_integration.sandbox.seed import read_seed, sow
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.settings.yaml_source import read_yaml
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.nightly import (
    instant_of,
    new_night,
    nightly,
    operational_store,
    snapshot,
)
from ps_integration_tests.docs.guides import named_files

SYSTEMS = """
systems:
  - id: sales
    vendor: files
    roles: [crm]
    options:
      folder: env:NORTHLIGHT_DROPS
      streams:
        - name: deals
          table: opportunities
          path: deals.csv
          id: [Deal]
          columns:
            name: Deal
            stage: {column: Stage, values: {Closed Won: won, Negotiation: open}}
            won_on: {column: Closed, format: "%d.%m.%Y"}
            amount_minor: Amount
            currency: {const: GBP}
            project_key: Project
  - id: people
    vendor: files
    roles: [hr]
    options:
      folder: env:NORTHLIGHT_DROPS
      streams:
        - name: staff
          table: resources
          path: leave.csv
          id: [Who]
          distinct: true
          columns: {match_key: Who, name: Who, home_legal_entity: {const: NL}}
        - name: leave
          table: absences
          path: leave.csv
          id: [No]
          columns:
            resource_external_id: Who
            kind: Kind
            starts_on: From
            ends_on: To
            seconds_per_day: {column: PerDay, unit: hours}
            approval_state: State
"""
DEALS = """Deal,Stage,Closed,Amount,Project
D-1,Closed Won,02.03.2026,12000.50,NL-9
D-2,Closed Won,02.03.2026,500,NL-1
D-3,Negotiation,,700,
"""
LEAVE = """No,Who,Kind,From,To,PerDay,State
1,P-17,vacation,2026-03-01,2026-03-02,,approved
2,P-17,doctor,2026-03-03,2026-03-03,2.5,approved
3,P-22,vacation,2026-03-04,2026-03-04,,submitted
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Open breaks of one dry night of the guide's firm, with a CRM, HR and a holiday calendar."""
    place = tmp_path_factory.mktemp("northlight")
    for name, body in named_files("docs/integration.md").items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(body)
    (place / "drops" / "deals.csv").write_text(DEALS)
    (place / "drops" / "leave.csv").write_text(LEAVE)
    firm = (place / "firm.yaml").read_text().replace("\nsystems:\n", SYSTEMS, 1)
    london = "time_zone: Europe/London}\n\nsystems"
    assert london in firm
    firm = firm.replace(london, "time_zone: Europe/London, holiday_calendar: GB}\n\nsystems")
    (place / "firm.yaml").write_text(firm)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        yield _night(place)


def _night(place):
    seed = read_seed(read_yaml(place / "books.yaml").data)
    state = SandboxState(place / "sandbox.sqlite")
    sow(state, seed)
    file = load_checked(place / "firm.yaml")
    with SandboxServer(state) as server:
        drops = {"NORTHLIGHT_DROPS": str(place / "drops")}
        instant = instant_of(date(2026, 3, 31), file.firm.firm.time_zone)
        run = new_night(file, instant, trigger="person", maker="m")
        environ = {**addresses(server), **seed.environment, **drops}
        nightly(run, environ, lambda _step, _result: None)
    with snapshot(file) as warehouse, operational_store(file):
        rows = warehouse.rows("select * from reconciliation.found order by rule, record_key")
        runs = warehouse.rows("select rule, status, message from reconciliation.rule_runs")
        days = warehouse.rows("select day from config.public_holidays where day = '2026-04-03'")
    state.close()
    return rows, {row["rule"]: row for row in runs}, days


def test_a_won_deal_without_a_project_is_found(found):
    [row] = [row for row in found[0] if row["rule"] == "MD11"]
    assert (row["left_id"], row["at_risk_minor"]) == ("D-1", None)
    assert "12000.50 GBP" in row["detail"]


def test_time_on_leave_is_found_for_the_whole_day_only(found):
    [row] = [row for row in found[0] if row["rule"] == "TM17"]
    assert row["record_key"] == "p-17|2026-03-02"
    assert row["right_value"] == "on leave: vacation"


def test_the_holidays_of_the_place_are_there(found):
    assert len(found[2]) == 1


def test_every_other_new_source_rule_ran(found):
    assert {code for code, row in found[1].items() if row["status"] == "could_not_run"} <= {"MD09"}
