"""The product as a user starts it: its command line, of this checkout or of an older one.

`PS_PRODUCT` names the folder of another checkout; its command line then runs as a process of its
own. Without it the command line of this checkout is called in this process, which is faster.
"""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_UID = 70_001
_LAUNCH = """
import os, pwd, sys
who = sys.argv.pop(1)
if who:
    known = pwd.getpwuid
    os.getuid = lambda: {uid}
    pwd.getpwuid = lambda uid: (
        pwd.struct_passwd((who, "x", uid, uid, "", "/", "/bin/sh")) if uid == {uid} else known(uid)
    )
from ps_integration.cli.main import main
sys.argv[0] = "ps-integration"
main()
"""


@dataclass(frozen=True)
class Answer:
    """How one command ended and what it printed."""

    code: int
    text: str
    errors: str

    @property
    def data(self) -> Any:
        """The JSON object of `--json`: the last line."""
        return json.loads(self.text.splitlines()[-1])


def command(words: list[str], environ: Mapping[str, str], folder: Path, who: str = "") -> Answer:
    """Run `ps-integration` with these words in a folder, as a named user of the machine."""
    product = os.environ.get("PS_PRODUCT")
    if product:
        return _outside(words, {**environ, "PYTHONPATH": product}, folder, who)
    return _inside(words, environ, folder, who)


def _outside(words: list[str], environ: Mapping[str, str], folder: Path, who: str) -> Answer:
    code = _LAUNCH.format(uid=_UID)
    done = subprocess.run(
        [sys.executable, "-c", code, who, *words],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert "ImportError" not in done.stderr, done.stderr
    return Answer(done.returncode, done.stdout, done.stderr)


def _inside(words: list[str], environ: Mapping[str, str], folder: Path, who: str) -> Answer:
    from typer.testing import CliRunner  # noqa: PLC0415 - only where this checkout is the product

    from ps_integration.cli.main import app  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        if who:
            known = pwd.getpwuid
            named = pwd.struct_passwd((who, "x", _UID, _UID, "", "/", "/bin/sh"))
            patch.setattr(os, "getuid", lambda: _UID)
            patch.setattr(pwd, "getpwuid", lambda uid: named if uid == _UID else known(uid))
        result = CliRunner().invoke(app, words, env=dict(environ))
    return Answer(result.exit_code, result.stdout, result.stderr)
