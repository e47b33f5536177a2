"""Runs cases: lives of the product that are killed, clean lives after them, and the verdict."""

import gc
import os
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ps_integration.connectors.body import Caps
from ps_integration.connectors.http import Policy
from ps_integration.settings.firm import Firm
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import post
from ps_integration.workflows.night import Night
from ps_integration_tests.crashes import books
from ps_integration_tests.crashes.clock import SharedClock
from ps_integration_tests.crashes.proxy import Proxy, proxied
from ps_integration_tests.crashes.spec import Kill, Spec, draw
from ps_integration_tests.crashes.stores import Stores
from ps_integration_tests.posting.targets import SYSTEM, Held, Server, Target, writer

CLEAN_LIVES_MAX = 8
WAITS_SECONDS = (1.0, 1.0, 3_600.0, 86_400.0)
"""Beyond the commit delay, before each clean life; the last repeats."""
CLIENT_SECONDS = 1.0
"""The client's patience; an answer that takes longer is a time-out."""
LIFE_SECONDS_MAX = 60.0
EXCUSES = frozenset({"refused", "duplicate_delivery"})
"""Faults after which a document may end with a person: the books said no, or there are two."""
ESCALATED = frozenset({"held", "dead"})


@dataclass
class Result:
    """What became of one case."""

    erp: str
    store: str
    kind: str
    seed: int
    place: str = ""
    mode: str = "forked"
    verdict: Literal["ok", "violated", "inconclusive"] = "ok"
    kills: int = 0
    lives: int = 0
    met: int = 0
    documents: int = 0
    lines: int = 0
    lost: int = 0
    doubled: int = 0
    stuck: int = 0
    escalated: int = 0
    refused: int = 0
    ambiguous: int = 0
    landed: int = 0
    seconds: float = 0.0
    killed_at: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass
class World:
    """One ERP behind the proxy, one kind of store, and where files go."""

    target: Target
    server: Server
    proxy: Proxy
    clock: SharedClock
    stores: Stores
    folder: Path
    tamper: Callable[[], object] = lambda: None
    """Called in every life before it begins: breaks the engine for the harness's own test."""
    life_seconds: float = 0.3
    """What a life usually takes, for kills at random instants."""
    _shared: int = 0
    _open: OperationalStore | None = None

    def store(self) -> OperationalStore:
        """A store in which nothing is left to do."""
        if self._open is None or self._shared >= self.stores.cases_a_copy:
            self._open, self._shared = self.stores.fresh(), 0
        return self._open

    def case(self, spec: Spec, result: Result) -> "Case":
        """A case of this world."""
        return Case(self, spec, result, self.store())

    def pass_time(self, seconds: float) -> dict[str, int]:
        """Let time pass; what the proxy says of the case so far."""
        return self.proxy.advance(seconds)

    def warm(self) -> None:
        """Run what every life runs once in this process, so that its forks need not."""
        spec = replace(draw(self.target.name, "", "timeout_after_commit", 0), drift_seconds=0.0)
        result = Result(spec.erp, spec.store, spec.kind, spec.seed)
        case = Case(self, spec, result, self.stores.fresh())
        for _ in range(2):
            case.work()
            self.proxy.advance(2 * spec.delay_seconds)
        books.read(case.store, spec.name)
        gc.collect()
        gc.freeze()

    def play(self, spec: Spec) -> Result:
        """Run one case from its approved batch to its verdict."""
        begun = time.perf_counter()
        result = Result(spec.erp, spec.store, spec.kind, spec.seed, spec.place)
        result.documents = len(spec.amounts)
        result.lines = sum(map(len, spec.amounts))
        case = self.case(spec, result)
        for kill, gap in zip(spec.kills, spec.gaps_seconds, strict=True):
            case.live(kill)
            self.pass_time(gap)
        case.drain()
        case.judge()
        self._shared += 1
        if result.verdict != "ok" or result.escalated or result.refused:
            self._shared = self.stores.cases_a_copy
        result.seconds = round(time.perf_counter() - begun, 4)
        return result


