"""Reading one answer's body: bounded in bytes on the wire, bytes decoded, and time."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import requests
from urllib3.exceptions import HTTPError

from ps_integration.errors import BadAnswerError, RetryLaterError

_CHUNK: Final = 65_536
_RATIO_FREE_BYTES: Final = 1 << 20


class TruncatedBodyError(BadAnswerError):
    """The connection ended before the body did."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Bounds of one request.

    Attributes:
        connect_seconds: To get a connection.
        read_seconds: Between two pieces of the answer.
        total_seconds: For the whole request.
        wire_bytes: As sent.
        decoded_bytes: Once unpacked.
        ratio: Unpacked to sent, once more than a mebibyte is unpacked.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 120.0
    wire_bytes: int = 32 << 20
    decoded_bytes: int = 64 << 20
    ratio: int = 100


class _Inflater:
    def __init__(self, encoding: str, caps: Caps) -> None:
        if encoding not in {"", "identity", "gzip"}:
            raise BadAnswerError(f"the answer has Content-Encoding {encoding[:40]!r}, not gzip")
        self._gzip = zlib.decompressobj(31) if encoding == "gzip" else None
        self._caps = caps
        self._wire = 0
        self._parts: list[bytes] = []
        self._size = 0

    def take(self, chunk: bytes) -> None:
        self._wire += len(chunk)
        if self._wire > self._caps.wire_bytes:
            raise BadAnswerError(f"the answer is larger than {self._caps.wire_bytes} bytes")
        if self._gzip is None:
            self._keep(chunk)
            return
        while chunk:
            try:
                self._keep(self._gzip.decompress(chunk, _CHUNK))
            except zlib.error:
                raise BadAnswerError("the answer says gzip and is not") from None
            chunk = self._gzip.unconsumed_tail

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        packed_too_well = self._size > max(_RATIO_FREE_BYTES, self._wire * self._caps.ratio)
        if self._size > self._caps.decoded_bytes or (self._gzip and packed_too_well):
            raise BadAnswerError(f"the answer unpacks to more than {self._size} bytes")
        self._parts.append(data)

    def whole(self) -> bytes:
        if self._gzip is not None and self._wire and not self._gzip.eof:
            raise TruncatedBodyError("the answer ends in the middle of its gzip stream")
        return b"".join(self._parts)


def read_body(
    response: requests.Response, caps: Caps, clock: Callable[[], float], deadline: float
) -> bytes:
    """Read and unpack the whole body.

    Raises:
        RetryLaterError: The deadline passed.
        TruncatedBodyError: The connection ended early.
        BadAnswerError: Over a cap, or an encoding that was not asked for.
    """
    inflater = _Inflater(response.headers.get("Content-Encoding", "").strip().lower(), caps)
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            inflater.take(chunk)
            if clock() > deadline:
                raise RetryLaterError(f"the answer took longer than {caps.total_seconds:g} s")
    except (HTTPError, OSError) as error:
        raise TruncatedBodyError(f"the answer broke off ({type(error).__name__})") from None
    return inflater.whole()
