"""Chooses whom a fault befalls, so that no two faults meet, and keeps what each must lead to."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from ps_integration.domain.ports import Row
from ps_integration_tests.quality.clean import OLD, POSTED_UNTIL
from ps_integration_tests.quality.firm import AS_OF, TIME_SYSTEM
from ps_integration_tests.quality.world import World

LONG_AGO = AS_OF - timedelta(days=5)


@dataclass(frozen=True)
class Label:
    """A break that the rules must find: which, on what, why; `system` is where the fault is.

    `kind` and `fault` say of which fault it must come: the plant's name, and a number.
    """

    rule: str
    record_key: str
    cause: str
    system: str
    kind: str = ""
    fault: int = 0


@dataclass
class Planter:
    """Plants faults in a world."""

    world: World
    labels: list[Label] = field(default_factory=list)
    kind: str = ""
    _fault: int = 0
    _taken: set[tuple[str, object]] = field(default_factory=set)
    _posted: dict[str, str] = field(default_factory=dict)
    _entries: dict[object, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Remember what is posted, and the entries of each project and person."""
        for line in self.world["ops.posting_lines"].values():
            self._posted[str(line["object_id"])] = str(line["document_ref"])
        for entry in self.world["time_entries"].values():
            if entry["system"] != "psa":
                for key in (project_of(entry), person_of(entry)):
                    self._entries.setdefault(key, []).append(entry)

    def label(self, rule: str, key: object, cause: str, system: object = "") -> None:
        """Say what is to be found."""
        label = Label(rule, str(key), cause, str(system), self.kind, self._fault)
        self.labels.append(label)

    def begin(self) -> None:
        """Another fault begins; so it does whenever somebody is chosen whom it befalls."""
        self._fault += 1

    def plant(self, plant: Callable[["Planter"], None]) -> None:
        """Plant all faults of a kind."""
        self.kind = plant.__name__
        self.begin()
        plant(self)

    def project(
        self, *, is_old: bool | None = None, kind: str = "time_and_materials",
        fits: Callable[[Row], bool] = lambda row: True,
    ) -> Row:  # fmt: skip
        """A PSA project that no fault has met, taken whole, with its entries."""
        wanted = [
            row for row in self.world.rows("projects", system="psa", billing_type=kind)
            if str(row["match_key"]).startswith("p-")
            and (is_old is None or (number_of(row) < OLD) is is_old)
            and fits(row) and ("project", row["match_key"]) not in self._taken
            and not any(("entry", entry_id(entry)) in self._taken for entry in self.entries(row))
        ]  # fmt: skip
        found = self.world.rng.choice(wanted)
        self.begin()
        self._taken.add(("project", found["match_key"]))
        return found

    def person(self) -> int:
        """A person whom no fault has met, taken whole, on projects that are whole too."""
        wanted = [
            person for person in sorted({p for p in self._entries if isinstance(p, int)})
            if ("person", person) not in self._taken
            and all(self.is_free(entry) for entry in self._entries[person])
        ]  # fmt: skip
        found = self.world.rng.choice(wanted)
        self.begin()
        self._taken.add(("person", found))
        return found

    def entry(
        self, *, is_posted: bool, has_actuals: bool = False,
        fits: Callable[[Row], bool] = lambda row: True,
    ) -> Row:  # fmt: skip
        """An approved entry billed by the hour that no fault has met, and its document."""
        rng, rows = self.world.rng, list(self.world["time_entries"].values())
        while True:
            row = rng.choice(rows)
            if (
                row["system"] != "psa" and self.is_hourly(row) and fits(row)
                and (self.document_of(row) is not None) is is_posted and self.is_free(row)
                and has_actuals is (number_of(row) < OLD and number_of(row) % 4 == 0)
            ):  # fmt: skip
                self.begin()
                self.take(row)
                return row

    def take(self, entry: Row) -> None:
        """An entry is met by a fault, and its document with it."""
        self._taken |= {("entry", entry_id(entry)), ("day", (person_of(entry), entry["work_date"]))}
        if (document := self.document_of(entry)) is not None:
            self._taken.add(("document", document))

    def document(self, fits: Callable[[Row], bool] = lambda row: True) -> Row:
        """A posted invoice of hours of several lines that no fault has met."""
        lines = Counter(self._posted.values())
        wanted = [
            row for ref, row in self.world["ops.documents"].items()
            if lines[str(ref)] > 3 and ("document", ref) not in self._taken
            and ("project", row["project_id"]) not in self._taken and fits(row)
        ]  # fmt: skip
        found = self.world.rng.choice(wanted)
        self.begin()
        self._taken.add(("document", found["document_ref"]))
        return found

    def lines_of(self, document: Row) -> list[tuple[Row, Row]]:
        """Our lines of a document beside those of the ERP."""
        ref, erp_id = document["document_ref"], document["erp_id"]
        ours = sorted(
            self.world.rows("ops.posting_lines", document_ref=ref), key=lambda row: row["line_no"]
        )
        return [
            (line, self.world["erp_lines"]["bc", f"{erp_id}/{line['line_no']}"]) for line in ours
        ]

    def document_of(self, entry: Row) -> str | None:
        """The document that bills an entry."""
        return self._posted.get(entry_id(entry))

    def entries(self, project: Row) -> list[Row]:
        """Entries of the time system on a project."""
        return self._entries.get(project["match_key"], [])

    def entries_of(self, person: int) -> list[Row]:
        """Entries of a person in the time system."""
        return self._entries.get(person, [])

    def waiting(self, entries: Iterable[Row]) -> list[Row]:
        """Those of them that are approved, billed by the hour and not posted."""
        return [row for row in entries if self.is_hourly(row) and self.document_of(row) is None]

    def is_charged(self, entry: Row) -> bool:
        """Whether its person's entity is owed something for it: approved and to be sold."""
        project = self.world["projects"].get((entry["system"], entry["project_external_id"]))
        return bool(
            entry["approval_state"] == "approved" and entry["is_billable"]
            and project and project["is_billable"]
        )  # fmt: skip

    def is_hourly(self, entry: Row) -> bool:
        """Whether it is approved and sold by the hour."""
        project = self.world["projects"].get((entry["system"], entry["project_external_id"]))
        return bool(
            entry["approval_state"] == "approved" and entry["is_billable"] and project
            and project["billing_type"] == "time_and_materials"
        )  # fmt: skip

    def keep_apart(self, kind: str, key: object) -> None:
        """Nothing else is to happen to it."""
        self._taken.add((kind, key))

    def is_taken(self, kind: str, key: object) -> bool:
        """Whether a fault has met it."""
        return (kind, key) in self._taken

    def is_free(self, entry: Row) -> bool:
        """Whether no fault has met it, its day, its person, its project or its document."""
        mine = (
            ("entry", entry_id(entry)), ("project", project_of(entry)),
            ("person", person_of(entry)), ("document", self.document_of(entry)),
            ("day", (person_of(entry), entry["work_date"])),
        )  # fmt: skip
        return not any(key in self._taken for key in mine)


