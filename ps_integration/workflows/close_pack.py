"""Draws and files the close pack of one period of one legal entity."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from ps_integration.reports import files
from ps_integration.reports.close import ApprovalLine, Asked, ClosePack, close_pack
from ps_integration.reports.close_paper import render_page, render_pdf
from ps_integration.reports.xlsx import render_close
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational import approvals as store_approvals
from ps_integration.stores.operational.store import Session
from ps_integration.workflows.nightly import operational_store, snapshot, state_folder
from ps_integration.workflows.period import status
from ps_integration.workflows.report import reports_folder, value_of

FOLDER: Final = "close"
"""Of all packs, in the state folder."""
PDF: Final = "close.pdf"
PAGE: Final = "close.html"
WORKBOOK: Final = "close.xlsx"


def pack(
    file: FirmFile, legal_entity: str, period: str, asked_at: datetime
) -> tuple[ClosePack, Path]:
    """The pack, and the folder it is filed in: `close/<entity>-<period>/`.

    There are `close.pdf` with a page to sign, `close.html`, `close.xlsx`, the value as
    `value.json`, and `manifest.json` with the SHA-256 of each.

    Raises:
        FixConfigError: There is no such legal entity, or that is no period.
        CouldNotRunError: No night has finished yet, or its report cannot be read.
    """
    with snapshot(file) as warehouse:
        with operational_store(file) as store, store.snapshot() as session:
            answer = status(file.firm, warehouse, session, legal_entity, period)
            decided = _decided(session, legal_entity, period)
        entity = next(one for one in file.firm.legal_entities if one.id == legal_entity)
        asked = Asked(
            legal_entity=legal_entity,
            entity_name=entity.name,
            period=period,
            answer=answer.answer,
            sentence=answer.sentence,
            reasons=tuple((one.weight, one.text) for one in answer.reasons),
            standing=answer.standing,
            asked_at=asked_at,
        )
        report = value_of(state_folder(file), answer.run_id)
        night = close_pack(warehouse, report, asked, _evidence(state_folder(file), answer.run_id))
        made = decided.over(night)
    folder = state_folder(file) / FOLDER / f"{legal_entity}-{period}"
    files.file_report(folder, drawings(made, file.firm.reports.locale))
    return made, folder


@dataclass(frozen=True, slots=True)
class _Decided:
    """What was decided about the batches of a period, also since the night.

    Attributes:
        states: Of each batch and each document, by its id.
    """

    approvals: tuple[ApprovalLine, ...]
    states: Mapping[str, str]

    def over(self, pack: ClosePack) -> ClosePack:
        """The pack as the period stands now: its pages agree with the answer on the first."""
        return replace(
            pack,
            approvals=self.approvals,
            batches=tuple(
                replace(one, status=self.states.get(one.batch_id, one.status))
                for one in pack.batches
            ),
            documents=tuple(
                replace(one, state=self.states.get(one.document_ref, one.state))
                for one in pack.documents
            ),
        )


def _decided(session: Session, legal_entity: str, period: str) -> _Decided:
    approvals, states = [], {}
    for batch in store_approvals.batches(session):
        if (batch.legal_entity, batch.period) != (legal_entity, period):
            continue
        states[batch.batch_id] = batch.status
        states |= {
            one.document_ref: one.state
            for one in store_approvals.documents(session, batch.batch_id)
        }
        approvals += [
            ApprovalLine(
                batch_id=batch.batch_id,
                currency=batch.currency,
                amount_minor=batch.amount_minor,
                decision=one.decision,
                maker=one.maker,
                decided_by=one.decided_by,
                decided_at=one.decided_at,
                content_sha256=one.content_sha256,
                note=one.note,
            )
            for one in store_approvals.decisions(session, batch.batch_id)
        ]
    oldest_first = sorted(approvals, key=lambda one: (one.decided_at, one.batch_id))
    return _Decided(tuple(oldest_first), states)


def drawings(made: ClosePack, locale: str = "en") -> dict[str, bytes]:
    """The pack's files, by name."""
    return {
        files.VALUE: msgspec.json.encode(made),
        PDF: render_pdf(made, locale),
        PAGE: render_page(made, locale).encode(),
        WORKBOOK: render_close(made, locale),
    }


def _evidence(folder: Path, run_id: str) -> Mapping[str, str]:
    manifest = files.run_folder(reports_folder(folder), run_id) / files.MANIFEST
    hashes = msgspec.json.decode(manifest.read_bytes(), type=dict[str, str])
    return {f"{run_id}/{name}": digest for name, digest in hashes.items()}
