"""Named places where the crash harness may kill the process; they do nothing otherwise.

Two environment variables must agree, so that one stray setting cannot kill a night:
`PS_CRASHPOINT_HARNESS=1` and `PS_CRASHPOINT=<name>` or `<name>@<n>` for the n-th passage. With
`PS_CRASHPOINT_SIGNAL=stop` the process stands still there instead, until it is told to go on.
"""

import os
import signal
import threading
from collections import Counter
from typing import Final

_PASSED: Final[Counter[str]] = Counter()


def crashpoint(name: str) -> None:
    """Die here by SIGKILL, or stand still, when the harness names this place."""
    wanted = os.environ.get("PS_CRASHPOINT")
    if wanted is None or os.environ.get("PS_CRASHPOINT_HARNESS") != "1":
        return
    _PASSED[name] += 1
    place, _, passage = wanted.partition("@")
    if place == name and _PASSED[name] == int(passage or "1"):
        if os.environ.get("PS_CRASHPOINT_SIGNAL") == "stop":
            # to this thread, which so takes not one step more
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        else:
            os.kill(os.getpid(), signal.SIGKILL)
