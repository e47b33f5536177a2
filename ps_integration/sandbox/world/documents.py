"""Everything the firm's systems hold at an instant, and the systems themselves."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache

from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.world import business_central, clockify, harvest, kantata
from ps_integration.sandbox.world.entries import SEED, Entry, moment, ordinary
from ps_integration.sandbox.world.listed import as_at, is_gone, listed
from ps_integration.sandbox.world.people import PEOPLE
from ps_integration.sandbox.world.projects import PROJECTS, Project
from ps_integration.sandbox.world.record import Record

STARTED = {"US-110": date(2026, 3, 9), "UK-207": date(2026, 3, 9)}
"""Projects that are not there from the beginning."""
CREDENTIALS = {
    "HALDEN_KANTATA_TOKEN": "halden-kantata",
    "HALDEN_HARVEST_TOKEN": "halden-harvest",
    "HALDEN_CLOCKIFY_KEY": "halden-clockify",
    "HALDEN_BC_CLIENT": "halden-suite",
    "HALDEN_BC_SECRET": "halden-bc",
}
"""What the sandbox accepts, by the variable in which the firm file looks for it."""
TAX_RATES = {"NONTAX": 0, "STANDARD": 20, "GST18": 18}
COMMIT_DELAY_SECONDS = 0.3


def systems() -> Mapping[str, tuple[str, Document]]:
    """Each system's vendor and settings; limits are wide, as it is only ourselves who ask."""
    wide = {"rate_limit_requests": 100_000, "max_commit_delay_seconds": COMMIT_DELAY_SECONDS}
    bc = {
        "clients": {CREDENTIALS["HALDEN_BC_CLIENT"]: CREDENTIALS["HALDEN_BC_SECRET"]},
        "tax_rates": TAX_RATES,
        "requests_max": 1_000_000,
        "max_commit_delay_seconds": COMMIT_DELAY_SECONDS,
    }
    time_harvest = {
        "account_id": harvest.ACCOUNT,
        "tokens": [CREDENTIALS["HALDEN_HARVEST_TOKEN"]],
        "me": PEOPLE[0].harvest_id,
    }
    owner = next(person for person in PEOPLE if person.system == clockify.SYSTEM)
    time_clockify = {"api_keys": [CREDENTIALS["HALDEN_CLOCKIFY_KEY"]], "me": owner.clockify_id}
    psa = {
        "tokens": [CREDENTIALS["HALDEN_KANTATA_TOKEN"]],
        "max_commit_delay_seconds": COMMIT_DELAY_SECONDS,
    }
    return {
        business_central.SYSTEM: ("business_central", bc),
        clockify.SYSTEM: ("clockify", {**time_clockify, **wide}),
        harvest.SYSTEM: ("harvest", {**time_harvest, **wide}),
        kantata.SYSTEM: ("kantata", psa),
    }


def entries(seed: int = SEED) -> tuple[Entry, ...]:
    """All entries as they are in the end."""
    return (*ordinary(seed), *listed())


@lru_cache(maxsize=2)
def records_at(instant: datetime, seed: int = SEED) -> Mapping[tuple[str, str, str], Record]:
    """Every record at an instant, by its place; the night before is asked for again."""
    day = instant.date()
    projects = [project for project in PROJECTS if STARTED.get(project.code, date.min) <= day]
    found = [*_master_data(day, projects), *_time(instant, seed)]
    return {record.key: record for record in found}


def _master_data(day: date, projects: list[Project]) -> Iterator[Record]:
    by_system = {
        system: {person for person in PEOPLE if person.system == system}
        for system in (harvest.SYSTEM, clockify.SYSTEM)
    }
    yield from harvest.records(day, projects, by_system[harvest.SYSTEM])
    yield from clockify.records(day, projects, by_system[clockify.SYSTEM])
    yield from kantata.records(day, projects, set(PEOPLE))
    yield from business_central.records(day, projects)


def _time(instant: datetime, seed: int) -> Iterator[Record]:
    booked: list[Entry] = []
    for one in entries(seed):
        now = as_at(one, instant)
        if now is None:
            continue
        copy = kantata.actual(now)
        if copy is not None:
            yield copy
        if is_gone(one, instant):
            continue
        if now.person.system == clockify.SYSTEM:
            booked.append(now)
            yield clockify.entry(now)
        else:
            yield harvest.entry(now)
    yield from clockify.requests(booked)
    yield from clockify.marks(booked)


def started_at(project: Project) -> datetime | None:
    """When a project was entered, where it was not there from the beginning."""
    day = STARTED.get(project.code)
    return None if day is None else moment(day)
