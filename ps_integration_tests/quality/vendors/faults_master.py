"""Faults of master data: projects, customers, people, prices, mappings."""

from collections.abc import Iterator
from typing import Any

from ps_integration_tests.quality.vendors import records
from ps_integration_tests.quality.vendors.kinds import AFTER, FOR_GOOD, fault
from ps_integration_tests.quality.vendors.site import Site, guid
from ps_integration_tests.quality.vendors.stage import Stage

Told = Iterator[Any]
INCOMPLETE = "master_data_incomplete"
EDITED = "manual_edit_in_copy"


@fault("MD01", "not_synced_yet", is_born=True, without=("erp",))
def not_in_erp(s: Stage, p: Site) -> Told:
    """A new project has time before anybody entered it in the ERP."""
    s.build(p)
    yield p.worth()
    p.without = ()
    s.write(records.customer(p), records.project_in_erp(p))


@fault("MD01", "mapping_missing mapping_wrong not_synced_yet", is_born=True, beside="MD02 MD06",
    without=("erp",))  # fmt: skip
def mistyped_in_erp(s: Stage, p: Site) -> Told:
    """The ERP has the project under a mistyped number."""
    s.build(p)
    s.write(records.customer(p))
    wrong = f"{p.entity}7{p.number:03}"
    p.tokens.add(wrong.lower())
    s.write(_renumbered(p, wrong))
    yield p.worth()
    p.without = ()
    for system, collection, key, _ in _renumbered(p, wrong):
        s.erase(system, collection, key)
    s.write(records.project_in_erp(p))


def _renumbered(p: Site, code: str) -> list[records.Record]:
    """The project in the ERP under another number."""
    found = []
    for system, collection, _, document in records.project_in_erp(p):
        other = {name: code if value == p.code else value for name, value in document.items()}
        other["id"] = guid(code, collection, document["id"])
        found.append((system, collection, other["id"], other))
    return found


@fault("MD02", "", is_born=True, without=("psa", "time"))
def only_in_erp(s: Stage, p: Site) -> Told:
    """Finance opened a project in the ERP that the PSA does not know."""
    p.entries.clear()
    s.build(p)
    yield None
    p.without = ()
    s.build(p)


def _without(field: str) -> None:
    @fault("MD03", INCOMPLETE, words=f"The ERP's project lost its {field}")
    def missing(s: Stage, p: Site) -> Told:
        before = s.change_record(records.billing(p), **{field: ""})
        yield p.worth()
        s.change_record(records.billing(p), **before)


def _copies() -> None:
    """Fields of the ERP's project that a clerk changed, and what each was changed to."""
    for field, value, beside in (
        ("currencyCode", "USD", "MD09"),
        ("startingDate", "2026-02-01", ""),
        ("status", "Completed", ""),
    ):

        @fault("MD04 MD05", EDITED, beside=beside,
            words=f"A clerk changed the {field} of the ERP's project")  # fmt: skip
        def edited(s: Stage, p: Site, field: str = field, value: str = value) -> Told:
            before = s.change_record(records.billing(p), **{field: value})
            yield None
            s.change_record(records.billing(p), **before)


@fault("MD04 MD05", EDITED)
def renamed_in_erp(s: Stage, p: Site) -> Told:
    """A clerk gave the ERP's project another name."""
    [record] = [r for r in records.project_in_erp(p) if r[1].endswith("/projects")]
    before = s.change_record(record, displayName=f"{p.code} {s.names.two()}")
    yield None
    s.change_record(record, **before)


@fault("MD04", "", is_born=True)
def born_otherwise(s: Stage, p: Site) -> Told:
    """The ERP got the project with another currency than the PSA."""
    s.build(p)
    before = s.change_record(records.billing(p), currencyCode="USD")
    yield p.worth()
    s.change_record(records.billing(p), **before)


@fault("MD04 MD05", EDITED, beside="MD03")
def other_customer(s: Stage, p: Site) -> Told:
    """A clerk moved the ERP's project to another customer."""
    other = f"C8{p.number:03}"
    p.tokens.add(other.lower())
    s.write([records.book(p.entity, "customers", {"number": other, "displayName": s.names.two(),
        "type": "Company", "currencyCode": p.currency, "blocked": " "})])  # fmt: skip
    before = s.change_record(records.billing(p), customerNumber=other)
    yield p.worth()
    s.change_record(records.billing(p), **before)


