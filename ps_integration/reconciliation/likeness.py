"""Which names and notes are alike, for rules that suggest. Nothing is ever merged by it.

Only texts that share a block are compared: notes of one person, project, task, day and duration;
names with a word that starts alike, or the initials of one that are the other. A block of many is
left out, so that no cross join arises.
Numbers decide: `Phase 1` and `Phase 2` are never alike. Of names each word decides: one that the
other has not, save for a slip of the pen, is another name (`Smith` and `Smithson`, `UK` and `US`).
A note that was cut off is alike to the whole one.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import combinations
from typing import Final

from rapidfuzz.distance import OSA
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
_LONG: Final = 7
"""Letters of a word from which two slips may be in it."""
_INITIALS: Final = range(3, 7)
"""How many letters an abbreviated name has."""
_INITIALS_SCORE: Final = 95
_CUT_MIN: Final = 20
"""Letters that a note must have left to be taken for one that was cut off."""
_CUT_SCORE: Final = 95
_FORMS: Final = frozenset(
    {
        *("ab", "ag", "aps", "as", "bv", "bvba", "co", "company", "corp", "corporation", "ev"),
        *("gbr", "gesellschaft", "gmbh", "group", "inc", "incorporated", "kft", "kg", "kgaa"),
        *("limited", "llc", "llp", "lp", "ltd", "mbh", "nv", "ohg", "oy", "oyj", "plc", "private"),
        *("pte", "pty", "pvt", "sa", "sarl", "sas", "se", "sl", "spa", "srl", "the", "ug"),
    }
)
_LONG_FORM: Final = re.compile(
    r"\bgesellschaft mit beschr\w+ haftung\b|\bhaftungsbeschr\w+|\b(?:a/s|s/a)(?!\w)"
)
_LINKS: Final = frozenset({"and", "e", "et", "of", "og", "und", "y"})
"""Small words that one spelling has, and another writes as a sign or leaves out."""
_SPELT: Final = str.maketrans({"ß": "ss", "æ": "a", "œ": "o", "ø": "o", "ł": "l", "đ": "d"})
_UMLAUT: Final = re.compile("([aou])e")
_WORD: Final = re.compile(r"[^\W_]+")


def score(left: str, right: str) -> int:
    """How alike two texts are, from 0 to 100, whatever their order; other numbers make it 0."""
    left_words, right_words = sorted(words(left)), sorted(words(right))
    if _numbers(left_words) != _numbers(right_words):
        return 0
    if not left_words or not right_words:
        return 100 if left_words == right_words else 0
    return int(token_sort_ratio(" ".join(left_words), " ".join(right_words)))


def name_score(left: str, right: str) -> int:
    """How alike two names are, from 0 to 100; a word that is another one makes it 0."""
    left_words, right_words = name_words(left), name_words(right)
    if _initials(left) & _abbreviation(right) or _initials(right) & _abbreviation(left):
        return _INITIALS_SCORE
    if "".join(sorted(left_words)) != "".join(sorted(right_words)) and not _same_words(
        left_words, right_words
    ):
        return 0
    return score(" ".join(left_words), " ".join(right_words))


def note_score(left: str, right: str) -> int:
    """How alike two notes are; one that is the beginning of the other was cut off."""
    return max(score(left, right), _CUT_SCORE if _is_cut(left, right) else 0)


@lru_cache(maxsize=10_000)
def name_words(text: str) -> tuple[str, ...]:
    """The words of a name however it is spelt: without marks on letters, forms and small words."""
    folded = unicodedata.normalize("NFKD", (match_key(text) or "").translate(_SPELT))
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    found = words(_LONG_FORM.sub(" ", plain))
    known = [word for word in found if word not in _LINKS] or found
    return tuple(_UMLAUT.sub(r"\1", word) for word in known)


def _same_words(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether the words of the shorter name are in the other, but for slips of the pen."""
    only_left = list((Counter(left) - Counter(right)).elements())
    only_right = list((Counter(right) - Counter(left)).elements())
    shorter, longer = sorted((only_left, only_right), key=len)
    for word in shorter:
        near = [other for other in longer if _is_slip(word, other)]
        if not near:
            return "".join(only_left) == "".join(only_right)
        longer.remove(near[0])
    return True


def _is_slip(left: str, right: str) -> bool:
    shortest = min(len(left), len(right))
    if shortest <= _SHORT:
        return False
    allowed = 2 if shortest >= _LONG else 1
    return OSA.distance(left, right, score_cutoff=allowed) <= allowed


def _initials(name: str) -> frozenset[str]:
    """The first letters of a name of several words, with its form and without."""
    every = _WORD.findall(match_key(name) or "")
    named = [word for word in every if word not in _LINKS]
    several = (every, named, [word for word in named if word not in _FORMS])
    return frozenset("".join(word[0] for word in some) for some in several if len(some) > 1)


def _abbreviation(name: str) -> frozenset[str]:
    """The name itself, where it is one short word without figures."""
    known = words(name)
    is_one = len(known) == 1 and len(known[0]) in _INITIALS and known[0].isalpha()
    return frozenset(known) if is_one else frozenset()


def _is_cut(left: str, right: str) -> bool:
    short, whole = sorted((match_key(left) or "", match_key(right) or ""), key=len)
    short = short.rstrip(" .\u2026")
    if len(short) < _CUT_MIN or not whole.startswith(short):
        return False
    rest = whole[len(short) :]
    is_inside_a_word = short[-1].isalnum() and rest[:1].isalnum()
    return bool(rest) and (is_inside_a_word or not any(char.isdigit() for char in rest))


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
        found = note_score(left, right)
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
            name = str(row["name"])
            known = name_words(name)
            starts = {word[:_START] for word in known if len(word) >= _SHORT}
            short = {f"={letters}" for letters in _initials(name) | _abbreviation(name)}
            for start in starts | short | {"".join(sorted(known))}:
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
    pairs = [(-name_score(str(a["name"]), str(b["name"])), _id(a), _id(b), a, b)
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
