"""One rule file: a header of `-- key: value` lines in a closed set of keys, then plain SQL."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Final

from ps_integration.domain.breaks import BLOCKED_KINDS, CAUSES, SEVERITIES, Severity
from ps_integration.errors import FixConfigError
from ps_integration.reconciliation.needs import NEED_PATTERN

REQUIRED: Final = (
    "rule", "title", "severity", "owner", "blocks", "needs_period", "cause", "remedy"
)  # fmt: skip
OPTIONAL: Final = ("needs", "needs_for", "holds", "owner_for", "runs")
_CLOSED: Final[Mapping[str, Sequence[str]]] = {
    "severity": SEVERITIES,
    "blocks": ("yes", "no", "policy"),
    "needs_period": ("yes", "no"),
    "cause": tuple(sorted(CAUSES)),
    "runs": ("after_posting",),
}
_HEADER_LINE: Final = re.compile(r"^-- (?P<key>[a-z_]+): (?P<value>.+)$")
_NUMBER: Final = re.compile(r"^\d+(\.\d+)?$")
_TURNS: Final = {
    "reconciliation.holds": 1,
    "reconciliation.found": 2,
    "reconciliation.all": 3,
}


@dataclass(frozen=True, slots=True)
class PartNeed:
    """What only a part of a rule needs: the breaks whose record key starts with `prefix`."""

    prefix: str
    need: str


@dataclass(frozen=True, slots=True)
class PartOwner:
    """Who works the breaks whose record key starts with `prefix`, where it is another role."""

    prefix: str
    owner: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One reconciliation rule, as its file says it or as the firm has changed it.

    Attributes:
        code: e.g. `TM01`; never changes its meaning.
        title: What the break is, in a finance controller's words.
        severity: Default `critical`, `high`, `medium` or `low`.
        owner: Role that works the breaks, e.g. `delivery_ops`.
        part_owners: Breaks that another role works.
        blocks: Whether a break holds what it names from being posted.
        may_block: Whether a break names something that a firm may let it hold.
        holds: The kinds of things that it names, where the file says so.
        remedy: What to do, in plain words.
        cause: The probable cause when the SQL does not say a better one.
        needs: Inputs without which the rule could not run (see `needs`).
        part_needs: Inputs that only a part of the rule needs.
        needs_period: Whether every break belongs to an accounting period.
        is_after_posting: Whether it speaks of what is not in the ERP, and so runs when tonight's
            documents are there. Such a rule holds nothing.
        tolerances: Bound to `$tolerance_*` in the SQL.
        sql: The query as it stands, without the closing semicolon.
    """

    code: str
    title: str
    severity: Severity
    owner: str
    part_owners: tuple[PartOwner, ...]
    blocks: bool
    may_block: bool
    holds: tuple[str, ...]
    remedy: str
    cause: str
    needs: tuple[str, ...]
    part_needs: tuple[PartNeed, ...]
    needs_period: bool
    is_after_posting: bool
    tolerances: Mapping[str, int | Decimal]
    sql: str
    path: Path

    @property
    def turn(self) -> int:
        """0 for most rules; more for those that read what the rules before them found."""
        return max(_TURNS.get(need, 0) for need in ("", *self.needs))


def number(text: str) -> int | Decimal:
    """A tolerance as an exact number.

    Raises:
        ValueError: It is not a plain number of zero or more.
    """
    if not _NUMBER.match(text):
        raise ValueError(f"{text!r} is not a number of zero or more")
    return Decimal(text) if "." in text else int(text)


def load_rules(extra_folder: Path | None = None) -> tuple[Rule, ...]:
    """All rules of the product, and of a firm's own folder, in order of code.

    Raises:
        FixConfigError: Names every file, line and mistake at once.
    """
    own = files("ps_integration.reconciliation").joinpath("rules")
    paths = [Path(str(item)) for item in own.iterdir() if item.name.endswith(".sql")]
    if extra_folder is not None:
        if not extra_folder.is_dir():
            raise FixConfigError(f"rules folder {extra_folder} is not a folder")
        paths += sorted(extra_folder.glob("*.sql"))
    rules: dict[str, Rule] = {}
    mistakes: list[str] = []
    for path in paths:
        try:
            rule = parse_rule(path)
        except FixConfigError as error:
            mistakes.append(str(error))
            continue
        if rule.code in rules:
            mistakes.append(f"{path}: rule {rule.code} is already in {rules[rule.code].path.name}")
        rules[rule.code] = rule
    if mistakes:
        raise FixConfigError("\n".join(mistakes))
    return tuple(rules[code] for code in sorted(rules))


