"""Who is acting: the operating system's user, which no flag or environment variable can change."""

import os
import pwd

POLICY = "policy"
SCHEDULE = "schedule"
SYSTEM = "system"
NOT_A_PERSON = frozenset({"", POLICY, SCHEDULE, SYSTEM})
"""Names that act for the product itself; no person may use them."""


def current_user() -> str:
    """The login name of the process's real user id, or `uid <n>` when it has no name."""
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
