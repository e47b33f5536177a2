"""Is this firm fit to run tonight? Systems, credentials, clocks, stores and mappings."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ps_integration.connectors.auth import secret
from ps_integration.connectors.limits import Paces
from ps_integration.connectors.messages import AppriseMessenger
from ps_integration.connectors.protocol import Connector
from ps_integration.errors import FixConfigError, PsIntegrationError, RetryLaterError
from ps_integration.settings.load import FirmFile
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.stores.warehouse.snapshot import SNAPSHOT_NAME
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import connect
from ps_integration.workflows.night import WAREHOUSE_NAME, sqlite_path, store_url
from ps_integration.workflows.nightly import state_folder

CLOCK_WARN_SECONDS = 60
CLOCK_FAIL_SECONDS = 600
FREE_BYTES_MIN = 2 * 1024**3

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    target: str
    state: State
    message: str


def doctor(file: FirmFile, environ: Mapping[str, str]) -> list[Finding]:
    """Look at everything a night needs; nothing is changed anywhere."""
    return [
        *_stores(file),
        *_systems(file, environ),
        *_delivery(file, environ),
        *_mappings(file),
    ]


def _stores(file: FirmFile) -> Iterator[Finding]:
    folder = state_folder(file)
    yield _operational(file, folder)
    yield _warehouse(folder)
    free = shutil.disk_usage(folder if folder.exists() else ".").free
    is_low = free < FREE_BYTES_MIN
    message = f"{free // 1024**2:,} MiB free"
    yield Finding("disk", str(folder), "warn" if is_low else "ok", message)
    if folder.exists():
        is_open = bool(folder.stat().st_mode & 0o077)
        yield Finding(
            "rights", str(folder), "warn" if is_open else "ok",
            "others on this machine can read it; chmod 700" if is_open else "only its owner",
        )  # fmt: skip


def _operational(file: FirmFile, folder: Path) -> Finding:
    if not file.firm.stores.operational and not sqlite_path(folder).exists():
        return Finding("store", "operational", "ok", "not there yet; the first night makes it")
    try:
        store = OperationalStore(store_url(file.firm, folder))
        try:
            store.check()
        finally:
            store.close()
    except PsIntegrationError as error:
        return Finding("store", "operational", "fail", str(error))
    return Finding("store", "operational", "ok", "opened, version and settings checked")


def _warehouse(folder: Path) -> Finding:
    path, copy = folder / WAREHOUSE_NAME, folder / SNAPSHOT_NAME
    if not path.exists() or not path.stat().st_size:
        if copy.exists():
            said = "it is gone; the next night puts the published copy in its place"
            return Finding("store", "warehouse", "warn", said)
        return Finding("store", "warehouse", "ok", "not there yet; the first night makes it")
    try:
        with Warehouse(path, read_only=True) as warehouse:
            warehouse.rows("select * from config.run")
    except RetryLaterError:
        return Finding("store", "warehouse", "ok", "a run is writing it")
    except PsIntegrationError as error:
        return Finding("store", "warehouse", "fail", str(error))
    return Finding("store", "warehouse", "ok", "opened")


def _systems(file: FirmFile, environ: Mapping[str, str]) -> Iterator[Finding]:
    paces = Paces()
    for system in file.firm.systems:
        missing = [
            reference.removeprefix("env:")
            for reference in system.credentials.values()
            if not environ.get(reference.removeprefix("env:"))
        ]
        if missing:
            names = ", ".join(missing)
            yield Finding("credentials", system.id, "fail", f"set {names} in the environment")
            continue
        try:
            only = (system.id,)
            connector = connect.connectors(file.firm, environ, only, paces=paces)[system.id]
        except FixConfigError as error:
            yield Finding("configuration", system.id, "fail", str(error))
            continue
        yield from _probe(system.id, connector)


def _delivery(file: FirmFile, environ: Mapping[str, str]) -> Iterator[Finding]:
    for one in file.firm.delivery:
        try:
            AppriseMessenger(secret(one.to, environ))
        except FixConfigError as error:
            yield Finding("delivery", one.name, "fail", str(error))
        else:
            yield Finding("delivery", one.name, "ok", "its address is understood; nothing was sent")


def _probe(system_id: str, connector: Connector) -> Iterator[Finding]:
    try:
        answer = connector.probe()
    except FixConfigError as error:
        yield Finding("credentials", system_id, "fail", str(error))
        return
    except PsIntegrationError as error:
        yield Finding("reachability", system_id, "fail", str(error))
        return
    facts = ", ".join(f"{k}={v}" for k, v in answer.items() if k != "server_time")
    yield Finding("reachability", system_id, "ok", facts or "answered")
    server_time = answer.get("server_time")
    if isinstance(server_time, datetime):
        skew = abs((server_time - datetime.now(UTC)).total_seconds())
        state: State = "ok" if skew <= CLOCK_WARN_SECONDS else "warn"
        if skew > CLOCK_FAIL_SECONDS:
            state = "fail"
        yield Finding("clock", system_id, state, f"{skew:.0f} s from this machine's clock")


def _mappings(file: FirmFile) -> Iterator[Finding]:
    path = state_folder(file) / SNAPSHOT_NAME
    if not path.exists():
        yield Finding("mappings", "crosswalk", "warn", "no night has finished yet")
        return
    with Warehouse(path, read_only=True) as warehouse:
        rows = warehouse.rows(_UNMAPPED)
    for row in rows:
        what = f"{row['entries']} entries on {row['from_date']}..{row['to_date']}"
        yield Finding("mappings", f"{row['system']}:{row['external_id']}", "fail",
                      f"{row['kind']}: {row['problem']} for {what}")  # fmt: skip
    if not rows:
        yield Finding("mappings", "crosswalk", "ok", "no gap or overlap on a date in use")


_UNMAPPED = """
select
    system, 'project' as kind, project_external_id as external_id,
    case when project_matches = 0 then 'no mapping' else 'several mappings' end as problem,
    count(*) as entries, min(work_date) as from_date, max(work_date) as to_date
from billing.entries
where project_matches <> 1 and not is_deleted
group by all
union all
select
    system, 'resource', resource_external_id,
    case when resource_matches = 0 then 'no mapping' else 'several mappings' end,
    count(*), min(work_date), max(work_date)
from billing.entries
where resource_matches <> 1 and not is_deleted
group by all
order by all
"""
