"""Which steps each job walks; the command line and Dagster read the same lists."""

from collections.abc import Mapping

from ps_integration.workflows.steps import STEPS, Step

POSTING_STEPS = (
    "configuration",
    "recovery",
    "ledger_copy",
    "posting_ledger",
    "invoice_feedback",
    "settled_equations",
    "metrics",
    "reconciliation_report",
)
"""What is done again when people have approved batches since the night."""
FEEDBACK_STEPS = (
    "configuration",
    "raw",
    "canonical",
    "ledger_copy",
    "entries",
    "rated_entries",
    "invoice_feedback",
    "settled_equations",
    "metrics",
    "reconciliation_report",
)
"""What tells PSA and time systems how the ERP's invoices stand now; `raw` of the ERPs only."""
JOBS: Mapping[str, tuple[Step, ...]] = {
    "nightly_sync": STEPS,
    "post_approved_batches": tuple(step for step in STEPS if step.name in POSTING_STEPS),
    "billing_feedback": tuple(step for step in STEPS if step.name in FEEDBACK_STEPS),
}
"""The steps of every job that changes something, in order."""
