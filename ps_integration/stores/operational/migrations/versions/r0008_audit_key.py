"""Rows of the audit trail are coded by a key; those before stay in their old form."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Adding a column rewrites no row, so the triggers do not mind."""
    op.add_column("audit", sa.Column("form", sa.Integer(), server_default="1", nullable=False))
    op.add_column("audit", sa.Column("key_id", sa.String(16), nullable=True))
    op.add_column("audit", sa.Column("code", sa.String(64), nullable=True))
