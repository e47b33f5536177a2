"""JSON and instants as the sandbox stores and sends them: exact decimals, UTC, no float."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

Document = dict[str, Any]
"""One JSON object in a vendor's own shape."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_STORED_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def dumps(value: object) -> bytes:
    """Encode JSON; a Decimal becomes a number with exactly its own digits."""
    return _ENCODER.encode(value)


def loads(text: str | bytes) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Decode JSON; a number with a fraction becomes a Decimal with exactly its own digits.

    Raises:
        ValueError: The text is not JSON.
    """
    return _DECODER.decode(text)


def stored_instant(instant: datetime) -> str:
    """Write an aware instant as UTC text whose order is the order of time.

    Raises:
        ValueError: The instant has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone: the sandbox keeps UTC instants")
    return instant.astimezone(UTC).strftime(_STORED_FORMAT)


def read_instant(text: str) -> datetime:
    """Read what `stored_instant` wrote."""
    return datetime.fromisoformat(text)


def utc_seconds(instant: datetime) -> str:
    """Write an instant the way most vendors do: `2026-03-01T09:30:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
