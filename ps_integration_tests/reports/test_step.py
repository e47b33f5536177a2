"""The report step: files whole or not at all, the pointer, and what is compared with what."""

import json
import stat
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from ps_integration.errors import CouldNotRunError, FixConfigError
from ps_integration.reports import files
from ps_integration.workflows.report import draw_again, latest_value, report, value_of
from ps_integration_tests.reports import world


def test_the_step_files_page_workbook_value_and_manifest(night, warehouse, store):
    world.fill(warehouse)
    result = report(night, warehouse, store)
    folder = night.folder / "reports" / "night-2"
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "report.html",
        "breaks-0001.html",
        "report.xlsx",
        "report.pdf",
        "business.html",
        "business.json",
        "business.xlsx",
        "value.json",
        "manifest.json",
    }
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, digest in manifest.items():
        assert sha256((folder / name).read_bytes()).hexdigest() == digest
    assert result.metadata["verdict"] == "open breaks"
    assert latest_value(night.folder).exceptions[0].owner == "Delivery office"


def test_only_the_owner_of_the_files_can_read_them(night, warehouse, store):
    report(night, warehouse, store)
    folder = night.folder / "reports" / "night-2"
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_next_night_is_compared_with_this_one(night, warehouse, store):
    world.fill(warehouse)
    report(night, warehouse, store)
    later = replace(night, run_id="night-3", as_of=night.as_of + timedelta(days=1))
    report(later, warehouse, store)
    value = latest_value(night.folder)
    assert (value.run_id, value.changes.previous_run_id) == ("night-3", "night-2")
    assert [point.run_id for point in value.history] == ["night-2", "night-3"]


def test_a_night_reported_again_is_not_compared_with_itself(night, warehouse, store):
    report(night, warehouse, store)
    later = replace(night, run_id="night-3", as_of=night.as_of + timedelta(days=1))
    report(later, warehouse, store)
    report(later, warehouse, store)
    assert latest_value(night.folder).changes.previous_run_id == "night-2"


def test_an_older_night_does_not_become_the_newest(night, warehouse, store):
    report(night, warehouse, store)
    older = replace(night, run_id="night-1", as_of=night.as_of - timedelta(days=1))
    report(older, warehouse, store)
    assert latest_value(night.folder).run_id == "night-2"
    assert value_of(night.folder, "night-1").changes.previous_run_id is None


def test_a_report_before_that_cannot_be_read_is_said_and_does_not_stop_the_night(
    night, warehouse, store
):
    report(night, warehouse, store)
    (night.folder / "reports" / "night-2" / "value.json").write_text("{")
    later = replace(night, run_id="night-3", as_of=night.as_of + timedelta(days=1))
    report(later, warehouse, store)
    assert "cannot be read" in latest_value(night.folder).changes.note


def test_a_kept_value_draws_the_same_files_again(night, warehouse, store):
    report(night, warehouse, store)
    page = night.folder / "reports" / "night-2" / "report.html"
    first = page.read_bytes()
    page.unlink()
    draw_again(night.folder, "night-2")
    assert page.read_bytes() == first


def test_a_kept_value_is_drawn_again_in_another_language(night, warehouse, store):
    report(night, warehouse, store)
    folder = night.folder / "reports" / "night-2"
    kept = (folder / "value.json").read_bytes()
    assert '<html lang="en">' in (folder / "report.html").read_text("utf-8")
    draw_again(night.folder, "night-2", "de")
    assert '<html lang="de">' in (folder / "report.html").read_text("utf-8")
    assert (folder / "value.json").read_bytes() == kept


def test_a_file_that_could_not_be_finished_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    files.write_whole(path, b"old")

    def full(_):
        raise OSError("no space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        files.write_whole(path, b"new")
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    "run_id", ["../../x", "..", "a/b", "a\0b", "", ".hidden", "x" * 300, "latest", "a b"]
)
def test_a_run_id_that_could_leave_the_folder_is_refused(tmp_path, run_id):
    with pytest.raises(FixConfigError):
        value_of(tmp_path, run_id)


def test_a_run_without_a_report_is_named(tmp_path):
    with pytest.raises(CouldNotRunError, match="night-9"):
        value_of(tmp_path, "night-9")
