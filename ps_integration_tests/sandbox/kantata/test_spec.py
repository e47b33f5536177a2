"""Attributes and associations against the specification in the vendor's own client library."""

import os
from pathlib import Path

import pytest
import yaml

from ps_integration.sandbox.vendors.kantata.references import KEY, OPTIONAL
from ps_integration.sandbox.vendors.kantata.resources import RESOURCES

SPECS = Path(os.environ.get("PS_SPECS") or Path(__file__).parents[4] / "shared" / "specs")
SPECIFICATION = SPECS / "kantata" / "specification.yml"
INSTANTS = {"id", "created_at", "updated_at"}


class Loader(yaml.SafeLoader):
    """Reads lists used as keys, which Python cannot hash, as tuples."""


def keyed_by_tuples(loader, node):
    return {
        tuple(loader.construct_sequence(key))
        if isinstance(key, yaml.SequenceNode)
        else loader.construct_object(key, deep=True): loader.construct_object(value, deep=True)
        for key, value in node.value
    }


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, keyed_by_tuples)


@pytest.fixture(scope="module")
def specification():
    if not SPECIFICATION.is_file():
        pytest.skip(f"no Kantata specification at {SPECIFICATION}")
    with SPECIFICATION.open(encoding="utf-8") as file:
        return yaml.load(file, Loader=Loader)  # noqa: S506 - a SafeLoader


@pytest.mark.parametrize("collection", RESOURCES)
def test_every_attribute_is_one_of_the_vendors(specification, collection):
    vendors = set(specification[collection]["attributes"])
    assert set(RESOURCES[collection].attributes) <= vendors | INSTANTS


@pytest.mark.parametrize("collection", RESOURCES)
def test_every_association_is_one_of_the_vendors(specification, collection):
    vendors = specification[collection].get("associations", {})
    for name, link in RESOURCES[collection].associations.items():
        if (collection, name) == ("billing_milestones", "story"):
            continue  # in the vendor's API contract, not yet in its client library
        assert (link.field, link.collection) == (
            vendors[name]["foreign_key"],
            vendors[name]["collection"],
        )


def test_a_reference_takes_the_vendors_attributes(specification):
    vendors = specification["external_references"]
    assert {*KEY, *OPTIONAL} == set(vendors["create_or_update_attributes"])
    [required] = vendors["validations"]
    assert set(KEY) == set(required)