@fault("MD04 MD05", EDITED, night=AFTER)
def renamed_in_time_tool(s: Stage, p: Site) -> Told:
    """Somebody renamed the project in the time tool."""
    other = f"{p.code} {s.names.two()}"
    if p.time_system == "harvest":
        before = s.change("harvest", "projects", str(p.harvest_id), name=other)
    else:
        before = s.change("clockify", "projects", p.clockify_id, name=other)
    yield None
    place = str(p.harvest_id) if p.time_system == "harvest" else p.clockify_id
    s.change(p.time_system, "projects", place, **before)


_LIKE = (
    ("with another legal form", "{0} {1} Ltd", "{0} {1} Limited"),
    ("with the legal form spelt out", "{0} {1} GmbH", "{0} {1} Gesellschaft mbH"),
    ("with & for and", "{0} & {1}", "{0} and {1}"),
    ("without umlauts", "Kö{0} {1}", "Koe{0} {1}"),
    ("with its words in another order", "{0} {1}", "{1} {0}"),
    ("in capitals and two blanks", "{0} {1} Ltd", "{0}  {1} LTD"),
    ("with letters swapped", "{0} {1} Works", "{0x} {1} Works"),
    ("with a full stop and a comma", "{0}, {1} Inc", "{0} {1} Inc."),
)


def _duplicates() -> None:
    for words, first, second in _LIKE:

        @fault("MD06", "", is_born=True, words=f"A customer was entered twice in the ERP, {words}")
        def doubled(s: Stage, p: Site, first: str = first, second: str = second) -> Told:
            one, two = p.customer_name.split()
            p.customer_name = first.format(one, two)
            s.build(p)
            other = f"C9{p.number:03}"
            p.tokens.add(other.lower())
            swapped = one[:3] + one[4] + one[3] + one[5:]
            name = second.replace("{0x}", swapped).format(one, two)
            record = records.book(p.entity, "customers", {"number": other, "displayName": name,
                "type": "Company", "currencyCode": p.currency, "blocked": " "})  # fmt: skip
            s.write([record])
            yield None
            s.change_record(record, displayName=s.names.two())


@fault("MD07", "")
def task_only_in_psa(s: Stage, p: Site) -> Told:
    """The PSA has a task that the time tool lacks."""
    s.write([records.story(p, 3, "Acceptance")])
    p.tokens.add(p.story_id(3))
    yield None
    s.change("kantata", "stories", p.story_id(3), deleted_at="2026-03-20T09:00:00Z")


@fault("MD07", "", entity="GB")
def place_switched_off(s: Stage, p: Site) -> Told:
    """Harvest has the person's place on the project switched off."""
    record = records.harvest_place(p, p.worker)
    s.change_record(record, is_active=False)
    yield None
    s.change_record(record, is_active=True)


@fault("MD08", "mapping_missing master_data_incomplete", is_born=True)
def stranger(s: Stage, p: Site) -> Told:
    """A new joiner books time before HR and PSA know them."""
    for one in p.entries:
        one.has_copy = False
    unknown = ("users", "account_memberships", "workspace_resources")
    s.write(r for r in records.of_site(p) if r[0] != "kantata" or r[1] not in unknown)
    s.book(p, *p.entries)
    yield None
    s.employ(p.worker)
    s.write(records.of_worker(p.worker), [records.place(p, p.worker)])
    for one in p.entries:
        one.has_copy = True
    s.book(p, *p.entries)


@fault("MD08", "")
def left_before(s: Stage, p: Site) -> Told:
    """HR says that the person had left before the last day of work."""
    late = p.entries[-1]
    s.put_drop("people", p.worker.email, Left=p.entries[-2].day.isoformat())
    yield p.worth(late)
    s.put_drop("people", p.worker.email, Left="")


@fault("MD08", "")
def joined_later(s: Stage, p: Site) -> Told:
    """HR says that the person joined after the first day of work."""
    s.put_drop("people", p.worker.email, Joined=p.entries[1].day.isoformat())
    yield p.worth(p.entries[0])
    s.put_drop("people", p.worker.email, Joined="2024-01-08")


