"""A firm in a folder, its far sides served over HTTP, and what a user does with it."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from ps_integration.sandbox.addresses import addresses
from ps_integration.sandbox.seed import Seed, read_seed, sow
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.settings.yaml_source import read_yaml
from ps_integration_tests.regressions.product import Answer, command

PLACES = Path(__file__).parent
COMPANY = "11111111-1111-1111-1111-111111111111"


@dataclass(frozen=True)
class Firm:
    """A firm whose state, drops and firm file are in one folder.

    Attributes:
        folder: Where everything is; commands run there.
        state: What the far sides hold, for edits that people make there.
        server: The far sides, over HTTP.
        environ: Addresses and secrets as the firm file names them.
    """

    folder: Path
    state: SandboxState
    server: SandboxServer
    environ: Mapping[str, str]

    def run(self, *words: str, who: str = "") -> Answer:
        """Run a command of the product, as the machine's user or as another one."""
        return command(list(words), self.environ, self.folder, who)

    def said(self, *words: str, who: str = "") -> Any:
        """Run a command with `--json` and read its object."""
        answer = self.run(*words, "--json", who=who)
        assert answer.text.strip(), f"{' '.join(words)} ended {answer.code}: {answer.errors}"
        return answer.data

    def night(self, day: str) -> dict[str, Any]:
        """Play the night of a day ('2026-04-01'); it must end with a report."""
        self.state.set_clock(datetime.fromisoformat(f"{day}T22:00:00+00:00"))
        answer = self.run("nightly", "--as-of", day, "--json")
        assert answer.text.strip(), f"no report; ended {answer.code}: {answer.errors}"
        found = answer.data
        if found.get("error") == "FixConfigError":
            raise RuntimeError(f"the firm file is not one of this product: {found['message']}")
        assert "verdict" in found, f"no report: {found}"
        assert isinstance(found, dict)
        return found

    def sign(self, who: str = "controller") -> None:
        """Sign the opening lists."""
        answer = self.run("opening", "sign", who=who)
        assert answer.code == 0, answer.text + answer.errors

    def approve(self, who: str = "controller") -> None:
        """Approve every batch that waits, as a person who made none of them."""
        for batch in self.said("batches", "list")["batches"]:
            if batch["status"] == "planned":
                answer = self.run("batches", "approve", batch["batch_id"], who=who)
                assert answer.code == 0, answer.text + answer.errors

    def path(self, name: str) -> Path:
        """A file of the firm."""
        return self.folder / name

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace one text of a file, which must be there."""
        text = self.path(name).read_text("utf-8")
        assert old in text, f"{old!r} is not in {name}"
        self.path(name).write_text(text.replace(old, new, 1), "utf-8")

    def offer(self, name: str, old: str, new: str) -> None:
        """Edit a file, and take it back where this product's `config check` refuses the firm.

        So a case whose remedy is a new setting shows what an older product did without it.
        """
        before = self.path(name).read_text("utf-8")
        self.edit(name, old, new)
        if self.run("config", "check").code != 0:
            self.path(name).write_text(before, "utf-8")

    def far(self, system: str, collection: str, number: str, **changes: object) -> None:
        """Change one record in a far side, as a person would there, found by its id or number."""
        for document in self.state.documents(system, collection):
            if number in (document.get("id"), document.get("number")):
                changed = {**document, **changes}
                self.state.put(system, collection, document["id"], changed, self.state.clock())
                return
        raise AssertionError(f"{system} {collection} has no {number}")

    def bc(self, path: str) -> Sequence[Mapping[str, Any]]:
        """List a collection of the firm's company in Business Central, over HTTP."""
        found: Sequence[Mapping[str, Any]] = self.bc_send("GET", path)["value"]
        return found

    def bc_send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Do in Business Central what a person there does; the answer's JSON, if it has one."""
        return business_central(self.environ, "BOOKS", COMPANY, method, path, body)

    def standing(self) -> Iterator[tuple[str, Decimal]]:
        """Posting month and net before tax of what stands in Business Central; credits negative."""
        for name, sign in (("salesInvoices", 1), ("salesCreditMemos", -1)):
            for one in self.bc(name):
                if one["status"] not in ("Draft", "Canceled"):
                    net = Decimal(str(one["totalAmountExcludingTax"]))
                    yield str(one["postingDate"])[:7], sign * net

    def billed(self) -> Decimal:
        """Net before tax of all posted invoices and credit memos in Business Central."""
        return sum((net for _, net in self.standing()), Decimal(0))

    def documents(self) -> list[tuple[str, str, Decimal]]:
        """Kind, state and net of every sales document in Business Central."""
        return [
            (name, str(one["status"]), Decimal(str(one["totalAmountExcludingTax"])))
            for name in ("salesInvoices", "salesCreditMemos")
            for one in self.bc(name)
        ]


def business_central(
    environ: Mapping[str, str],
    system: str,
    company: str,
    method: str,
    path: str,
    body: object = None,
) -> Any:
    """What Business Central answers over HTTP to what a person does in one of its companies."""
    token = requests.post(
        environ[f"{system}_TOKEN_URL"],
        data={
            "grant_type": "client_credentials",
            "client_id": environ[f"{system}_CLIENT"],
            "client_secret": environ[f"{system}_SECRET"],
            "scope": "https://api.businesscentral.dynamics.com/.default",
        },
        timeout=30,
    ).json()["access_token"]
    answer = requests.request(
        method,
        f"{environ[f'{system}_URL']}/api/v2.0/companies({company})/{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}", "If-Match": "*"},
        timeout=30,
    )
    assert answer.ok, answer.text
    return answer.json(parse_float=Decimal) if answer.content else None


def lay(place: str, folder: Path) -> None:
    """Copy the files of a firm kept beside this module into an empty folder."""
    shutil.copytree(PLACES / place, folder, dirs_exist_ok=True)


@contextmanager
def served(folder: Path) -> Iterator[Firm]:
    """The firm of a folder, its far sides (`books.yaml`) answering; seeded when they are new."""
    seed: Seed = read_seed(read_yaml(folder / "books.yaml").data)
    path = folder / "far" / "sandbox.sqlite"
    path.parent.mkdir(exist_ok=True)
    is_new = not path.exists()
    state = SandboxState(path)
    if is_new:
        sow(state, seed)
    with SandboxServer(state) as server:
        environ = {
            **addresses(server),
            **seed.environment,
            "NORTHLIGHT_DROPS": str(folder / "drops"),
            "PS_FIRM": str(folder / "firm.yaml"),
        }
        yield Firm(folder, state, server, environ)
    state.close()
