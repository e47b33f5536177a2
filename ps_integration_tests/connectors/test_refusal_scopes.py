"""Every refusal that asks to fix the configuration says what else cannot go out until then."""

import ast
from pathlib import Path
from typing import get_args

import pytest

from ps_integration.connectors import vendors
from ps_integration.connectors.vendors.business_central import refusals as business_central
from ps_integration.connectors.vendors.netsuite import refusals as netsuite
from ps_integration.connectors.vendors.tryton import refusals as tryton
from ps_integration.connectors.vendors.xero import refusals as xero
from ps_integration.domain.posting import WIDE, Scope

FOLDER = Path(vendors.__path__[0])
TABLES = {
    "business_central": (business_central.CODES.items(), business_central.SCOPES),
    "netsuite": (netsuite.CODES.items(), netsuite.SCOPES),
    "xero": (
        [
            *((code, recovery) for _, code, recovery in xero.REASONS),
            *((str(status), "fix_configuration") for status in xero.REFUSED),
            *((kind, "fix_configuration") for kind in xero.CONFIGURATION),
        ],
        xero.SCOPES,
    ),
}


def sources():
    return sorted(path for path in FOLDER.rglob("*.py"))


@pytest.mark.parametrize("vendor", sorted(TABLES))
def test_a_table_of_codes_declares_a_scope_for_each_that_blames_the_set_up(vendor):
    codes, scopes = TABLES[vendor]
    assert set(scopes) == {code for code, recovery in codes if recovery == "fix_configuration"}
    assert set(scopes.values()) <= set(get_args(Scope))


def test_every_vendor_with_a_table_of_refusals_is_walked():
    assert {path.parent.name for path in FOLDER.rglob("refusals.py")} == {*TABLES, "tryton"}


def test_tryton_declares_a_scope_for_each_error_that_blames_the_set_up():
    blaming = [one for one in tryton.ANSWERS.values() if one.recovery == "fix_configuration"]
    assert [one.scope in WIDE for one in blaming] == [True]


@pytest.mark.parametrize("path", sources(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_answer_written_in_code_that_blames_the_set_up_names_its_scope(path):
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        named = {one.arg: one.value for one in call.keywords}
        blames = "recovery" in named and "fix_configuration" in ast.unparse(named["recovery"])
        assert not blames or "scope" in named, f"{path}:{call.lineno}: names no scope"


@pytest.mark.parametrize("path", sources(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_builds_a_document_never_blames_the_whole_firm_file(path):
    """Where a document is put into the ERP's terms, a lack is `NotMappedError`, with a scope."""
    tree = ast.parse(path.read_text("utf-8"))
    builds = [
        node
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.FunctionDef)
            and any("ErpDocument" in ast.unparse(arg) for arg in node.args.args)
        )
        or (isinstance(node, ast.FunctionDef) and node.name in {"_known", "_line", "_body"})
    ]
    for function in builds:
        raised = [node.exc for node in ast.walk(function) if isinstance(node, ast.Raise)]
        told = [ast.unparse(one.func) for one in raised if isinstance(one, ast.Call)]
        assert "FixConfigError" not in told, f"{path}:{function.lineno} {function.name}"