@fault("MD08", "", night=AFTER)
def home_changed(s: Stage, p: Site) -> Told:
    """HR moved the person to the other company, without a day, after their time was billed."""
    other = "DE" if p.entity == "GB" else "GB"
    s.put_drop("people", p.worker.email, Home=other)
    yield p.worth()
    s.put_drop("people", p.worker.email, Home=p.entity)


@fault("MD09", f"{INCOMPLETE} mapping_missing")
def role_without_price(s: Stage, p: Site) -> Told:
    """The price list lost the row of the person's role."""
    [record] = [
        r for r in records.prices(p) if r[1] == "rate_card_roles" and r[3]["role_id"] == "1"
    ]
    s.erase(*record[:3])
    yield None
    s.write([record])


@fault("MD09", f"{INCOMPLETE} wrong_date", is_born=True)
def price_begins_late(s: Stage, p: Site) -> Told:
    """The price list begins after the first days of work."""
    s.build(p)
    version = str(int(records.card_id(p)) + 1)
    since = p.entries[-1].day.isoformat()
    s.change("kantata", "rate_card_set_versions", version, effective_date=since)
    yield None
    s.change("kantata", "rate_card_set_versions", version, effective_date="2026-01-01")


@fault("MD09", "")
def price_twice(s: Stage, p: Site) -> Told:
    """The price list has two versions from the same day."""
    s.write(records.price_version(p, 2, "2026-01-01", p.price + 5))
    yield None
    version = str(int(records.card_id(p)) + 2)
    for system, collection, key, _ in records.price_version(p, 2, "2026-01-01", p.price):
        if key != version or collection != "rate_card_set_versions":
            s.erase(system, collection, key)
    s.erase("kantata", "rate_card_set_versions", version)


@fault("MD09", f"{EDITED} rate_changed_late")
def dearer_in_erp(s: Stage, p: Site) -> Told:
    """A clerk raised the price of the role in the ERP."""
    s.write([records.price_in_erp(p, "CONSULTANT", p.price + 7)])
    yield None
    s.write([records.price_in_erp(p, "CONSULTANT", p.price)])


@fault("MD10", "mapping_missing mapping_wrong", is_born=True, beside="MD02 MD07", without=("time",))
def code_mistyped(s: Stage, p: Site) -> Told:
    """The time tool has the project under a mistyped code."""
    s.build(p)
    wrong = f"{p.entity}6{p.number:03}"
    p.tokens.add(wrong.lower())
    p.without = ()
    for system, collection, key, document in records.of_site(p):
        if system == p.time_system and collection == "projects":
            other = {"code": wrong, "name": f"{wrong} {p.name}"} if system == "harvest" else {
                "name": f"{wrong} {p.name}"}  # fmt: skip
            s.write([(system, collection, key, {**document, **other})])
        elif system == p.time_system:
            s.write([(system, collection, key, document)])
    yield None
    s.write(r for r in records.of_site(p) if r[0] == p.time_system)


@fault("MD12", "", night=AFTER, beside="MD09")
def other_customer_everywhere(s: Stage, p: Site) -> Told:
    """After billing, the project was moved to another customer in every system."""
    other = f"C8{p.number:03}"
    p.tokens.add(other.lower())
    name, group = s.names.two(), str(38_000_000 + p.number)
    s.write(
        [
            records.book(p.entity, "customers", {"number": other, "displayName": name,
                "type": "Company", "currencyCode": p.currency, "blocked": " "}),
            ("kantata", "workspace_groups", group, {"id": group, "name": name, "company": True}),
            records.custom("WorkspaceGroup", group, 1, "Customer number", other),
        ]
    )  # fmt: skip
    s.change("kantata", "workspaces", p.kantata_id, workspace_group_ids=[group],
        primary_workspace_group_id=group)  # fmt: skip
    s.change_record(records.billing(p), customerNumber=other)
    if p.time_system == "harvest":
        client = {"id": 3_800_000 + p.number, "name": name, "currency": p.currency}
        s.write([("harvest", "clients", str(client["id"]), {**client, "is_active": True,
            "address": f"Customer {other}"})])  # fmt: skip
        s.change("harvest", "projects", str(p.harvest_id), client=client)
    else:
        client_id = f"65c8{p.number:020x}"
        found = s.state.get("clockify", "clients", f"65c0{p.number:020x}")
        assert found is not None
        s.write([("clockify", "clients", client_id, {**found, "id": client_id, "name": name,
            "note": f"Customer {other}"})])  # fmt: skip
        s.change("clockify", "projects", p.clockify_id, clientId=client_id, clientName=name)
    yield p.worth()
    yield FOR_GOOD


