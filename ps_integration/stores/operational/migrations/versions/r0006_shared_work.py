"""Several workers share the work, and waiting and not knowing have an end."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UNCONFIRMED = sa.text("state = 'posted' and confirmed_at is null")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns of leases, waits and deadlines, and the indexes that find work."""
    for column in (
        sa.Column("next_try_at", _INSTANT, nullable=True),
        sa.Column("put_off", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("unknown_until", _INSTANT, nullable=True),
        sa.Column("lease_holder", sa.String(128), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("lease_until", _INSTANT, nullable=True),
    ):
        op.add_column("documents", column)
    op.drop_index("ix_documents_batch_id", "documents")
    op.drop_index("ix_documents_state", "documents")
    op.create_index("ix_documents_batch_state", "documents", ["batch_id", "state"])
    work = ["state", "system", "company", "posting_date"]
    op.create_index("ix_documents_work", "documents", work)
    op.create_index(
        "ix_documents_unconfirmed",
        "documents",
        ["document_ref"],
        sqlite_where=_UNCONFIRMED,
        postgresql_where=_UNCONFIRMED,
    )
    op.create_index("ix_ledger_run_id", "ledger", ["run_id"])
