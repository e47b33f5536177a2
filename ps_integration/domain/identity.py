"""Who is at the keyboard, as the operating system knows it."""

import os
import pwd


def current_user() -> str:
    """The login name of the process's real user; no environment variable can change it."""
    user_id = os.getuid()
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"uid-{user_id}"
