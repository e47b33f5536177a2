"""Tenth revision: what people decided about lines that were typed into an ERP by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TRIGGERS = {
    "sqlite": (
        """create trigger match_decisions_no_update before update on match_decisions begin
        select raise(abort, 'match_decisions is append-only'); end""",
        """create trigger match_decisions_no_delete before delete on match_decisions begin
        select raise(abort, 'match_decisions is append-only'); end""",
    ),
    "postgresql": (
        """create trigger match_decisions_append_only before update or delete on match_decisions
        for each row execute function refuse_change()""",
        """create trigger match_decisions_no_truncate before truncate on match_decisions
        for each statement execute function refuse_change()""",
    ),
}


def upgrade() -> None:
    """Add the table; a decision is never changed or deleted, only taken back by another row."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "match_decisions",
        sa.Column("decision_id", number, primary_key=True, autoincrement=True),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("record_key", sa.String(255), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("project_id", sa.String(128), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("difference_minor", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(128), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("withdraws", number, nullable=True),
    )
    op.create_index("ix_match_decisions_record_key", "match_decisions", ["record_key"])
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)
