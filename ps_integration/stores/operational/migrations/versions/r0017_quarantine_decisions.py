"""Seventeenth revision: what people decided about records in quarantine."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TOLD = "quarantine_decisions: another person confirms a proposal"
_REFUSED = """new.confirms is not null and not exists (
    select 1 from quarantine_decisions as pr
    where pr.decision_id = new.confirms and pr.decision = 'proposed'
        and pr.decided_by <> new.decided_by
        and pr.content_sha256 = new.content_sha256
)"""
_TRIGGERS = {
    "sqlite": (
        """create trigger quarantine_decisions_no_update before update on quarantine_decisions begin
        select raise(abort, 'quarantine_decisions is append-only'); end""",
        """create trigger quarantine_decisions_no_delete before delete on quarantine_decisions begin
        select raise(abort, 'quarantine_decisions is append-only'); end""",
        f"""create trigger quarantine_decisions_second_person before insert on quarantine_decisions
        when {_REFUSED} begin select raise(abort, '{_TOLD}'); end""",
    ),
    "postgresql": (
        """create trigger quarantine_decisions_append_only before update or delete
        on quarantine_decisions for each row execute function refuse_change()""",
        """create trigger quarantine_decisions_no_truncate before truncate on quarantine_decisions
        for each statement execute function refuse_change()""",
        f"""create function refuse_own_set_aside() returns trigger language plpgsql as $$
        begin
            if {_REFUSED} then raise exception '{_TOLD}'; end if;
            return new;
        end
        $$""",
        """create trigger quarantine_decisions_second_person before insert on quarantine_decisions
        for each row execute function refuse_own_set_aside()""",
    ),
}


def upgrade() -> None:
    """Add the table; a decision is never changed or deleted, only taken back by another row."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "quarantine_decisions",
        sa.Column("decision_id", number, primary_key=True, autoincrement=True),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("system", sa.String(64), nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.String(128), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("confirms", number, nullable=True),
        sa.Column("withdraws", number, nullable=True),
    )
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)
