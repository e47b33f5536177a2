"""Reads YAML the way a careful person does, and remembers the line of every key.

Only `true` and `false` are booleans, only plain digits are numbers, dates stay text until the
model reads them, and a key given twice is refused: `NO` stays the country Norway.
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import yaml

from ps_integration.errors import FixConfigError

KeyPath = tuple[str | int, ...]


class _PlainLoader(yaml.SafeLoader):
    """SafeLoader with the implicit types of JSON only."""


_PlainLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+", "-+0123456789"),
    ("null", r"null|~|", "n~\0"),
):
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])


@dataclass(frozen=True, slots=True)
class YamlSource:
    """One parsed file: its data and the line each key path stands on (1-based)."""

    path: Path
    data: dict[str, object]
    lines: dict[KeyPath, int]

    def line(self, key_path: KeyPath) -> int:
        """The line of a key, or of its nearest ancestor that is written down."""
        for length in range(len(key_path), 0, -1):
            if key_path[:length] in self.lines:
                return self.lines[key_path[:length]]
        return 1


def read_yaml(path: Path) -> YamlSource:
    """Read one YAML file.

    Raises:
        FixConfigError: The file is missing, is not YAML, gives a key twice, or is not a mapping.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise FixConfigError(
            f"{path}: there is no such file; `ps-integration init` writes one"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise FixConfigError(f"{path}: cannot be read as UTF-8 text") from error
    try:
        return _parse(path, text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}" if mark else ""
        raise FixConfigError(f"{path}{where}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise FixConfigError(f"{path}: not valid YAML") from error


def _parse(path: Path, text: str) -> YamlSource:
    lines: dict[KeyPath, int] = {}
    duplicates: list[str] = []
    loader = _PlainLoader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            _walk(node, (), lines, duplicates)
        data = None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()
    if duplicates:
        raise FixConfigError("\n".join(f"{path}:{text}" for text in duplicates))
    if not isinstance(data, dict):
        raise FixConfigError(f"{path}:1: the file must be a mapping of keys to values")
    return YamlSource(path, data, lines)


def _walk(
    node: yaml.Node, key_path: KeyPath, lines: dict[KeyPath, int], duplicates: list[str]
) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in seen:
                dotted = dotted_path((*key_path, key))
                duplicates.append(f"{line}: {dotted}: the key is given twice")
            seen.add(key)
            lines[(*key_path, key)] = line
            _walk(value_node, (*key_path, key), lines, duplicates)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*key_path, index)] = item.start_mark.line + 1
            _walk(item, (*key_path, index), lines, duplicates)


def dotted_path(key_path: KeyPath) -> str:
    """A key path as people write it: `systems[2].base_url`."""
    text = ""
    for key in key_path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text
