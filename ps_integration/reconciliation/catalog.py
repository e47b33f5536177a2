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
        f"| {rule.code} | {rule.title} | {_owners(rule)} | {rule.severity} | {_holds(rule)} |"
        for rule in (load_rules() if rules is None else rules)
    ]
    return "\n".join(lines) + "\n"


def _owners(rule: Rule) -> str:
    owners = dict.fromkeys((rule.owner, *(part.owner for part in rule.part_owners)))
    return ", ".join(owner.replace("_", " ") for owner in owners)


def _holds(rule: Rule) -> str:
    if rule.blocks:
        return "yes"
    return "by policy" if rule.may_block else "no"
