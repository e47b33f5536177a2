"""Engines that are broken on purpose: a harness that passes them would pass anything.

Each is a function that breaks the engine in the process that calls it.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from ps_integration.domain import posting
from ps_integration.workflows.sender import Sender


def no_look_up() -> None:
    """Sends again whatever the look-up says."""
    honest = posting.after_lookup

    def after(found: Any, phase: Any, posting_class: Any, **rest: Any) -> Any:
        if phase == "create" and found in {"absent", "draft", "posted"}:
            return "sending"
        return honest(found, phase, posting_class, **rest)

    posting.after_lookup = after


def no_settle_time() -> None:
    """Takes what it does not find for absent, though it may still arrive."""
    Sender.settles_in = lambda *_: 0.0


def refusal_is_final() -> None:
    """Takes the refusal of a resend for the fate of the first send."""
    honest = posting.after_answer

    def after(outcome: Any, phase: Any, **rest: Any) -> Any:
        return honest(outcome, phase, **{**rest, "is_doubtful": False})

    posting.after_answer = after


def key_per_life() -> None:
    """Sends under another reference after every restart."""
    honest = Sender.load

    def load(sender: Any, ref: str) -> Any:
        sent = honest(sender, ref)
        return None if sent is None else replace(sent, writer=_OtherKeys(sent.writer))

    Sender.load = load


class _OtherKeys:
    """A writer whose references are those of this process."""

    def __init__(self, writer: Any) -> None:
        self._writer, self._own = writer, f"-{os.getpid()}"
        self.capability = writer.capability

    def create(self, document: Any) -> Any:
        return self._back(self._writer.create(self._out(document)))

    def post(self, document: Any, erp_id: str) -> Any:
        return self._back(self._writer.post(self._out(document), erp_id))

    def find(self, company: str, reference: str) -> Any:
        return [self._ours(one) for one in self._writer.find(company, reference + self._own)]

    def discard_draft(self, company: str, erp_id: str) -> Any:
        return self._writer.discard_draft(company, erp_id)

    def _out(self, document: Any) -> Any:
        return replace(document, reference=document.reference + self._own)

    def _back(self, answer: Any) -> Any:
        return (
            answer
            if answer.receipt is None
            else replace(answer, receipt=self._ours(answer.receipt))
        )

    def _ours(self, receipt: Any) -> Any:
        return replace(receipt, reference=receipt.reference.removesuffix(self._own))


MUTANTS: Final[Mapping[str, Callable[[], None]]] = {
    mutant.__name__: mutant
    for mutant in (no_look_up, no_settle_time, refusal_is_final, key_per_life)
}
