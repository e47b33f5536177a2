"""Seventh revision: lines say what they correct, and what the ERP cancelled is on record."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SQLITE = """
create trigger erp_reversals_no_{verb} before {verb} on erp_reversals begin
    select raise(abort, 'erp_reversals is append-only');
end
"""
_POSTGRESQL = (
    (
        "create trigger erp_reversals_append_only before update or delete on erp_reversals "
        "for each row execute function refuse_change()"
    ),
    (
        "create trigger erp_reversals_no_truncate before truncate on erp_reversals "
        "for each statement execute function refuse_change()"
    ),
)


def upgrade() -> None:
    """Add the links, the table of reversals and what keeps it append-only."""
    for name, length in (
        ("correction", 16),
        ("corrects_document_ref", 35),
        ("corrects_line_key", 255),
        ("corrects_reason", 32),
    ):
        op.add_column("posting_lines", sa.Column(name, sa.String(length), nullable=True))
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "erp_reversals",
        sa.Column("document_ref", sa.String(35), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("erp_number", sa.String(64), nullable=True),
        sa.Column("found_at", instant, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=True),
        sa.Column("policy", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("document_ref"),
        sa.ForeignKeyConstraint(["document_ref"], ["documents.document_ref"]),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    triggers = [_SQLITE.format(verb=verb) for verb in ("update", "delete")]
    for statement in triggers if is_sqlite else _POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)
