"""How right matching is: lines are typed by hand for known entries, and for none; what is linked?

`python -m ps_integration_tests.quality.links --seeds 8` prints, by kind of line, how many were
confirmed rightly, listed among several, left alone, and how many were confirmed wrongly.
"""

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from ps_integration.domain.ports import Row
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration_tests.quality.clean import clean
from ps_integration_tests.quality.firm import AS_OF, REVENUE
from ps_integration_tests.quality.world import Theatre, World

KINDS = ("one entry", "a person's week", "a few entries", "split entry", "off by cents", "invented")
EACH = 12
_UNPOSTED = """
select entry_id, project_id, resource_id, work_date, seconds, amount_minor, currency
from reconciliation.unposted_entries
where amount_minor > 0 and document_ref is null and resource_id is not null
order by entry_id
"""


def tally(seed: int) -> Counter[tuple[str, str]]:
    """Count by kind of line and by what became of it: confirmed, among several, alone, wrong."""
    world = clean(seed)
    with Warehouse(Path(":memory:")) as warehouse:
        theatre = Theatre(warehouse, world)
        theatre.play(world)
        truth = _type_lines(world, warehouse.rows(_UNPOSTED), random.Random(seed))
        theatre.play(world)
        matches = warehouse.rows("select * from reconciliation.matches")
    linked: dict[str, dict[object, set[str]]] = defaultdict(lambda: defaultdict(set))
    is_sure: dict[str, bool] = {}
    for row in matches:
        key = str(row["record_key"]).rsplit("|", 1)[1]
        linked[key][row["choice"]].add(str(row["entry_id"]))
        is_sure[key] = row["status"] == "confirmed"
    return Counter(
        (kind, _became(entries, list(linked[key].values()), is_sure.get(key, False)))
        for key, (kind, entries) in truth.items()
    )


def _became(truth: frozenset[str], choices: list[set[str]], is_sure: bool) -> str:
    if not choices:
        return "alone"
    if is_sure:
        return "confirmed" if choices == [set(truth)] else "wrong"
    return "among several" if not truth or set(truth) in choices else "not among them"


def _type_lines(
    world: World, unposted: list[Row], rng: random.Random
) -> dict[str, tuple[str, frozenset[str]]]:
    """One document a kind and turn, each on a project that no other has; the truth by line."""
    by_project: dict[object, list[Row]] = defaultdict(list)
    for row in unposted:
        by_project[row["project_id"]].append(row)
    projects = sorted((p for p, rows in by_project.items() if len(rows) > 3), key=str)
    rng.shuffle(projects)
    truth: dict[str, tuple[str, frozenset[str]]] = {}
    for turn in range(EACH * len(KINDS)):
        kind, project = KINDS[turn % len(KINDS)], projects[turn % len(projects)]
        entries = _chosen(kind, by_project[project], rng)
        for number, amounts in enumerate(_amounts(kind, entries, rng), 1):
            key = f"typed-{turn}/{number}"
            _put(world, entries[0], key, amounts)
            known = entries if kind in KINDS[:4] else []
            truth[key] = (kind, frozenset(str(row["entry_id"]) for row in known))
        by_project[project] = [row for row in by_project[project] if row not in entries]
        if len(by_project[project]) <= 3:
            projects.remove(project)
    return truth


def _chosen(kind: str, rows: list[Row], rng: random.Random) -> list[Row]:
    one = rng.choice(rows)
    if kind == "a person's week":

        def week(row: Row) -> object:
            return row["resource_id"], row["work_date"].isocalendar()[:2]  # type: ignore[attr-defined]

        return [row for row in rows if week(row) == week(one)]
    return rng.sample(rows, 3) if kind == "a few entries" else [one]


def _amounts(kind: str, entries: list[Row], rng: random.Random) -> Iterator[tuple[int, int]]:
    seconds = sum(int(str(row["seconds"])) for row in entries)
    minor = sum(int(str(row["amount_minor"])) for row in entries)
    if kind == "split entry":
        part = rng.choice((3, 4, 5))
        yield seconds // part, minor // part
        yield seconds - seconds // part, minor - minor // part
    elif kind == "off by cents":
        yield seconds, minor + rng.choice((-1, 1)) * rng.randint(12, 90)
    elif kind == "invented":
        yield rng.randint(1, 30) * 900, rng.randint(10_000, 400_000)
    else:
        yield seconds, minor


def _put(world: World, like: Row, key: str, amounts: tuple[int, int]) -> None:
    project = next(
        row for row in world.rows("projects", system="bc")
        if str(row["match_key"]).lower() == like["project_id"]
    )  # fmt: skip
    document, (seconds, minor) = f"doc-{key}", amounts
    world.put(
        "erp_documents", "bc", document, company=project["company"], number=document,
        kind="invoice", status="open", is_posted=True, is_standing=True,
        reference="", invoice_date=AS_OF.date(),
        customer_key=project["customer_key"], currency=like["currency"],
        posting_date=AS_OF.date(), amount_minor=minor,
    )  # fmt: skip
    world.put(
        "erp_lines", "bc", key, company=project["company"], document_external_id=document,
        line_no=1, line_type="account", object_number=REVENUE,
        quantity=round(Decimal(seconds) / 3600, 5), unit_price=1,
        project_key=project["match_key"], amount_minor=minor, currency=like["currency"],
    )  # fmt: skip


def table(counts: Counter[tuple[str, str]]) -> str:
    """By kind of line, what became of it."""
    heads = ("confirmed", "among several", "not among them", "alone", "wrong")
    lines = [f"{'line':<18}" + "".join(f"{head:>16}" for head in heads)]
    for kind in KINDS:
        lines += [f"{kind:<18}" + "".join(f"{counts[kind, head]:>16}" for head in heads)]
    wrong = sum(count for (_, head), count in counts.items() if head == "wrong")
    return "\n".join([*lines, f"{counts.total()} lines, {wrong} wrong links"])


def main() -> int:
    """0 when no link is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    asked = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    for seed in range(1, asked.seeds + 1):
        counts += tally(seed)
    sys.stdout.write(table(counts) + "\n")
    return int(any(head == "wrong" for _, head in counts))


if __name__ == "__main__":
    sys.exit(main())
