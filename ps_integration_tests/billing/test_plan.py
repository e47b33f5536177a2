import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_integration.billing import streaming
from ps_integration.billing.account import account, broken_groups
from ps_integration.billing.classify import classify
from ps_integration.billing.plan import plan, plan_document, posting_date
from ps_integration.billing.planned import PlannedBatch, PlannedDocument, content_bytes, sealed
from ps_integration.billing.rate import rate
from ps_integration.billing.references import REFERENCE_MAX, number_of, reference
from ps_integration.domain import merkle
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.billing.world import World

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    world = World(Path(":memory:"))
    world.rate("r1")
    world.project("p2", cost_centre="CC1", purchase_order="PO-9")
    world.rate("r2", "project", "80.5", project_external_id="psa-p2")
    world.project("px", currency="EUR")
    world.rate("rx", "project", "90", project_external_id="psa-px", currency="EUR")
    for number in range(1, 8):
        project_id = ("p1", "p2", "px")[number % 3]
        world.entry(str(number), 1000 * number, project_id=project_id,
                    work_date=date(2026, 3, 1 + number % 4))  # fmt: skip
    world.night()
    yield world
    world.warehouse.close()


def frozen(batches: tuple[PlannedBatch, ...]) -> bytes:
    return content_bytes([replace(b, documents=tuple(b.documents)) for b in batches])


def test_one_batch_per_currency_and_one_document_per_project(shared: World):
    euro, sterling = shared.plan()
    assert [d.document_ref for d in euro.documents] == ["PS-PX-202603-1"]
    assert [d.document_ref for d in sterling.documents] == ["PS-P1-202603-1", "PS-P2-202603-1"]
    assert sterling.line_count == sum(len(d.lines) for d in sterling.documents)
    assert sterling.amount_minor == sum(d.amount_minor for d in sterling.documents)
    assert sterling.documents[1].purchase_order == "PO-9"
    assert sterling.documents[0].posting_date == date(2026, 3, 4)
    assert sterling.batch_id == sterling.content_sha256[:16]


@settings(max_examples=8)
@given(seed=st.integers())
def test_the_order_of_input_does_not_change_a_byte(shared: World, seed: int):
    before = frozen(shared.plan())
    for table in ("billing.dispositions", "billing.entries", "billing.projects"):
        rows = shared.warehouse.rows(f"select * from {table}")
        random.Random(seed).shuffle(rows)
        shared.warehouse.execute(f"delete from {table}")
        shared.warehouse.insert(table, rows)
    assert frozen(shared.plan()) == before


def test_every_document_proves_that_it_belongs_to_its_batch(shared: World):
    for batch in shared.plan():
        for document in batch.documents:
            proof = batch.proofs[document.document_ref]
            assert merkle.verify(document.content_sha256, proof, batch.merkle_root)
            assert not merkle.verify("00" * 32, proof, batch.merkle_root)


def test_a_documents_hash_covers_every_field(shared: World):
    document = shared.plan()[0].documents[0]
    assert sealed(document) == document
    changed = replace(document, lines=(replace(document.lines[0], description="x"),))
    assert sealed(changed).content_sha256 != document.content_sha256
    assert sealed(replace(document, tax_code="T1")).content_sha256 != document.content_sha256


def test_small_chunks_give_the_same_plan(shared: World, monkeypatch: pytest.MonkeyPatch):
    before = frozen(shared.plan())
    monkeypatch.setattr(streaming, "CHUNK_LINES", 1)
    assert frozen(shared.plan()) == before


