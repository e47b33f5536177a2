"""What is renumbered, renamed or merged after posting sends nothing and stops nothing else."""

from pathlib import Path

import pytest

from ps_integration_tests.identity import SOURCES
from ps_integration_tests.identity.grid import cells
from ps_integration_tests.identity.play import is_kept, played


@pytest.mark.parametrize("name", list(SOURCES))
def test_no_change_sends_a_document_and_new_time_is_billed_or_named(
    name: str, tmp_path: Path
) -> None:
    source = SOURCES[name]
    found = played(source, tmp_path, cells(source.KNOWS, is_short=True))
    assert {str(cell): told for cell, told in found.items() if not is_kept(told)} == {}
    untouched = {told.state for cell, told in found.items() if cell.where == "nowhere"}
    assert untouched == {"billed"}, "only what was changed may wait"
