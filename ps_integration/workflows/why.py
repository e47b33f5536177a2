"""The whole story of one hour: from the payload a system sent to the ERP line, or what holds it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ps_integration.domain.ports import Queries, Row
from ps_integration.errors import AskFinanceError

_FIND = """
select distinct entry_id
from (
    select entry_id from canonical.entry_versions where entry_id = $given
    union all
    select object_id from ops.posting_lines where line_key = $given or object_id = $given
    union all
    select pl.object_id
    from ops.posting_lines as pl
    inner join ops.documents as dc on pl.document_ref = dc.document_ref
    where
        dc.document_ref || '/' || pl.line_no = $given
        or dc.erp_number || '/' || pl.line_no = $given
    union all
    select entry_id from canonical.entry_versions where external_id = $given
) as found
order by entry_id
limit 20
"""

_CHAPTERS: Mapping[str, str] = {
    "received": """
        select system, stream, record_id, raw_seq, fetched_at, run_id, is_tombstone,
            payload_sha256, payload, source_place
        from raw.records
        where system || ':' || record_id = $entry_id and stream = 'time_entries'
        order by raw_seq
    """,
    "quarantined": """
        select qr.rule, qr.field, qr.value, qr.remedy, qr.contract_version, qr.first_seen_at,
            rr.source_place, qa.decided_by as set_aside_by
        from quarantine.records as qr
        left join raw.records as rr on qr.raw_seq = rr.raw_seq
        left join quarantine.aside as qa
            on qr.system = qa.system and qr.stream = qa.stream and qr.record_id = qa.record_id
        where qr.system || ':' || qr.record_id = $entry_id
    """,
    "versions": """
        select version_no, work_date, seconds, is_billable, approval_state, approved_at,
            is_approved_at_observed, is_deleted, project_external_id, resource_external_id,
            first_seen_at, run_id
        from canonical.entry_versions
        where entry_id = $entry_id
        order by version_no
    """,
    "resolved": """
        select project_id, resource_id, legal_entity, currency, period, customer_key,
            billing_type, erp_system, erp_company, period_state, is_primary
        from billing.entries
        where entry_id = $entry_id
    """,
    "rated": """
        select unit_price, currency, quantity, amount_minor, problem, derivation
        from billing.rated_entries
        where entry_id = $entry_id
    """,
    "disposition": """
        select part, disposition, reason, evidence, seconds, amount_minor, currency,
            period, posting_period, document_ref, break_id
        from billing.dispositions
        where entry_id = $entry_id
        order by part
    """,
    "breaks": """
        select rule, record_key, period, left_system, left_value, right_system, right_value,
            at_risk_minor, currency, cause, detail
        from reconciliation.found
        where entry_id = $entry_id
            or (
                project_id = (
                    select max(project_id) from billing.entries where entry_id = $entry_id
                )
                and blocked_kind = 'project'
            )
        order by rule, record_key
    """,
    "billed by hand": """
        select ma.status, ma.record_key, li.number, li.amount_minor, li.currency, ma.evidence
        from reconciliation.matches as ma
        inner join reconciliation.hand_typed_lines as li on ma.record_key = li.record_key
        where ma.entry_id = $entry_id
        order by ma.record_key, ma.choice
    """,
    "nearest to a line typed by hand": """
        select nm.record_key, nm.failed_test, nm.gap, nm.cause
        from reconciliation.non_matches as nm
        where nm.entry_id = $entry_id
        order by nm.record_key
    """,
    "taken back by hand": """
        select cm.status, cm.record_key, li.number, cm.named as takes_back, cm.evidence
        from reconciliation.credit_matches as cm
        inner join reconciliation.hand_typed_lines as li on cm.record_key = li.record_key
        where cm.takes_back in (
            select pl.document_ref || '/' || pl.line_no::varchar from ops.posting_lines as pl
            where pl.object_id = $entry_id
            union all
            select ma.record_key from reconciliation.matches as ma where ma.entry_id = $entry_id
        )
        order by cm.record_key, cm.choice
    """,
    "posting lines": """
        select line_key, document_ref, line_no, part, correction_no, quantity, unit_price,
            amount_minor, currency, correction, corrects_document_ref, corrects_line_key,
            corrects_reason
        from ops.posting_lines
        where object_id = $entry_id
        order by line_key, document_ref
    """,
    "corrections owed": """
        select project_id, legal_entity, period, confirmed_minor, in_flight_minor, target_minor,
            owed_minor, currency, reason, state, evidence
        from billing.corrections_owed
        where entry_id = $entry_id
        order by project_id, period
    """,
    "cancelled in the ERP": """
        select rv.document_ref, rv.erp_number, rv.amount_minor, rv.currency, rv.found_at, rv.policy
        from ops.erp_reversals as rv
        where rv.document_ref in (
            select pl.document_ref from ops.posting_lines as pl where pl.object_id = $entry_id
        )
        order by rv.document_ref
    """,
    "documents": """
        select distinct dc.document_ref, dc.batch_id, dc.kind, dc.state, dc.erp_number, dc.erp_id,
            dc.posting_date, dc.amount_minor, dc.currency, dc.readback_minor, dc.sent_at,
            dc.confirmed_at, dc.hold_reason
        from ops.documents as dc
        inner join ops.posting_lines as pl on dc.document_ref = pl.document_ref
        where pl.object_id = $entry_id
        order by dc.document_ref
    """,
    "approval": """
        select distinct ba.batch_id, ba.status, ba.line_count, ba.amount_minor, ba.currency,
            ap.decision, ap.decided_by, ap.decided_at, ap.maker, ap.note, ap.content_sha256
        from ops.posting_lines as pl
        inner join ops.documents as dc on pl.document_ref = dc.document_ref
        inner join ops.batches as ba on dc.batch_id = ba.batch_id
        left join ops.approvals as ap on ba.batch_id = ap.batch_id
        where pl.object_id = $entry_id
        order by ap.decided_at
    """,
    "posting": """
        select le.seq, le.document_ref, le.from_state, le.to_state, le.attempt, le.run_id
        from ops.ledger as le
        where
            le.document_ref in (
                select pl.document_ref from ops.posting_lines as pl where pl.object_id = $entry_id
            )
        order by le.seq
    """,
    "ERP lines": """
        select ed.number, ed.status, ed.posting_date, el.line_no, el.description, el.quantity,
            el.unit_price, el.amount_minor, el.currency
        from ops.posting_lines as pl
        inner join ops.documents as dc on pl.document_ref = dc.document_ref
        inner join canonical.erp_documents as ed
            on dc.system = ed.system and dc.erp_id = ed.external_id
        inner join canonical.erp_lines as el
            on
                ed.system = el.system
                and ed.external_id = el.document_external_id
                and pl.line_no = el.line_no
        where pl.object_id = $entry_id
        order by ed.number, el.line_no
    """,
}


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of one entry, chapter by chapter, in the order things happened.

    Attributes:
        entry_id: The entry.
        verdict: One sentence: where the hour is now, or what holds it.
        chapters: Rows by chapter; a chapter without rows is left out.
    """

    entry_id: str
    verdict: str
    chapters: Mapping[str, list[Row]]


