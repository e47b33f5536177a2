"""A record stays the object it was first seen as; a new one is never guessed into another."""

import pytest

from ps_integration.domain.canonical_ids import Identity, Known, Link, Seen, plan_links


class World:
    """Records of some systems, played night by night against what was remembered."""

    def __init__(self, configured=None):
        self.records: dict[str, Seen] = {}
        self.links: dict[Identity, Link] = {}
        self.born: dict[tuple[str, str], str] = {}
        self.configured = configured or {}
        self.unbilled = frozenset()
        self.named = {}

    def put(self, name, key, external=None, kind="project", stream="all"):
        system, record = name.split(":")
        place = Identity(kind, system, stream, record, external or record)
        self.records[f"{stream}/{name}"] = Seen(place, key)

    def gone(self, name):
        del self.records[f"all/{name}"]

    def night(self):
        known = Known(list(self.links.values()), self.born, self.configured, self.unbilled)
        plan = plan_links(self.records.values(), known)
        self.born |= {(kind, one): key for kind, one, key in plan.born}
        self.links |= {link.identity: link for link in plan.links}
        self.named = plan.named
        return {link.identity.system + ":" + link.identity.record_id: link for link in plan.links}

    def id_of(self, name, stream="all"):
        return self.links[self.records[f"{stream}/{name}"].identity].canonical_id


@pytest.fixture
def world():
    made = World()
    for name in ("psa:1", "time:5", "erp:77"):
        made.put(name, "nl-1")
    made.night()
    return made


NAMES = ("psa:1", "time:5", "erp:77")


def test_first_ids_are_the_keys(world):
    assert {world.id_of(name) for name in NAMES} == {"nl-1"}
    assert world.born == {("project", "nl-1"): "nl-1"}
    assert world.night() == {}


@pytest.mark.parametrize("order", [NAMES, NAMES[::-1], ("erp:77", "psa:1", "time:5")])
@pytest.mark.parametrize("nights", [1, 2, 3])
def test_a_renumbered_object_stays_itself(world, order, nights):
    for number, name in enumerate(order):
        world.put(name, "nl-9")
        if nights > 1 and number < nights:
            world.night()
    world.night()
    assert {world.id_of(name) for name in NAMES} == {"nl-1"}
    assert world.night() == {}


def test_a_system_whose_ids_are_keys_joins_what_was_renumbered_elsewhere(world):
    world.put("psa:1", "nl-9")
    world.put("files:NL-9", "nl-9")
    world.night()
    assert world.id_of("files:NL-9") == "nl-1"


def test_a_record_stays_itself_under_another_external_id(world):
    world.put("bc:guid", "nl-1", external="GB/NL-1")
    world.night()
    world.put("bc:guid", "nl-9", external="GB/NL-9")
    assert world.night()["bc:guid"].how == "followed"
    assert world.id_of("bc:guid") == "nl-1"


def test_another_stream_of_the_same_record_is_the_same_object(world):
    world.put("bc:guid", "nl-1", external="GB/NL-1")
    world.put("bc:page", "nl-7", external="GB/NL-1", stream="billings")
    world.night()
    assert world.id_of("bc:page", "billings") == "nl-1"


def test_a_reused_code_joins_nothing(world):
    world.put("psa:1", "nl-9")
    world.put("psa:2", "nl-1")
    world.night()
    assert (world.id_of("psa:1"), world.id_of("psa:2")) == ("nl-1", "nl-1~2")
    assert world.id_of("erp:77") == "nl-1"
    world.put("time:5", "nl-9")
    world.put("time:6", "nl-1")
    world.put("erp:77", "nl-9")
    world.put("erp:78", "nl-1")
    world.night()
    assert (world.id_of("time:6"), world.id_of("erp:78")) == ("nl-1~2", "nl-1~2")
    assert (world.id_of("time:5"), world.id_of("erp:77")) == ("nl-1", "nl-1")


def test_a_code_that_everybody_gave_up_starts_anew(world):
    for name in NAMES:
        world.put(name, "nl-9")
    world.night()
    world.put("crm:3", "nl-1")
    world.night()
    assert world.id_of("crm:3") == "nl-1~2"


def test_a_record_made_again_under_its_code_is_the_same_object(world):
    world.gone("psa:1")
    world.night()
    world.put("psa:8", "nl-1")
    world.night()
    assert world.id_of("psa:8") == "nl-1"


def test_two_objects_that_now_share_a_key_stay_two(world):
    for system in ("psa", "time", "erp"):
        world.put(f"{system}:99", "nl-2")
    world.night()
    for system in ("psa", "time", "erp"):
        world.put(f"{system}:99", "nl-1")
    world.night()
    assert {world.id_of(f"{system}:99") for system in ("psa", "time", "erp")} == {"nl-2"}
    world.put("crm:1", "nl-1")
    world.night()
    assert world.id_of("crm:1") == "nl-1"


def test_a_lost_key_leaves_the_link(world):
    world.put("psa:1", None)
    assert world.night() == {}
    assert world.id_of("psa:1") == "nl-1"


