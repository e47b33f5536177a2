"""Walks the audit trail and everything it witnesses, and says what does not hold and where."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from typing import Any, Final

from sqlalchemy import except_, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from ps_integration.domain.days import said_at
from ps_integration.domain.posting import FREES_ITS_LINES
from ps_integration.domain.seal import EMPTY_SHA256, digest
from ps_integration.domain.trail import KEY, RESTORE, ROWS, KeyRing, chained
from ps_integration.stores.operational import witness
from ps_integration.stores.operational.audit import FORM, body
from ps_integration.stores.operational.kinds import KINDS
from ps_integration.stores.operational.models import (
    Audit,
    Document,
    LedgerEntry,
    LiveLine,
    PostingLine,
    StoreIdentity,
)
from ps_integration.stores.operational.pending import Act, Identity

_MOST: Final = 50
"""Findings after which nobody needs more."""
_COMPARED_AT_ONCE: Final = 400
_NAMES: Final = (*KINDS, witness.DOCUMENTS)
_NOT_READ: Final = (DBAPIError, LookupError, TypeError, ValueError)
_UNREADABLE: Final = "unreadable"
_COLUMNS: Final = tuple(Audit.__table__.columns)


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One thing that does not hold.

    Attributes:
        seq: Row of the trail that shows it; None when no row does.
        table: Where it is.
        row: Which row of that table.
        problem: What is wrong, in plain words.
    """

    seq: int | None
    table: str
    row: str
    problem: str


