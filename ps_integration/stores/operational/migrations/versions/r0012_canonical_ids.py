"""Twelfth revision: canonical ids, and which record of which system is which of them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES = ("canonical_ids", "record_links")


def upgrade() -> None:
    """Add both tables; what they say is never changed or deleted.

    They are empty: the first night seeds them with the keys of the night before.
    """
    instant = sa.DateTime(timezone=True)
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "canonical_ids",
        sa.Column("object_kind", sa.String(16), primary_key=True),
        sa.Column("canonical_id", sa.Text(), primary_key=True),
        sa.Column("born_key", sa.Text(), nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=True),
    )
    op.create_table(
        "record_links",
        sa.Column("link_id", number, primary_key=True, autoincrement=True),
        sa.Column("object_kind", sa.String(16), nullable=False),
        sa.Column("system", sa.String(64), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("match_key", sa.Text(), nullable=True),
        sa.Column("canonical_id", sa.Text(), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("seen_at", instant, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=True),
    )
    op.create_index(
        "ix_record_links_record", "record_links", ["object_kind", "system", "external_id"]
    )
    for table in _TABLES:
        for statement in _triggers(table, op.get_bind().dialect.name):
            op.get_bind().exec_driver_sql(statement)


def _triggers(table: str, dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"create trigger {table}_no_{what} before {what} on {table} begin "
            f"select raise(abort, '{table} is append-only'); end"
            for what in ("update", "delete")
        ]
    return [
        (
            f"create trigger {table}_append_only before update or delete on {table} "
            "for each row execute function refuse_change()"
        ),
        (
            f"create trigger {table}_no_truncate before truncate on {table} "
            "for each statement execute function refuse_change()"
        ),
    ]
