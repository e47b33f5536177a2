"""What a person may approve alone: by role and amount, by day, and not by cutting into pieces."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import select

from ps_integration.errors import AskFinanceError
from ps_integration.stores.operational.models import Approval, Audit
from ps_integration.stores.operational.store import OperationalStore
from ps_integration.workflows import approve, post
from ps_integration_tests.posting.fake_erp import FakeErp
from ps_integration_tests.posting.making import (
    AS_OF,
    make_batch,
    make_document,
    make_night,
)
from ps_integration_tests.posting.test_approve import open_posting
from ps_integration_tests.posting.test_self_approval import file_of

RULES = {
    "people": {
        "maria": {"roles": ["clerk"]},
        "jonas": {"roles": ["controller", "break_glass"]},
        "petra": {},
    },
    "roles": {
        "clerk": {"max_amount_per_batch": {"USD": "400"}, "max_amount_per_day": {"USD": "700"}},
        "controller": {"max_amount_per_batch": {"USD": "1000"}},
    },
}
FILE = file_of(**RULES)


@pytest.fixture
def limited(tmp_path):
    return make_night(tmp_path, firm=FILE.firm)


def stage(store, night, *batches):
    post.stage(night, store, batches)


def sign(store, batch, who="maria", at=AS_OF, **more):
    return approve.approve(store, batch.batch_id, who, at, more.pop("note", ""), FILE, **more)


def other(number, amounts=(10_000, 25_000), **fields):
    """A batch of another customer and project."""
    told = {"customer_key": f"c{number}", "project_id": f"p{number}", **fields}
    return make_batch(make_document(number, amounts=amounts, **told))


def test_within_the_limit_a_person_approves(store, limited, states):
    stage(store, limited, make_batch())
    sign(store, make_batch())
    assert set(states().values()) == {"approved"}


def test_above_the_limit_is_refused_with_who_may(store, limited, states):
    batch = make_batch(make_document(1, amounts=(40_001,)))
    stage(store, limited, batch)
    with pytest.raises(AskFinanceError, match=r"above the limit of maria, 400\.00 USD.*jonas"):
        sign(store, batch)
    assert set(states().values()) == {"planned"}
    with store.snapshot() as session:
        [row] = session.scalars(select(Audit).where(Audit.action == "refuse_decision"))
    assert "above the limit" in row.detail["reason"]


def test_amounts_of_opposite_sign_do_not_hide_each_other(store, limited):
    batch = make_batch(
        make_document(1, amounts=(39_000,)), make_document(2, amounts=(-39_000,), project_id="p2")
    )
    stage(store, limited, batch)
    with pytest.raises(AskFinanceError, match=r"780\.00 USD is above"):
        sign(store, batch)


@pytest.mark.parametrize("who", ["petra", "somebody"])
def test_a_person_without_a_role_approves_nothing(store, limited, who):
    stage(store, limited, make_batch())
    with pytest.raises(AskFinanceError, match="no role"):
        sign(store, make_batch(), who)


def test_a_currency_that_the_role_does_not_name_is_zero(store, limited):
    batch = replace(other(1, currency="EUR"), currency="EUR")
    stage(store, limited, batch)
    with pytest.raises(AskFinanceError, match="above the limit"):
        sign(store, batch)


def test_the_limit_of_a_day_counts_what_the_person_approved_before(store, limited):
    one, two = other(1), other(2, amounts=(35_001,))
    stage(store, limited, one, two)
    sign(store, one)
    with pytest.raises(AskFinanceError, match=r"350\.00 USD that maria approved today"):
        sign(store, two)
    tomorrow = AS_OF + timedelta(days=1)
    assert sign(store, two, at=tomorrow) == "approved"


def test_pieces_of_one_customers_period_count_together(store, limited):
    pieces = [make_batch(make_document(n, amounts=(30_000,))) for n in (1, 2)]
    stage(store, limited, *pieces)
    sign(store, pieces[0])
    with pytest.raises(AskFinanceError, match=r"customer c100 2026-03 comes to 600\.00 USD"):
        sign(store, pieces[1], at=AS_OF + timedelta(days=3))
    assert sign(store, pieces[1], "jonas") == "approved"


def test_pieces_of_one_project_over_several_customers_count_together(store, limited):
    pieces = [other(n, amounts=(30_000,), project_id="apollo") for n in (1, 2)]
    stage(store, limited, *pieces)
    sign(store, pieces[0])
    with pytest.raises(AskFinanceError, match="project apollo"):
        sign(store, pieces[1], at=AS_OF + timedelta(days=3))


def test_ten_batches_just_under_the_limit_are_noticed_at_the_second(store, limited):
    pieces = [make_batch(make_document(n, amounts=(39_999,))) for n in range(1, 11)]
    stage(store, limited, *pieces)
    sign(store, pieces[0])
    for number, piece in enumerate(pieces[1:], 1):
        with pytest.raises(AskFinanceError, match="count together"):
            sign(store, piece, at=AS_OF + timedelta(hours=24 + 12 * number))


def test_pieces_are_forgotten_after_the_days_of_the_firm_file(store, limited):
    pieces = [make_batch(make_document(n, amounts=(30_000,))) for n in (1, 2)]
    stage(store, limited, *pieces)
    sign(store, pieces[0])
    assert sign(store, pieces[1], at=AS_OF + timedelta(days=8)) == "approved"


def test_policy_does_not_pass_pieces_of_what_it_may_not_pass_whole(store, tmp_path):
    open_posting(store)
    firm = FILE.firm
    ceilings = firm.approval.automatic.model_copy(update={"max_amount_per_batch": {"USD": "400"}})
    firm = firm.model_copy(
        update={"approval": firm.approval.model_copy(update={"automatic": ceilings})}
    )
    night = make_night(tmp_path, firm=firm)
    pieces = [make_batch(make_document(n, amounts=(30_000,))) for n in (1, 2)]
    stage(store, night, *pieces)
    result = approve.by_policy(night, store)
    assert result.row_count == 1
    assert "count together" in next(iter(result.metadata["waiting"].values()))


def test_the_trail_says_under_which_ceilings_policy_stayed(store, night):
    open_posting(store)
    stage(store, night, make_batch())
    approve.by_policy(night, store)
    with store.snapshot() as session:
        [row] = session.scalars(select(Audit).where(Audit.action == "approve"))
    assert row.detail["note"] == (
        "within the ceilings of us: 350.00 USD of 100,000.00 USD per batch, "
        "350.00 USD of 100,000.00 USD per day, 350.00 USD of 100,000.00 USD per month"
    )


def test_two_runs_at_once_stay_under_the_ceiling_together(store, night, tmp_path):
    open_posting(store)
    ceilings = night.firm.approval.automatic.model_copy(
        update={"max_amount_per_day": {"USD": "1500"}}
    )
    approval = night.firm.approval.model_copy(update={"automatic": ceilings})
    used = replace(night, firm=night.firm.model_copy(update={"approval": approval}))
    stage(store, used, *(other(number) for number in range(1, 11)))
    stores = [OperationalStore(str(store.engine.url)) for _ in range(3)]
    runs = [Thread(target=approve.by_policy, args=(used, one)) for one in stores]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    for one in stores:
        one.close()
    with store.snapshot() as session:
        assert len(session.scalars(select(Approval)).all()) == 4


# break-glass


def test_the_glass_is_broken_with_the_role_and_a_reason(store, limited, tmp_path):
    batch = make_batch(make_document(1, amounts=(200_000,)))
    stage(store, limited, batch)
    with pytest.raises(AskFinanceError, match="above the limit of jonas"):
        sign(store, batch, "jonas")
    with pytest.raises(AskFinanceError, match="needs a reason"):
        sign(store, batch, "jonas", breaks_glass=True, note="  ")
    sign(store, batch, "jonas", breaks_glass=True, note="quarter end, controller ill")
    assert approve.show_batch(store, batch.batch_id).is_break_glass
    erp = FakeErp(tmp_path / "erp.sqlite", "F")
    post.post(limited, store, {"bc": erp})
    assert len(erp.calls("create")) == 1


def test_without_the_role_the_glass_stays_whole(store, limited):
    batch = make_batch(make_document(1, amounts=(200_000,)))
    stage(store, limited, batch)
    with pytest.raises(AskFinanceError, match="does not have the role break_glass"):
        sign(store, batch, breaks_glass=True, note="in a hurry")


def test_the_glass_never_lets_a_maker_approve(store, tmp_path):
    night = make_night(tmp_path, firm=FILE.firm, trigger="person", maker="jonas")
    stage(store, night, make_batch())
    with pytest.raises(AskFinanceError, match="another person"):
        sign(store, make_batch(), "jonas", breaks_glass=True, note="in a hurry")


def test_the_limit_is_asked_again_when_a_document_is_claimed(store, limited, tmp_path):
    batch = make_batch(make_document(1, amounts=(200_000,)))
    stage(store, limited, batch)
    approve.approve(store, batch.batch_id, "maria", AS_OF, "")  # a caller without the file
    erp = FakeErp(tmp_path / "erp.sqlite", "F")
    post.post(limited, store, {"bc": erp})
    assert erp.calls("create") == []


def test_what_a_shared_login_started_nobody_approves(store, tmp_path):
    shared = file_of(service_accounts=["dagster"])
    night = make_night(tmp_path, firm=shared.firm, trigger="person", maker="Dagster")
    stage(store, night, make_batch())
    with pytest.raises(AskFinanceError, match="by nobody knows whom"):
        approve.approve(store, make_batch().batch_id, "maria", AS_OF, "", shared)
    approve.reject(store, make_batch().batch_id, "maria", AS_OF, "", shared)