@dataclass(slots=True)
class AuditVerdict:
    """Whether the trail holds, and with it every row it witnesses.

    Attributes:
        rows: Trail rows read.
        witnessed: Rows of other tables compared.
        head_sha256: Hash of the last row.
        findings: What does not hold, in the order found; at most a few dozen.
        notes: What a reader should know that is no finding.
    """

    rows: int = 0
    witnessed: int = 0
    head_sha256: str = EMPTY_SHA256
    findings: list[AuditFinding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was edited, inserted, deleted, reordered or cut off."""
        return not self.findings

    @property
    def first_bad_seq(self) -> int | None:
        """First trail row that shows a finding."""
        return min((found.seq for found in self.findings if found.seq is not None), default=None)

    def tell(self, seq: int | None, table: str, row: object, problem: str) -> None:
        """Add a finding, unless there are plenty."""
        if len(self.findings) < _MOST:
            self.findings.append(AuditFinding(seq, table, str(row), problem))


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head that was noted outside the store, and when."""

    seq: int
    sha256: str
    at: datetime | None = None


@dataclass(slots=True)
class _Walk:
    """What is known at one point of the walk."""

    session: Session
    keys: KeyRing | None
    verdict: AuditVerdict
    previous: str = EMPTY_SHA256
    keyed_from: int | None = None
    form: int = 1
    lost_keys: set[str] = field(default_factory=set)
    unchecked: set[str] = field(default_factory=set)
    restored_at: datetime | None = None
    known: dict[str, set[Identity]] = field(default_factory=dict)
    waiting: dict[str, dict[Identity, tuple[int, str]]] = field(default_factory=dict)


def verify(
    session: Session, keys: KeyRing | None = None, anchors: Iterable[Anchor] = ()
) -> AuditVerdict:
    """Walk the trail from its start, and compare every witnessed row with what is stored.

    Args:
        session: A reading transaction.
        keys: The firm's keys; None checks all but the codes.
        anchors: Heads noted outside the store; each must be in the trail.
    """
    walk = _Walk(session, keys, AuditVerdict())
    wanted = {anchor.seq: anchor for anchor in anchors if anchor.seq}
    seen: dict[int, str] = {}
    query = select(*_COLUMNS).order_by(Audit.seq).execution_options(yield_per=200)
    try:
        for row in session.execute(query).mappings():
            _row(walk, row)
            if row["seq"] in wanted:
                seen[row["seq"]] = row["sha256"]
    except _NOT_READ as error:
        walk.verdict.tell(None, "audit", f"after {walk.verdict.rows}", f"cannot be read: {error}")
    _anchors(walk, wanted.values(), seen)
    _keys(walk)
    for table in _NAMES:
        _compare(walk, table)
        _strangers(walk, table)
    _states(walk)
    _loose_lines(walk)
    _live_lines(walk)
    return walk.verdict


def _row(walk: _Walk, row: Mapping[Any, Any]) -> None:
    verdict = walk.verdict
    verdict.rows += 1
    seq = row["seq"]
    problem = _chain_problem(walk, row)
    if problem:
        verdict.tell(seq, "audit", seq, problem)
    walk.previous = verdict.head_sha256 = row["sha256"]
    if row["seq"] != verdict.rows:
        verdict.rows = row["seq"]  # say a gap once, not for every row after it
    if row["action"] == ROWS:
        _witnessed(walk, row, is_trusted=not problem)
    elif problem:
        return
    elif row["action"] == RESTORE:
        walk.restored_at = row["at"]
    elif row["action"] == KEY and row["detail"].get("is_old_key_lost"):
        walk.lost_keys.add(str(row["detail"].get("after")))


def _chain_problem(walk: _Walk, row: Mapping[Any, Any]) -> str:
    if row["seq"] != walk.verdict.rows:
        return f"row {walk.verdict.rows} is missing"
    if row["prev_sha256"] != walk.previous:
        return "does not follow the row before it"
    if _hash(row) != row["sha256"]:
        return "was edited"
    return _code_problem(walk, row)


def _hash(row: Mapping[Any, Any]) -> str:
    if row["form"] == FORM:
        act = Act(row["at"], row["who"], row["action"], row["subject"], row["detail"])
        return chained(row["prev_sha256"], body(row["seq"], row["key_id"], act))
    names = ("seq", "at", "who", "action", "subject", "detail", "prev_sha256")
    try:
        return digest([row[name] for name in names])
    except TypeError:  # a float: nothing that we ever wrote
        return ""


def _code_problem(walk: _Walk, row: Mapping[Any, Any]) -> str:
    if row["form"] < walk.form:
        return "is in the old form after rows of the new one"
    walk.form = row["form"]
    key_id, code = row["key_id"], row["code"]
    if key_id is None or code is None:
        return "" if walk.keyed_from is None else "has no code: whoever wrote it had no key"
    if walk.keyed_from is None:
        walk.keyed_from = row["seq"]
    key = None if walk.keys is None else walk.keys.find(key_id)
    if key is None:
        walk.unchecked.add(key_id)
        return ""
    return "" if compare_digest(key.code(row["sha256"]), code) else "its code is of another key"


def _witnessed(walk: _Walk, row: Mapping[Any, Any], *, is_trusted: bool) -> None:
    for table, identity, sha256 in _listed(row["detail"]):
        walk.known.setdefault(table, set()).add(identity)
        if is_trusted:
            walk.waiting.setdefault(table, {})[identity] = (row["seq"], sha256)
    for table, told in walk.waiting.items():
        if len(told) >= _COMPARED_AT_ONCE and _is_final(table):
            _compare(walk, table)


def _is_final(table: str) -> bool:
    return table == witness.DOCUMENTS or KINDS[table].is_final


def _listed(detail: object) -> Iterator[tuple[str, Identity, str]]:
    rows = detail.get("rows") if isinstance(detail, dict) else None
    for entry in rows if isinstance(rows, list) else []:
        match entry:
            case [str(table), list(identity), str(sha256), *_] if table in _NAMES:
                yield table, tuple(identity), sha256


def _compare(walk: _Walk, table: str) -> None:
    told = walk.waiting.get(table, {})
    stored = _stored(walk, table, tuple(told))
    walk.verdict.witnessed += len(told)
    for identity, (seq, sha256) in told.items():
        if stored.get(identity) == _UNREADABLE:
            walk.verdict.tell(seq, table, _name(identity), "cannot be read")
        elif identity not in stored:
            walk.verdict.tell(seq, table, _name(identity), "is gone")
        elif stored[identity] != sha256:
            walk.verdict.tell(seq, table, _name(identity), "was edited")
    walk.waiting[table] = {}


def _stored(walk: _Walk, table: str, identities: Sequence[Identity]) -> dict[Identity, str]:
    """The hashes of stored rows; a row that cannot be read spoils no other."""
    try:
        return {row.identity: row.sha256 for row in witness.read(walk.session, table, identities)}
    except _NOT_READ:
        if len(identities) == 1:
            return {identities[0]: _UNREADABLE}
        half = len(identities) // 2
        first = _stored(walk, table, identities[:half])
        return first | _stored(walk, table, identities[half:])


def _strangers(walk: _Walk, table: str) -> None:
    known = walk.known.get(table, set())
    for identity in witness.identities(walk.session, table):
        if identity not in known and not _is_born_so(walk.session, table, identity):
            walk.verdict.tell(None, table, _name(identity), "was inserted past the trail")


def _is_born_so(session: Session, table: str, identity: Identity) -> bool:
    """Whether it is the row that every new store begins with, as it begins."""
    if table != StoreIdentity.__tablename__:
        return False
    own = session.get_one(StoreIdentity, identity[0])
    return (own.only, own.epoch, own.fence_reason) == (1, 1, None)


def _anchors(walk: _Walk, anchors: Iterable[Anchor], seen: Mapping[int, str]) -> None:
    for anchor in anchors:
        found = seen.get(anchor.seq)
        if found is not None and found.startswith(anchor.sha256):
            continue
        if anchor.at is not None and walk.restored_at is not None and anchor.at < walk.restored_at:
            walk.verdict.notes.append(
                f"the head noted {said_at(anchor.at)} (row {anchor.seq}) was given up by the "
                f"restore of {said_at(walk.restored_at)}"
            )
            continue
        when = "" if anchor.at is None else f" on {said_at(anchor.at)}"
        what = "is gone: the tail was cut, or an old back-up put back"
        if found is not None:
            what = "is another one now: the trail was written anew"
        problem = f"the head noted outside the store{when}, row {anchor.seq}, {what}"
        walk.verdict.tell(anchor.seq, "audit", anchor.seq, problem)


def _keys(walk: _Walk) -> None:
    verdict = walk.verdict
    if walk.keys is None:
        verdict.notes.append("no key at hand: codes were not checked")
        return
    for key_id in sorted(walk.unchecked):
        if key_id in walk.lost_keys:
            verdict.notes.append(f"key {key_id} is lost: its rows stand by chain and anchors")
        else:
            verdict.tell(
                None, "audit", key_id, "a key that is not at hand: name it in the firm file"
            )
    if verdict.rows and walk.keyed_from is None:
        verdict.tell(None, "audit", "all", "no row has a code: the trail was never keyed, or anew")


def _states(walk: _Walk) -> None:
    """Each document's state is where the ledger left it."""
    newest = (
        select(LedgerEntry.document_ref, func.max(LedgerEntry.seq).label("seq"))
        .group_by(LedgerEntry.document_ref)
        .subquery()
    )
    last = aliased(LedgerEntry)
    query = (
        select(Document.document_ref, Document.state, last.to_state)
        .outerjoin(newest, newest.c.document_ref == Document.document_ref)
        .outerjoin(last, last.seq == newest.c.seq)
        .where(func.coalesce(last.to_state, "") != Document.state)
        .order_by(Document.document_ref)
        .limit(_MOST)
    )
    for ref, state, told in walk.session.execute(query):
        problem = f"is {state}, the ledger says {told or 'nothing'}"
        walk.verdict.tell(None, "documents", ref, problem)


def _loose_lines(walk: _Walk) -> None:
    """Each posting line is of a document; those of documents are witnessed with them."""
    known = select(Document.document_ref)
    query = select(PostingLine.line_id).where(PostingLine.document_ref.not_in(known)).limit(_MOST)
    for line_id in walk.session.scalars(query):
        walk.verdict.tell(None, "posting_lines", line_id, "belongs to no document")


def _live_lines(walk: _Walk) -> None:
    """Each line of a document that counts is live, and no other is."""
    counts = Document.state.not_in(FREES_ITS_LINES)
    lines = (
        select(PostingLine.line_key, PostingLine.document_ref)
        .join(Document, Document.document_ref == PostingLine.document_ref)
        .where(counts)
    )
    live = select(LiveLine.line_key, LiveLine.document_ref)
    for one, other, problem in (
        (lines, live, "of a document that counts, is not kept from being billed again"),
        (live, lines, "is kept from being billed by a document that does not bill it"),
    ):
        for key, ref in walk.session.execute(except_(one, other).limit(_MOST)):
            walk.verdict.tell(None, "live_lines", f"{key} ({ref})", problem)


def _name(identity: Identity) -> str:
    return "/".join(map(str, identity))
