"""A root over many hashes, and the proof that one of them is under it.

Leaves and nodes are hashed with different first bytes (as in RFC 6962), so that no node can pass
as a leaf; an odd node is carried up unchanged.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal

Proof = tuple[tuple[Literal["left", "right"], str], ...]
"""Neighbours from the leaf up to the root: on which side each stands, and its hash in hex."""


def root(leaves: Sequence[str]) -> str:
    """The root of leaves in their order, each given and returned as hex; of none, SHA-256 of ''."""
    return _levels(leaves)[-1][0] if leaves else hashlib.sha256(b"").hexdigest()


def proofs(leaves: Sequence[str]) -> tuple[Proof, ...]:
    """For every leaf the proof that it is under the root."""
    levels = _levels(leaves) if leaves else []
    return tuple(_proof(levels, index) for index in range(len(leaves)))


def verify(leaf: str, proof: Proof, expected_root: str) -> bool:
    """Whether a leaf with this proof is under this root."""
    node = _leaf(leaf)
    for side, neighbour in proof:
        node = _node(neighbour, node) if side == "left" else _node(node, neighbour)
    return node == expected_root


def _leaf(value: str) -> str:
    return hashlib.sha256(b"\x00" + bytes.fromhex(value)).hexdigest()


def _node(left: str, right: str) -> str:
    return hashlib.sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()


def _levels(leaves: Sequence[str]) -> list[list[str]]:
    levels = [[_leaf(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [_node(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        levels.append(above + below[len(above) * 2 :])
    return levels


def _proof(levels: Sequence[Sequence[str]], index: int) -> Proof:
    path: list[tuple[Literal["left", "right"], str]] = []
    for level in levels[:-1]:
        neighbour = index ^ 1
        if neighbour < len(level):
            path.append(("left" if neighbour < index else "right", level[neighbour]))
        index //= 2
    return tuple(path)
