-- The lines of some documents, each document's as one JSON text in any order.
select
    document_no,
    cast(to_json(
        list(
            {
                'line_no': line_no,
                'line_key': line_key,
                'object_kind': object_kind,
                'object_id': object_id,
                'part': part,
                'correction_no': correction_no,
                'correction': correction,
                'corrects_document_ref': corrects_document_ref,
                'corrects_line_key': corrects_line_key,
                'corrects_reason': corrects_reason,
                'version_sha256': version_sha256,
                'project_id': project_id,
                'legal_entity': legal_entity,
                'period': period,
                'work_date': cast(work_date as varchar),
                'seconds': seconds,
                'quantity': cast(quantity as varchar),
                'unit_price': cast(unit_price as varchar),
                'amount_minor': amount_minor,
                'currency': currency,
                'description': description
            }
        )
    ) as varchar) as lines
from billing.ready_lines
where document_no between $first_no and $last_no
group by document_no
order by document_no;
