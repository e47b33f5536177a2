"""An ERP in a file: it outlives a killed client, and fails in the ways that ERPs fail."""

import json
import sqlite3
import time
from contextlib import closing
from datetime import date
from pathlib import Path

from ps_integration.connectors.protocol import ErpReceipt, Outgoing, WriteAnswer
from ps_integration.domain.records import Capability
from ps_integration.errors import RetryLaterError

DELAY = 0.03
MODES = (
    "ok",
    "lost_before",
    "lost_after",
    "error_after",
    "late",
    "refuse",
    "throttled",
    "not_sent",
)
LANDS_UNSEEN = {"lost_after", "error_after", "late", "thrice"}
"""`thrice`: the request was delivered three times, and the reply lost."""


class FakeErp:
    """Keeps documents by company and reference; a script of modes says how each write goes."""

    def __init__(
        self, path: Path, posting_class: str, *, drafts: bool = False, delay=DELAY, **more
    ):
        self.path = path
        self.is_down = False
        self.capability = Capability(posting_class, delay, 35, 5, drafts, **more)
        with self._open() as db:
            db.executescript(
                "create table if not exists docs (id integer primary key, company, ref, body,"
                " state, visible_at real, posts_at real);"
                "create table if not exists script (id integer primary key, mode);"
                "create table if not exists calls (id integer primary key, what, ref);"
            )

    def _open(self):
        return closing(sqlite3.connect(self.path, isolation_level=None, timeout=10))

    def play(self, *modes: str) -> None:
        with self._open() as db:
            db.executemany("insert into script (mode) values (?)", [(mode,) for mode in modes])

    def _next(self, what: str, ref: str) -> str:
        with self._open() as db:
            db.execute("insert into calls (what, ref) values (?, ?)", (what, ref))
            row = db.execute("select id, mode from script order by id limit 1").fetchone()
            if row is None:
                return "ok"
            db.execute("delete from script where id = ?", (row[0],))
            return row[1]

    def calls(self, what: str) -> list[str]:
        with self._open() as db:
            rows = db.execute("select ref from calls where what = ?", (what,)).fetchall()
        return [row[0] for row in rows]

    def edit(self, ref: str, **fields) -> None:
        with self._open() as db:
            body = json.loads(
                db.execute("select body from docs where ref = ?", (ref,)).fetchone()[0]
            )
            db.execute("update docs set body = ? where ref = ?", (json.dumps(body | fields), ref))

    def create(self, document) -> WriteAnswer:
        mode = self._next("create", document.reference)
        early = self._early(mode)
        if early is not None:
            return early
        known = self._rows(document.company, document.reference, pending=True)
        if known and self.capability.posting_class == "K":
            return self._answer(mode, known[0])
        if known and self.capability.posting_class == "U":
            return WriteAnswer("refused", code="DUPLICATE", message="number exists")
        body = {
            "reference": document.reference,
            "kind": document.kind,
            "customer_key": document.customer_key,
            "currency": document.currency,
            "posting_date": document.posting_date.isoformat(),
            "invoice_date": document.invoice_date.isoformat(),
            "amount_minor": document.amount_minor,
            "line_amounts_minor": [line.amount_minor for line in document.lines],
        }
        visible = time.time() + (DELAY * 0.8 if mode == "late" else 0)
        state = "draft" if self.capability.creates_then_posts else "posted"
        row = (document.company, document.reference, json.dumps(body), state, visible)
        with self._open() as db:
            db.executemany(
                "insert into docs (company, ref, body, state, visible_at) values (?,?,?,?,?)",
                [row] * (3 if mode == "thrice" else 1),
            )
        [*_, made] = self._rows(document.company, document.reference, pending=True)
        return self._answer(mode, made)

    def post(self, document, erp_id: str) -> WriteAnswer:
        mode = self._next("post", document.reference)
        early = self._early(mode)
        if early is not None:
            return early
        at = time.time() + (DELAY * 0.8 if mode == "late" else 0)
        with self._open() as db:
            db.execute("update docs set posts_at = ? where id = ?", (at, int(erp_id)))
        [made] = [
            row
            for row in self._rows(document.company, document.reference, pending=True)
            if row.erp_id == erp_id
        ]
        return self._answer(mode, made)

    def find(self, company: str, reference: str):
        with self._open() as db:
            db.execute("insert into calls (what, ref) values ('find', ?)", (reference,))
        return self._rows(company, reference)

    def numbered(self, company: str, number: str):
        return [one for one in self.documents() if one.number == number]

    def discard_draft(self, company: str, erp_id: str) -> WriteAnswer:
        with self._open() as db:
            db.execute("delete from docs where id = ? and posts_at is null", (int(erp_id),))
        return WriteAnswer("accepted")

    def _early(self, mode: str) -> WriteAnswer | None:
        return {
            "lost_before": WriteAnswer("ambiguous", message="time-out"),
            "refuse": WriteAnswer(
                "refused", code="NO", message="line 1 is bad", bad_lines=(1,), recovery="fix_data"
            ),
            "refuse_whole": WriteAnswer(
                "refused", code="NO", message="customer blocked", recovery="fix_data"
            ),
            "later": WriteAnswer("refused", code="BUSY", message="busy", recovery="retry_later"),
            "denied": WriteAnswer(
                "refused",
                code="401",
                message="no such user",
                recovery="fix_configuration",
                scope="system",
            ),
            "throttled": WriteAnswer("throttled", retry_after_seconds=0.01),
            "not_sent": WriteAnswer("not_sent", retry_after_seconds=0.01),
        }.get(mode)

    def _answer(self, mode: str, receipt: ErpReceipt) -> WriteAnswer:
        if mode in LANDS_UNSEEN:
            return WriteAnswer("ambiguous", message=mode)
        return WriteAnswer("accepted", receipt=receipt)

    def _rows(self, company: str, reference: str, *, pending: bool = False):
        with self._open() as db:
            rows = db.execute(
                "select id, body, state, visible_at, posts_at from docs"
                " where company = ? and ref = ? order by id",
                (company, reference),
            ).fetchall()
        now = time.time()
        return [
            self._receipt(row, is_posted=bool(row[4] and (pending or row[4] <= now)))
            for row in rows
            if pending or row[3] <= now
        ]

    def _receipt(self, row, *, is_posted: bool) -> ErpReceipt:
        body = json.loads(row[1])
        return ErpReceipt(
            erp_id=str(row[0]),
            number=f"INV{row[0]}",
            reference=body["reference"],
            kind=body["kind"],
            state="posted" if is_posted else row[2],
            customer_key=body["customer_key"],
            currency=body["currency"],
            posting_date=date.fromisoformat(body["posting_date"]),
            invoice_date=date.fromisoformat(body["invoice_date"]),
            amount_minor=body["amount_minor"],
            line_amounts_minor=tuple(body["line_amounts_minor"]),
        )

    def ours(self, company: str, prefix: str):
        if self.is_down:
            raise RetryLaterError("the ERP does not answer")
        return [
            receipt
            for receipt in self.documents()
            if receipt.reference.startswith(prefix) and self._is_of(company, receipt)
        ]

    def _is_of(self, company: str, receipt: ErpReceipt) -> bool:
        return any(row.erp_id == receipt.erp_id for row in self._rows(company, receipt.reference))

    def outgoing(self, document) -> Outgoing:
        return Outgoing("POST", "/documents", repr(document).encode())

    def validate(self, document) -> None:
        return None

    def forget(self, ref: str) -> None:
        with self._open() as db:
            db.execute("delete from docs where ref = ?", (ref,))

    def documents(self) -> list[ErpReceipt]:
        """Everything in it, whatever is still on its way included."""
        with self._open() as db:
            keys = db.execute("select distinct company, ref from docs").fetchall()
        return [row for company, ref in keys for row in self._rows(company, ref, pending=True)]