@fault("MD12", "", night=AFTER)
def fixed_fee_now(s: Stage, p: Site) -> Told:
    """After billing, the PSA says that the project has a fixed fee."""
    _, collection, key, _ = records.custom("Workspace", p.kantata_id, 3, "", "")
    fee = "Fixed fee"
    before = s.change("kantata", collection, key, value=fee, display_value=fee)
    if p.time_system == "harvest":
        s.change("harvest", "projects", str(p.harvest_id), is_fixed_fee=True)
    yield p.worth()
    s.change("kantata", collection, key, **before)
    if p.time_system == "harvest":
        s.change("harvest", "projects", str(p.harvest_id), is_fixed_fee=False)


def _sale(
    s: Stage, p: Site, stage: str = "won", won: str = "2026-03-02", project: str = ""
) -> None:
    s.put_drop("sales", f"S{p.number}", Name=s.names.two(), Customer=p.customer, Entity=p.entity,
        Stage=stage, Won=won, Amount="50000.00", Currency=p.currency, Project=project)  # fmt: skip
    p.tokens.add(f"s{p.number}")


@fault("MD11", "not_synced_yet")
def sold_without_project(s: Stage, p: Site) -> Told:
    """A sale was won two weeks ago, and no project has its number."""
    _sale(s, p, project=f"{p.entity}5{p.number:03}")
    p.tokens.add(f"{p.entity}5{p.number:03}".lower())
    yield 0
    _sale(s, p, project=p.code)


@fault("MD11", "not_synced_yet mapping_missing")
def sold_without_number(s: Stage, p: Site) -> Told:
    """A sale was won two weeks ago, and the CRM names no project."""
    _sale(s, p)
    yield 0
    _sale(s, p, project=p.code)


for _field in ("taxCode", "revenueAccountNumber", "costCentreCode", "billingRule",
    "purchaseOrderNumber", "customerNumber"):  # fmt: skip
    _without(_field)
_copies()
_duplicates()


@fault("MD08", "mapping_missing mapping_wrong", is_born=True, beside="MD06 MD07")
def other_mail(s: Stage, p: Site) -> Told:
    """The time tool knows the person under a private e-mail."""
    s.build(p)
    other = f"p{p.worker.number:04}@private.example"
    if p.time_system == "harvest":
        s.change("harvest", "users", str(p.worker.harvest_id), email=other)
    else:
        s.change("clockify", "users", p.worker.clockify_id, email=other)
    yield None
    yield FOR_GOOD


@fault("MD10", "mapping_missing mapping_wrong", is_born=True, beside="MD07", entity="DE")
def code_left_out(s: Stage, p: Site) -> Told:
    """The name of the project in Clockify lacks its code."""
    s.build(p)
    s.change("clockify", "projects", p.clockify_id, name=p.name)
    yield None
    s.change("clockify", "projects", p.clockify_id, name=p.title)


@fault("MD07", "manual_edit_in_copy", entity="DE")
def task_renamed(s: Stage, p: Site) -> Told:
    """Somebody renamed a task in Clockify."""
    before = s.change("clockify", "tasks", f"65d2{p.number:020x}", name=s.names.word())
    yield None
    s.change("clockify", "tasks", f"65d2{p.number:020x}", **before)


@fault("MD06", "", beside="MD01 MD07")
def project_twice_in_psa(s: Stage, p: Site) -> Told:
    """Somebody entered the project a second time in the PSA, with a letter more in its name."""
    twin = Site(p.number + 5000, p.entity, f"{p.name}s", p.customer_name, p.worker)
    p.tokens |= {twin.code.lower(), twin.kantata_id}
    group = records.group_id(p)
    s.write(r for r in records.workspace(twin, workspace_group_ids=[group],
        primary_workspace_group_id=group, title=f"{twin.code} {twin.name}",
        rate_card_id=records.card_id(p)) if r[1] != "workspace_groups"
        and r[3].get("subject_type") != "WorkspaceGroup")  # fmt: skip
    yield None
    s.change("kantata", "workspaces", twin.kantata_id, archived=True)
    yield FOR_GOOD
