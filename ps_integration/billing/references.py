"""Document references: an identity that fits an ERP's field and never depends on amounts."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ps_integration.billing.planned import PlannedDocument, PlannedLine
from ps_integration.domain.ports import Queries, Row
from ps_integration.domain.posting import REFERENCE_PREFIX

REFERENCE_MAX: Final = 35
"""Business Central keeps 35 characters of `externalDocumentNumber`, in upper case."""
NUMBER_MAX: Final = 999
_STEM_MAX: Final = REFERENCE_MAX - len(f"{REFERENCE_PREFIX}-YYYYMM-999")
_HASH_LENGTH: Final = 10
_PLAIN = re.compile(rf"[a-z0-9][a-z0-9.-]{{0,{_STEM_MAX - 1}}}")
_NUMBER = re.compile(r"-(\d+)$")


def stem(project_id: str) -> str:
    """The project's share of a reference: unique per project, upper case, letters and digits.

    A short plain id is used as it is. Any other is cut and ends in `_` and a hash of the whole,
    and no plain stem has a `_`, so two projects never share one.
    """
    if _PLAIN.fullmatch(project_id):
        return project_id.upper()
    digest = hashlib.sha256(project_id.encode()).hexdigest()[:_HASH_LENGTH]
    cleaned = re.sub(r"[^A-Z0-9]+", "-", project_id.upper()).strip("-")
    return f"{cleaned[: _STEM_MAX - _HASH_LENGTH - 1]}_{digest.upper()}"


def reference(project_id: str, period: str, number: int) -> str:
    """The reference of the n-th document of a project and posting period ('2026-03').

    Raises:
        ValueError: The number does not fit.
    """
    if not 1 <= number <= NUMBER_MAX:
        raise ValueError(f"{project_id} {period}: document number {number} is out of range")
    return f"{REFERENCE_PREFIX}{stem(project_id)}-{period.replace('-', '')}-{number}"


def number_of(document_ref: str) -> int:
    """The running number at the end of a reference; 0 when it has none."""
    found = _NUMBER.search(document_ref)
    return int(found.group(1)) if found else 0


Build = Callable[[PlannedDocument, Sequence[PlannedLine], str], PlannedDocument]


class References:
    """Hands out references: a planned one again while its content is the same, else the next."""

    def __init__(self, documents: Iterable[Row]) -> None:
        self._last: dict[tuple[str, str], int] = {}
        self._planned: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for row in documents:
            key = (str(row["project_id"]), str(row["period"]))
            ref = str(row["document_ref"])
            self._last[key] = max(self._last.get(key, 0), number_of(ref))
            if row["state"] == "planned" and row["content_sha256"]:
                self._planned.setdefault(key, []).append((ref, str(row["content_sha256"])))

    @classmethod
    def known(cls, queries: Queries) -> "References":
        """Every reference ever given, superseded ones included."""
        return cls(
            queries.rows(
                "select document_ref, project_id, period, state, content_sha256 "
                "from ops.documents order by document_ref"
            )
        )

    def choose(
        self, bare: PlannedDocument, lines: Sequence[PlannedLine], build: Build
    ) -> PlannedDocument:
        """Build a document under its reference, which is not handed out again."""
        key = (bare.project_id, bare.period)
        planned = self._planned.get(key, [])
        for known in planned:
            document = build(bare, lines, known[0])
            if document.content_sha256 == known[1]:
                planned.remove(known)
                return document
        number = self._last.get(key, 0) + 1
        self._last[key] = number
        return build(bare, lines, reference(bare.project_id, bare.period, number))
