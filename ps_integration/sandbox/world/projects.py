"""Customers and projects of the demonstration firm, and which people work on which."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ps_integration.sandbox.world.people import PEOPLE, Person

START = date(2026, 1, 5)
TASKS: Mapping[str, bool] = {"Analysis": True, "Build": True, "Testing": True, "Travel": False}
"""Tasks of every project, and whether their time is billable."""
CUSTOMERS: Mapping[str, tuple[str, str, str]] = {
    "C10010": ("Northgate Freight", "US", "USD"),
    "C10020": ("Cascade Health", "US", "USD"),
    "C10030": ("Bluestem Grain", "US", "USD"),
    "C10040": ("Lakeshore Transit", "US", "USD"),
    "C10050": ("Summit Outdoor", "US", "USD"),
    "C10060": ("Prairie Telecom", "US", "USD"),
    "C20010": ("Thameside Utilities", "UK", "GBP"),
    "C20020": ("Pennine Timetables", "UK", "GBP"),
    "C20030": ("Albion Mutual", "UK", "GBP"),
    "C20040": ("Rheintal Energie", "UK", "EUR"),
    "C20050": ("Cotswold Foods", "UK", "GBP"),
    "C20060": ("Severn Housing", "UK", "GBP"),
    "C30010": ("Deccan Motors", "IN", "INR"),
    "C30020": ("Konkan Ports", "IN", "INR"),
    "C30030": ("Nilgiri Tea", "IN", "INR"),
}
"""Customer number to name, legal entity that bills it, and currency."""


@dataclass(frozen=True, slots=True)
class Project:
    """One project.

    Attributes:
        code: Its key in every system.
        name: What it is about; the title of every system is the code and this.
        customer: Customer number; empty for the firm's own projects.
        billing: `tm`, `milestone`, `fixed_fee` or `internal`.
        staff: How many people of each entity work on it, e.g. `US8 IN4`; empty = only entries
            that are listed one by one.
        card: Rate card; empty = the legal entity's own.
        cap: Not to exceed, in major units; 0 = none.
        closed_on: The day it is closed in every system.
    """

    code: str
    name: str
    customer: str
    billing: str = "tm"
    staff: str = ""
    card: str = ""
    cap: int = 0
    closed_on: date | None = None

    @property
    def title(self) -> str:
        """Its name in every system."""
        return f"{self.code} {self.name}"

    @property
    def entity(self) -> str:
        """The legal entity that bills it."""
        return self.code[:2]

    @property
    def currency(self) -> str:
        """The currency it is billed in."""
        own = {"US": "USD", "UK": "GBP", "IN": "INR"}[self.entity]
        return CUSTOMERS[self.customer][2] if self.customer else own

    @property
    def rate_card(self) -> str:
        """The rate card that prices its hours."""
        return self.card or self.entity

    @property
    def number(self) -> int:
        """Counts projects, from 1."""
        return list(BY_CODE).index(self.code) + 1

    @property
    def clockify_id(self) -> str:
        """Id in Clockify."""
        return f"65b0{self.number:020x}"

    @property
    def harvest_id(self) -> int:
        """Id in Harvest."""
        return 5_200_000 + self.number

    @property
    def kantata_id(self) -> str:
        """Id in Kantata."""
        return str(21_000_000 + self.number)

    def is_closed(self, day: date) -> bool:
        """Whether it is closed at the end of a day."""
        return self.closed_on is not None and day >= self.closed_on


PROJECTS = (
    Project("US-101", "dispatch platform", "C10010", staff="US9 IN3"),
    Project("US-102", "patient data platform", "C10020", staff="US8 IN3 UK1"),
    Project("US-103", "grain trading desk", "C10030", staff="US7 IN2"),
    Project("US-104", "fare analytics", "C10040", staff="US6 UK2"),
    Project("US-105", "dealer support", "C10050", card="US-105", cap=20_000),
    Project("US-106", "network migration", "C10060", closed_on=date(2026, 3, 20)),
    Project("US-107", "clinic launch", "C10020", "milestone", "UK2 IN3"),
    Project("US-108", "pricing review", "C10030", "fixed_fee", "US4"),
    Project("US-110", "store pilot", "C10050"),
    Project("US-900", "internal", "", "internal", "US10"),
    Project("UK-201", "asset register", "C20010", staff="UK6 IN4"),
    Project("UK-202", "timetable engine", "C20020", staff="UK5 IN3 US2"),
    Project("UK-203", "pricing model", "C20030", staff="UK4 IN3"),
    Project("UK-204", "grid model", "C20040", card="EUR"),
    Project("UK-205", "depot planning", "C20050", staff="UK4 IN2", card="UK-205"),
    Project("UK-206", "control review", "C20030", "milestone", "UK3 IN2"),
    Project("UK-207", "tenant portal", "C20060"),
    Project("UK-208", "film archive", "C20050"),
    Project("UK-900", "internal", "", "internal", "UK6"),
    Project("IN-301", "dealer app", "C30010", staff="IN5 UK1"),
    Project("IN-302", "berth planner", "C30020", staff="IN4 US1"),
    Project("IN-303", "leaf traceability", "C30030", staff="IN3"),
    Project("IN-304", "service billing", "C30010"),
    Project("IN-305", "crane telemetry", "C30020"),
    Project("IN-900", "internal", "", "internal", "IN6"),
)
BY_CODE = {project.code: project for project in PROJECTS}


def staffing() -> dict[Person, tuple[Project, ...]]:
    """Who works on what: people of an entity are dealt out to its places in turn."""
    found: dict[Person, list[Project]] = {person: [] for person in PEOPLE}
    turn = dict.fromkeys(("US", "UK", "IN"), 0)
    for project in PROJECTS:
        for place in project.staff.split():
            entity, count = place[:2], int(place[2:])
            members = [person for person in PEOPLE if person.entity == entity]
            for _ in range(count):
                found[members[turn[entity] % len(members)]].append(project)
                turn[entity] += 1
    return {person: tuple(projects) for person, projects in found.items()}