def parse_rule(path: Path) -> Rule:
    """Read one rule file.

    Raises:
        FixConfigError: Names the file and the line of each mistake.
    """
    lines = path.read_text("utf-8").splitlines()
    header, body_at = _header(path, lines)
    sql = "\n".join(lines[body_at:]).strip().removesuffix(";").rstrip()
    mistakes = [*_key_mistakes(header), *_value_mistakes(path, header)]
    if not sql:
        mistakes.append((body_at, "no query follows the header"))
    if "runs" in header and header.get("blocks", (0, "no"))[1] != "no":
        line = header["runs"][0]
        mistakes.append((line, "a rule that runs after posting comes too late to hold anything"))
    if mistakes:
        raise FixConfigError("\n".join(f"{path}:{line}: {text}" for line, text in mistakes))
    value = {key: text for key, (_, text) in header.items()}
    severity = next(word for word in SEVERITIES if word == value["severity"])
    return Rule(
        code=value["rule"],
        title=value["title"],
        severity=severity,
        owner=value["owner"],
        part_owners=tuple(PartOwner(*pair.split()) for pair in _parts(value.get("owner_for", ""))),
        blocks=value["blocks"] == "yes",
        may_block=value["blocks"] != "no",
        holds=_words(value.get("holds", "")),
        remedy=value["remedy"],
        cause=value["cause"],
        needs=_words(value.get("needs", "")),
        part_needs=tuple(PartNeed(*pair.split()) for pair in _parts(value.get("needs_for", ""))),
        needs_period=value["needs_period"] == "yes",
        is_after_posting="runs" in value,
        tolerances={k: number(v) for k, v in value.items() if k.startswith("tolerance_")},
        sql=sql,
        path=path,
    )


def _header(path: Path, lines: Sequence[str]) -> tuple[dict[str, tuple[int, str]], int]:
    header: dict[str, tuple[int, str]] = {}
    for index, line in enumerate(lines):
        if not line.startswith("--"):
            return header, index
        match = _HEADER_LINE.match(line)
        if match is None:
            raise FixConfigError(f"{path}:{index + 1}: a header line reads '-- key: value'")
        if match["key"] in header:
            raise FixConfigError(f"{path}:{index + 1}: {match['key']} is said twice")
        header[match["key"]] = (index + 1, match["value"].strip())
    return header, len(lines)


def _key_mistakes(header: Mapping[str, tuple[int, str]]) -> list[tuple[int, str]]:
    known = {*REQUIRED, *OPTIONAL}
    unknown = [
        (line, f"unknown key {key!r}; known are {', '.join(sorted(known))}, tolerance_*")
        for key, (line, _) in header.items()
        if key not in known and not key.startswith("tolerance_")
    ]
    return unknown + [(1, f"key {key!r} is missing") for key in REQUIRED if key not in header]


def _value_mistakes(path: Path, header: Mapping[str, tuple[int, str]]) -> list[tuple[int, str]]:
    mistakes = []
    for key, (line, value) in header.items():
        text = _value_mistake(path, key, value)
        if text:
            mistakes.append((line, text))
    return mistakes


def _value_mistake(path: Path, key: str, value: str) -> str:
    if key in _CLOSED and value not in _CLOSED[key]:
        return f"{key} {value!r} is not one of {', '.join(_CLOSED[key])}"
    if key == "rule":
        return _code_mistake(path, value)
    if key.startswith("tolerance_") and not _NUMBER.match(value):
        return f"{key} {value!r} is not a number of zero or more"
    if key in OPTIONAL:
        return _list_mistake(key, value)
    return ""


def _list_mistake(key: str, value: str) -> str:
    if key == "holds":
        unknown = ", ".join(sorted(set(_words(value)) - set(BLOCKED_KINDS)))
        return f"holds {unknown}, none of {', '.join(BLOCKED_KINDS)}" if unknown else ""
    if key == "needs":
        return _need_mistake(_words(value))
    if key in ("needs_for", "owner_for"):
        pairs = [pair.split() for pair in _parts(value)]
        if not all(len(pair) == len(("prefix", "what")) for pair in pairs):
            return f"{key} reads 'prefix {key.removesuffix('s_for').removesuffix('_for')}'"
        return _need_mistake([p[1] for p in pairs]) if key == "needs_for" else ""
    return ""


def _code_mistake(path: Path, code: str) -> str:
    if not re.match(r"^[A-Z]{2}\d{2,3}$", code):
        return f"rule {code!r} is not a code such as TM01"
    if not re.match(rf"^{code.lower()}_[a-z0-9_]+$", path.stem):
        return f"rule {code} must be in a file named {code.lower()}_<what>.sql"
    return ""


def _need_mistake(needs: Sequence[str]) -> str:
    wrong = [need for need in needs if not NEED_PATTERN.match(need)]
    return f"cannot need {', '.join(wrong)}" if wrong else ""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
