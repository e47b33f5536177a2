"""The demonstration with a live Tryton as ERP: its firm file, its manifest, its server.

Both files are made of those of the demonstration and lie in a folder of their own, so that every
command can be tried on them with `--firm`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ps_integration.sandbox.servers.tryton.server import DATABASE, PASSWORD, Live, serve
from ps_integration.sandbox.world import tryton as world
from ps_integration.sandbox.world.business_central import REVENUE_ACCOUNT
from ps_integration.sandbox.world.events import WorldNight
from ps_integration.sandbox.world.tryton_faults import FIRST, LEFT_OUT, ROUNDED, records_of
from ps_integration.settings.load import FirmFile
from ps_integration.settings.yaml_source import read_yaml
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.demo_manifest import FILE_NAME

FOLDER: Final = Path("data/halden_tryton")
SYSTEM: Final = "tryton"
REPLACED: Final = "bc"
_HEAD: Final = "# Made by `ps-integration demo --erp tryton` of data/demo; made anew each time.\n"


@dataclass(frozen=True, slots=True)
class TrytonBooks:
    """A running Tryton with the demonstration firm's books; see `demo.Books`."""

    live: Live
    demo_firm: Path
    folder: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """Where it is, and where the firm's files lie."""
        return {
            "HALDEN_TRYTON_URL": self.live.url,
            "HALDEN_TRYTON_PASSWORD": PASSWORD,
            "HALDEN_HR_FOLDER": str((self.demo_firm.parent / "hr").resolve()),
        }

    @property
    def left_out(self) -> Mapping[str, str]:
        """How faults begin that cannot happen in Tryton, and why."""
        return LEFT_OUT

    def prepare(self, night: WorldNight) -> None:
        """What was entered in Tryton before a night."""
        world.prepare(self.live, night.day)
        self.write_manifest()

    def write_manifest(self) -> None:
        """The manifest with the ids that Tryton has given by now."""
        manifest = read_yaml(self.demo_firm.parent / FILE_NAME).data
        told = manifest_of(manifest, self.live.companies, world.ids(self.live))
        _write(self.folder / FILE_NAME, told)


@contextmanager
def served(demo_firm: Path, folder: Path = FOLDER) -> Iterator[tuple[FirmFile, TrytonBooks]]:
    """Run a Tryton with the firm's books, and give the firm file that posts to it.

    Args:
        demo_firm: The demonstration's firm file.
        folder: Where Tryton's database, the firm file and the firm's state are kept.

    Raises:
        FixConfigError: Tryton is not installed.
    """
    with serve(folder / "server", world.books()) as live:
        firm = firm_of(read_yaml(demo_firm).data, live.companies, folder)
        _write(folder / "firm.yaml", firm)
        books = TrytonBooks(live, demo_firm, folder)
        books.write_manifest()
        yield load_checked(folder / "firm.yaml"), books


def firm_of(firm: Mapping[str, Any], companies: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """The demonstration's firm with Tryton in the place of its ERP.

    Tryton rounds halves to even, has no field for a customer's order number that MD03 could miss,
    and no price by grade.
    """
    made = {**firm, "stores": {"folder": str(folder)}}
    made["legal_entities"] = [
        {**entity, "rounding": "half_even"} for entity in firm["legal_entities"]
    ]
    made["systems"] = [
        _system(companies) if one["id"] == REPLACED else one for one in firm["systems"]
    ]
    erp = [
        {**route, "system": SYSTEM, "company": companies[route["legal_entity"]]}
        for route in firm["routing"]["erp"]
    ]
    made["routing"] = {**firm["routing"], "erp": erp}
    made["ownership"] = [
        {**one, "system": SYSTEM} if one["system"] == REPLACED else one for one in firm["ownership"]
    ]
    return made


def _system(companies: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": SYSTEM,
        "vendor": "tryton",
        "roles": ["erp"],
        "base_url": "env:HALDEN_TRYTON_URL",
        "credentials": {"password": "env:HALDEN_TRYTON_PASSWORD"},
        "legal_entities": list(companies),
        "requests_per_second": 500,
        "max_commit_delay_seconds": 1.0,
        "options": {
            "database": DATABASE,
            "user": "admin",
            "companies": dict(companies),
            "revenue_accounts": [REVENUE_ACCOUNT],
            "project_key": {"field": "name", "pattern": r"^([A-Z]{2}-\d{3})\b"},
            "currency_key": {"field": "comment", "pattern": r"Currency ([A-Z]{3})"},
            "purchase_order_key": {"field": "comment", "pattern": r"Purchase order (\S+)"},
            "cost_centre_root": "Cost centres",
            "cost_centres": {entity: f"CC-{entity}" for entity in companies},
            "quantity_decimals": 5,
        },
    }


def manifest_of(
    manifest: Mapping[str, Any], companies: Mapping[str, str], ids: Mapping[str, str]
) -> dict[str, Any]:
    """The manifest's faults as Tryton shows them, without those that cannot happen there.

    Args:
        manifest: The demonstration's.
        companies: Legal entity to Tryton's company.
        ids: See `sandbox.world.tryton.ids`.
    """
    records = records_of(companies, ids)

    def of_break(one: Mapping[str, Any]) -> dict[str, Any]:
        name = f"{one['rule']} {one['record']}"
        changed = {
            "at_risk": ROUNDED.get(name),
            "first": FIRST.get(name),
            "record": records.get(one["rule"]),
            "consequence_of": _root(one.get("consequence_of"), records),
        }
        return {**one, **{key: value for key, value in changed.items() if value is not None}}

    faults = [
        {**fault, "breaks": [of_break(one) for one in fault["breaks"]]}
        for fault in manifest["faults"]
        if not fault["fault"].startswith(tuple(LEFT_OUT))
    ]
    return {**manifest, "faults": faults}


def _root(told: str | None, records: Mapping[str, str]) -> str | None:
    """The root's rule and record, where the record has another name in Tryton."""
    rule = (told or "").partition(" ")[0]
    return f"{rule} {records[rule]}" if rule in records else None


def _write(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(_HEAD + yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True))
