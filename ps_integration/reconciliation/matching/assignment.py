"""The best set of links that share no item, exactly; a link is confirmed only by a margin.

Set packing, solved by HiGHS as an integer programme within each connected component. What is said
of a link follows from three optima (all links, with it, without it), so neither the order of the
input nor the solver's choice among equals changes anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ps_integration.reconciliation.matching.items import Link

GAIN: Final = 10_000
"""What explaining one line is worth; more than any cost, so that a line is never given up."""
MARGIN: Final = 700
"""By how much the best must beat whatever lacks a link, for the link to be confirmed.

More than any one cost: a link is not confirmed because it is the likelier of two, only because
without it a line stays unexplained."""
COMPONENT_MAX: Final = 120
"""Links of one component beyond which nothing in it is confirmed."""


@dataclass(frozen=True, slots=True, order=True)
class Judged:
    """A link that is in a best set, or nearly.

    Attributes:
        link: The link.
        is_confirmed: Every set of links without it is worse by the margin or more.
    """

    link: Link
    is_confirmed: bool


def judge(links: Sequence[Link]) -> list[Judged]:
    """Say of each link whether it is confirmed or one of several possible; others are left out."""
    known = sorted(set(links))
    found: list[Judged] = []
    for component in _components(known):
        if len(component) > COMPONENT_MAX:
            found += [Judged(link, is_confirmed=False) for link in component]
        else:
            found += _judge(component)
    return sorted(found)


def worth(link: Link) -> int:
    """What a link adds to a set of links."""
    return GAIN * len(link.lines) - link.cost


def _judge(component: Sequence[Link]) -> list[Judged]:
    best = _best(component)
    judged: list[Judged] = []
    for link in component:
        rest = [other for other in component if other != link]
        free = [other for other in rest if not other.items & link.items]
        if best - (worth(link) + _best(free)) < MARGIN:
            judged.append(Judged(link, is_confirmed=best - _best(rest) >= MARGIN))
    return judged


def _best(links: Sequence[Link]) -> int:
    """The worth of the best set of links that share no item."""
    if not links:
        return 0
    worths = np.array([worth(link) for link in links], dtype=float)
    items = sorted({item for link in links for item in link.items})
    place = {item: row for row, item in enumerate(items)}
    pairs = [(place[item], column) for column, link in enumerate(links) for item in link.items]
    uses = coo_array(
        (np.ones(len(pairs)), ([row for row, _ in pairs], [column for _, column in pairs])),
        shape=(len(items), len(links)),
    )
    solved = milp(
        -worths,
        constraints=LinearConstraint(uses, -np.inf, 1.0),
        integrality=np.ones(len(links)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0},
    )
    chosen = [link for link, taken in zip(links, solved.x, strict=True) if round(taken)]
    return sum(worth(link) for link in chosen)


def _components(links: Sequence[Link]) -> list[list[Link]]:
    users: dict[tuple[str, str], list[int]] = {}
    for number, link in enumerate(links):
        for item in link.items:
            users.setdefault(item, []).append(number)
    edges = sorted({pair for sharing in users.values() for pair in combinations(sharing, 2)})
    rows, columns = [left for left, _ in edges], [right for _, right in edges]
    size = len(links)
    graph = coo_array((np.ones(len(edges)), (rows, columns)), shape=(size, size))
    count, labels = connected_components(graph, directed=False)
    return [
        [link for link, label in zip(links, labels, strict=True) if label == n]
        for n in range(count)
    ]
