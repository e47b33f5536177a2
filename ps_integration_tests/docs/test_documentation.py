"""What the documentation names exists, and what exists is documented."""

import re

import pytest
import typer

from ps_integration.cli.main import app
from ps_integration.domain.identity import NOT_A_PERSON
from ps_integration.reconciliation.catalog import markdown_table
from ps_integration.settings.firm import Firm
from ps_integration.workflows.config_check import load_checked
from ps_integration_tests.docs.guides import DOCS, ROOT, blocks, named_files, text

DISPOSITIONS = (
    "posted", "queued", "settled_elsewhere", "written_off", "non_billable", "covered", "excepted",
    "deferred",
)  # fmt: skip
_NAMED_COMMAND = re.compile(
    r"ps-integration +((?:[a-z-]*[a-z])(?: [a-z]+(?:-[a-z]+)*)?)(?![a-z]*[.=/])"
)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def commands(group=None, words=()):
    """Every command of the command line, as the words one types, with its options."""
    group = group or typer.main.get_command(app)
    found = {}
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            found |= commands(one, (*words, name))
        else:
            found[" ".join((*words, name))] = {o for p in one.params for o in p.opts}
    return found


def test_the_table_of_rules_is_the_rules_own():
    assert markdown_table() in text("docs/rules.md")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(path):
    for target in _LINK.findall(path.read_text("utf-8")):
        place, _, anchor = target.partition("#")
        if "://" in place:
            continue
        found = (path.parent / place).resolve() if place else path
        assert found.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in heads}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_command_that_is_named_exists(path):
    known = commands()
    groups = {name.split()[0] for name in known}
    for words in _NAMED_COMMAND.findall(path.read_text("utf-8")):
        first, _, second = words.partition(" ")
        assert first in groups, words
        subcommands = {name.split()[1] for name in known if name.startswith(f"{first} ")}
        assert not subcommands or not second or second in subcommands, words


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_is_documented(name):
    assert any(re.search(rf"ps-integration {name}\b", path.read_text("utf-8")) for path in DOCS)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_option_of_ours_that_is_named_exists(path):
    known = {option for options in commands().values() for option in options}
    for line in path.read_text("utf-8").splitlines():
        if "ps-integration" in line:
            wrong = set(_OPTION.findall(line)) - known
            assert not wrong, line


def test_firm_files_in_the_guides_pass_the_check(tmp_path):
    checked = 0
    for path in DOCS:
        name = str(path.relative_to(ROOT))
        for file, body in named_files(name).items():
            if file.endswith("firm.yaml"):
                (tmp_path / "firm.yaml").write_text(body)
                load_checked(tmp_path / "firm.yaml")
                checked += 1
    assert checked


def test_parts_of_firm_files_in_the_guides_name_sections_that_exist():
    for path in DOCS:
        for body in blocks(str(path.relative_to(ROOT)), "yaml"):
            if "systems:" not in body:
                assert re.match(r"\w+", body)[0] in Firm.model_fields, body


def test_every_disposition_is_explained_to_finance():
    page = text("docs/finance.md")
    assert [f"| `{name}` |" in page for name in DISPOSITIONS] == [True] * 8


def test_every_section_of_the_firm_file_is_explained_to_the_integration_engineer():
    page = text("docs/integration.md")
    assert [name for name in Firm.model_fields if f"`{name}`" not in page] == []


def test_names_that_are_no_person_are_named():
    page = text("docs/decisions/0012-maker-and-checker-are-users-of-the-machine.md")
    assert all(f"`{name}`" in page for name in NOT_A_PERSON if name)


def test_pictures_are_small():
    for path in (ROOT / "docs").glob("*.png"):
        assert path.stat().st_size < 200_000, path.name
