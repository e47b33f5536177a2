"""What the documentation says, cut out so that it can be run."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(r"^`([^`\n]+)`(?:(?!\n\n).)*\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def text(name):
    return (ROOT / name).read_text("utf-8")


def blocks(name, language):
    """Every fenced block of one language."""
    return [body for kind, body in _BLOCK.findall(text(name)) if kind == language]


def named_files(name):
    """Fenced blocks that follow a line beginning with a file's name, by that name."""
    return dict(_NAMED.findall(text(name)))