def test_titles_of_many_records_stay_one_task_when_one_is_renamed():
    world = World()
    for number in range(3):
        world.put(f"psa:{number}", "design", kind="task")
    world.night()
    world.put("psa:0", "build", kind="task")
    world.put("psa:7", "design", kind="task")
    world.night()
    assert world.id_of("psa:0") == "design"
    assert world.id_of("psa:7") == "design"


def test_a_row_of_the_firm_file_wins_and_names_what_a_code_means_now(world):
    for name in NAMES:
        world.put(name, "nl-9")
    world.night()
    world.configured = {("project", "files", "OTHER"): ("nl-9",)}
    world.put("files:OTHER", "other")
    world.night()
    assert world.named == {("project", "nl-9"): "nl-1"}
    assert world.id_of("files:OTHER") == "nl-1"


def test_a_configured_id_is_joined_by_key():
    world = World({("customer", "erp", "10000"): ("acme",)})
    world.put("erp:10000", "10000", kind="customer")
    world.put("crm:4", "acme", kind="customer")
    world.night()
    assert world.id_of("crm:4") == "acme"
    assert world.id_of("erp:10000") == "acme"


def test_a_link_that_was_configured_is_kept_when_the_row_is_taken_out():
    world = World({("customer", "erp", "10000"): ("acme",)})
    world.put("erp:10000", "10000", kind="customer")
    world.night()
    world.configured = {}
    world.night()
    assert world.id_of("erp:10000") == "acme"


KINDS = ("project", "customer", "resource", "task")
STEADY = {"psa": "guid", "time": "guid", "erp": "number"}
"""Systems whose records keep their own id; Business Central's external id is the number itself."""
ORDERS = {
    "one system": (("psa",), ("time",), ("erp",)),
    "all at once": (("psa", "time", "erp"),),
    "over nights": (("psa", "time", "erp"), ("erp", "psa", "time"), ("time", "erp", "psa")),
}


def grid():
    """Every kind of object, changed in every way, in one system, in all, and over nights."""
    for kind in KINDS:
        for change in ("renumber", "rename", "merge"):
            for where, orders in ORDERS.items():
                for order in orders:
                    yield pytest.param(kind, change, where, order, id=f"{kind}-{change}-{where}")


def put_both(world, kind, first, second):
    for system, own in STEADY.items():
        for record, key in (("1", first), ("2", second)):
            external = f"GB/{key}" if own == "number" else record
            world.put(f"{system}:{record}", key, external=external, kind=kind)


@pytest.mark.parametrize(("kind", "change", "where", "order"), list(grid()))
def test_no_record_becomes_another_object(kind, change, where, order):
    world = World()
    put_both(world, kind, "one", "two")
    world.night()
    before = {name: world.id_of(name) for name in ("psa:1", "time:1", "erp:1", "psa:2")}
    new = {"renumber": "nine", "rename": "one renamed", "merge": "two"}[change]
    for system in order:
        external = f"GB/{new}" if STEADY[system] == "number" else "1"
        world.put(f"{system}:1", new, external=external, kind=kind)
        if where == "over nights":
            world.night()
    world.night()
    assert {name: world.id_of(name) for name in before} == before
    assert world.night() == {}, "a quiet night writes nothing"


@pytest.mark.parametrize(("unbilled", "becomes"), [(True, "nl-2"), (False, "nl-22")])
def test_a_mistyped_code_that_is_put_right_joins_the_object_that_was_meant(unbilled, becomes):
    world = World()
    world.put("psa:2", "nl-2")
    world.put("time:6", "nl-22")
    world.night()
    world.put("time:6", "nl-2")
    world.unbilled = frozenset({("project", "nl-22")}) if unbilled else frozenset()
    world.night()
    assert (world.id_of("psa:2"), world.id_of("time:6")) == ("nl-2", becomes)
    world.unbilled = frozenset()
    assert world.night() == {}


def test_a_corrected_code_joins_nothing_that_its_own_system_has(world):
    """Two projects of the time tool stay two, whatever they are called."""
    world.put("time:6", "nl-2")
    world.night()
    world.put("time:6", "nl-1")
    world.unbilled = frozenset({("project", "nl-2")})
    world.night()
    assert world.id_of("time:6") == "nl-2"


def test_a_renumbered_object_that_others_share_is_not_corrected(world):
    world.put("psa:2", "nl-2")
    world.night()
    world.unbilled = frozenset({("project", "nl-1"), ("project", "nl-2")})
    world.put("psa:2", "nl-9")
    world.put("time:5", "nl-2")
    world.night()
    assert (world.id_of("psa:2"), world.id_of("time:5")) == ("nl-2", "nl-1")


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_two_records_that_take_one_new_code_make_one_object(order):
    world = World()
    for system, key in zip(("psa", "time"), ("nl-3", "nl-33"), strict=True):
        world.put(f"{system}:3", key)
    world.night()
    assert world.id_of("psa:3") != world.id_of("time:3")
    for name in order:
        world.put("psa:3" if name == "a" else "time:3", "nl-4")
    world.unbilled = frozenset({("project", "nl-3"), ("project", "nl-33")})
    world.night()
    assert world.id_of("psa:3") == world.id_of("time:3")
