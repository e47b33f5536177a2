"""Which names and notes are alike, for rules that suggest. Nothing is ever merged by it.

Only texts that share a block are compared: notes of one person, project, task, day and duration;
names with a word that starts alike. A block of many is left out, so that no cross join arises.
Numbers decide: `Phase 1` and `Phase 2` are never alike.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import combinations
from typing import Final

from rapidfuzz.fuzz import token_sort_ratio

from ps_integration.domain.ports import Queries, Row
from ps_integration.domain.text import match_key

LEAST_SCORE: Final = 75
"""Below it no pair is kept, whatever a rule's tolerance says."""
BLOCK_MAX: Final = 200
_NOTES: Final = """
select distinct left_text, right_text
from note_pairs
order by left_text, right_text
"""
_SCORES: Final = """
create or replace temp table note_scores (
    left_text varchar, right_text varchar, score integer, evidence varchar
)
"""
_ALIKE_NOTES: Final = """
insert into reconciliation.likenesses by name
select
    'time_entry' as kind, np.left_key, np.right_key, np.left_system, np.left_id,
    ns.score, ns.evidence
from note_pairs as np
inner join note_scores as ns on np.left_text = ns.left_text and np.right_text = ns.right_text
"""
_START: Final = 4
_SHORT: Final = 3
_SHOWN: Final = 80
_FORMS: Final = frozenset(
    {
        *("ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "group", "inc"),
        *("incorporated", "limited", "llc", "llp", "ltd", "nv", "oy", "plc", "private", "pty"),
        *("pvt", "sa", "sarl", "spa", "srl", "the"),
    }
)
_WORD: Final = re.compile(r"[^\W_]+")


def score(left: str, right: str) -> int:
    """How alike two texts are, from 0 to 100, whatever their order; other numbers make it 0."""
    left_words, right_words = sorted(words(left)), sorted(words(right))
    if _numbers(left_words) != _numbers(right_words):
        return 0
    if not left_words or not right_words:
        return 100 if left_words == right_words else 0
    return int(token_sort_ratio(" ".join(left_words), " ".join(right_words)))


@lru_cache(maxsize=10_000)  # copies of an object have one name, and each is compared with several
def words(text: str) -> tuple[str, ...]:
    """The words of a text by which it is known: folded, without the form of a company."""
    found = _WORD.findall((match_key(text) or "").replace(".", ""))
    return tuple(word for word in found if word not in _FORMS) or tuple(found)


def fill(queries: Queries) -> None:
    """Fill `reconciliation.likenesses`, which is empty; the caller owns the transaction."""
    queries.insert("reconciliation.likenesses", list(_alike_objects(queries)))
    queries.execute(_statement("note_pairs"))
    queries.execute(_SCORES)
    queries.insert("note_scores", list(_note_scores(queries.rows(_NOTES))))
    queries.execute(_ALIKE_NOTES)
    queries.execute("drop table note_pairs; drop table note_scores")


def _note_scores(pairs: Iterable[Row]) -> Iterator[Row]:
    for pair in pairs:
        left, right = str(pair["left_text"]), str(pair["right_text"])
        found = score(left, right)
        if found >= LEAST_SCORE:
            said = "both without a note" if not left + right else _evidence(left, right)
            yield {**pair, "score": found, "evidence": said}


def _alike_objects(queries: Queries) -> Iterator[Row]:
    objects: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in queries.rows(_statement("named_objects")):
        objects[str(row["kind"]), str(row["object_key"])].append(row)
    for left, right in _candidates(objects):
        if left[0] == right[0] and _may_be_one(objects[left], objects[right]):
            found = _best(objects[left], objects[right])
            if found is not None:
                yield found


def _candidates(
    objects: dict[tuple[str, str], list[Row]],
) -> Iterable[tuple[tuple[str, str], tuple[str, str]]]:
    blocks: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for key, rows in objects.items():
        for row in rows:
            known = words(str(row["name"]))
            starts = {word[:_START] for word in known if len(word) >= _SHORT}
            for start in starts | {"".join(sorted(known))}:
                blocks[key[0], start].add(key)
    small = [sorted(block) for block in blocks.values() if len(block) <= BLOCK_MAX]
    return sorted({pair for block in small for pair in combinations(block, 2)})


def _may_be_one(left: Sequence[Row], right: Sequence[Row]) -> bool:
    """Whether nothing that is known of both is different: owner entity, customer."""
    return all(
        _agree({row[name] for row in left}, {row[name] for row in right})
        for name in ("legal_entity", "customer_key")
    )


def _agree(left: set[object], right: set[object]) -> bool:
    known_left, known_right = left - {None}, right - {None}
    return not known_left or not known_right or bool(known_left & known_right)


def _best(left: Sequence[Row], right: Sequence[Row]) -> Row | None:
    pairs = [(-score(str(a["name"]), str(b["name"])), _id(a), _id(b), a, b)
             for a in left for b in right]  # fmt: skip
    negative, _, _, one, other = min(pairs, key=lambda pair: pair[:3])
    if -negative < LEAST_SCORE:
        return None
    sides = {
        f"{side}_{name}": row[column]
        for side, row in (("left", one), ("right", other))
        for name, column in (
            ("key", "object_key"),
            ("system", "system"),
            ("id", "external_id"),
            ("text", "name"),
        )
    }
    said = _evidence(str(one["name"]), str(other["name"]))
    return {"kind": one["kind"], **sides, "score": -negative, "evidence": said}


def _id(row: Row) -> tuple[str, str]:
    return str(row["system"]), str(row["external_id"])


def _evidence(left: str, right: str) -> str:
    return f"{left[:_SHOWN]!r} and {right[:_SHOWN]!r}"


def _numbers(known: Sequence[str]) -> list[str]:
    return [word for word in known if any(c.isdigit() for c in word)]


def _statement(name: str) -> str:
    return files("ps_integration.reconciliation").joinpath(f"{name}.sql").read_text("utf-8")
