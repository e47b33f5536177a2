"""What a document calls its project on the day on which it is sent."""

import pytest

from ps_integration.domain.canonical_ids import Identity, Link, Plan
from ps_integration.stores.operational import canonical
from ps_integration.stores.operational.models import Document

OLD, NEW = "alpha", "alpha-2"


def link(record_id, external_id, project):
    """A record of the ERP that was recognised as a project."""
    place = Identity("project", "bc", "projects", record_id, external_id)
    return Link(place, external_id, project, "match_key")


@pytest.mark.parametrize(
    ("links", "told"),
    [
        pytest.param([], OLD, id="nothing is known"),
        pytest.param([link("r1", OLD, "p1")], OLD, id="as it was"),
        pytest.param([link("r1", OLD, "p1"), link("r1", NEW, "p1")], NEW, id="renumbered"),
        pytest.param([link("r1", OLD, "p1"), link("r2", NEW, "p1")], OLD, id="another record"),
        pytest.param(
            [link("all", OLD, "p1"), link("all", "beta", "p2"), link("all", "gamma", "p3")],
            OLD, id="one record holds all projects",
        ),
    ],
)  # fmt: skip
def test_a_document_names_its_project_as_the_erp_does_now(store, night, links, told):
    document = Document(system="bc", customer_key="c1", content={"project_external_id": OLD})
    with store.session() as session:
        canonical.remember(session, Plan((), tuple(links), {}), night.as_of, night.run_id)
    with store.snapshot() as session:
        assert canonical.names(session, document).project_external_id == told
