import pytest
from sqlalchemy import select

from ps_integration.connectors.protocol import WriteAnswer
from ps_integration.errors import CouldNotRunError, RetryLaterError
from ps_integration.stores.operational.models import Break, Feedback
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import post
from ps_integration.workflows.feedback import feedback
from ps_integration.workflows.mirror import mirror
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import make_batch, make_document, make_night

REF = "PS-APOLLO-202603-1"


@pytest.fixture
def warehouse(tmp_path, night):
    with Warehouse(tmp_path / "warehouse.duckdb") as opened:
        opened.insert("config.run", [{"run_id": night.run_id, "as_of": night.as_of}])
        opened.insert(
            "billing.projects",
            [{"project_id": "apollo", "psa_system": "kantata", "psa_external_id": "77"}],
        )
        yield opened


@pytest.fixture
def erp(tmp_path):
    return FakeErp(tmp_path / "erp.sqlite", "F", drafts=True)


def version(warehouse, entry, sha, number=1):
    warehouse.insert(
        "canonical.entry_versions",
        [{"entry_id": entry, "version_no": number, "version_sha256": sha}],
    )


def test_the_copy_says_what_the_store_says_at_one_ledger_number(
    store, night, approved, warehouse, erp
):
    approved(make_batch())
    post.post(night, store, {"bc": erp})
    mirror(night, warehouse, store)
    [document] = warehouse.rows("select * from ops.documents")
    assert (document["state"], document["erp_number"]) == ("posted", "INV1")
    assert (document["readback_minor"], document["confirmed_at"]) == (35_000, night.as_of)
    lines = warehouse.rows("select * from ops.posting_lines order by line_no")
    assert [line["amount_minor"] for line in lines] == [10_000, 25_000]
    assert str(lines[0]["quantity"]) == "1.00000"
    assert str(lines[0]["work_date"]) == "2026-03-10"
    assert warehouse.value("select ledger_seq from config.run") == warehouse.value(
        "select 6"
    )  # planned, approved, sending, draft, sending, posted
    mirror(night, warehouse, store)
    assert warehouse.value("select count(*) from ops.posting_lines") == 2


def test_a_column_the_store_does_not_know_is_named(store, night, warehouse):
    warehouse.execute("alter table ops.batches add column colour varchar")
    with pytest.raises(CouldNotRunError, match=r"ops\.batches.*colour"):
        mirror(night, warehouse, store)


def test_an_entry_changed_after_approval_voids_it(store, night, approved, warehouse, states):
    approved(make_batch())
    version(warehouse, "harvest_uk:1-1", "v1")
    mirror(night, warehouse, store)
    assert states() == {REF: "approved"}
    version(warehouse, "harvest_uk:1-1", "v2", 2)
    mirror(night, warehouse, store)
    assert states() == {REF: "planned"}


def test_an_entry_changed_while_unknown_changes_nothing(
    store, night, approved, warehouse, states, tmp_path
):
    erp = FakeErp(tmp_path / "slow.sqlite", "F", delay=900.0)
    erp.play("lost_before")
    approved(make_batch())
    post.post(night, store, {"bc": erp})
    version(warehouse, "harvest_uk:1-1", "v2")
    mirror(night, warehouse, store)
    assert states() == {REF: "unknown"}


@pytest.mark.parametrize("fixed", ["entry", "configuration", "nothing"])
def test_a_refusal_holds_until_the_entry_or_the_configuration_changes(
    store, night, approved, warehouse, erp, tmp_path, fixed
):
    approved(make_batch())
    erp.play("refuse")
    post.post(night, store, {"bc": erp})
    version(warehouse, "harvest_uk:1-1", "v2" if fixed == "entry" else "v1")
    config = {"config_hash": "d" * 64} if fixed == "configuration" else {}
    mirror(make_night(tmp_path, **config), warehouse, store)
    held = warehouse.value("select count(*) from ops.open_breaks where blocked_kind = 'entry'")
    assert held == (1 if fixed == "nothing" else 0)


def test_a_resolved_break_is_not_copied(store, night, approved, warehouse, erp):
    approved(make_batch())
    erp.play("refuse")
    post.post(night, store, {"bc": erp})
    with store.session() as session:
        session.scalars(select(Break)).one().state = "accepted"
    mirror(night, warehouse, store)
    assert warehouse.value("select count(*) from ops.open_breaks") == 0


# feedback


class Psa:
    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.told = []

    def tell(self, notes):
        if self.outcomes and self.outcomes[0] == "down":
            self.outcomes.pop(0)
            raise RetryLaterError("kantata: out of reach")
        self.told += notes
        return [WriteAnswer(self.outcomes.pop(0) if self.outcomes else "accepted") for _ in notes]


@pytest.fixture
def posted(store, night, approved, erp):
    document = make_document(1)
    milestone = document.lines[0].__class__(
        line_no=3,
        line_key="bc|kantata|milestone|501|1|0",
        object_kind="milestone",
        object_id="kantata:501",
        amount_minor=50_000,
        seconds=0,
    )
    whole = document.__class__(
        document_ref=REF, lines=(*document.lines, milestone), content_sha256="a" * 64
    )
    approved(make_batch(whole))
    post.post(night, store, {"bc": erp})


