"""One hash per value, for what is signed, chained or sent.

A value's bytes are typed and length-prefixed, so that no two values share them and no field can
lend characters to its neighbour.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

EMPTY_SHA256 = "0" * 64


def canonical_bytes(value: object) -> bytes:
    """The bytes that stand for a value.

    Known are None, bool, int, text, decimal, date, instant, and lists and mappings of those.
    Mappings are ordered by key; 1.50 and 1.5 are the same decimal.

    Raises:
        TypeError: The value is of another type, a float for example.
    """
    if value is None:
        return b"n"
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, Mapping):
        items = sorted((str(key), member) for key, member in value.items())
        parts = [canonical_bytes(key) + canonical_bytes(member) for key, member in items]
        return _framed(b"m", b"".join(parts))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _framed(b"l", b"".join(canonical_bytes(member) for member in value))
    return _scalar(value)


def _scalar(value: object) -> bytes:
    if isinstance(value, int):
        return _framed(b"i", str(value).encode())
    if isinstance(value, str):
        return _framed(b"s", value.encode())
    if isinstance(value, Decimal):
        plain = format(value, "f")
        return _framed(b"d", (plain.rstrip("0").rstrip(".") if "." in plain else plain).encode())
    if isinstance(value, datetime):
        return _framed(b"z", value.astimezone(UTC).isoformat().encode())
    if isinstance(value, date):
        return _framed(b"y", value.isoformat().encode())
    raise TypeError(f"cannot seal a {type(value).__name__}")


def _framed(kind: bytes, body: bytes) -> bytes:
    return kind + str(len(body)).encode() + b":" + body


def digest(value: object) -> str:
    """SHA-256 of a value's canonical bytes, as hexadecimal text."""
    return hashlib.sha256(b"v1" + canonical_bytes(value)).hexdigest()
