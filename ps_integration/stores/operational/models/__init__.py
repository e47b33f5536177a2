"""Tables of the operational store: what people decided and what was written to an ERP.

Money is minor units beside a currency; instants are aware UTC; decimals exact text. Triggers keep
what happened append-only, and what an approval signs as it is (see `migrations`).
"""

from ps_integration.stores.operational.models.audit import Audit
from ps_integration.stores.operational.models.breaks import (
    Break,
    BreakEvent,
    BreakImport,
    PeriodEvent,
)
from ps_integration.stores.operational.models.canonical import CanonicalId, RecordLink
from ps_integration.stores.operational.models.corrections import CorrectionDecision
from ps_integration.stores.operational.models.days import DayDecision
from ps_integration.stores.operational.models.decisions import (
    Approval,
    ConfigChange,
    Decision,
    Opening,
)
from ps_integration.stores.operational.models.deletions import DeletionDecision
from ps_integration.stores.operational.models.documents import (
    Batch,
    BatchMaker,
    Document,
    ErpReversal,
    LedgerEntry,
    LiveLine,
    PostingLine,
)
from ps_integration.stores.operational.models.feedback import Feedback
from ps_integration.stores.operational.models.identity import StoreIdentity
from ps_integration.stores.operational.models.leases import Lease
from ps_integration.stores.operational.models.matches import MatchDecision
from ps_integration.stores.operational.models.proposals import Proposal
from ps_integration.stores.operational.models.quarantine import QuarantineDecision
from ps_integration.stores.operational.models.runs import Run

__all__ = [
    "Approval",
    "Audit",
    "Batch",
    "BatchMaker",
    "Break",
    "BreakEvent",
    "BreakImport",
    "CanonicalId",
    "ConfigChange",
    "CorrectionDecision",
    "DayDecision",
    "Decision",
    "DeletionDecision",
    "Document",
    "ErpReversal",
    "Feedback",
    "Lease",
    "LedgerEntry",
    "LiveLine",
    "MatchDecision",
    "Opening",
    "PeriodEvent",
    "PostingLine",
    "Proposal",
    "QuarantineDecision",
    "RecordLink",
    "Run",
    "StoreIdentity",
]
