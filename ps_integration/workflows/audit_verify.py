"""Looks whether the audit trail holds, with everything known about it inside and outside."""

from ps_integration.errors import AskFinanceError
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import audit_check
from ps_integration.stores.operational.audit_check import Anchor, AuditVerdict
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import anchors
from ps_integration.workflows.audit_keys import keys_of
from ps_integration.workflows.nightly import state_folder

_HEAD_DIGITS = 16


def verify(file: FirmFile, store: OperationalStore, head: str = "") -> AuditVerdict:
    """Walk the trail and compare every row it witnesses.

    Args:
        file: The firm file.
        store: Its operational store.
        head: A head as a report prints it, `812:5f0c…`; it must be in the trail as well.

    Raises:
        AskFinanceError: That head is not written like one.
        FixConfigError: A key is not at hand.
    """
    folder = state_folder(file)
    keys = keys_of(file.firm, folder)
    noted, problems = anchors.read(file.firm, folder, keys)
    told = [head_of(head)] if head else []
    with store.snapshot() as session:
        verdict = audit_check.verify(session, keys, [*noted, *told])
    for problem in problems:
        verdict.tell(None, "anchors", problem.partition(": ")[0], problem.partition(": ")[2])
    if not noted:
        verdict.notes.append("no head was ever noted outside the store: a cut tail would not show")
    return verdict


def head_of(text: str) -> Anchor:
    """A head as people read it off a report.

    Raises:
        AskFinanceError: It is not written like one.
    """
    seq, _, sha256 = text.partition(":")
    is_hex = all(digit in "0123456789abcdef" for digit in sha256)
    if not seq.isdigit() or len(sha256) < _HEAD_DIGITS or not is_hex:
        raise AskFinanceError(f"{text!r} is no head; write it as the report does, 812:5f0c...")
    return Anchor(int(seq), sha256)