def test_the_project_and_each_milestone_are_told_of_the_invoice(store, night, warehouse, posted):
    psa = Psa()
    feedback(night, warehouse, store, {"kantata": psa})
    notes = {note.subject_kind: note for note in psa.told}
    assert set(notes) == {"project", "milestone"}
    assert notes["project"].reference == "1"
    assert notes["project"].status == "open"
    assert notes["project"].message == "Invoice INV1 open, net 850.00 USD"
    assert notes["milestone"].subject_external_id == "501"
    assert notes["milestone"].message.endswith("this milestone 500.00 USD")


def test_what_was_told_is_not_told_again_until_it_changes(store, night, warehouse, posted):
    psa = Psa()
    for _ in range(2):
        feedback(night, warehouse, store, {"kantata": psa})
    assert len(psa.told) == 2
    warehouse.insert(
        "canonical.erp_documents",
        [
            {
                "system": "bc",
                "company": "US01",
                "external_id": "1",
                "number": "INV1",
                "status": "part_paid",
                "total_minor": 85_000,
                "remaining_minor": 5_000,
            }
        ],
    )
    feedback(night, warehouse, store, {"kantata": psa})
    assert len(psa.told) == 4
    assert psa.told[-1].status == "part_paid"
    assert psa.told[-1].message.endswith("total 850.00 USD, remaining 50.00 USD")


@pytest.mark.parametrize(
    ("shown", "status", "message"),
    [
        # Xero's PAID with AmountPaid 0.00 and AmountCredited 1,120.66
        (
            {"status": "paid", "remaining_minor": 0, "credited_minor": 112_066},
            "credited",
            "credited 1,120.66 USD, paid 0.00 USD, remaining 0.00 USD",
        ),
        (
            {"status": "paid", "remaining_minor": 0, "credited_minor": 20_066},
            "credited",
            "credited 200.66 USD, paid 920.00 USD, remaining 0.00 USD",
        ),
        (
            {"status": "part_paid", "remaining_minor": 92_000, "credited_minor": 20_066},
            "part_credited",
            "credited 200.66 USD, paid 0.00 USD, remaining 920.00 USD",
        ),
        (
            {"status": "part_paid", "remaining_minor": 90_000, "credited_minor": 20_066},
            "part_paid",
            "credited 200.66 USD, paid 20.00 USD, remaining 900.00 USD",
        ),
        (
            {"status": "paid", "remaining_minor": 0, "credited_minor": 0},
            "paid",
            "total 1,120.66 USD, remaining 0.00 USD",
        ),
        # an ERP that does not say what settled its invoices
        (
            {"status": "paid", "remaining_minor": 0},
            "paid",
            "total 1,120.66 USD, remaining 0.00 USD",
        ),
    ],
)
def test_what_a_credit_settled_is_not_told_as_paid(
    store, night, warehouse, posted, shown, status, message
):
    psa = Psa()
    invoice = {"system": "bc", "external_id": "1", "number": "INV1", "total_minor": 112_066}
    warehouse.insert("canonical.erp_documents", [{**invoice, **shown}])
    feedback(night, warehouse, store, {"kantata": psa})
    told = {note.subject_kind: note for note in psa.told}
    assert {note.status for note in psa.told} == {status}
    assert told["project"].message.endswith(message)


def test_each_entry_is_marked_invoiced_where_the_time_system_takes_it(
    store, night, warehouse, posted
):
    clock = Psa()
    for _ in range(2):
        feedback(night, warehouse, store, {"harvest_uk": clock})
    assert [(note.subject_external_id, note.status) for note in clock.told] == [
        ("1-1", "invoiced"),
        ("1-2", "invoiced"),
    ]


def test_a_cancelled_invoice_is_told_to_everyone(store, night, warehouse, posted):
    clock = Psa()
    feedback(night, warehouse, store, {"harvest_uk": clock})
    warehouse.insert(
        "canonical.erp_documents",
        [{"system": "bc", "company": "US01", "external_id": "1", "status": "cancelled"}],
    )
    feedback(night, warehouse, store, {"harvest_uk": clock})
    assert [note.status for note in clock.told] == ["invoiced"] * 2 + ["cancelled"] * 2


def test_an_erp_without_companies_tells_its_statuses_too(store, night, warehouse, posted):
    clock = Psa()
    feedback(night, warehouse, store, {"harvest_uk": clock})
    warehouse.insert(
        "canonical.erp_documents",
        [{"system": "bc", "company": None, "external_id": "1", "status": "cancelled"}],
    )
    feedback(night, warehouse, store, {"harvest_uk": clock})
    assert [note.status for note in clock.told] == ["invoiced"] * 2 + ["cancelled"] * 2


def test_a_system_out_of_reach_keeps_its_notes_pending(store, night, warehouse, posted):
    psa = Psa("down")
    result = feedback(night, warehouse, store, {"kantata": psa})
    assert result.metadata["pending"] == 2
    with store.snapshot() as session:
        rows = session.scalars(select(Feedback)).all()
    assert {(row.state, row.error) for row in rows} == {("pending", "kantata: out of reach")}
    feedback(night, warehouse, store, {"kantata": psa})
    assert len(psa.told) == 2


def test_a_refused_note_waits_until_it_changes(store, night, warehouse, posted):
    psa = Psa("refused", "accepted")
    for _ in range(2):
        feedback(night, warehouse, store, {"kantata": psa})
    assert len(psa.told) == 2
    with store.snapshot() as session:
        assert sorted(row.state for row in session.scalars(select(Feedback))) == ["refused", "told"]