def why(queries: Queries, given: str) -> Story:
    """Tell the story of an entry, given its id, a line key, or `document/line`.

    Raises:
        AskFinanceError: Nothing is known by that name, or it means several entries.
    """
    found = [str(row["entry_id"]) for row in queries.rows(_FIND, {"given": given})]
    if not found:
        found = [str(row["entry_id"]) for row in queries.rows(_RECEIVED_ONLY, {"given": given})]
    if not found:
        raise AskFinanceError(
            f"{given!r}: no entry, posting line or ERP line of that name has been read; "
            "write system:id, a line key, or DOCUMENT/LINE"
        )
    if len(found) > 1:
        raise AskFinanceError(f"{given!r} means several entries: {', '.join(found)}")
    chapters = dict(_read(queries, found[0]))
    return Story(found[0], _verdict(chapters), chapters)


_RECEIVED_ONLY = """
select distinct system || ':' || record_id as entry_id
from raw.records
where system || ':' || record_id = $given
"""


def _read(queries: Queries, entry_id: str) -> Iterator[tuple[str, list[Row]]]:
    for chapter, sql in _CHAPTERS.items():
        rows = queries.rows(sql, {"entry_id": entry_id})
        if rows:
            yield chapter, rows


def _verdict(chapters: Mapping[str, list[Row]]) -> str:
    if "quarantined" in chapters:
        row = chapters["quarantined"][0]
        where = f" ({row['source_place']})" if row["source_place"] else ""
        return f"in quarantine: {row['field']}={row['value']!r} broke {row['rule']}{where}"
    if "disposition" not in chapters:
        versions = chapters.get("versions", [])
        if versions and versions[-1]["is_deleted"]:
            return "deleted in its source"
        state = versions[-1]["approval_state"] if versions else "received, not conformed"
        return f"not approved ({state})"
    parts = chapters["disposition"]
    return "; ".join(
        f"part {row['part']} is {row['disposition']}: {row['evidence'] or row['reason']}"
        for row in parts
    )