class Case:
    """One case as it runs."""

    def __init__(self, world: World, spec: Spec, result: Result, store: OperationalStore) -> None:
        self.world, self.spec, self.result, self.store = world, spec, result, store
        self.config_hash = books.CONFIG_HASH
        self.settle_firm()
        world.proxy.script(spec.faults, spec.drift_seconds)
        books.prepare(spec, world.target, self.store, self._night())

    def settle_firm(self) -> None:
        """Make the firm whose night it is."""
        world = self.world
        told = books.firm_file(world.target, world.proxy.origin, self.spec.delay_seconds)
        self.firm = Firm.model_validate(told)

    def _night(self) -> Night:
        number, as_of = f"{self.spec.name}-{self.result.lives}", self.world.clock.now()
        return books.night(self.firm, self.world.folder, number, as_of, self.config_hash)

    def live(self, kill: Kill) -> None:
        """One life in a process of its own; it ends by itself or by the kill."""
        self.result.lives += 1
        begun = time.perf_counter()
        child = self.begin(kill)
        if kill.share is not None:
            time.sleep(kill.share * self.world.life_seconds)
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status):
            self.result.kills += 1
            self.result.killed_at.append(kill.place or "random")
        elif self.is_error(os.waitstatus_to_exitcode(status)):
            error = (self.world.folder / "error").read_text("utf-8")
            self.result.problems.append(f"a life ended with an error: {error}")
        elif not kill.place and kill.share is None:
            seconds = time.perf_counter() - begun
            self.world.life_seconds += 0.1 * (seconds - self.world.life_seconds)

    def begin(self, kill: Kill) -> int:
        """Start a life; the process it lives in."""
        child = os.fork()
        if child == 0:
            self._in_child(kill)
        return child

    def is_error(self, code: int) -> bool:
        """Whether a life that was not killed ended as it must not."""
        return code != 0

    def _in_child(self, kill: Kill) -> None:
        code = 1
        try:
            if kill.place:
                os.environ["PS_CRASHPOINT_HARNESS"] = "1"
                os.environ["PS_CRASHPOINT"] = f"{kill.place}@{kill.passage}"
            self.world.tamper()
            self.work()
            code = 0
        except BaseException:
            (self.world.folder / "error").write_text(traceback.format_exc(), "utf-8")
            raise
        finally:
            os._exit(code)

    def work(self) -> None:
        """What one life does: recover, as at the start of a night, and post, as at its end."""
        clock, run = self.world.clock, self._night()
        caps = Caps(CLIENT_SECONDS, CLIENT_SECONDS, LIFE_SECONDS_MAX)
        policy = Policy(caps, tries=2, sleep=clock.sleep)
        erp = writer(self.world.target, self.world.proxy.origin, policy, self.spec.delay_seconds)
        post.recover(run, self.store, {SYSTEM: erp}, clock)
        post.post(run, self.store, {SYSTEM: erp}, clock)
        self.store.close()

    def drain(self) -> None:
        """Clean lives, with time between them, until nothing moves."""
        for number in range(CLEAN_LIVES_MAX):
            wait = WAITS_SECONDS[min(number, len(WAITS_SECONDS) - 1)]
            self.world.pass_time(self.spec.delay_seconds + wait)
            self.live(Kill())
            if not books.moving(self.store):
                break
        told = self.world.pass_time(self.spec.delay_seconds + 1)
        self.result.met = told["met"]
        if told["late"]:
            self.result.verdict = "inconclusive"

    def judge(self) -> None:
        """Count every approved line in the ERP's posted documents."""
        spec, result = self.spec, self.result
        ours = books.read(self.store, spec.name)
        held = self.world.server.documents(f"{spec.name} ")
        posted = Counter(
            (line.description, line.amount_minor)
            for document in held
            if document.state == "posted"
            for line in document.lines
        )
        for number, amounts in enumerate(spec.amounts, 1):
            ref = f"{spec.name}-{number}"
            fate = _fate(ours.states.get(ref, "gone"), is_blocked=ref in ours.blocked)
            result.escalated += fate == "escalated"
            result.refused += fate == "refused"
            result.stuck += fate == "stuck"
            for at, amount in enumerate(amounts, 1):
                count = posted.pop((books.description(spec, number, at), amount), 0)
                result.doubled += count > 1 or (count > 0 and fate == "refused")
                result.lost += count == 0 and fate in {"posted", "gone"}
        result.problems += [f"the ERP posted what was not approved: {one}" for one in posted]
        if not EXCUSES & {fault.kind for fault in spec.faults.values()}:
            self._judge_leftovers(ours, held)
        result.ambiguous, result.landed = ours.ambiguous, ours.landed
        result.problems += ours.problems
        if result.lost or result.doubled or result.stuck or result.problems:
            result.verdict = "violated"
            states = [(one.reference, one.state) for one in held]
            result.problems.append(f"store {ours.states}, ERP {states}")

    def _judge_leftovers(self, ours: books.Books, held: list[Held]) -> None:
        """Nothing needs a person that the engine could settle, and no draft is left behind."""
        if self.result.escalated:
            self.result.problems.append(f"given to a person without need: {ours.reasons}")
        left = [one.reference for one in held if one.state == "draft"]
        if left:
            self.result.problems.append(f"drafts left in the ERP: {left}")


def _fate(state: str, *, is_blocked: bool) -> str:
    """What a state means in the end; a break that is open has an owner."""
    if state in ESCALATED or (is_blocked and state in {"planned", *books.MOVING}):
        return "escalated"
    if state == "refused":
        return "refused" if is_blocked else "gone"
    if state in books.MOVING:
        return "stuck"
    return "posted" if state == "posted" else "gone"


@contextmanager
def opened(target: Target, stores: Stores, folder: Path) -> Iterator[World]:
    """Start an ERP with a proxy before it."""
    clock = SharedClock()
    with target.serve(folder, clock.now) as server, proxied(target, server.origin, clock) as proxy:
        world = World(target, server, proxy, clock, stores, folder)
        world.warm()
        yield world
