"""Engines that are broken on purpose: a harness that passes them would pass anything.

Each is a function that breaks the engine in the process that calls it.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from ps_integration.domain import posting
from ps_integration.workflows import sending


def no_look_up() -> None:
    """Sends again without asking the ERP first."""
    sending.Sender.find = lambda *_: ()  # type: ignore[method-assign]  # broken on purpose
    sending.Sender.is_settled = lambda *_: True  # type: ignore[method-assign]  # broken on purpose


def no_settle_time() -> None:
    """Takes what it does not find for absent, though it may still arrive."""
    sending.Sender.is_settled = lambda *_: True  # type: ignore[method-assign]  # broken on purpose


def refusal_is_final() -> None:
    """Takes the refusal of a resend for the fate of the first send."""
    honest = posting.after_answer

    def after(outcome: Any, phase: Any, *, is_doubtful: bool, made: Any) -> Any:
        return honest(outcome, phase, is_doubtful=False, made=made)

    posting.after_answer = after  # broken on purpose


def key_per_try() -> None:
    """Sends under another reference each time."""
    honest, tries = sending.erp_document.build, itertools.count(1)

    def build(document: Any, lines: Any) -> Any:
        made = honest(document, lines)
        return replace(made, reference=f"{made.reference}-{document.attempts}-{next(tries)}")

    sending.erp_document.build = build


MUTANTS: Final[Mapping[str, Callable[[], None]]] = {
    mutant.__name__: mutant
    for mutant in (no_look_up, no_settle_time, refusal_is_final, key_per_try)
}
