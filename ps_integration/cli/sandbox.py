"""`sandbox`: local servers that speak the vendors' protocols, for the demonstration or your own."""

import os
import shlex
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ps_integration.cli import output
from ps_integration.cli.demo import DEMO_FIRM
from ps_integration.cli.options import load
from ps_integration.errors import CouldNotRunError, FixConfigError
from ps_integration.sandbox.addresses import addresses
from ps_integration.sandbox.seed import Seed, read_seed, sow
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.settings.yaml_source import read_yaml
from ps_integration.workflows import demo

PORT = 8750


def command(
    run: Annotated[
        list[str] | None,
        typer.Argument(help="Command to run with the addresses set, after `--`; then it stops."),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", help="Port on 127.0.0.1; 0 = any free one.")
    ] = PORT,
    seed: Annotated[
        Path | None,
        typer.Option(
            "--seed", help="YAML that describes systems of your own, instead of the demo."
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--folder", help="With --seed: where the servers keep their state.")
    ] = Path("data/sandbox"),
) -> None:
    """Serve the vendors of the demonstration, or of a seed file, until Ctrl-C or the command ends.

    Prints the environment variables that a firm file's `env:` references find them by.
    """
    with output.reported(as_json=False):
        served = _own(seed, folder, port) if seed else _demonstration(port)
        with served as environ:
            code = _run(run, environ) if run else _serve(environ)
        raise typer.Exit(code)


@contextmanager
def _demonstration(port: int) -> Iterator[Mapping[str, str]]:
    file = load(DEMO_FIRM)
    with demo.served_state(file) as state, _listening(state, port) as server:
        yield demo.environment(server, file.source.path.parent)


@contextmanager
def _own(path: Path, folder: Path, port: int) -> Iterator[Mapping[str, str]]:
    described = _described(path)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    state = SandboxState(folder / demo.SANDBOX_NAME)
    sow(state, described)
    with _listening(state, port) as server:
        yield {**addresses(server), **described.environment}


def _described(path: Path) -> Seed:
    try:
        return read_seed(read_yaml(path).data)
    except ValueError as error:
        raise FixConfigError(f"{path}: {error}") from error


@contextmanager
def _listening(state: SandboxState, port: int) -> Iterator[SandboxServer]:
    server = SandboxServer(state, port)
    try:
        server.start()
    except OSError as error:
        state.close()
        raise CouldNotRunError(f"port {port}: {error.strerror}; choose another --port") from error
    try:
        yield server
    finally:
        server.stop()


def _run(words: list[str], environ: Mapping[str, str]) -> int:
    try:
        done = subprocess.run(words, env={**os.environ, **environ}, check=False)  # noqa: S603 - the user's own command
    except OSError as error:
        raise CouldNotRunError(f"{words[0]}: {error.strerror}") from error
    return done.returncode


def _serve(environ: Mapping[str, str]) -> int:
    for name, value in sorted(environ.items()):
        output.say(f"export {name}={shlex.quote(value)}")
    output.say("# serving; Ctrl-C stops")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        output.say("# stopped")
    return 0