def test_more_lines_than_the_erp_takes_become_several_documents(world: World):
    world.rate("r1")
    for number in range(1, 6):
        world.entry(str(number), 1800 * number, work_date=date(2026, 3, number))
    world.night()
    [whole] = world.plan()
    [document] = whole.documents
    world.warehouse.execute("update config.systems set lines_max = 2")
    [split] = world.plan()
    assert [len(one.lines) for one in split.documents] == [2, 2, 1]
    assert [one.document_ref[-2:] for one in split.documents] == ["-1", "-2", "-3"]
    assert [
        [line.object_id, line.amount_minor] for one in split.documents for line in one.lines
    ] == [[line.object_id, line.amount_minor] for line in document.lines]
    world.warehouse.execute("update config.systems set lines_max = 5")
    assert frozen(world.plan()) == frozen((whole,))


def test_documents_can_be_read_by_number_and_slice(shared: World):
    documents = shared.plan()[1].documents
    assert documents[-1] == list(documents)[-1]
    assert list(documents[:1]) == [documents[0]]
    assert len(documents) == 2


def test_lines_are_short_plain_and_name_no_person(shared: World):
    shared.put("canonical.tasks", system="tt", external_id="tt-long", name="Long\n" * 60)
    for batch in shared.plan():
        for document in batch.documents:
            for line in document.lines:
                assert len(line.description) <= 100
                assert "\n" not in line.description
                assert "ann" not in line.description


def test_a_long_task_name_is_cut_so_that_the_key_stays(world: World):
    world.rate("r1")
    world.put("canonical.tasks", system="tt", external_id="tt-long", name="Long\n" * 60)
    world.entry("1", task_external_id="tt-long", task_id="long")
    world.night()
    [line] = world.plan()[0].documents[0].lines
    assert len(line.description) == 100
    assert line.description.startswith("2026-03-05 Long Long")


def stage(world: World, state: str) -> str:
    """Keep the first planned document as the store would."""
    document = world.plan()[0].documents[0]
    world.document(document.document_ref, state, project_id=document.project_id,
                   content_sha256=document.content_sha256)  # fmt: skip
    return document.document_ref


def test_the_same_content_keeps_its_reference_and_batch(world: World):
    world.rate("r1")
    world.entry("1")
    world.night()
    first = frozen(world.plan())
    assert stage(world, "planned") == "PS-P1-202603-1"
    world.night()
    assert frozen(world.plan()) == first


def test_other_content_takes_the_next_reference(world: World):
    world.rate("r1")
    world.entry("1")
    world.night()
    stage(world, "planned")
    world.entry("2")
    world.night()
    assert world.plan()[0].documents[0].document_ref == "PS-P1-202603-2"


@pytest.mark.parametrize("state", ["posted", "superseded", "refused", "approved"])
def test_a_used_reference_is_never_given_again(world: World, state: str):
    world.rate("r1")
    world.entry("1")
    world.night()
    stage(world, state)
    world.night()
    assert world.plan()[0].documents[0].document_ref == "PS-P1-202603-2"


def test_two_currencies_of_one_project_do_not_share_a_reference(world: World):
    world.rate("r1")
    world.entry("1")
    world.entry("2", customer_key="c2")
    world.night()
    refs = [d.document_ref for batch in world.plan() for d in batch.documents]
    assert refs == ["PS-P1-202603-1", "PS-P1-202603-2"]


def test_a_negative_total_is_a_credit_memo(shared: World):
    document = shared.plan()[0].documents[0]
    back = [replace(line, amount_minor=-line.amount_minor) for line in document.lines]
    memo = plan_document(document, back, "PS-PX-202603-2")
    assert (memo.kind, memo.amount_minor) == ("credit_memo", -document.amount_minor)


SAMPLE: list[PlannedDocument] = []


@given(data=st.data())
def test_lines_may_come_in_any_order(shared: World, data: st.DataObject):
    if not SAMPLE:
        SAMPLE.extend(shared.plan()[1].documents)
    document = SAMPLE[1]
    lines = data.draw(st.permutations(document.lines))
    assert plan_document(document, lines, document.document_ref) == document


