"""What is kept of fields from night to night."""

from datetime import timedelta
from pathlib import Path

from ps_integration.reconciliation.engine import run_rules
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.reconciliation.world import AS_OF, fill

_NAMES = """
select system, value, seen_at
from reconciliation.field_history
where object_kind = 'project' and field = 'name'
order by seen_at, system
"""


def test_a_value_is_kept_once_and_a_change_beside_it():
    warehouse = Warehouse(Path(":memory:"))
    fill(warehouse, {})
    later = AS_OF + timedelta(days=1)
    for _ in range(2):
        run_rules(warehouse, [])
    first = warehouse.rows(_NAMES)
    assert [row["system"] for row in first] == ["bc", "harvest", "kantata"]
    assert {row["seen_at"] for row in first} == {AS_OF}
    warehouse.execute("update config.run set as_of = $later", {"later": later})
    warehouse.execute("update canonical.projects set name = 'Zeus' where system = 'harvest'")
    run_rules(warehouse, [])
    assert warehouse.rows(_NAMES)[:-1] == first
    assert warehouse.rows(_NAMES)[-1] == {"system": "harvest", "value": "Zeus", "seen_at": later}
