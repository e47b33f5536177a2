"""Approvals are bound to the audit trail; configurations are installed and accepted."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what is new. Approvals given before carry no audit row: they must be given again."""
    op.create_table(
        "config_changes",
        sa.Column("change_id", _WHOLE, primary_key=True, autoincrement=True),
        sa.Column("config_hash", sa.String(64), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("how", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("batches", sa.Column("versions", sa.JSON(), nullable=True))
    op.add_column("approvals", sa.Column("audit_seq", _WHOLE, nullable=True))
    op.add_column(
        "approvals",
        sa.Column("is_break_glass", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    kind = op.get_bind().dialect.name
    script = files("ps_integration.stores.operational.migrations.versions").joinpath(
        f"r0005_{kind}.sql"
    )
    for statement in script.read_text("utf-8").split("\n;;\n"):
        op.get_bind().exec_driver_sql(statement)