def test_a_document_refuses_lines_of_another_currency_and_no_lines(shared: World):
    document = shared.plan()[0].documents[0]
    with pytest.raises(ValueError, match="GBP"):
        plan_document(document, [replace(document.lines[0], currency="GBP")], "PS-X")
    with pytest.raises(ValueError, match="needs lines"):
        plan_document(document, [], "PS-X")


@given(NAMES, st.sampled_from(["2026-03", "2030-12"]), st.integers(1, 999))
def test_references_fit_the_erp_and_survive_upper_casing(name: str, period: str, number: int):
    made = reference(name, period, number)
    assert len(made) <= REFERENCE_MAX
    assert made.isascii()
    assert made == made.upper().strip()
    assert number_of(made) == number


@given(st.lists(NAMES, unique=True, max_size=20))
def test_references_of_different_projects_differ(names: list[str]):
    assert len({reference(name, "2026-03", 1) for name in names}) == len(names)


@pytest.mark.parametrize(("name", "made"), [
    ("us-101", "PS-US-101-202603-1"),
    ("us 101", "PS-US-101_"),
])  # fmt: skip
def test_plain_project_codes_stay_readable(name: str, made: str):
    assert reference(name, "2026-03", 1).startswith(made)


def test_a_thousandth_document_is_refused():
    with pytest.raises(ValueError, match="out of range"):
        reference("p1", "2026-03", 1000)


@pytest.mark.parametrize(("worked", "posted"), [
    (date(2026, 3, 9), date(2026, 3, 9)),
    (date(2026, 2, 9), date(2026, 3, 1)),
    (date(2026, 4, 9), date(2026, 3, 31)),
])  # fmt: skip
def test_posting_date_is_the_last_work_date_within_the_period(worked: date, posted: date):
    assert posting_date("2026-03", worked) == posted


def test_no_step_needs_what_another_connection_left_in_memory(tmp_path: Path):
    path = tmp_path / "w.duckdb"
    world = World(path)
    world.rate("r1")
    world.entry("1")
    world.warehouse.close()
    for step in (rate, classify, account):
        with Warehouse(path) as warehouse:
            step(warehouse)
    with Warehouse(path) as warehouse:
        assert [batch.amount_minor for batch in plan(warehouse)] == [10000]
        assert broken_groups(warehouse) == []


def test_line_amount_is_quantity_times_price(shared: World):
    for batch in shared.plan():
        for document in batch.documents:
            for line in document.lines:
                exact = line.quantity * line.unit_price * 100
                assert abs(exact - line.amount_minor) <= Decimal("0.5")


def test_negative_time_that_nothing_holds_is_taken_off_its_invoice(world: World):
    world.rate("r")
    world.entry("1", 2 * 3600)
    world.entry("2", -1800)
    world.night()
    assert world.fate("tt:2") == ("queued", "to_be_planned")
    assert world.broken() == ([], [], [])
    [batch] = world.plan()
    [document] = batch.documents
    assert [line.amount_minor for line in document.lines] == [20_000, -5_000]
    assert (document.kind, document.amount_minor) == ("invoice", 15_000)


def test_negative_time_alone_is_a_credit_that_a_person_lets_go(world: World):
    world.rate("r")
    world.entry("1", -1800)
    world.night()
    [batch] = world.plan()
    [document] = batch.documents
    assert (document.kind, document.amount_minor) == ("credit_memo", -5_000)
    assert world.broken() == ([], [], [])


def test_negative_time_of_a_capped_project_makes_no_room_and_needs_none(world: World):
    world.project("capped", cap_minor=15_000)
    world.rate("capped", project_external_id="psa-capped")
    world.entry("1", 2 * 3600, project_id="capped")
    world.entry("2", -1800, project_id="capped")
    world.night()
    assert world.broken() == ([], [], [])
    billed = {
        str(part["entry_id"]): part["amount_minor"]
        for part in world.warehouse.rows(
            "select entry_id, amount_minor from billing.dispositions where disposition = 'queued'"
        )
    }
    assert billed == {"tt:1": 15_000, "tt:2": -5_000}
