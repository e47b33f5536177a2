"""Fifteenth revision: what people decided about posted work whose master data changed."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TABLE = "correction_decisions"
_TRIGGERS = {
    "sqlite": (
        f"""create trigger {_TABLE}_no_update before update on {_TABLE} begin
        select raise(abort, '{_TABLE} is append-only'); end""",
        f"""create trigger {_TABLE}_no_delete before delete on {_TABLE} begin
        select raise(abort, '{_TABLE} is append-only'); end""",
    ),
    "postgresql": (
        f"""create trigger {_TABLE}_append_only before update or delete on {_TABLE}
        for each row execute function refuse_change()""",
        f"""create trigger {_TABLE}_no_truncate before truncate on {_TABLE}
        for each statement execute function refuse_change()""",
    ),
}


def upgrade() -> None:
    """Add the table; a decision is never changed or deleted, only taken back by another row."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        _TABLE,
        sa.Column("decision_id", number, primary_key=True, autoincrement=True),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("object_kind", sa.String(16), nullable=False),
        sa.Column("object_id", sa.String(128), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("effect_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("decided_by", sa.String(128), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("withdraws", number, nullable=True),
    )
    op.create_index(f"ix_{_TABLE}_object_id", _TABLE, ["object_id"])
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)
