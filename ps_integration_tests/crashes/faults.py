"""What can happen to one write on its way to an ERP and back."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal[
    "timeout_before_commit",
    "timeout_after_commit",
    "error_after_commit",
    "duplicate_delivery",
    "slow_commit",
    "rate_limit",
    "reset_mid_body",
    "none",
    "refused",
]
MATRIX: Final[tuple[Kind, ...]] = get_args(Kind)[:-1]
"""The rows of the table; a refusal only comes beside one of them."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        kind: timeout_before_commit: held, then closed, never forwarded. timeout_after_commit:
            forwarded, the answer swallowed, held, then closed. error_after_commit: forwarded,
            answered 5xx. duplicate_delivery: forwarded twice, the first answer returned.
            slow_commit: closed at once, forwarded later. rate_limit: the vendor's 429, not
            forwarded. reset_mid_body: forwarded, half of the answer, then a reset.
            refused: the vendor's documented refusal, not forwarded.
        hold_seconds: How long a connection is held before it is closed, unless the client leaves.
        late_seconds: After how long a slow commit, or the second copy of a duplicate, arrives.
    """

    kind: Kind
    hold_seconds: float = 0.0
    late_seconds: float = 0.0
