"""The checks that each step of the night reports, by name, for a firm."""

from collections.abc import Mapping
from dataclasses import dataclass

from ps_integration.contracts.registry import CONTRACTS
from ps_integration.reconciliation.rule import load_rules
from ps_integration.settings.firm import Firm
from ps_integration.workflows import catch_up, deliver, post


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """A check that a step will report: whether it stops what follows, and what it says."""

    is_blocking: bool
    description: str


def none(firm: Firm) -> Mapping[str, CheckSpec]:
    """A step that reports none."""
    del firm
    return {}


def of_contracts(firm: Firm) -> Mapping[str, CheckSpec]:
    """One check per contract."""
    del firm
    return {
        f"contract_{name}": CheckSpec(
            is_blocking=False, description=f"{name.replace('_', ' ')}: version {contract.version}"
        )
        for name, contract in CONTRACTS.items()
    }


def of_rules(firm: Firm) -> Mapping[str, CheckSpec]:
    """One check per rule that runs before planning, and one that those which hold posting ran."""
    ran = "Every rule that can hold posting was able to run"
    return {
        **_of_rules(firm, after_posting=False),
        "blocking_rules_ran": CheckSpec(is_blocking=True, description=ran),
    }


def of_settling(firm: Firm) -> Mapping[str, CheckSpec]:
    """The two equations, and the rules that run after posting."""
    return {**of_equations(firm), **_of_rules(firm, after_posting=True)}


def _of_rules(firm: Firm, *, after_posting: bool) -> Mapping[str, CheckSpec]:
    return {
        rule.code.lower(): CheckSpec(is_blocking=False, description=f"{rule.title}. {rule.remedy}")
        for rule in load_rules(firm.rules_path)
        if rule.is_after_posting == after_posting
    }


def of_equations(firm: Firm) -> Mapping[str, CheckSpec]:
    """The two equations."""
    del firm
    return {
        "completeness": CheckSpec(
            is_blocking=True, description="Every approved hour has exactly one disposition"
        ),
        "ledger": CheckSpec(
            is_blocking=True, description="Documents, targets and the ERP's own totals tie"
        ),
    }


def of_posting(firm: Firm) -> Mapping[str, CheckSpec]:
    """Whether the store knows what was sent, and the ERPs answer."""
    del firm
    said = "The store knows all that was sent; one restored from an older copy catches up first"
    return {
        catch_up.CHECK: CheckSpec(is_blocking=True, description=said),
        "erp_takes_documents": CheckSpec(is_blocking=False, description=post.ANSWERS),
    }


def of_delivery(firm: Firm) -> Mapping[str, CheckSpec]:
    """Whether the verdict was sent."""
    del firm
    said = "Everyone who wants this verdict has been told"
    return {deliver.CHECK: CheckSpec(is_blocking=False, description=said)}


def of_staging(firm: Firm) -> Mapping[str, CheckSpec]:
    """Whether the batches were staged."""
    del firm
    return {"staging": CheckSpec(is_blocking=False, description="Every batch could be staged")}
