"""Thirteenth revision: what people said was deleted, of records that went missing at once."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TOLD = "deletion_decisions: another person confirms a proposal"
_REFUSED = """new.confirms is not null and not exists (
    select 1 from deletion_decisions as pr
    where pr.decision_id = new.confirms and pr.decision = 'proposed'
        and pr.decided_by <> new.decided_by
)"""
_TRIGGERS = {
    "sqlite": (
        """create trigger deletion_decisions_no_update before update on deletion_decisions begin
        select raise(abort, 'deletion_decisions is append-only'); end""",
        """create trigger deletion_decisions_no_delete before delete on deletion_decisions begin
        select raise(abort, 'deletion_decisions is append-only'); end""",
        f"""create trigger deletion_decisions_second_person before insert on deletion_decisions
        when {_REFUSED} begin select raise(abort, '{_TOLD}'); end""",
    ),
    "postgresql": (
        """create trigger deletion_decisions_append_only before update or delete
        on deletion_decisions for each row execute function refuse_change()""",
        """create trigger deletion_decisions_no_truncate before truncate on deletion_decisions
        for each statement execute function refuse_change()""",
        f"""create function refuse_own_deletion() returns trigger language plpgsql as $$
        begin
            if {_REFUSED} then raise exception '{_TOLD}'; end if;
            return new;
        end
        $$""",
        """create trigger deletion_decisions_second_person before insert on deletion_decisions
        for each row execute function refuse_own_deletion()""",
    ),
}


def upgrade() -> None:
    """Add the table; a decision is never changed or deleted."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "deletion_decisions",
        sa.Column("decision_id", number, primary_key=True, autoincrement=True),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("system", sa.String(64), nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("records", sa.JSON(), nullable=False),
        sa.Column("amounts", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.String(128), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("confirms", number, nullable=True),
    )
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)
