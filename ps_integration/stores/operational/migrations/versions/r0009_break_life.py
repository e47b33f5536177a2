"""Ninth revision: breaks are assigned, due, put off and accepted for a time; periods are closed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_APPEND_ONLY = ("break_imports", "period_events")
_SQLITE = """
create trigger {table}_no_{verb} before {verb} on {table} begin
    select raise(abort, '{table} is append-only');
end
"""
_POSTGRESQL = (
    """create trigger {table}_append_only before update or delete on {table}
    for each row execute function refuse_change()""",
    """create trigger {table}_no_truncate before truncate on {table}
    for each statement execute function refuse_change()""",
)


def upgrade() -> None:
    """Add what a break is worked by, the events' details, imports and closed periods."""
    for column in (
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("episode_at", _INSTANT, nullable=True),
        sa.Column("assigned_to", sa.String(128), nullable=True),
        sa.Column("is_assigned_by_hand", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("accepted_minor", sa.BigInteger(), nullable=True),
        sa.Column("accepted_until", sa.Date(), nullable=True),
        sa.Column("alerts", sa.String(32), nullable=False, server_default=""),
        sa.Column("alerted_minor", sa.BigInteger(), nullable=True),
    ):
        op.add_column("breaks", column)
    op.add_column("break_events", sa.Column("detail", sa.JSON(), nullable=True))
    op.add_column("proposals", sa.Column("until", sa.Date(), nullable=True))
    _imports()
    _periods()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in _APPEND_ONLY:
        verbs = [_SQLITE.format(table=table, verb=verb) for verb in ("update", "delete")]
        for statement in verbs if is_sqlite else [one.format(table=table) for one in _POSTGRESQL]:
            op.get_bind().exec_driver_sql(statement)


def _imports() -> None:
    op.create_table(
        "break_imports",
        sa.Column("decisions_sha256", sa.String(64), nullable=False),
        sa.Column("file_sha256", sa.String(64), nullable=False),
        sa.Column("export_id", sa.String(64), nullable=False),
        sa.Column("decisions", sa.JSON(), nullable=False),
        sa.Column("imported_by", sa.String(128), nullable=False),
        sa.Column("imported_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("decisions_sha256"),
    )
    op.create_index("ix_break_imports_export_id", "break_imports", ["export_id"])


def _periods() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "period_events",
        sa.Column("seq", number, primary_key=True, autoincrement=True),
        sa.Column("legal_entity", sa.String(64), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("by", sa.String(128), nullable=False),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )
    op.create_index("ix_period_events_legal_entity", "period_events", ["legal_entity"])
