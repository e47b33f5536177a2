"""A store knows which one it is, and whether it may post."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and its only row: every store has its own number from its beginning."""
    identity = op.create_table(
        "store_identity",
        sa.Column("only", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("store_id", sa.String(32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("is_copy", sa.Boolean(), nullable=False),
        sa.Column("fence_reason", sa.Text(), nullable=True),
    )
    own = {"only": 1, "store_id": secrets.token_hex(16), "epoch": 1, "is_copy": False}
    op.bulk_insert(identity, [own])
