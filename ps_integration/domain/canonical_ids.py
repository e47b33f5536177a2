"""Which canonical object a record is: kept from the first night that saw it, whatever it is called.

A canonical id is a name that never changes its meaning. It is made once, from the key by which a
record was first recognised; afterwards the link between record and id stays, and the key (a code,
number, name, e-mail or title) may change in one system or in all of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

How = Literal["seeded", "match_key", "configured", "followed"]
"""Why a link is: taken over from keys as they were, by key, by the firm file, or kept."""
SUFFIX: Final = "~"
"""Between a key whose canonical id is taken and the number that makes another id of it."""


class Identity(NamedTuple):
    """One record of one system, under the id by which other records of that system name it."""

    object_kind: str
    system: str
    stream: str
    record_id: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as it stands tonight; no key when it gives none."""

    identity: Identity
    match_key: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """A record, its key at that time, and the canonical object that it is."""

    identity: Identity
    match_key: str | None
    canonical_id: str
    how: How


@dataclass(frozen=True, slots=True)
class Known:
    """What was decided before tonight.

    Attributes:
        links: The newest link of every record ever seen, in the order in which they were first
            made.
        born: By object kind and canonical id, the key that the id was made from.
        configured: By object kind, system and external id, what the firm file's rows say, by date.
        unbilled: Object kind and canonical id of what has another key tonight and is in no
            document: a key that was mistyped may be corrected there, and no money moves.
    """

    links: Sequence[Link]
    born: Mapping[tuple[str, str], str]
    configured: Mapping[tuple[str, str, str], tuple[str, ...]]
    unbilled: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be remembered from tonight on.

    Attributes:
        born: New canonical ids: object kind, canonical id and the key it was made from.
        links: New links, and links whose record has another key or external id than before.
        named: By object kind and text of the firm file, the canonical id that it names.
    """

    born: tuple[tuple[str, str, str], ...]
    links: tuple[Link, ...]
    named: Mapping[tuple[str, str], str]


def plan_links(seen: Iterable[Seen], known: Known) -> Plan:
    """Decide for every record of tonight which canonical object it is.

    The firm file's row wins. A record that is linked stays so, under another key and, where its
    own id is the same, under another external id. But one that alone was an object, and whose new
    key is that of another one that its system has not got, was mistyped: it joins that one while
    nothing was billed under its own. A new one is the object whose records carry its
    key now, or that was made from that key; a code that was given to another record of the same
    system joins nothing. Else a new id is made: the key itself while that is free.
    """
    book = _Book(known)
    ordered = sorted(seen, key=lambda one: (one.match_key or "", one.identity))
    rest = book.keep(ordered)
    for record in rest:
        book.place(record)
    return Plan(tuple(book.made), tuple(book.links), book.named)


@dataclass(slots=True)
class _Book:
    """What is known while records are placed one by one."""

    known: Known
    ids: dict[tuple[str, str], str] = field(init=False)
    order: dict[tuple[str, str], int] = field(default_factory=dict)
    carriers: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    made_from: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    keys: dict[tuple[str, str], dict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    by_external: dict[tuple[str, str, str], str] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    made: list[tuple[str, str, str]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ids = dict(self.known.born)
        for (kind, canonical_id), key in self.ids.items():
            self.order[kind, canonical_id] = len(self.order)
            self.made_from[kind, key].add(canonical_id)

    def keep(self, seen: Sequence[Seen]) -> list[Seen]:
        """Place what is linked already and what the firm file names; the others come back."""
        before = {link.identity: link for link in self.known.links}
        alone = Counter((one.identity.object_kind, one.canonical_id) for one in self.known.links)
        left, corrected = [], []
        for record in seen:
            link = before.get(record.identity)
            if link is None:
                left.append(record)
                continue
            is_other = record.match_key is not None and record.match_key != link.match_key
            own = (record.identity.object_kind, link.canonical_id)
            if is_other and alone[own] == 1 and own in self.known.unbilled:
                corrected.append((record, link.canonical_id))
                continue
            self._stand(record, link.canonical_id)
            if is_other:
                self._link(record, link.canonical_id, "followed")
        for record, canonical_id in corrected:
            self._correct(record, canonical_id)
        left = self._follow(left, seen)
        for (kind, system, _), texts in sorted(self.known.configured.items()):
            for text in texts:
                self._name(kind, system, text)
        return [record for record in left if not self._by_configuration(record)]

    def _correct(self, record: Seen, canonical_id: str) -> None:
        """Join the object whose key the record gives now, if there is another; else stay."""
        kind, system = record.identity.object_kind, record.identity.system
        found = self._best(kind, str(record.match_key), system)
        is_mistyped = found is not None and not self.keys[kind, found].get(system)
        meant = found if found is not None and is_mistyped else canonical_id
        self._link(record, meant, "followed" if meant == canonical_id else "match_key")
        self._stand(record, meant)

    def _follow(self, left: Sequence[Seen], seen: Sequence[Seen]) -> list[Seen]:
        """Link records that are the same as before under another external id."""
        ids: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for link in self.known.links:
            ids[link.identity[:4]].add(link.canonical_id)
        rows: dict[tuple[str, ...], int] = defaultdict(int)
        for record in seen:
            rows[record.identity[:4]] += 1
        rest = []
        for record in left:
            own = ids.get(record.identity[:4], set())
            if len(own) == 1 and rows[record.identity[:4]] == 1:
                (canonical_id,) = own
                self._link(record, canonical_id, "followed")
                self._stand(record, canonical_id)
            else:
                rest.append(record)
        return rest

    def _name(self, kind: str, system: str, text: str) -> None:
        """Which canonical id a row of the firm file means: an id, else whose key it is now."""
        if (kind, text) not in self.named:
            found = text if (kind, text) in self.ids else self._best(kind, text, None)
            if found is None:
                found = text
                self._make(kind, text, text)
            self.named[kind, text] = found
        canonical_id = self.named[kind, text]
        self.carriers[kind, text].add(canonical_id)
        self.keys[kind, canonical_id][system].add(text)

    def _by_configuration(self, record: Seen) -> bool:
        place = record.identity
        texts = self.known.configured.get((place.object_kind, place.system, place.external_id))
        if texts is None:
            return False
        self._link(record, self.named[place.object_kind, texts[-1]], "configured")
        return True

    def place(self, record: Seen) -> None:
        """Link one record that nobody has seen before; one without a key is nobody yet."""
        place = record.identity
        kind, key = place.object_kind, record.match_key
        if key is None:
            return
        found = self.by_external.get((kind, place.system, place.external_id))
        if found is None:
            found = self._best(kind, key, place.system)
        if found is None:
            found = self._free(kind, key)
            self._make(kind, found, key)
        self._link(record, found, "match_key")
        self._stand(record, found)

    def _best(self, kind: str, key: str, system: str | None) -> str | None:
        """The object that a key belongs to, if it belongs to one."""
        carried = [one for one in self.carriers[kind, key] if self._fits(kind, one, key, system)]
        free = [
            one
            for one in self.made_from[kind, key]
            if all(key in own for own in self.keys[kind, one].values() if own)
        ]
        ranked = sorted(
            carried or free,
            key=lambda one: (
                any(own != {key} for own in self.keys[kind, one].values()),
                self.ids.get((kind, one)) != key,
                self.order.get((kind, one), 0),
            ),
        )
        return ranked[0] if ranked else None

    def _fits(self, kind: str, canonical_id: str, key: str, system: str | None) -> bool:
        """Not where the same system has a record of that object under another key only."""
        own = self.keys[kind, canonical_id].get(system or "")
        return not own or key in own

    def _free(self, kind: str, key: str) -> str:
        if (kind, key) not in self.ids:
            return key
        number = 2
        while (kind, f"{key}{SUFFIX}{number}") in self.ids:
            number += 1
        return f"{key}{SUFFIX}{number}"

    def _make(self, kind: str, canonical_id: str, key: str) -> None:
        self.made.append((kind, canonical_id, key))
        self.order[kind, canonical_id] = len(self.order)
        self.ids[kind, canonical_id] = key
        self.made_from[kind, key].add(canonical_id)

    def _link(self, record: Seen, canonical_id: str, how: How) -> None:
        self.links.append(Link(record.identity, record.match_key, canonical_id, how))

    def _stand(self, record: Seen, canonical_id: str) -> None:
        """Note that a living record is this object, unless the firm file says otherwise."""
        place = record.identity
        kind = place.object_kind
        if (kind, place.system, place.external_id) in self.known.configured:
            return
        self.by_external.setdefault((kind, place.system, place.external_id), canonical_id)
        if record.match_key is not None:
            self.carriers[kind, record.match_key].add(canonical_id)
            self.keys[kind, canonical_id][place.system].add(record.match_key)
