"""Time entries: what a person booked, and how each entry changes as days go by."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Literal

from ps_integration.sandbox.world.people import LEFT, PEOPLE, Person
from ps_integration.sandbox.world.projects import TASKS, Project, staffing

SEED = 20260201
FIRST_DAY, LAST_DAY = date(2026, 1, 19), date(2026, 3, 31)
ORDINARY = 11_946
"""Entries of everyday work; `listed.py` has the others."""
BILL_FROM = date(2026, 2, 1)
CLOSINGS = (
    (date(2026, 1, 31), date(2026, 2, 2), date(2026, 2, 3)),
    (date(2026, 2, 15), date(2026, 2, 16), date(2026, 2, 17)),
    (date(2026, 2, 28), date(2026, 3, 2), date(2026, 3, 3)),
    (date(2026, 3, 15), date(2026, 3, 16), date(2026, 3, 17)),
    (date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2)),
)
"""Timesheets close twice a month: last work date, day submitted, day approved."""
State = Literal["draft", "submitted", "approved", "rejected", "withdrawn"]
_NOTES = ("", "", "review", "pairing", "fixes", "call with the customer", "handover")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of time as it is at some moment.

    Attributes:
        number: Counts entries; ids in every system are made of it.
        start: Minutes after midnight in the person's zone, where clock times are kept.
        minutes: Duration.
        psa_minutes: What the PSA has for it; None = the same.
        created_at: When it was booked.
        submitted_at: When it was handed in; None = never.
        approved_at: When it was approved; None = never.
        changed_at: The last time it was edited after approval.
        state: Where its approval stands.
        own_request: Whether it was handed in apart from the half-month's timesheet.
        is_running: A timer that runs.
    """

    number: int
    person: Person
    project: Project
    task: str
    work_date: date
    minutes: int
    start: int
    note: str
    created_at: datetime
    submitted_at: datetime | None = None
    approved_at: datetime | None = None
    changed_at: datetime | None = None
    state: State = "draft"
    psa_minutes: int | None = None
    own_request: bool = False
    is_running: bool = False

    @property
    def id(self) -> str:
        """Id in the system it was booked in."""
        if self.person.system == "harvest_us":
            return str(2_600_000_000 + self.number)
        return f"65f0{self.number:020x}"

    @property
    def kantata_id(self) -> str:
        """Id of the PSA's copy."""
        return str(71_000_000 + self.number)

    @property
    def is_billable(self) -> bool:
        """Whether the source has it as billable."""
        return TASKS[self.task] and self.project.billing != "internal"

    @property
    def started_at(self) -> datetime:
        """When work began; the clock of that day may be changed on the way."""
        midnight = datetime.combine(self.work_date, time(), self.person.zone)
        naive = midnight.replace(tzinfo=None) + timedelta(minutes=self.start)
        return naive.replace(tzinfo=self.person.zone).astimezone(UTC)

    @property
    def updated_at(self) -> datetime:
        """When anything in it changed last."""
        moments = (self.created_at, self.submitted_at, self.approved_at, self.changed_at)
        return max(moment for moment in moments if moment is not None)

    def at(self, instant: datetime) -> "Entry | None":
        """The entry as it was at an instant; None before it was booked."""
        if instant < self.created_at:
            return None
        submitted = self.submitted_at if _past(self.submitted_at, instant) else None
        approved = self.approved_at if _past(self.approved_at, instant) else None
        changed = self.changed_at if _past(self.changed_at, instant) else None
        state: State = "submitted" if submitted else "draft"
        if approved:
            state = self.state if self.state in ("rejected", "withdrawn") else "approved"
        if self.state == "withdrawn" and approved and not changed:
            state = "approved"
        return replace(
            self,
            submitted_at=submitted,
            approved_at=approved,
            changed_at=changed,
            state=state,
            psa_minutes=self.psa_minutes if self.changed_at == changed else None,
        )


def _past(moment: datetime | None, instant: datetime) -> bool:
    return moment is not None and moment <= instant


def closing(day: date) -> tuple[datetime, datetime]:
    """When the timesheet that holds a day was handed in, and when it was approved."""
    for last, submitted, approved in CLOSINGS:
        if day <= last:
            return moment(submitted, 9), moment(approved, 15)
    raise ValueError(f"{day}: no timesheet of the demonstration holds this day")


def moment(day: date, hour: int = 12) -> datetime:
    """An instant of a day, in UTC."""
    return datetime.combine(day, time(hour), UTC)


@cache
def ordinary(seed: int = SEED) -> tuple[Entry, ...]:
    """Everyday work of everybody, nothing wrong in it; the same for the same seed."""
    random = Random(seed)  # noqa: S311 - a made-up world must be the same every time
    made = list(_everyday(random))
    spare = len(made) - ORDINARY
    if spare < 0:
        raise ValueError(f"the world has {len(made)} everyday entries, {ORDINARY} are wanted")
    left_out = set(random.sample(range(len(made)), spare))
    kept = [entry for at, entry in enumerate(made) if at not in left_out]
    return tuple(replace(entry, number=at) for at, entry in enumerate(kept, start=1))


def _everyday(random: Random) -> Iterator[Entry]:
    staffed = staffing()
    for offset in range((LAST_DAY - FIRST_DAY).days + 1):
        day = FIRST_DAY + timedelta(days=offset)
        if day.weekday() >= 5:  # noqa: PLR2004 - Saturday and Sunday
            continue
        for person in PEOPLE:
            if day > LEFT.get(person.name, LAST_DAY):
                continue
            yield from _day(random, person, staffed[person], day)


def _day(
    random: Random, person: Person, projects: tuple[Project, ...], day: date
) -> Iterator[Entry]:
    count = random.choice((3, 4, 4, 5))
    start = 8 * 60 + random.randrange(0, 60, 5)
    submitted, approved = closing(day)
    made: set[tuple[Project, str, int, str]] = set()
    for _ in range(count):
        step = 3 if person.system == "harvest_us" else 1
        minutes = step * random.randrange(300 // count // step, 520 // count // step)
        task = random.choices(tuple(TASKS), weights=(3, 8, 4, 1))[0]
        project = random.choice(projects)
        spoken = random.choice(_NOTES)
        # nobody does the same twice on one day: that would look like a duplicate
        note = next(n for n in (spoken, *_NOTES[2:]) if (project, task, minutes, n) not in made)
        made.add((project, task, minutes, note))
        entry = Entry(
            number=0,
            person=person,
            project=project,
            task=task,
            work_date=day,
            minutes=minutes,
            start=start,
            note=note,
            created_at=moment(day, 23) - timedelta(hours=2),
            submitted_at=submitted,
            approved_at=approved,
        )
        yield _sometimes_unfinished(random, entry)
        start += minutes + 5


def _sometimes_unfinished(random: Random, entry: Entry) -> Entry:
    """A few entries are never handed in; of the last timesheet some are refused."""
    lot = random.random()
    if lot < 0.004:  # noqa: PLR2004 - four in a thousand
        return replace(entry, submitted_at=None, approved_at=None)
    is_last = entry.work_date > CLOSINGS[-2][0]
    if lot > 0.998 and is_last and entry.person.system != "harvest_us":  # noqa: PLR2004
        return replace(entry, state="rejected", own_request=True)
    return entry
