"""What the firm changes of rules: severity, owner, blocking, tolerances, or not to run at all."""

import dataclasses
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from ps_integration.domain.breaks import SEVERITIES
from ps_integration.domain.ports import Queries
from ps_integration.errors import FixConfigError
from ps_integration.reconciliation.rule import Rule, number

Settings = Mapping[str, Mapping[str, str]]
_FIRM_WIDE: Final = ("SLA", "LIMIT")
_PRICING: Final = ("FX", "RATES")
"""Firm-wide settings that pricing reads from the same table."""
_PREFIX: Final = "tolerance_"


def read_settings(queries: Queries) -> dict[str, dict[str, str]]:
    """`config.rule_settings` by rule and setting; `SLA` and `LIMIT` hold firm-wide values."""
    settings: dict[str, dict[str, str]] = {}
    for row in queries.rows("select rule, setting, value from config.rule_settings"):
        settings.setdefault(str(row["rule"]), {})[str(row["setting"])] = str(row["value"])
    return settings


def is_enabled(rule: Rule, settings: Settings) -> bool:
    """Whether the firm runs the rule."""
    return not _is_no(settings.get(rule.code, {}).get("is_enabled", "yes"))


def apply(rules: Sequence[Rule], settings: Settings) -> tuple[Rule, ...]:
    """The rules as this firm has set them.

    A tolerance comes from the rule's own setting, else from a firm-wide one of the same name
    (`SLA posting_days`, `LIMIT daily_hours`), else from the rule file.

    Raises:
        FixConfigError: A setting names no rule or tolerance, or its value cannot be read.
    """
    codes = {rule.code for rule in rules}
    unknown = sorted(set(settings) - codes - {*_FIRM_WIDE, *_PRICING})
    if unknown:
        raise FixConfigError(f"rules: there is no rule {', '.join(unknown)}")
    return tuple(_changed(rule, settings) for rule in rules)


def _changed(rule: Rule, settings: Settings) -> Rule:
    own = dict(settings.get(rule.code, {}))
    own.pop("is_enabled", None)
    word = own.pop("severity", rule.severity)
    severity = next((known for known in SEVERITIES if known == word), None)
    if severity is None:
        raise FixConfigError(f"rules.{rule.code}.severity {word!r}: {', '.join(SEVERITIES)}")
    owner = own.pop("owner", rule.owner)
    blocks = not _is_no(own.pop("blocks", "yes" if rule.blocks else "no"))
    if blocks and not rule.may_block:
        raise FixConfigError(f"rules.{rule.code}.blocks: this rule names nothing it could hold")
    wide = {k: v for name in _FIRM_WIDE for k, v in settings.get(name, {}).items()}
    tolerances = dict(rule.tolerances)
    for name in tolerances:
        short = name.removeprefix(_PREFIX)
        text = own.pop(name, own.pop(short, wide.get(short)))
        if text is not None:
            tolerances[name] = _tolerance(rule, short, text)
    if own:
        known = ", ".join(name.removeprefix(_PREFIX) for name in tolerances) or "none"
        raise FixConfigError(
            f"rules.{rule.code}: no tolerance {', '.join(sorted(own))} (it has: {known})"
        )
    return dataclasses.replace(
        rule, severity=severity, owner=owner, blocks=blocks, tolerances=tolerances
    )


def _tolerance(rule: Rule, name: str, text: str) -> int | Decimal:
    try:
        return number(text)
    except ValueError as error:
        raise FixConfigError(f"rules.{rule.code}.tolerances.{name}: {error}") from error


def _is_no(text: str) -> bool:
    return text.strip().lower() in {"false", "no", "0"}
