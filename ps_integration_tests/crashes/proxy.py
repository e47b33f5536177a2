"""The fault proxy: one process between the product and an ERP, on loopback only.

It forwards byte for byte, one request a connection. A script says which write meets which fault.
"""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ps_integration_tests.crashes.clock import SharedClock, tell
from ps_integration_tests.crashes.faults import Fault
from ps_integration_tests.posting.targets import Canned, Target
from ps_integration_tests.posting.targets.serving import forked

HOST = "127.0.0.1"
HEAD_BYTES_MAX = 1 << 16
NOT_FORWARDED = frozenset({"timeout_before_commit", "slow_commit", "rate_limit", "refused"})
SWALLOWED = frozenset({"timeout_before_commit", "timeout_after_commit"})
LATE = frozenset({"slow_commit", "duplicate_delivery"})
CANNED = {"error_after_commit": "failed", "rate_limit": "throttled", "refused": "refused"}
_GAP = b"\r\n\r\n"
_CUT = (ConnectionError, asyncio.IncompleteReadError, TimeoutError)


@dataclass(frozen=True)
class Request:
    """One request as it came, ready to be forwarded."""

    method: str
    path: str
    raw: bytes
    body: bytes


@dataclass
class Script:
    """What happens to the writes of one case.

    Attributes:
        faults: By number of the write, from 1 on.
        drift_seconds: How long each look-up takes.
        writes: How many came.
        reached: How many got to the ERP.
        met: How many met a fault.
        late: What is still on its way: when it arrives, and what.
    """

    faults: dict[int, Fault] = field(default_factory=dict)
    drift_seconds: float = 0.0
    writes: int = 0
    reached: int = 0
    met: int = 0
    late: list[tuple[float, Request]] = field(default_factory=list)


