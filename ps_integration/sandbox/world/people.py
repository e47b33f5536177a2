"""Sixty invented people: where they are employed, in which grade, and where they book time."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

GRADES = ("CONSULTANT", "ANALYST", "SENIOR", "CONSULTANT", "MANAGER", "SENIOR", "PRINCIPAL")
"""Dealt out in turn, so that every entity has every grade."""
ZONES = {"US": "America/New_York", "UK": "Europe/London", "IN": "Asia/Kolkata"}
RAILS_ZONES = {"US": "Eastern Time (US & Canada)"}
TIME_SYSTEMS = {"US": "harvest_us", "UK": "clockify_emea", "IN": "clockify_emea"}
OFFSHORE = " OFFSHORE"
LEFT = {"Walter York": date(2026, 2, 28)}
"""Last day of those who left."""
_NAMES = {
    "US": (
        "Amy Archer, Brian Bell, Carla Cole, Daniel Dunn, Elena Ford, Frank Gates, Grace Hale,"
        " Henry Ingram, Irene Judd, Jason Kerr, Karen Lowe, Louis Mercer, Megan Nash, Nathan Orr,"
        " Olivia Pace, Peter Quill, Rachel Reese, Steven Shaw, Teresa Todd, Ulric Vance,"
        " Vera Wells, Walter York, Wendy Abbot, Xavier Birch, Yvonne Clay, Zachary Drew"
    ),
    "UK": (
        "Alice Marsh, Barnaby Nunn, Celia Oakes, Duncan Pryor, Edith Quinn, Felix Rowe,"
        " Gemma Stone, Hugh Tait, Isla Upton, James Voss, Katie Wren, Leonard Yates,"
        " Maisie Booth, Neil Carver, Oscar Denham, Phoebe Elms"
    ),
    "IN": (
        "Aarav Bhat, Bhavna Chari, Chetan Desai, Divya Easwar, Farhan Gill, Gauri Hegde,"
        " Harish Iyer, Indira Joshi, Jatin Kale, Kavya Lal, Lakshmi Menon, Manoj Nair,"
        " Nandini Oza, Omkar Patil, Priya Rao, Rohan Sethi, Sunita Tandon, Varun Wadia"
    ),
}


@dataclass(frozen=True, slots=True)
class Person:
    """One employee.

    Attributes:
        number: Counts everybody, from 1.
        name: Given and family name.
        entity: Legal entity that employs them.
        grade: What their hour is priced by; grades in India have a price of their own.
    """

    number: int
    name: str
    entity: str
    grade: str

    @property
    def given(self) -> str:
        """Given name."""
        return self.name.split()[0]

    @property
    def family(self) -> str:
        """Family name."""
        return self.name.split()[1]

    @property
    def email(self) -> str:
        """Work e-mail, by which every system knows them."""
        return f"{self.given}.{self.family}@halden.example".lower()

    @property
    def system(self) -> str:
        """Where they book time."""
        return TIME_SYSTEMS[self.entity]

    @property
    def zone(self) -> ZoneInfo:
        """The zone of their office."""
        return ZoneInfo(ZONES[self.entity])

    @property
    def clockify_id(self) -> str:
        """Id in Clockify."""
        return f"65a0{self.number:020x}"

    @property
    def harvest_id(self) -> int:
        """Id in Harvest."""
        return 4_100_000 + self.number

    @property
    def kantata_id(self) -> str:
        """Id in Kantata."""
        return str(11_000_000 + self.number)


def _everybody() -> tuple[Person, ...]:
    found: list[Person] = []
    for entity, names in _NAMES.items():
        for at, name in enumerate(names.split(", ")):
            grade = GRADES[at % len(GRADES)] + (OFFSHORE if entity == "IN" else "")
            found.append(Person(len(found) + 1, name.strip(), entity, grade))
    return tuple(found)


PEOPLE = _everybody()
BY_NAME = {person.name: person for person in PEOPLE}
