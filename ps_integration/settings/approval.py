"""Who may approve a batch: a policy within ceilings, and people within the limits of their roles.

Amounts are in major units of the batch's currency, as decimal text.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from pydantic import Field

from ps_integration.domain.identity import NOT_A_PERSON, person_of
from ps_integration.settings.base import Amounts, Identifier, Strict, is_amount
from ps_integration.settings.breaks import CLOSES_PERIODS
from ps_integration.settings.yaml_source import KeyPath

BREAK_GLASS = "break_glass"
"""The role whose people may exceed a limit, with a reason and an alert. It has no limit itself."""
_WITHOUT_LIMIT = frozenset({BREAK_GLASS, CLOSES_PERIODS})


class AutoCorrections(Strict):
    """How much of what was posted a policy may take back, per legal entity and calendar day.

    Counted are the lines that are taken back, gross: what bills them again takes nothing off. What
    policy let go earlier that day counts, whichever run it was. Beyond any limit all corrections
    of the entity that are left that day wait for a person.
    """

    max_reversed_lines: int = Field(default=10, ge=0)
    max_percent: str = Field(
        default="5", description="of the net that the ERP has confirmed for the posting month"
    )
    max_amount: Amounts = Field(
        default_factory=dict, description="a currency that is not named is zero"
    )


class AutoApproval(Strict):
    """What a policy may approve without a person; anything over a ceiling waits for one."""

    max_amount_per_batch: Amounts = Field(default_factory=dict)
    max_lines_per_batch: int = Field(default=0, ge=0)
    max_amount_per_day: Amounts = Field(default_factory=dict)
    max_amount_per_month: Amounts = Field(default_factory=dict)
    corrections: AutoCorrections = AutoCorrections()


class ApproverRole(Strict):
    """What people of one role may approve. A currency that is not named is zero."""

    max_amount_per_batch: Amounts = Field(default_factory=dict)
    max_amount_per_day: Amounts = Field(
        default_factory=dict, description="per legal entity; not named: no limit by the day"
    )


class Approver(Strict):
    """One person: the logins they have on this machine, and their roles."""

    logins: tuple[str, ...] = Field(default=(), description="default: the person's own key")
    roles: tuple[Identifier, ...] = ()


class Approval(Strict):
    """Who may approve a batch. Without `people`, every person but its makers may, of any amount."""

    automatic: AutoApproval = AutoApproval()
    expires_after_days: int = Field(default=14, ge=1)
    people: dict[str, Approver] = Field(default_factory=dict)
    roles: dict[Identifier, ApproverRole] = Field(default_factory=dict)
    second_person_above: Amounts = Field(
        default_factory=dict, description="above it a batch needs two approvers"
    )
    service_accounts: tuple[str, ...] = Field(
        default=(),
        description="logins that several people start runs under, e.g. a shared Dagster's; what "
        "such a run made, unless its schedule started it, nobody may approve",
    )
    split_days: int = Field(
        default=7,
        ge=0,
        description="approvals of one customer's or project's period within so many days "
        "count together; 0: they never do",
    )

    def person(self, login: str) -> str:
        """Who a login belongs to: the key in `people`, else the login itself, in one spelling."""
        wanted = person_of(login)
        for name, person in self.people.items():
            if wanted in {person_of(one) for one in person.logins or (name,)}:
                return person_of(name)
        return wanted

    def roles_of(self, login: str) -> frozenset[str]:
        """The roles of the person that a login belongs to."""
        wanted = self.person(login)
        return frozenset(
            role
            for name, person in self.people.items()
            if person_of(name) == wanted
            for role in person.roles
        )


def check_approval(approval: Approval) -> Iterator[tuple[KeyPath, str]]:
    """Yield every mistake that needs more than one key to be seen."""
    tables: list[tuple[KeyPath, Amounts]] = [
        (("approval", "automatic", name), getattr(approval.automatic, name))
        for name in ("max_amount_per_batch", "max_amount_per_day", "max_amount_per_month")
    ]
    corrections = approval.automatic.corrections
    at_corrections: KeyPath = ("approval", "automatic", "corrections")
    tables.append(((*at_corrections, "max_amount"), corrections.max_amount))
    if not is_amount(corrections.max_percent):
        text = f"{corrections.max_percent!r} is not a percentage of at least 0 such as '5'"
        yield (*at_corrections, "max_percent"), text
    for role, limits in approval.roles.items():
        at: KeyPath = ("approval", "roles", role)
        tables.append(((*at, "max_amount_per_batch"), limits.max_amount_per_batch))
        tables.append(((*at, "max_amount_per_day"), limits.max_amount_per_day))
    tables.append((("approval", "second_person_above"), approval.second_person_above))
    for key_path, amounts in tables:
        yield from _amounts(key_path, amounts)
    yield from _logins(approval)
    yield from _people(approval)


def _logins(approval: Approval) -> Iterator[tuple[KeyPath, str]]:
    owners: dict[str, str] = {}
    for name, person in approval.people.items():
        at: KeyPath = ("approval", "people", name)
        for login in person.logins or (name,):
            spelled = person_of(login)
            if spelled in NOT_A_PERSON:
                yield at, f"{login!r} is a name of the product, not of a person"
            if owners.setdefault(spelled, name) != name:
                yield at, f"the login {login!r} belongs to {owners[spelled]!r} already"


def _people(approval: Approval) -> Iterator[tuple[KeyPath, str]]:
    for role in sorted(_WITHOUT_LIMIT & set(approval.roles)):
        yield ("approval", "roles", role), "is a role without limits of its own; leave it out here"
    if approval.roles and not approval.people:
        yield ("approval", "roles"), "nobody has one; name people under approval.people"
    for name, person in approval.people.items():
        for role in person.roles:
            if role not in _WITHOUT_LIMIT and role not in approval.roles:
                key_path: KeyPath = ("approval", "people", name, "roles")
                yield key_path, f"{role!r} is no role of this file"


def _amounts(at: KeyPath, amounts: Amounts) -> Iterator[tuple[KeyPath, str]]:
    for currency, text in amounts.items():
        try:
            amount = Decimal(text)
        except InvalidOperation:
            yield (*at, currency), f"{text!r} is not an amount such as '25000.00'"
            continue
        if not amount.is_finite() or amount < 0:
            yield (*at, currency), "a ceiling must be a finite amount of at least 0"
