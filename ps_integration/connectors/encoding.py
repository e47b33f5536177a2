"""How a request body is written: JSON with exact decimals."""

from typing import Final

import msgspec

from ps_integration.domain.records import Json

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def encoded(body: Json | bytes) -> bytes:
    """The bytes of a body; bytes are taken as they are."""
    return body if isinstance(body, bytes) else _ENCODER.encode(body)
