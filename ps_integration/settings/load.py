"""Loads a firm file, or reports every mistake in it at once, each with its key path and line."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ps_integration.errors import FixConfigError
from ps_integration.settings.approval import AutoCorrections
from ps_integration.settings.check import cross_check
from ps_integration.settings.firm import Firm, LegalEntity
from ps_integration.settings.yaml_source import KeyPath, YamlSource, dotted_path, read_yaml

Problem = tuple[KeyPath, str]
"""Where in the file, and what is wrong there and what to do."""

_NOT_BILLING = {
    *("stores", "schedules", "owners", "audit", "breaks", "delivery", "metrics"),
    "reports",
}


@dataclass(frozen=True, slots=True)
class FirmFile:
    """One loaded firm file.

    Attributes:
        firm: The typed configuration.
        source: The file it came from, with line numbers.
        config_hash: SHA-256 over everything that can change what is billed: not where systems
            or stores happen to be reached, nor when runs start.
    """

    firm: Firm
    source: YamlSource
    config_hash: str


def load_firm(
    path: Path, extra_checks: Iterable[Callable[[Firm], Iterable[Problem]]] = ()
) -> FirmFile:
    """Read and check a firm file.

    Args:
        path: The file.
        extra_checks: Checks of the layers above (vendors' options, rule codes).

    Raises:
        FixConfigError: One line per mistake: `file:line: key.path: what is wrong`.
    """
    source = read_yaml(path)
    try:
        firm = Firm.model_validate(source.data)
    except ValidationError as error:
        problems = [_from_pydantic(detail) for detail in error.errors(include_url=False)]
        raise FixConfigError(_report(source, problems)) from None
    problems = list(cross_check(firm))
    for check in extra_checks:
        problems.extend(check(firm))
    if problems:
        raise FixConfigError(_report(source, problems))
    return FirmFile(firm, source, config_hash(firm))


def config_hash(firm: Firm) -> str:
    """SHA-256 over the billing-relevant configuration, stable under key order."""
    data = firm.model_dump(mode="json", exclude=_NOT_BILLING)
    _leave_out_new_defaults(data)
    data["rule_files"] = _rule_files(firm.rules_path)
    for system in data["systems"]:
        system.pop("base_url", None)
        system.pop("credentials", None)
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _leave_out_new_defaults(data: dict[str, Any]) -> None:
    """Keep the hash of a file that says nothing of keys which its first release did not know.

    A new key with its default would make every file another configuration, and void approvals.
    """
    automatic = data["approval"]["automatic"]
    if automatic["corrections"] == AutoCorrections().model_dump(mode="json"):
        del automatic["corrections"]
    for entity in data["legal_entities"]:
        for name in ("credits", "zero_lines", "invoice_date", "billing_day"):
            if entity[name] == LegalEntity.model_fields[name].default:
                del entity[name]


def _rule_files(folder: Path | None) -> dict[str, str]:
    """Hashes of the firm's own rules: they decide what is held back, so they are configuration."""
    if folder is None or not folder.is_dir():
        return {}
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.sql"))
    }


def json_schema() -> dict[str, object]:
    """JSON Schema of the firm file, for editors."""
    schema = Firm.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "ps_integration firm file"
    return schema


def _from_pydantic(detail: object) -> Problem:
    if not isinstance(detail, dict):
        raise TypeError("pydantic error details are mappings")
    location = tuple(part for part in detail["loc"] if not str(part).startswith("function-"))
    if detail["type"] == "extra_forbidden":
        return location, "this key is not known; remove it or check its spelling"
    if detail["type"] == "missing":
        return location, "this key is required"
    return location, str(detail["msg"]).removeprefix("Value error, ")


def _report(source: YamlSource, problems: list[Problem]) -> str:
    placed = sorted(
        (source.line(key_path), dotted_path(key_path), text) for key_path, text in problems
    )
    return "\n".join(f"{source.path}:{line}: {key}: {text}" for line, key, text in placed)
