"""Policies for what changes after it was posted."""

from typing import Literal

CorrectionPolicy = Literal["reverse_and_rebill", "delta", "ask"]
"""How posted lines are put right: taken back and billed again, by their difference, or not until
a person has changed the policy."""

CreditPolicy = Literal["person", "policy"]
"""Who lets credits go for work that was deleted, withdrawn or is not billed any more: a person
always, or policy within its limits of corrections."""

VoidedPolicy = Literal["hold", "rebill", "leave"]
"""What becomes of time whose document the ERP has cancelled: kept back until the policy changes,
billed again, or left at that."""
