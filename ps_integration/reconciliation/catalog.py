"""The rules as a table for people."""

from collections.abc import Sequence

from ps_integration.reconciliation.rule import Rule, load_rules


def markdown_table(rules: Sequence[Rule] | None = None) -> str:
    """Every rule with what it finds, who works it and whether it holds posting, as Markdown."""
    lines = [
        "| rule | what it finds | owner | severity | holds posting |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {rule.code} | {rule.title} | {rule.owner.replace('_', ' ')} | {rule.severity} "
        f"| {_holds(rule)} |"
        for rule in (load_rules() if rules is None else rules)
    ]
    return "\n".join(lines) + "\n"


def _holds(rule: Rule) -> str:
    if rule.blocks:
        return "yes"
    return "by policy" if rule.may_block else "no"
