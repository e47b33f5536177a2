"""The guide's vendor, added to a copy of the code exactly as the guide says, under the suite."""

import re
import shutil
import subprocess
import sys

import pytest

from ps_integration_tests.docs.guides import ROOT, blocks, named_files

GUIDE = "docs/add-a-vendor.md"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("ps_integration", "ps_integration_tests/connectors"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    module, registry = blocks(GUIDE, "python")
    line, entry = [one for one in registry.splitlines() if one != "..."]
    (folder / "ps_integration/connectors/vendors/redmine.py").write_text(module)
    path = folder / "ps_integration/connectors/registry.py"
    code = path.read_text("utf-8")
    path.write_text(
        re.sub(r"(        kantata\.VENDOR,\n)", rf"\1{entry}\n", code).replace(
            "from ps_integration.errors", f"{line}\nfrom ps_integration.errors", 1
        )
    )
    answers = folder / "ps_integration_tests/connectors"
    for name, body in named_files(GUIDE).items():
        (answers / name).parent.mkdir(exist_ok=True)
        (answers / name).write_text(body)
    return folder


def run(folder, *words):
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder, env={"PYTHONPATH": str(folder), "PATH": ""}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def test_the_vendor_of_the_guide_passes_the_contract_suite(copy):
    suite = "ps_integration_tests/connectors/test_contract.py"
    done = run(copy, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", suite, "-k", "redmine")
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\b[3-9]\d passed", done.stdout), done.stdout[-300:]


def test_init_writes_a_firm_file_for_the_vendor_of_the_guide(copy):
    code = "from ps_integration.workflows.starter import starter; print(starter(['redmine']))"
    done = run(copy, "-c", code)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "api_key: env:REDMINE_API_KEY" in done.stdout
    assert "saved_is_approved" in done.stdout


def test_the_vendor_of_the_guide_is_formatted_and_linted(copy):
    path = "ps_integration/connectors/vendors/redmine.py"
    for words in (("format", "--check", path), ("check", path)):
        done = run(copy, "-m", "ruff", *words)
        assert done.returncode == 0, done.stdout + done.stderr
