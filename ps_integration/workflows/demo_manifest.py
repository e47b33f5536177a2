"""Holds what the demonstration's nights found against its manifest, break by break.

The manifest is written by hand beside the firm file. No rule and no other part of the product
reads it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ps_integration.domain.money import exact_minor
from ps_integration.errors import FixConfigError
from ps_integration.settings.load import FirmFile
from ps_integration.settings.yaml_source import read_yaml
from ps_integration.stores.operational import breaks
from ps_integration.workflows.nightly import operational_store

FILE_NAME: Final = "manifest.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExpectedBreak(_Strict):
    """One break a fault must cause.

    Attributes:
        at_risk: Money at risk in major units; None = no money is at stake.
        amounts: Money at risk on nights on which it is another one.
        first: First night that finds it.
        last: Last night that finds it; None = still open at the end.
        consequence_of: Rule and record key of the break at its root, e.g. `IN07 harvest|...`.
    """

    rule: str
    record: str
    period: str = ""
    legal_entity: str | None = None
    at_risk: Decimal | None = None
    currency: str | None = None
    amounts: Mapping[date, Decimal] = Field(default_factory=dict)
    cause: str
    first: date
    last: date | None = None
    consequence_of: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells breaks apart."""
        return self.rule, self.record, self.period

    def is_due(self, night: date) -> bool:
        """Whether a night must find it."""
        return self.first <= night and (self.last is None or night <= self.last)

    def minor(self, night: date) -> int | None:
        """Money at risk on a night, in minor units."""
        amount = self.amounts.get(night, self.at_risk)
        return None if amount is None else exact_minor(amount, str(self.currency))


class Fault(_Strict):
    """One thing that is wrong in the demonstration's world."""

    fault: str
    breaks: tuple[ExpectedBreak, ...] = Field(min_length=1)


class Manifest(_Strict):
    """Every fault of the demonstration."""

    nights: tuple[date, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found against what was expected.

    Attributes:
        faults: How many faults the manifest has.
        found: How many of them were found as it says, on every night.
        differences: One plain line each: missing, unexpected, or not as said.
    """

    faults: int
    found: int
    differences: Sequence[str]

    @property
    def holds(self) -> bool:
        """Whether everything was found as it should be, and nothing else."""
        return not self.differences

    @property
    def summary(self) -> str:
        """One line for people."""
        more = "nothing else" if self.holds else f"{len(self.differences)} differences"
        return f"{self.found} of {self.faults} planted faults found, {more}"


def load_manifest(path: Path) -> Manifest:
    """Read the manifest.

    Raises:
        FixConfigError: It is not one.
    """
    try:
        return Manifest.model_validate(read_yaml(path).data)
    except ValidationError as error:
        wrong = "\n".join(f"{one['loc']}: {one['msg']}" for one in error.errors())
        raise FixConfigError(f"{path}: {wrong}") from None


def compare(file: FirmFile) -> Comparison:
    """Compare every night that was played with the manifest beside the firm file."""
    manifest = load_manifest(file.source.path.parent / FILE_NAME)
    nights = {night: _found(file, night) for night in manifest.nights}
    expected = {one.key: one for fault in manifest.faults for one in fault.breaks}
    differences: list[str] = []
    right = 0
    for fault in manifest.faults:
        wrong = [line for one in fault.breaks for line in _of_break(one, nights)]
        right += not wrong
        differences += wrong
    for night, found in nights.items():
        differences += [
            f"{night}: {_named(key)} was found and is not in the manifest"
            for key in found
            if key not in expected
        ]
    return Comparison(len(manifest.faults), right, tuple(differences))


Seen = Mapping[tuple[str, str, str], breaks.Sighting]


def _found(file: FirmFile, night: date) -> Seen:
    with operational_store(file) as store, store.session() as session:
        sightings = breaks.sightings(session, f"demo-{night}")
    return {(one.rule, one.record_key, one.period): one for one in sightings}


def _of_break(one: ExpectedBreak, nights: Mapping[date, Seen]) -> Iterator[str]:
    for night, found in nights.items():
        seen = found.get(one.key)
        if seen is None:
            if one.is_due(night):
                yield f"{night}: {_named(one.key)} was not found"
        elif not one.is_due(night):
            yield f"{night}: {_named(one.key)} was found, on a night too many"
        else:
            yield from (f"{night}: {_named(one.key)} {text}" for text in _facts(one, seen, night))


def _facts(one: ExpectedBreak, seen: breaks.Sighting, night: date) -> Iterator[str]:
    root = None
    if one.consequence_of is not None:
        rule, _, record = one.consequence_of.partition(" ")
        root = (rule, record)
    pairs = (
        ("at risk", one.minor(night), seen.at_risk_minor),
        ("currency", one.currency, seen.currency),
        ("legal entity", one.legal_entity, seen.legal_entity),
        ("cause", one.cause, seen.cause),
        ("consequence of", root, seen.root),
    )
    for name, wanted, got in pairs:
        if wanted != got:
            yield f"has {name} {got}, not {wanted}"


def _named(key: tuple[str, str, str]) -> str:
    return " ".join(part for part in key if part)
