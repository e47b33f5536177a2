"""Second revision: a run remembers what its plan was made from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; runs before it cannot be replayed."""
    op.add_column("runs", sa.Column("inputs", sa.JSON(), nullable=True))
