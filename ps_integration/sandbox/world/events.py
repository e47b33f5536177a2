"""The nights of the demonstration, and what happens in the world before each of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ps_integration.sandbox.faults import Fault, add_fault, clear_faults
from ps_integration.sandbox.state import Change, SandboxState
from ps_integration.sandbox.world import harvest, ledger_edits
from ps_integration.sandbox.world.documents import records_at, systems
from ps_integration.sandbox.world.entries import SEED
from ps_integration.sandbox.world.record import Record

ZONE = ZoneInfo("America/New_York")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WorldNight:
    """One night of the demonstration.

    Attributes:
        day: Its date; the night is the end of that day in the firm's time zone.
        story: What happened before it, for people.
        signs_openings: After it, finance signs the opening lists.
        is_approved: The next morning somebody approves the batches that wait, and they are posted.
        leaves_waiting: Currencies whose batches nobody approves the next morning.
        faults: What is wrong with a server that night.
    """

    day: date
    story: str
    signs_openings: bool = False
    is_approved: bool = False
    leaves_waiting: frozenset[str] = frozenset()
    faults: Sequence[Fault] = ()

    @property
    def instant(self) -> datetime:
        """The last second of the day."""
        midnight = datetime.combine(self.day + timedelta(days=1), time(), ZONE)
        return midnight - timedelta(seconds=1)


_MAINTENANCE = Fault("html_200", harvest.SYSTEM, "GET", "/v2/user_assignments*")
NIGHTS = (
    WorldNight(
        date(2026, 2, 18), "The first half of February is approved; nothing may be posted yet.",
        signs_openings=True,
    ),
    WorldNight(
        date(2026, 2, 20),
        "The opening lists are signed.",
        is_approved=True,
        leaves_waiting=frozenset({"EUR"}),
    ),
    WorldNight(
        date(2026, 3, 4),
        "The second half of February is approved; Harvest sends a field nobody knows.",
        is_approved=True,
    ),
    WorldNight(
        date(2026, 3, 18),
        "The first half of March is approved; much was edited, and a page of Harvest is down.",
        is_approved=True,
        faults=(_MAINTENANCE,),
    ),
    WorldNight(
        date(2026, 4, 3),
        "March is approved, February is closed in India, and a posted invoice was changed.",
    ),
    WorldNight(
        date(2026, 4, 7), "The changed invoice is set right, and the missing project is created."
    ),
)  # fmt: skip


def prepare(state: SandboxState, night: WorldNight, seed: int = SEED) -> None:
    """Bring the world to a night: what happened is applied once ever, in one transaction.

    Started anew after a crash it goes on where it was; a night that was prepared stays as it is.
    """
    before = _before(night)
    if before is None:
        for name, (vendor, settings) in systems().items():
            state.register_system(name, vendor, settings)
    state.apply_once(f"world-{night.day}", changes(before, night.instant, seed))
    state.apply_once(f"ledger-{night.day}", ledger_edits.changes(state, night.day))
    clear_faults(state)
    for fault in night.faults:
        add_fault(state, fault)
    state.set_clock(night.instant)


def changes(before: datetime | None, instant: datetime, seed: int = SEED) -> Iterator[Change]:
    """What was entered, changed and deleted between two instants."""
    known = {} if before is None else records_at(before, seed)
    now = records_at(instant, seed)
    for key, record in now.items():
        old = known.get(key)
        if old is None:
            yield from _entered(record, before)
        elif old.document != record.document:
            at = record.updated_at if before is None else max(record.updated_at, before + _HOUR)
            yield _put(record, at)
    for key in known:
        if key not in now and before is not None:
            yield Change("delete", *key, document={}, at=before + _HOUR)


def _entered(record: Record, before: datetime | None) -> Iterator[Change]:
    created = record.created_at if before is None else max(record.created_at, before + _HOUR)
    yield _put(record, created)
    if record.updated_at > created:
        yield _put(record, record.updated_at)


def _put(record: Record, at: datetime) -> Change:
    return Change("put", record.system, record.collection, record.id, record.document, at)


def _before(night: WorldNight) -> datetime | None:
    at = NIGHTS.index(night)
    return NIGHTS[at - 1].instant if at else None
