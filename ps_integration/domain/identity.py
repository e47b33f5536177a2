"""Who is acting: the operating system's user, which no flag or environment variable can change."""

import os
import pwd
from pathlib import Path

from ps_integration.domain.text import match_key

POLICY = "policy"
SCHEDULE = "schedule"
SYSTEM = "system"
NOT_A_PERSON = frozenset({"", POLICY, SCHEDULE, SYSTEM})
"""Names that act for the product itself; no person may use them."""


def current_user() -> str:
    """The login name of the process's real user id, or `uid <n>` when it has no name."""
    return login_of(os.getuid())


def owner_of(path: Path) -> str:
    """The login name of a file's owner; of a link, the owner of what it leads to."""
    return login_of(path.stat().st_uid)


def login_of(uid: int) -> str:
    """The login name of a user id, or `uid <n>` when it has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def person_of(login: str) -> str:
    """The same text for two spellings of one login: case, Unicode form and blanks do not count."""
    return match_key(login) or ""


def is_person(login: str) -> bool:
    """Whether a login may be a person's: none of the product's own names, however spelled."""
    return person_of(login) not in NOT_A_PERSON
