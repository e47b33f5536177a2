"""Eleventh revision: a proposed match is confirmed by another person, or not at all."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TOLD = "match_decisions: another person confirms a proposal"
# An acceptance that names another row confirms it: a proposal, of another person.
_REFUSED = """new.decision = 'accepted' and new.withdraws is not null and not exists (
    select 1 from match_decisions as pr
    where pr.decision_id = new.withdraws and pr.decision = 'proposed'
        and pr.decided_by <> new.decided_by
)"""
_TRIGGERS = {
    "sqlite": (
        f"""create trigger match_decisions_second_person before insert on match_decisions
        when {_REFUSED} begin select raise(abort, '{_TOLD}'); end""",
    ),
    "postgresql": (
        f"""create function refuse_first_person() returns trigger language plpgsql as $$
        begin
            if {_REFUSED} then raise exception '{_TOLD}'; end if;
            return new;
        end
        $$""",
        """create trigger match_decisions_second_person before insert on match_decisions
        for each row execute function refuse_first_person()""",
    ),
}


def upgrade() -> None:
    """Add the trigger; the rows stay as they are, for the trail has witnessed every column."""
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)
