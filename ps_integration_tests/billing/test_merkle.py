import hashlib

from hypothesis import given
from hypothesis import strategies as st

from ps_integration.domain import merkle

LEAVES = st.lists(st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=1, max_size=40)


@given(LEAVES)
def test_every_leaf_proves_itself_and_no_other(leaves: list[str]):
    root = merkle.root(leaves)
    for leaf, proof in zip(leaves, merkle.proofs(leaves), strict=True):
        assert merkle.verify(leaf, proof, root)
        assert not merkle.verify(hashlib.sha256(leaf.encode()).hexdigest(), proof, root)


@given(LEAVES, st.data())
def test_a_changed_leaf_changes_the_root(leaves: list[str], data: st.DataObject):
    index = data.draw(st.integers(0, len(leaves) - 1))
    changed = [*leaves]
    changed[index] = hashlib.sha256(changed[index].encode()).hexdigest()
    assert merkle.root(changed) != merkle.root(leaves)


def test_the_order_of_leaves_matters():
    assert merkle.root(["00" * 32, "11" * 32]) != merkle.root(["11" * 32, "00" * 32])


def test_a_node_cannot_pass_as_a_leaf():
    leaves = ["00" * 32, "11" * 32, "22" * 32, "33" * 32]
    assert merkle.root([merkle.root(leaves[:2]), merkle.root(leaves[2:])]) != merkle.root(leaves)


def test_no_leaves_have_a_root_too():
    assert merkle.root([]) == hashlib.sha256(b"").hexdigest()
    assert merkle.proofs([]) == ()
