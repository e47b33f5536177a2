"""MD05: a copy that was edited where the field is not owned, told from one that is only late."""

from datetime import timedelta

import pytest

from ps_integration_tests.reconciliation.world import AS_OF, breaks_of, runs_of

OWNER, COPY = ("kantata", "K1"), ("harvest", "H1")


def seen(record, value, nights, kind="project"):
    """Nights ago, the name of a record was first seen to be that."""
    return {
        "object_kind": kind, "system": record[0], "external_id": record[1], "field": "name",
        "value": value, "seen_at": AS_OF - timedelta(days=nights), "run_id": f"night-{nights}",
    }  # fmt: skip


def edited(*history, owner="Apollo", copy="Apollo", **changes):
    """What MD05 finds when these are the names now, and were seen before."""
    names = [{"name": owner}, {"name": copy}, {"name": owner}]
    return breaks_of(
        "MD05", canonical__projects=names, reconciliation__field_history=list(history), **changes
    )


AGREED = (seen(OWNER, "Apollo", 9), seen(COPY, "Apollo", 9))


@pytest.mark.parametrize("nights", [0, 3, 8])
def test_fires_md05_for_a_copy_that_was_edited_while_it_differs(nights):
    past = [*AGREED, *([seen(COPY, "Zeus", nights)] if nights else [])]
    [found] = edited(*past, copy="Zeus")
    assert (found["cause"], found["blocked_kind"]) == ("manual_edit_in_copy", None)
    assert (found["left_system"], found["left_value"]) == ("kantata", "Apollo")
    assert (found["right_system"], found["right_value"]) == ("harvest", "Zeus")
    day = (AS_OF - timedelta(days=nights)).date()
    assert found["detail"] == (
        "The name of project apollo became Zeus in harvest and was Apollo, as the night of "
        f"{day} saw, while kantata owns it and says Apollo."
    )


def test_fires_md05_under_the_key_of_the_difference_itself():
    names = [{"name": "Apollo"}, {"name": "Zeus"}, {"name": "Apollo"}]
    runs = runs_of(
        {"canonical__projects": names, "reconciliation__field_history": list(AGREED)},
        {"MD04", "MD05"},
    )
    [difference], [edit] = runs["MD04"].found, runs["MD05"].found
    assert edit["record_key"] == difference["record_key"]


@pytest.mark.parametrize(("nights", "is_recent"), [(1, True), (7, True), (8, False)])
def test_fires_md05_for_a_while_when_the_owner_took_the_edit_over(nights, is_recent):
    history = (*AGREED, seen(COPY, "Zeus", nights + 0.5), seen(OWNER, "Zeus", nights))
    found = edited(*history, owner="Zeus", copy="Zeus")
    assert bool(found) is is_recent
    if found:
        assert "kantata owns it and took it over, as the night of " in found[0]["detail"]


def test_fires_md05_for_what_the_configured_owner_did_not_say():
    """The PSA's name is the copy where the ERP owns names."""
    owner = {"object_kind": "project", "field": "name", "system": "bc"}
    names = [{"name": "Zeus"}, {"name": "Apollo"}, {"name": "Apollo"}]
    [found] = breaks_of(
        "MD05",
        canonical__projects=names,
        config__ownership=[owner],
        reconciliation__field_history=[*AGREED, seen(("bc", "B1"), "Apollo", 9)],
    )
    assert (found["left_system"], found["right_system"]) == ("bc", "kantata")


@pytest.mark.parametrize(
    ("history", "owner", "copy"),
    [
        ((), "Apollo", "Zeus"),
        ((*AGREED, seen(OWNER, "Zeus", 2)), "Zeus", "Apollo"),
        ((*AGREED, seen(OWNER, "Zeus", 2), seen(COPY, "Zeus", 1)), "Zeus", "Zeus"),
        ((*AGREED, seen(OWNER, "Zeus", 2), seen(COPY, "Zeus", 2)), "Zeus", "Zeus"),
        ((*AGREED, seen(OWNER, "Ares", 3), seen(OWNER, "Zeus", 2)), "Zeus", "Ares"),
        ((*AGREED, seen(COPY, "Zeus", 2)), "Apollo", "Apollo"),
        ((*AGREED,), "Apollo", "APOLLO"),
    ],
    ids=["no past", "owner changed", "copy late", "both", "later still", "undone", "case"],
)
def test_quiet_md05_for_what_no_edit_of_a_copy_made(history, owner, copy):
    assert not edited(*history, owner=owner, copy=copy)
