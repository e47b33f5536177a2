"""Fourteenth revision: days of work that people dated anew because a zone was wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TRIGGERS = {
    "sqlite": (
        """create trigger day_decisions_no_update before update on day_decisions begin
        select raise(abort, 'day_decisions is append-only'); end""",
        """create trigger day_decisions_no_delete before delete on day_decisions begin
        select raise(abort, 'day_decisions is append-only'); end""",
    ),
    "postgresql": (
        """create trigger day_decisions_append_only before update or delete on day_decisions
        for each row execute function refuse_change()""",
        """create trigger day_decisions_no_truncate before truncate on day_decisions
        for each statement execute function refuse_change()""",
    ),
}


def upgrade() -> None:
    """Add the table; a decision is never changed or deleted, only followed by another."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "day_decisions",
        sa.Column("decision_id", number, primary_key=True, autoincrement=True),
        sa.Column("entry_id", sa.String(512), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("day_before", sa.Date(), nullable=False),
        sa.Column("day_after", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(128), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_index("ix_day_decisions_entry_id", "day_decisions", ["entry_id"])
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)
