"""Sixteenth revision: no table changes; from here on the trail witnesses all of them."""

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing: `OperationalStore.migrate` witnesses what is stored, once."""
