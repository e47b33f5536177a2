"""The audit trail: append-only, each row bound to the one before it and coded by the firm's key.

Every transaction that writes for posting extends the trail with the hashes of the rows it wrote,
in the same transaction. `audit_check` walks it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ps_integration.domain.identity import SYSTEM
from ps_integration.domain.seal import EMPTY_SHA256
from ps_integration.domain.trail import KEY, ROWS, Head, Key, KeyRing, chained
from ps_integration.errors import FixConfigError
from ps_integration.stores.operational import pending, witness
from ps_integration.stores.operational.kinds import KINDS
from ps_integration.stores.operational.models import Audit, LedgerEntry
from ps_integration.stores.operational.pending import Act, Identity
from ps_integration.stores.operational.witness import DOCUMENTS, Witnessed

_LOCK: Final = 7_264_301  # advisory lock of the chain's end, on PostgreSQL
_ROWS_PER_WITNESS: Final = 500
_NEVER: Final = datetime.fromtimestamp(0, UTC)
FORM: Final = 2
"""How rows are hashed now; form 1 is that of releases without a key."""


def append(
    session: Session,
    *,
    at: datetime,
    who: str,
    action: str,
    subject: str,
    detail: Mapping[str, object],
) -> None:
    """Tell the trail of an action; the row is written when the caller's transaction commits.

    Raises:
        KeyError: The session only reads.
    """
    plain = json.loads(json.dumps(dict(detail)))
    pending.of(session).acts.append(Act(at, who, action, subject, plain))


def append_now(session: Session, act: Act) -> int:
    """Write an action's row at once, and return its number; for what must name that row.

    Raises:
        FixConfigError: The trail was written under a key that is not at hand.
    """
    plain = replace(act, detail=json.loads(json.dumps(dict(act.detail))))
    return _write(session, [plain], pending.of(session).keys)


def head(session: Session) -> Head:
    """Where the trail ends now."""
    last = _last(session)
    ledger_seq = session.scalar(select(func.max(LedgerEntry.seq))) or 0
    if last is None:
        return Head(0, EMPTY_SHA256, ledger_seq)
    return Head(last.seq, last.sha256, ledger_seq)


def hash_at(session: Session, seq: int) -> str | None:
    """Hash of one row; None when there is none of that number."""
    return session.scalar(select(Audit.sha256).where(Audit.seq == seq))


def body(seq: int, key_id: str | None, act: Act) -> bytes:
    """The bytes that a row's hash covers, beside the row before it."""
    values = [FORM, seq, act.at, act.who, act.action, act.subject, key_id or "", act.detail]
    return witness.encode(values)


def extend(session: Session) -> None:
    """Write what the transaction owes the trail; the last thing before it commits.

    Raises:
        FixConfigError: The trail was written under a key that is not at hand.
    """
    session.flush()
    owed = pending.of(session)
    acts = [*_witnesses(session), *owed.acts]
    if not acts:
        return
    owed.acts, owed.written, owed.leaves = [], {}, {}
    _write(session, acts, owed.keys)


def adopt(session: Session, names: Iterable[str] = (*KINDS, DOCUMENTS)) -> None:
    """Witness everything of these kinds that was written before it was witnessed."""
    for name in names:
        pending.of(session).written[name] = set(witness.identities(session, name))


def begin_key(session: Session, *, at: datetime, who: str, note: str, is_lost: bool) -> None:
    """Go on under the current key; the trail says where that began, and whether the old is lost.

    Raises:
        FixConfigError: There is no current key, it is in use already, or the one before is not at
            hand and nobody said that it is lost.
    """
    keys = pending.of(session).keys
    last = _lock_and_read_last(session)
    if keys is None or (last is not None and last.key_id == keys.current.id):
        raise FixConfigError("audit.key: there is no new key to go on with")
    if last is not None and not is_lost:
        _refuse_unknown_key(keys, last)
    act = _key_act(keys, last, at)
    detail = {**act.detail, "is_old_key_lost": is_lost, "note": note}
    _put(session, last, Act(at, who, KEY, keys.current.id, detail), keys.current)
    session.flush()


def _witnesses(session: Session) -> Iterator[Act]:
    found = list(_found(session))
    at = max((row.at for row in found if row.at is not None), default=_NEVER)
    for start in range(0, len(found), _ROWS_PER_WITNESS):
        rows = found[start : start + _ROWS_PER_WITNESS]
        listed = [[row.table, list(row.identity), row.sha256, *row.about] for row in rows]
        yield Act(at, SYSTEM, ROWS, f"{len(rows)} rows", {"rows": listed})


def _found(session: Session) -> Iterator[Witnessed]:
    owed = pending.of(session)
    yield from witness.staged(session, owed.leaves)
    for table in sorted(owed.written):
        known = {(ref,) for ref in owed.leaves} if table == DOCUMENTS else set()
        yield from witness.read(session, table, sorted(owed.written[table] - known, key=_order))


def _order(identity: Identity) -> tuple[str, ...]:
    return tuple(f"{part:020}" if isinstance(part, int) else str(part) for part in identity)


def _write(session: Session, acts: Sequence[Act], keys: KeyRing | None) -> int:
    last = _lock_and_read_last(session)
    if keys is not None and (last is None or last.key_id != keys.current.id):
        if last is not None:
            _refuse_unknown_key(keys, last)
        last = _put(session, last, _key_act(keys, last, acts[0].at), keys.current)
    for act in acts:
        last = _put(session, last, act, None if keys is None else keys.current)
    session.flush()
    return 0 if last is None else last.seq


def _key_act(keys: KeyRing, last: Audit | None, at: datetime) -> Act:
    detail: dict[str, Any] = {"key_id": keys.current.id, "after": None}
    if last is not None and last.key_id is not None:
        before = keys.find(last.key_id)
        code = None if before is None else before.code(last.sha256)
        detail |= {"after": last.key_id, "code_of_old_key": code}
    return Act(at, SYSTEM, KEY, keys.current.id, detail)


def _refuse_unknown_key(keys: KeyRing, last: Audit) -> None:
    if last.key_id is not None and keys.find(last.key_id) is None:
        raise FixConfigError(
            f"audit.key: the trail was written under key {last.key_id}, the key now is "
            f"{keys.current.id}; name the old one in audit.previous_keys, or, if it is lost, "
            "say so with `ps-integration audit rotate --lost`"
        )


def _put(session: Session, last: Audit | None, act: Act, key: Key | None) -> Audit:
    seq, previous = (1, EMPTY_SHA256) if last is None else (last.seq + 1, last.sha256)
    key_id = None if key is None else key.id
    sha256 = chained(previous, body(seq, key_id, act))
    row = Audit(
        seq=seq,
        at=act.at,
        who=act.who,
        action=act.action,
        subject=act.subject,
        detail=dict(act.detail),
        prev_sha256=previous,
        sha256=sha256,
        form=FORM,
        key_id=key_id,
        code=None if key is None else key.code(sha256),
    )
    session.add(row)
    return row


def _lock_and_read_last(session: Session) -> Audit | None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
    return _last(session)


def _last(session: Session) -> Audit | None:
    return session.scalars(select(Audit).order_by(Audit.seq.desc()).limit(1)).first()
