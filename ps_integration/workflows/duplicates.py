"""Two records that claim one external id: neither can be trusted, both wait in quarantine.

Of what is billed neither counts. Of evidence (everything else) the record that claimed the id first
stands, for what another record says about an id is no reason to forget what is known of it.
"""

from collections.abc import Mapping
from typing import Final

from ps_integration.contracts.registry import CANONICAL, CONTRACTS
from ps_integration.contracts.remedies import REMEDIES
from ps_integration.domain.ports import Queries
from ps_integration.workflows.last_known import BILLED
from ps_integration.workflows.night import Night
from ps_integration.workflows.quarantine import DUPLICATE

UNIQUE_IN_SYSTEM: Final = ("time_entries", "milestones", "expenses", "erp_documents")
"""Billed or posted objects: one id in the whole system. Master data may come in two streams."""


def quarantine_duplicates(
    night: Night, warehouse: Queries, where: Mapping[str, object], table: str
) -> None:
    """Move every record whose external id another row of the same table claims.

    Args:
        night: The run.
        warehouse: Inside the transaction of the stream.
        where: Parameters `system` and `stream` of the stream just conformed.
        table: The canonical table it fed.
    """
    streams = "true" if table in UNIQUE_IN_SYSTEM else "stream = $stream"
    warehouse.execute(
        f"""
        create or replace temp table doubled as
        with claims as (
            select stream, record_id, max(raw_seq) as raw_seq, external_id
            from canonical.{table}
            where system = $system and {streams} and external_id in (
                select du.external_id from canonical.{table} as du
                where du.system = $system and {streams.replace("stream ", "du.stream ")}
                group by du.external_id having count(*) > 1
            )
            group by stream, record_id, external_id
        ),

        placed as (
            select
                cl.*,
                row_number() over (
                    partition by cl.external_id
                    order by min(rr.raw_seq), cl.stream, cl.record_id
                ) as place
            from claims as cl
            left join raw.records as rr
                on rr.system = $system and cl.stream = rr.stream and cl.record_id = rr.record_id
            group by cl.stream, cl.record_id, cl.raw_seq, cl.external_id
        )

        select
            stream, record_id, max(raw_seq) as raw_seq, min(external_id) as external_id,
            {"true" if table in BILLED else "max(place) > 1"} as leaves
        from placed
        group by stream, record_id
        """,
        where if "$stream" in streams else {"system": where["system"]},
    )
    if not warehouse.value("select count(*) from doubled"):
        return
    quarantine_records(night, warehouse, str(where["system"]), table, DUPLICATE)


def quarantine_records(
    night: Night, warehouse: Queries, system: str, table: str, rule: str
) -> None:
    """Move the records listed in the temporary table `doubled` into quarantine, whole.

    `doubled` has stream, record_id, raw_seq, the external_id at fault and whether the record's
    rows leave; `was_open` is what was in quarantine before.
    """
    field = "external_id" if rule == DUPLICATE else "work_date"
    warehouse.execute(
        """
        insert into quarantine.records by name
        select
            $system as system, du.stream, du.record_id, du.raw_seq,
            $object as object, $version as contract_version, $rule as rule, $field as field,
            left(du.external_id, 200) as value, $remedy as remedy,
            coalesce(wo.first_seen_at, $as_of) as first_seen_at,
            $as_of as last_seen_at, $run_id as run_id
        from doubled as du
        left join was_open as wo
            on du.stream = wo.stream and du.record_id = wo.record_id and wo.rule = $rule
        where not exists (
            select 1 from quarantine.records as qr
            where qr.system = $system and qr.stream = du.stream
                and qr.record_id = du.record_id and qr.rule = $rule
        )
        """,
        {
            "system": system,
            "object": table,
            "version": CONTRACTS[table].version,
            "rule": rule,
            "field": field,
            "remedy": REMEDIES[rule],
            "as_of": night.as_of,
            "run_id": night.run_id,
        },
    )
    for name in CANONICAL:
        warehouse.execute(
            f"delete from canonical.{name} where system = $system"
            " and (stream, record_id) in (select (stream, record_id) from doubled where leaves)",
            {"system": system},
        )
