import re
from pathlib import Path

import pytest

from ps_integration.contracts.found import COLUMNS
from ps_integration.errors import FixConfigError
from ps_integration.reconciliation.catalog import markdown_table
from ps_integration.reconciliation.rule import load_rules
from ps_integration_tests.reconciliation.world import RULES, runs_of

EXPECTED = (
    "BL01 BL02 BL03 BL04 BL05 BL06 BL07 BL08 BL09 BL10 IN01 IN02 IN03 IN04 IN05 IN06 IN07 "
    "MD01 MD02 MD03 MD04 MD05 MD06 MD07 MD08 MD09 MD10 MD11 MD12 TM01 TM02 TM03 TM04 TM05 TM06 "
    "TM07 TM08 TM09 TM10 TM11 TM12 TM13 TM14 TM15 TM16 TM17"
)
BLOCKING = "BL06 BL08 IN02 IN03 IN06 IN07 MD01 MD03 MD04 MD08 MD09 MD10 TM05 TM08 TM10 TM11"
HEADER = """\
-- rule: ZZ01
-- title: A firm's own rule
-- severity: low
-- owner: finance
-- blocks: no
-- needs_period: no
-- cause: unknown
-- remedy: Nothing.
"""
EMPTY = "select * exclude (rule) from reconciliation.found where false order by record_key;"


def test_no_rule_is_lost_and_none_changes_whether_it_blocks():
    known = [RULES[code] for code in EXPECTED.split()]
    assert " ".join(rule.code for rule in known if rule.blocks) == BLOCKING


def test_every_rule_that_holds_things_says_which_kinds_and_no_other_does():
    assert [rule.code for rule in RULES.values() if bool(rule.holds) != rule.may_block] == []


def test_a_kind_of_hold_that_nobody_knows_is_refused(tmp_path):
    text = HEADER.replace("-- blocks: no", "-- blocks: yes\n-- holds: entry, planet") + EMPTY
    with pytest.raises(FixConfigError, match="holds planet"):
        load_rules(_folder(tmp_path, text))


def test_every_rule_is_clean_in_a_clean_world():
    assert {code: run.message for code, run in runs_of({}).items() if run.status != "clean"} == {}


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_a_test_that_fires_and_one_that_is_quiet(code):
    tests = "".join(p.read_text("utf-8") for p in Path(__file__).parent.glob("test_*.py"))
    assert f"def test_fires_{code.lower()}_" in tests
    assert re.search(rf"def test_quiet_{code.lower()}_", tests)


@pytest.mark.parametrize("code", RULES)
def test_every_rule_ends_in_the_same_order(code):
    assert RULES[code].sql.endswith("order by record_key")


def test_the_table_of_rules_has_one_line_each():
    lines = markdown_table().splitlines()
    assert len(lines) == len(RULES) + 2
    assert any(line.startswith("| TM03 | Hours differ") for line in lines)


def _folder(tmp_path: Path, text: str, name: str = "zz01_own.sql") -> Path:
    (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_a_firm_adds_a_rule_by_dropping_a_file(tmp_path):
    rules = load_rules(_folder(tmp_path, HEADER + EMPTY))
    assert [rule.code for rule in rules if rule.code not in RULES] == ["ZZ01"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER.replace("-- owner: finance\n", ""), "zz01_own.sql:1: key 'owner' is missing"),
        (HEADER + "-- sla: 5\n", "zz01_own.sql:9: unknown key 'sla'"),
        (HEADER.replace("low", "urgent"), "zz01_own.sql:3: severity 'urgent' is not one of"),
        (HEADER + "-- rule: ZZ01\n", "zz01_own.sql:9: rule is said twice"),
        (HEADER + "--tolerance_x: 1\n", "zz01_own.sql:9: a header line reads"),
        (HEADER + "-- tolerance_x: some\n", "zz01_own.sql:9: tolerance_x 'some' is not a number"),
        (HEADER + "-- needs: erp\n", "zz01_own.sql:9: cannot need erp"),
        (HEADER.replace("ZZ01", "ZZ02"), "zz01_own.sql:1: rule ZZ02 must be in a file named"),
        (HEADER, "no query follows the header"),
    ],
)
def test_a_wrong_header_is_refused_with_file_and_line(tmp_path, text, said):
    body = "" if text == HEADER else EMPTY
    with pytest.raises(FixConfigError, match=re.escape(said)):
        load_rules(_folder(tmp_path, text + body))


def test_a_code_in_use_is_refused(tmp_path):
    own = _folder(tmp_path, HEADER.replace("ZZ01", "TM01") + EMPTY, "tm01_own.sql")
    with pytest.raises(FixConfigError, match="rule TM01 is already in"):
        load_rules(own)


def test_the_contract_has_the_columns_of_the_warehouse():
    schema = Path("ps_integration/stores/warehouse/schema.sql").read_text("utf-8")
    table = schema.split("create table if not exists reconciliation.found (")[1].split(");")[0]
    names = [word.split()[0] for word in table.replace("\n", " ").split(",")]
    assert tuple(names[1:]) == COLUMNS
