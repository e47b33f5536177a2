"""Names and notes as people spell them: which are one, and which only look alike."""

import pytest

from ps_integration.reconciliation.likeness import name_score, note_score
from ps_integration_tests.reconciliation.world import breaks_of
from ps_integration_tests.reconciliation.world_facts import FACTS
from ps_integration_tests.reconciliation.world_master import MASTER, from_record

ENTRY = FACTS["billing.entries"][0]


@pytest.mark.parametrize(
    ("left", "right", "is_one"),
    [
        ("Müller Maschinenbau GmbH", "Mueller Maschinenbau", True),
        ("Müller Maschinenbau", "MULLER MASCHINENBAU", True),
        ("Søndergaard A/S", "Soendergaard AS", True),
        ("Weber Gesellschaft mbH", "Weber GmbH", True),
        ("Weber Gesellschaft mit beschränkter Haftung", "Weber GmbH", True),
        ("Kohl GmbH & Co. KG", "Kohl", True),
        ("International Business Machines Corp", "IBM", True),
        ("BMW", "Bayerische Motoren Werke AG", True),
        ("Hill & Dale", "Hill and Dale Ltd", True),
        ("Northgate Freight", "Northgate Freigth", True),
        ("Alpha Systems UK", "Alpha Systems US", False),
        ("Smith", "Smithson", False),
        ("Smith Engineering Services", "Smithson Engineering Services", False),
        ("Engineering Services Lot A", "Engineering Services Lot B", False),
        ("IBM", "Indian Bank Mumbai Branch", False),
    ],
)
def test_names_that_a_person_calls_the_same_are_alike_and_no_others(left, right, is_one):
    assert (name_score(left, right) >= 90) is is_one
    assert name_score(left, right) == name_score(right, left)


@pytest.mark.parametrize(
    ("name", "fires"), [("A.C.M.E.", True), ("Advanced Cooling Machine Engineers", True),
                        ("Acme UK", False)]
)  # fmt: skip
def test_md06_asks_for_names_however_they_are_spelt(name, fires):
    twin = {**MASTER["canonical.customers"][1], "external_id": "B-C2", "name": name}
    found = breaks_of("MD06", canonical__customers=[{}, {}, {**twin, "match_key": None}])
    assert bool(found) is fires


WHOLE = "Workshop with the customer about the cut-over plan"


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        (WHOLE[:30], True),
        (WHOLE[:29] + "...", True),
        (WHOLE[:12], False),
        (WHOLE + ", day 2", False),
        ("Workshop with the customer above all", False),
    ],
)
def test_tm14_takes_a_note_that_was_cut_off_for_the_whole_one(other, is_one):
    assert (note_score(WHOLE, other) >= 90) is is_one
    row = from_record("harvest", "time_entries", "2")
    found = breaks_of(
        "TM14",
        billing__entries=[{}, {**ENTRY, "entry_id": "harvest:2", "external_id": "2"}],
        canonical__time_entries=[{"note": WHOLE}, {**row, "note": other}],
    )
    assert bool(found) is is_one