def entry_id(entry: Row) -> str:
    """As the product names an entry."""
    return f"{entry['system']}:{entry['external_id']}"


def number_of(row: Row) -> int:
    """The number of a project, from a row of it or of an entry on it."""
    text = str(row.get("project_external_id") or row["external_id"])
    return int(text.rpartition("-P")[2].partition("-")[0])


def project_of(entry: Row) -> str:
    """The canonical project of an entry."""
    return f"p-{number_of(entry):03}"


def person_of(entry: Row) -> int:
    """The number of the person who worked."""
    return int(str(entry["resource_external_id"]).rpartition("-R")[2])


def mail(person: int) -> str:
    """The canonical id of a person."""
    return f"person{person}@example.com"


def number_of_person(known_as: str) -> int:
    """The number of a person, from the canonical id."""
    return int(known_as.partition("@")[0].removeprefix("person"))


def time_system(row: Row) -> str:
    """The time system in which a project is worked on."""
    return TIME_SYSTEM[str(row["legal_entity"])]


def is_new(entry: Row) -> bool:
    """Whether it was worked after all that is posted."""
    return bool(entry["work_date"] > POSTED_UNTIL)


def a_day(entry: Row, days: Sequence[date], planter: Planter) -> date:
    """Another day on which the person's work meets no fault."""
    free = [
        day for day in days
        if day != entry["work_date"] and not planter.is_taken("day", (person_of(entry), day))
    ]  # fmt: skip
    return planter.world.rng.choice(free)


def another_entity(planter: Planter, entity: object) -> str:
    """A legal entity that it is not."""
    return planter.world.rng.choice(sorted(set(TIME_SYSTEM) - {str(entity)}))


def free_customer(planter: Planter) -> Row:
    """A customer of the ERP that no fault has met."""
    rows = [
        row for row in planter.world.rows("customers", system="bc")
        if not planter.is_taken("customer", row["match_key"])
        and str(row["match_key"]).startswith("c-")
    ]  # fmt: skip
    planter.begin()
    return planter.world.rng.choice(rows)
