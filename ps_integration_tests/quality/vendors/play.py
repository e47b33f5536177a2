"""Plays the faults and look-alikes of a seed over six nights, and keeps what each night found."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from ps_integration_tests.quality.vendors import (  # noqa: F401 - they register their kinds
    faults_master,
    faults_posted,
    faults_work,
    lookalikes,
)
from ps_integration_tests.quality.vendors.kinds import BEFORE, FOR_GOOD, KINDS, LATER, Kind
from ps_integration_tests.quality.vendors.site import Site
from ps_integration_tests.quality.vendors.stage import Stage, staged
from ps_integration_tests.quality.vendors.worlds import WORLDS, World, take_back

NIGHTS = {
    1: date(2026, 3, 17), 2: date(2026, 3, 18), 3: date(2026, 3, 19), 4: date(2026, 3, 20),
    5: date(2026, 3, 23),
}  # fmt: skip
WORLD_NIGHTS = {6: date(2026, 3, 26), 7: date(2026, 3, 30)}
TAKING_BACK = 5
FAULTS, LOOKALIKES = 150, 100
_WORD = re.compile(r"[a-z0-9]+")


@dataclass
class Item:
    """One fault or look-alike that is played.

    Attributes:
        kind: What it is.
        site: Whom it befalls.
        seen_from: The night from which its break must be there.
        is_back: Whether it was taken back.
        at_risk: In minor units; None = not judged.
        crash: Why it could not be played.
    """

    kind: Kind
    site: Site
    seen_from: int = 0
    is_back: bool = False
    at_risk: int | None = None
    crash: str = ""
    acts: Iterator[Any] | None = None


@dataclass
class Played:
    """What a seed's nights found: breaks by night, each beside the item that it speaks of."""

    seed: int
    items: list[Item]
    found: dict[int, list[tuple[dict[str, Any], Item | None]]] = field(default_factory=dict)
    sentences: dict[int, str] = field(default_factory=dict)
    worlds: dict[int, Sequence[World]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)


def cast(rng: Random, faults: int, likes: int) -> list[Kind]:
    """Which kinds are played, how often: all of them in turn, in an order of the seed."""
    chosen: list[Kind] = []
    for is_fault, count in ((True, faults), (False, likes)):
        kinds = [kind for kind in KINDS if kind.is_fault is is_fault]
        rounds = -(-count // len(kinds))
        dealt = [kind for _ in range(rounds) for kind in rng.sample(kinds, len(kinds))]
        chosen += dealt[:count]
    return chosen


def play(
    seed: int, faults: int = FAULTS, likes: int = LOOKALIKES, last: int = TAKING_BACK + len(WORLDS)
) -> Played:
    """Play the nights of a seed up to the last one asked for."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder), seed) as stage:
        items = [
            Item(kind, stage.draw(**kind.made)) for kind in cast(stage.rng, faults, likes)
        ]  # fmt: skip
        played = Played(seed, items)
        for item in items:
            if not item.kind.is_born:
                stage.build(item.site)
        for number, day in list(NIGHTS.items())[:last]:
            stage.noon(day)
            act(stage, items, number)
            _night(stage, played, number, day)
            if number == 1:
                stage.firm.sign()
        for number, worlds in list(enumerate(WORLDS, start=TAKING_BACK + 1))[
            : max(0, last - TAKING_BACK)
        ]:
            stage.noon(WORLD_NIGHTS[number])
            played.worlds[number] = worlds
            for world in worlds:
                world.play(stage)
            _night(stage, played, number, WORLD_NIGHTS[number])
        return played


def _night(stage: Stage, played: Played, number: int, day: date) -> None:
    answer = stage.night(day)
    played.sentences[number] = str(answer["sentence"])
    played.found[number] = list(_attributed(stage.breaks(), played.items))
    played.erased = stage.erased
    take_back(stage)


def act(stage: Stage, items: Sequence[Item], night: int) -> None:
    """What people do before a night: plant what is due then, or take everything back."""
    for item in items:
        kind = item.kind
        if night == TAKING_BACK:
            _take_back(item)
        elif night >= BEFORE and night >= kind.night and not item.seen_from and not item.crash:
            item.acts = item.acts or kind.play(stage, item.site)
            told = _next(item)
            if told != LATER:
                item.seen_from, item.at_risk = night, told


def _take_back(item: Item) -> None:
    if item.seen_from and item.acts is not None:
        item.is_back = _next(item) is None and not item.crash


def _next(item: Item) -> Any:
    """The next of its acts; a kind that cannot be played is counted, and stops nothing."""
    assert item.acts is not None
    try:
        return next(item.acts, None)
    except (AssertionError, ValueError, IndexError, KeyError) as error:
        item.crash = f"{type(error).__name__}: {error}"
        return FOR_GOOD


def _attributed(
    breaks: Sequence[dict[str, Any]], items: Sequence[Item]
) -> Iterator[tuple[dict[str, Any], Item | None]]:
    """Each break beside the item whose project, customer, person, entry or document it names."""
    whose: dict[str, Item] = {}
    for item in items:
        whose.update((token, item) for token in item.site.all_tokens())
    for one in breaks:
        facts = one["facts"]
        places = (one["record_key"], one["blocked_id"], facts.get("project_id"),
            facts.get("customer_key"), facts.get("entry_id"), facts.get("left_id"),
            facts.get("right_id"), facts.get("detail"), facts.get("left_value"),
            facts.get("right_value"))  # fmt: skip
        words = [word for text in places for word in _WORD.findall(str(text or "").lower())]
        yield one, next((whose[word] for word in words if word in whose), None)