class Wire:
    """Forwards requests of one target, and lets faults meet writes."""

    def __init__(self, target: Target, origin: str, clock: SharedClock, *, is_real: bool) -> None:
        """Take the ERP's origin; with `is_real` late requests are late on the wall clock."""
        parts = urlsplit(origin)
        self._target, self._upstream = target, (parts.hostname, parts.port)
        self._clock, self._is_real = clock, is_real
        self._under_way: set[asyncio.Task[bytes]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.script = Script()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, then close it."""
        with suppress(*_CUT):
            request = await _read(reader)
            if not self._target.is_write(request.method, request.path, request.body):
                answer = await self.forward(request)
                await self.advance(self.script.drift_seconds)
                writer.write(answer)
            else:
                self.script.writes += 1
                fault = self.script.faults.get(self.script.writes, Fault("none"))
                await self._meet(fault, request, reader, writer)
            await writer.drain()
        writer.close()
        with suppress(*_CUT):
            await writer.wait_closed()

    async def _meet(
        self,
        fault: Fault,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        kind = fault.kind
        self.script.met += kind != "none"
        answer = b"" if kind in NOT_FORWARDED else await self._reach(request)
        if kind in LATE:
            await self._deliver_late(request, fault.late_seconds)
        if kind in SWALLOWED:
            await _hold(reader, fault)
        elif kind == "reset_mid_body":
            await _half(answer, writer)
        elif kind in CANNED:
            writer.write(_canned(getattr(self._target, CANNED[kind])))
        else:
            writer.write(answer)

    async def _reach(self, request: Request) -> bytes:
        self.script.reached += 1
        return await self.forward(request)

    async def _deliver_late(self, request: Request, seconds: float) -> None:
        if self._is_real:
            self._keep(asyncio.create_task(self._after(seconds, request)))
        else:
            self.script.late.append((self._clock.seconds() + seconds, request))
            await self.advance(0.0)

    async def _after(self, seconds: float, request: Request) -> None:
        await asyncio.sleep(seconds)
        await self._reach(request)

    async def advance(self, seconds: float) -> None:
        """Let time pass, delivering in order what is due meanwhile."""
        until = self._clock.seconds() + seconds
        while due := [one for one in self.script.late if one[0] <= until]:
            first = min(due, key=lambda one: one[0])
            self.script.late.remove(first)
            self._clock.skip(max(first[0] - self._clock.seconds(), 0.0))
            await self._reach(first[1])
        self._clock.skip(max(until - self._clock.seconds(), 0.0))

    async def forward(self, request: Request) -> bytes:
        """The ERP's whole answer; what was begun is finished though the client leave."""
        task = asyncio.create_task(self._exchange(request))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def quiet(self) -> None:
        """Wait until the ERP has answered everything that was begun."""
        while self._under_way or self._tasks:
            await asyncio.wait({*self._under_way, *self._tasks})

    async def _exchange(self, request: Request) -> bytes:
        reader, writer = await asyncio.open_connection(*self._upstream)
        writer.write(request.raw)
        try:
            head = await reader.readuntil(_GAP)
            length = _header(head, b"content-length")
            if head.split(b" ", 2)[1] == b"204":
                return head
            rest = reader.read(-1) if length is None else reader.readexactly(int(length))
            return head + await rest
        finally:
            writer.close()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry out one order of the harness."""
        message: dict[str, Any] = json.loads(await reader.readline())
        if message["do"] == "script":
            await self.quiet()
            faults = {int(at): Fault(**one) for at, one in message["faults"].items()}
            self.script = Script(faults, message["drift_seconds"])
        elif message["do"] == "advance":
            await self.quiet()
            await self.advance(message["seconds"])
        script = self.script
        done = {"writes": script.writes, "reached": script.reached, "met": script.met}
        with suppress(*_CUT):
            writer.write(json.dumps({**done, "late": len(script.late)}).encode() + b"\n")
            await writer.drain()
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    """One whole request; its connection to the ERP is closed after the answer."""
    head = await reader.readuntil(_GAP)
    lines = head[: -len(_GAP)].split(b"\r\n")
    method, path, _ = lines[0].decode("latin-1").split(" ")
    body = await reader.readexactly(int(_header(head, b"content-length") or 0))
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    raw = b"\r\n".join([*kept, b"Connection: close", b"", body])
    return Request(method, urlsplit(path).path, raw, body)


def _header(head: bytes, name: bytes) -> bytes | None:
    """A header's value, or None."""
    for line in head.split(b"\r\n"):
        if line.lower().startswith(name + b":"):
            return line.partition(b":")[2].strip()
    return None


async def _hold(reader: asyncio.StreamReader, fault: Fault) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(reader.read(1), fault.hold_seconds)


async def _half(answer: bytes, writer: asyncio.StreamWriter) -> None:
    """Send half of the body, or of the head where there is no body, and reset the connection."""
    head, gap, body = answer.partition(_GAP)
    part = head + gap + body[: len(body) // 2] if body else head[: len(head) // 2]
    writer.write(part)
    await writer.drain()
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _canned(answer: Canned) -> bytes:
    headers = {"Content-Type": "application/json", **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} Canned", *(f"{name}: {headers[name]}" for name in headers)]
    lines += [f"Content-Length: {len(answer.body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + answer.body


class Proxy:
    """A running proxy, as the harness speaks to it."""

    def __init__(self, origin: str, control: tuple[str, int]) -> None:
        """Take where it listens."""
        self.origin, self._control = origin, control

    def script(self, faults: dict[int, Fault], drift_seconds: float) -> None:
        """Begin a case: writes count from 1 on; what was late is forgotten."""
        named = {str(at): vars(fault) for at, fault in faults.items()}
        tell(self._control, {"do": "script", "faults": named, "drift_seconds": drift_seconds})

    def advance(self, seconds: float) -> dict[str, int]:
        """Let time pass; how many writes came, met a fault, reached the ERP, are still late."""
        return tell(self._control, {"do": "advance", "seconds": seconds})


@contextmanager
def proxied(
    target: Target, origin: str, clock: SharedClock, *, is_real: bool = False
) -> Iterator[Proxy]:
    """Run a proxy before an ERP in a process of its own."""

    def start() -> str:
        wire = Wire(target, origin, clock, is_real=is_real)
        ports: list[int] = []
        ready = threading.Event()

        async def main() -> None:
            data = await asyncio.start_server(wire.serve, HOST, 0, limit=HEAD_BYTES_MAX)
            port = data.sockets[0].getsockname()[1]
            control = await asyncio.start_server(wire.obey, HOST, 0)
            ports.extend((port, control.sockets[0].getsockname()[1]))
            ready.set()
            async with data, control:
                await asyncio.gather(data.serve_forever(), control.serve_forever())

        threading.Thread(target=asyncio.run, args=(main(),), daemon=True).start()
        ready.wait()
        return " ".join(map(str, ports))

    with forked(start) as told:
        port, control_port = told.split()
        clock.control = (HOST, int(control_port))
        yield Proxy(f"http://{HOST}:{port}", clock.control)
