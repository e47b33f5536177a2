"""Whatever is evidence about something else stays as known while its record cannot be read.

Walks every contract, so that a new object is tried by itself.
"""

from collections.abc import Mapping, Sequence

from ps_integration.connectors.protocol import Stream
from ps_integration.contracts.registry import CANONICAL
from ps_integration.domain.records import CanonicalRow, FieldProblem, RecordRefusedError
from ps_integration.workflows.last_known import BILLED
from ps_integration_tests.contracts.test_contracts import GOOD


class Everything:
    """One stream for each canonical object; a record that is bad cannot be read."""

    system = "clock"

    def streams(self) -> Sequence[Stream]:
        return tuple(Stream(name, "full", (name,)) for name in CANONICAL)

    def parse(self, stream: str, payload: Mapping[str, object]) -> Sequence[CanonicalRow]:
        if payload["is_bad"]:
            raise RecordRefusedError(FieldProblem("is_bad", "true", "known_value"))
        return [CanonicalRow(stream, {"external_id": "x1", **GOOD[stream]})]


def _rows(suite) -> dict[str, list[dict[str, object]]]:
    return {name: suite.rows(f"select * from canonical.{name}") for name in CANONICAL}


def test_what_rests_on_a_record_in_quarantine_stays_as_it_was_for_every_contract(suite):
    suite.connectors = {"clock": Everything()}
    for name in CANONICAL:
        suite.land("clock", name, x1={"is_bad": False})
    suite.night()
    before = _rows(suite)
    assert all(before.values()), "every contract has a good row"
    versions = suite.values("select * from canonical.entry_versions")
    for name in CANONICAL:
        suite.land("clock", name, x1={"is_bad": True})
    suite.night()
    suite.night()
    after = _rows(suite)
    assert {name: rows for name, rows in after.items() if name not in BILLED} == {
        name: rows for name, rows in before.items() if name not in BILLED
    }
    assert [after[name] for name in BILLED] == [[] for _ in BILLED]
    assert suite.values("select * from canonical.entry_versions") == versions
    assert suite.values("select * from canonical.gone_milestones") == []
    for name in CANONICAL:
        suite.land("clock", name, x1=None)
    suite.night()
    assert not any(_rows(suite).values())
    assert suite.values("select max(version_no) from canonical.entry_versions") == [(2,)]
    assert suite.values("select * from canonical.gone_milestones") == [("clock:x1",)]
