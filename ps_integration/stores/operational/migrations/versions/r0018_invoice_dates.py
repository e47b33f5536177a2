"""Eighteenth revision: a document keeps the invoice date that its first claim gave it."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_FIXED = {
    "sqlite": """
create trigger documents_dated before update of invoice_date on documents
when old.invoice_date is not null and new.invoice_date is not old.invoice_date
    and not (new.invoice_date is null and new.state = 'planned') begin
    select raise(abort, 'documents: an invoice date that was sent does not change');
end
""",
    "postgresql": """
create trigger documents_dated before update on documents for each row
when (
    old.invoice_date is not null and new.invoice_date is distinct from old.invoice_date
    and not (new.invoice_date is null and new.state = 'planned')
)
execute function refuse_change()
""",
}


_SENT = """
update documents set invoice_date = posting_date
where sent_at is not null and state not in ('planned', 'refused', 'superseded')
"""


def upgrade() -> None:
    """Add the column; only what goes back to planning, having never left, may lose its date.

    What was sent before bears its posting date, and is sent again under it.
    """
    op.add_column("documents", sa.Column("invoice_date", sa.Date(), nullable=True))
    op.get_bind().exec_driver_sql(_SENT)
    op.get_bind().exec_driver_sql(_FIXED[op.get_bind().dialect.name])
