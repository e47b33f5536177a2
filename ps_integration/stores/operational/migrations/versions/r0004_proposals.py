"""What one person proposes and another confirms."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; a confirmed proposal is never changed or deleted."""
    op.create_table(
        "proposals",
        sa.Column(
            "proposal_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(128), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(128), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("confirmed_by <> proposed_by", name="second_person"),
    )
    op.create_index("ix_proposals_subject", "proposals", ["subject"])
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)


_TRIGGERS = {
    "sqlite": (
        """create trigger proposals_no_delete before delete on proposals begin
        select raise(abort, 'proposals: rows are never deleted'); end""",
        """create trigger proposals_confirmed before update on proposals
        when old.confirmed_by is not null begin
        select raise(abort, 'proposals: what was confirmed does not change'); end""",
    ),
    "postgresql": (
        """create trigger proposals_no_delete before delete on proposals
        for each row execute function refuse_change()""",
        """create trigger proposals_no_truncate before truncate on proposals
        for each statement execute function refuse_change()""",
        """create trigger proposals_confirmed before update on proposals for each row
        when (old.confirmed_by is not null) execute function refuse_change()""",
    ),
}
