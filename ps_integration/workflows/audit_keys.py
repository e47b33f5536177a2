"""The firm's audit key: from the environment, else from a file that is made when it is missing."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ps_integration.domain.trail import Key, KeyRing
from ps_integration.errors import FixConfigError
from ps_integration.settings.firm import Firm

KEY_FILE: Final = "audit.key"


def keys_of(firm: Firm, folder: Path, environ: Mapping[str, str] = os.environ) -> KeyRing:
    """The keys that the firm file names.

    A firm that names none gets a key file in its state folder, for its owner alone. It stops
    whoever has the store but not the folder; a real firm keeps the key elsewhere.

    Raises:
        FixConfigError: A variable is not set, or a key is too short.
    """
    told = firm.audit
    previous = tuple(_named(name, environ) for name in told.previous_keys)
    if told.key is not None:
        return KeyRing(_named(told.key, environ), (*previous, *_kept(folder)))
    return KeyRing(_filed(folder / KEY_FILE), previous)


def signer(key: Key) -> Ed25519PrivateKey:
    """What signs anchors and evidence packs; its public half lets anybody check them."""
    return Ed25519PrivateKey.from_private_bytes(key.derived("signature"))


def public_key(key: Key) -> str:
    """The public half of what signs, as 64 hexadecimal digits."""
    return signer(key).public_key().public_bytes_raw().hex()


def _named(reference: str, environ: Mapping[str, str]) -> Key:
    name = reference.removeprefix("env:")
    if not environ.get(name):
        raise FixConfigError(f"audit: set {name} in the environment")
    return Key.of(environ[name], name)


def _kept(folder: Path) -> tuple[Key, ...]:
    """The key file of the time before the firm named a key: older rows are coded by it."""
    path = folder / KEY_FILE
    return (_filed(path),) if path.exists() else ()


def _filed(path: Path) -> Key:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was faster: its key counts
            os.link(fresh, path)
        fresh.unlink()
    try:
        return Key.of(path.read_text("utf-8").strip(), str(path))
    except OSError as error:
        raise FixConfigError(f"{path}: {error.strerror}") from error
