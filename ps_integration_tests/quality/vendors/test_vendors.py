"""That the kinds can be played in the sandbox's systems; `make quality` plays them over nights."""

from ps_integration_tests.quality.vendors.kinds import BEFORE, KINDS
from ps_integration_tests.quality.vendors.play import NIGHTS, Item, act
from ps_integration_tests.quality.vendors.stage import staged


def test_every_kind_says_in_words_of_its_own_what_happens():
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)


def test_there_are_enough_kinds_of_both():
    faults = [kind for kind in KINDS if kind.is_fault]
    assert len(faults) > 100
    assert len(KINDS) - len(faults) > 50


def test_what_precedes_posting_can_be_planted_and_taken_back(tmp_path):
    kinds = [kind for kind in KINDS if kind.night == BEFORE]
    with staged(tmp_path, 1) as stage:
        items = [Item(kind, stage.draw(**kind.made)) for kind in kinds]
        for item in items:
            if not item.kind.is_born:
                stage.build(item.site)
        for number, day in NIGHTS.items():
            stage.noon(day)
            act(stage, items, number)
    assert [item.crash for item in items if item.crash] == []
    assert all(item.seen_from for item in items)
    assert sum(item.is_back for item in items) > 40
