"""Documents as files: whole, once, inert in a spreadsheet, and never repeated unattended."""

import csv
import dataclasses
from datetime import date

import pytest

from ps_integration.connectors.protocol import ErpDocument, ErpLine
from ps_integration.connectors.vendors.files.writer import HEADER, FileDrop

LINE = ErpLine(1, "Design, 10 March", "1.50000", "120.000000", 18_000, "apollo", "P-1", "4000",
               "S20", None)  # fmt: skip
DOCUMENT = ErpDocument("PS-APOLLO-202603-1", "invoice", "UK", "c100", "GBP", date(2026, 3, 31),
                       date(2026, 3, 31), "PO-7", 18_000, (LINE,))  # fmt: skip


@pytest.fixture
def drop(tmp_path):
    return FileDrop(tmp_path / "out")


def rows(folder):
    with (folder / "out" / "PS-APOLLO-202603-1.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_document_becomes_one_file_with_a_row_per_line(drop, tmp_path):
    answer = drop.create(DOCUMENT)
    assert answer.outcome == "accepted"
    assert answer.receipt.state == "posted"
    [row] = rows(tmp_path)
    assert tuple(row) == HEADER
    assert (row["quantity"], row["unit_price"], row["amount"]) == (
        "1.50000", "120.000000", "180.00",
    )  # fmt: skip
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["PS-APOLLO-202603-1.csv"]


def test_the_file_is_what_the_preview_shows(drop, tmp_path):
    drop.create(DOCUMENT)
    path = tmp_path / "out" / "PS-APOLLO-202603-1.csv"
    assert path.read_bytes() == drop.outgoing(DOCUMENT).body


def test_a_file_that_waits_is_never_written_over(drop, tmp_path):
    drop.create(DOCUMENT)
    other = dataclasses.replace(DOCUMENT, amount_minor=1)
    assert drop.create(other).outcome == "ambiguous"
    [row] = rows(tmp_path)
    assert row["amount"] == "180.00"


def test_a_folder_that_cannot_be_written_is_tried_again_later(tmp_path):
    (tmp_path / "out").write_text("a file, no folder", "utf-8")
    answer = FileDrop(tmp_path / "out").create(DOCUMENT)
    assert (answer.outcome, answer.recovery) == ("not_sent", "retry_later")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_description_never_becomes_a_formula(drop, tmp_path, text):
    line = dataclasses.replace(LINE, description=text)
    drop.create(dataclasses.replace(DOCUMENT, lines=(line,)))
    [row] = rows(tmp_path)
    assert row["description"].startswith("'")


def test_nobody_answers_for_a_folder(drop):
    drop.create(DOCUMENT)
    assert drop.capability.posting_class == "N"
    assert drop.find("UK", DOCUMENT.reference) == ()
    assert drop.ours("UK", "PS-") == ()
