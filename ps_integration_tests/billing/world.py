"""A small firm in the warehouse, clean and ready to bill; a test adds its entries and one fault."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ps_integration.billing.account import account, broken_counts, broken_groups, broken_ledger
from ps_integration.billing.classify import classify
from ps_integration.billing.plan import plan
from ps_integration.billing.rate import rate
from ps_integration.domain.currencies import MINOR_UNITS
from ps_integration.domain.money import hours, line_minor
from ps_integration.stores.warehouse.warehouse import Warehouse

FAR_PAST, FAR_FUTURE = date(1900, 1, 1), date(9999, 12, 31)
WORK_DAY = date(2026, 3, 5)


class World:
    """Entity UK (GBP) with project p1, person ann, ERP bc, PSA psa, time system tt."""

    def __init__(self, path: Path) -> None:
        self.warehouse = Warehouse(path)
        self.warehouse.execute("set threads = 1")  # the tables are tiny
        self.raw_seq = 0
        self._gathered: dict[tuple[str, ...], list[dict[str, Any]]] | None = None
        put = self.put
        put("config.run", run_id="r1", as_of_date=date(2026, 3, 20))
        for code in ("GBP", "USD", "EUR", "JPY"):
            decimals = MINOR_UNITS[code]
            put("config.currencies", currency=code, minor_units=decimals, factor=10**decimals)
        put(
            "config.legal_entities",
            legal_entity="UK",
            currency="GBP",
            rounding="half_up",
            closed_period_policy="hold",
            future_period_policy="hold",
        )
        for system, roles in (("tt", "time"), ("psa", "psa"), ("bc", "erp")):
            put("config.systems", system=system, roles=roles, quantity_decimals=5)
        put(
            "config.routing",
            role="time",
            legal_entity="UK",
            system="tt",
            valid_from=FAR_PAST,
            valid_to=FAR_FUTURE,
        )
        put(
            "config.routing",
            role="erp",
            legal_entity="UK",
            system="bc",
            company="UKCO",
            valid_from=FAR_PAST,
            valid_to=FAR_FUTURE,
        )
        put("config.going_live", legal_entity="UK", time_system="tt", bill_from=date(2026, 2, 1))
        put("ops.openings", legal_entity="UK", time_system="tt", bill_from=date(2026, 2, 1),
            signed_by="Ravi Shah")  # fmt: skip
        scopes = ("assignment", "project_role", "project", "role", "resource")
        for rank, scope in enumerate(scopes, start=1):
            put("config.rate_precedence", scope=scope, rank=rank)
        for rule, setting, value in (
            ("RATES", "source", "psa"),
            ("FX", "rate_type", "spot"),
            ("FX", "max_age_days", "7"),
        ):
            put("config.rule_settings", rule=rule, setting=setting, value=value)
        for period, state in (("2026-02", "closed"), ("2026-03", "open"), ("2026-04", "not_open")):
            put("canonical.accounting_periods", system="bc", company="UKCO", external_id=period,
                period=period, state=state)  # fmt: skip
        self.project("p1")
        self.resource("ann")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Insert what is put meanwhile at the end, table by table; nothing of it is read before."""
        self._gathered = gathered = defaultdict(list)
        try:
            yield
        finally:
            self._gathered = None
        for (table, *_), rows in gathered.items():
            self.warehouse.insert(table, rows)

    def put(self, table: str, **row: Any) -> None:
        if self._gathered is not None:
            self._gathered[table, *row].append(row)
            return
        marks = ", ".join(f"${column}" for column in row)
        self.warehouse.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", row)

    def crosswalk(self, kind: str, canonical_id: str, *systems: str) -> None:
        for system in systems:
            self.put("canonical.crosswalk", object_kind=kind, canonical_id=canonical_id,
                     system=system, external_id=f"{system}-{canonical_id}", valid_from=FAR_PAST,
                     valid_to=FAR_FUTURE, how="match_key")  # fmt: skip

    def project(self, project_id: str, **fields: Any) -> None:
        row: dict[str, Any] = {
            "project_id": project_id,
            "name": project_id,
            "customer_key": "c1",
            "legal_entity": "UK",
            "currency": "GBP",
            "status": "active",
            "billing_type": "time_and_materials",
            "is_billable": True,
            "revenue_account": "4000",
            "psa_system": "psa",
            "erp_system": "bc",
            "erp_company": "UKCO",
            "erp_external_id": project_id.upper(),
        } | fields
        self.put("billing.projects", **row)
        self.crosswalk("project", project_id, "tt", "psa")

    def resource(self, resource_id: str, **fields: Any) -> None:
        row = {"resource_id": resource_id, "home_legal_entity": "UK", "is_active": True} | fields
        self.put("billing.resources", **row)
        home = {name: row[name] for name in ("resource_id", "home_legal_entity")}
        self.put("billing.resource_homes", **home, valid_from=date.min, valid_to=FAR_FUTURE)
        self.crosswalk("resource", resource_id, "tt", "psa")

    def rate(self, rate_id: str, scope: str = "project", price: str = "100", **fields: Any) -> None:
        row: dict[str, Any] = {
            "system": "psa",
            "external_id": rate_id,
            "scope": scope,
            "currency": "GBP",
            "unit_price": Decimal(price),
            "valid_from": date(2026, 1, 1),
        } | fields
        if scope in {"project", "project_role", "assignment"}:
            row.setdefault("project_external_id", "psa-p1")
        if scope in {"resource", "assignment"}:
            row.setdefault("resource_external_id", "psa-ann")
        self.put("canonical.rates", **row)

    def fx(self, pair: str, rate: str, on: date = WORK_DAY) -> None:
        self.put("canonical.fx_rates", system="bc", company="UKCO", external_id=f"{pair}-{on}",
                 from_currency=pair[:3], to_currency=pair[3:], rate_type="spot", valid_on=on,
                 rate=Decimal(rate))  # fmt: skip

    def entry(
        self,
        number: str,
        seconds: int = 3600,
        project: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """One approved billable entry, from its raw record to its resolved row.

        Args:
            number: Its external id.
            seconds: How long it took.
            project: The row of its project, where it is known already.
            fields: Columns that are otherwise than usual.
        """
        self.raw_seq += 1
        project_id = fields.pop("project_id", "p1")
        resource_id = fields.pop("resource_id", "ann")
        if project is None:
            [project] = self.warehouse.rows(
                "select * from billing.projects where project_id = $p", {"p": project_id or "p1"}
            )
        row: dict[str, Any] = {
            "entry_id": f"tt:{number}",
            "system": "tt",
            "external_id": number,
            "raw_seq": self.raw_seq,
            "version_no": 1,
            "version_sha256": f"v1-{number}",
            "is_primary": True,
            "resource_external_id": f"tt-{resource_id}",
            "project_external_id": f"tt-{project_id}",
            "resource_id": resource_id,
            "project_id": project_id,
            "resource_matches": 1,
            "project_matches": 1,
            "home_legal_entity": "UK",
            "work_date": WORK_DAY,
            "seconds": seconds,
            "is_billable": True,
            "approval_state": "approved",
            "is_deleted": False,
            "is_invoiced": False,
            "legal_entity": project["legal_entity"],
            "currency": project["currency"],
            "customer_key": project["customer_key"],
            "project_status": project["status"],
            "billing_type": project["billing_type"],
            "project_is_billable": project["is_billable"],
            "cap_minor": project["cap_minor"],
            "erp_system": project["erp_system"],
            "erp_company": project["erp_company"],
        } | fields
        row.setdefault("period", f"{row['work_date']:%Y-%m}")
        if "cap_minor" in fields:
            self.warehouse.execute(
                "update billing.projects set cap_minor = $c where project_id = $p",
                {"c": fields["cap_minor"], "p": row["project_id"]},
            )
        now = datetime(2026, 3, 19, tzinfo=UTC)
        own = {"unit_price": row.pop("unit_price", None), "rate_currency": None}
        self.put("raw.records", raw_seq=self.raw_seq, system=row["system"], stream="time_entries",
                 record_id=number, payload="{}", is_tombstone=False, fetched_at=now)  # fmt: skip
        shared = ("system", "external_id", "raw_seq", "resource_external_id",
                  "project_external_id", "work_date", "seconds", "is_billable",
                  "approval_state")  # fmt: skip
        common = {key: row[key] for key in shared}
        self.put("canonical.time_entries", **common, stream="time_entries", record_id=number,
                 unit_price=own["unit_price"], currency="GBP")  # fmt: skip
        self.put("canonical.entry_versions", **common, entry_id=row["entry_id"],
                 stream="time_entries", record_id=number,
                 version_no=row["version_no"], version_sha256=row["version_sha256"],
                 is_deleted=row["is_deleted"], role=row.get("role"),
                 task_external_id=row.get("task_external_id"))  # fmt: skip
        self.put("billing.entries", **row)

    def new_version(self, entry_id: str, **changes: Any) -> None:
        """The entry was edited at its source: a new raw row, version and resolved row."""
        self.raw_seq += 1
        self.warehouse.execute(
            "insert into raw.records by name select * replace ($n as raw_seq) from raw.records "
            "where raw_seq = (select raw_seq from billing.entries where entry_id = $e)",
            {"n": self.raw_seq, "e": entry_id},
        )
        self.warehouse.execute(
            "insert into canonical.entry_versions by name select * replace ("
            "$n as raw_seq, version_no + 1 as version_no, 'v2-' || external_id as version_sha256) "
            "from canonical.current_versions where entry_id = $e",
            {"n": self.raw_seq, "e": entry_id},
        )
        self.warehouse.execute(
            "update billing.entries set raw_seq = $n, version_no = version_no + 1, "
            "version_sha256 = 'v2-' || external_id where entry_id = $e",
            {"n": self.raw_seq, "e": entry_id},
        )
        for column, value in changes.items():
            for table in ("canonical.entry_versions", "billing.entries"):
                if table == "canonical.entry_versions" and column == "project_id":
                    continue
                self.warehouse.execute(
                    f"update {table} set {column} = $v where entry_id = $e and raw_seq = $n",
                    {"v": value, "e": entry_id, "n": self.raw_seq},
                )

    def document(self, ref: str, state: str, *lines: tuple[str, int, str], **fields: Any) -> None:
        """A document of ours with lines (entry id, seconds, price per hour) on project p1."""
        total = 0
        for number, (entry_id, seconds, price) in enumerate(lines, start=1):
            quantity = hours(seconds, 5)
            amount = line_minor(quantity, Decimal(price), "GBP")
            total += amount
            self.put(
                "ops.posting_lines",
                line_key=f"bc|tt|time_entry|{entry_id[3:]}|1|0",
                document_ref=ref,
                line_no=number,
                object_kind="time_entry",
                object_id=entry_id,
                part=1,
                correction_no=0,
                version_sha256=f"v1-{entry_id[3:]}",
                project_id="p1",
                legal_entity="UK",
                period="2026-03",
                work_date=WORK_DAY,
                seconds=seconds,
                quantity=quantity,
                unit_price=Decimal(price),
                amount_minor=amount,
                currency="GBP",
            )
        self.put("ops.documents", **{
            "document_ref": ref, "batch_id": "b1", "kind": "invoice", "system": "bc",
            "company": "UKCO", "legal_entity": "UK", "project_id": "p1", "customer_key": "c1",
            "currency": "GBP", "period": "2026-03", "posting_date": WORK_DAY, "state": state,
            "amount_minor": total, "readback_minor": total if state == "posted" else None,
            "erp_number": "S-1" if state == "posted" else None,
            "content": '{"project_external_id": "P1", "revenue_account": "4000"}',
        } | fields)  # fmt: skip

    def night(self) -> None:
        """Rate, classify and account."""
        rate(self.warehouse)
        classify(self.warehouse)
        account(self.warehouse)

    def honest(self) -> None:
        """Make the hashes, counts and copies that this world leaves out."""
        self.warehouse.execute(
            "update raw.records set payload_sha256 = sha256(payload), run_id = 'r1'"
        )
        self.warehouse.execute(
            "insert into raw.reads by name select 'r1' as run_id, system, stream,"
            " count(*) as records_changed from raw.records group by all"
        )
        hashed = (
            "sha256(concat_ws(chr(31), resource_external_id, project_external_id, chr(30), chr(30),"
            " work_date::varchar, seconds::varchar, is_billable::varchar, approval_state, 'false'))"
        )
        for table in ("canonical.entry_versions", "billing.entries"):
            self.warehouse.execute(
                f"update {table} set is_deleted = false, version_sha256 = {hashed}"
            )
        self.warehouse.execute(
            "update billing.dispositions as di set version_sha256 = en.version_sha256"
            " from billing.entries as en where di.entry_id = en.entry_id"
        )

    def parts(self, entry_id: str = "tt:1") -> list[dict[str, Any]]:
        return self.warehouse.rows(
            "select * from billing.dispositions where entry_id = $e order by part", {"e": entry_id}
        )

    def fate(self, entry_id: str = "tt:1") -> tuple[str, str]:
        [part] = self.parts(entry_id)
        return part["disposition"], part["reason"]

    def rated(self, entry_id: str = "tt:1") -> dict[str, Any]:
        [row] = self.warehouse.rows(
            "select * from billing.rated_entries where entry_id = $e", {"e": entry_id}
        )
        return row

    def broken(self) -> tuple[list[Any], list[Any], list[Any]]:
        return (
            broken_groups(self.warehouse),
            broken_counts(self.warehouse),
            broken_ledger(self.warehouse),
        )

    def plan(self, **options: Any) -> Any:
        return plan(self.warehouse, **options)
