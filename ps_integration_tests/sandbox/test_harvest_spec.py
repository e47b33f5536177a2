"""The Harvest server's answers hold against the community's OpenAPI description of the API.

The description lies outside this repository (`PS_SPECS`, or `shared/specs` beside the checkout).
Two known differences: `approval_status` is newer than it, and it knows no null page number, which
the vendor's page "Pagination" states for inner pages reached by cursor.
"""

import os
from pathlib import Path

import jsonschema
import pytest
import yaml

from ps_integration.sandbox.vendors.harvest.entries import FIELDS, REFERENCE_FIELDS
from ps_integration.sandbox.vendors.harvest.lists import LISTS

BESIDE = Path(__file__).parents[3] / "shared" / "specs"
SPEC = Path(os.environ.get("PS_SPECS") or BESIDE) / "harvest" / "harvest-openapi.yaml"

pytestmark = pytest.mark.skipif(not SPEC.exists(), reason=f"harvest-openapi.yaml not at {SPEC}")


def with_null(node):
    """Say `nullable` the way JSON Schema says it, and refuse what the schema does not name."""
    if isinstance(node, list):
        return [with_null(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {key: with_null(value) for key, value in node.items()}
    if "properties" in out:
        out.setdefault("additionalProperties", False)
    if out.pop("nullable", False):
        return {"anyOf": [out, {"type": "null"}]}
    return out


@pytest.fixture(scope="module")
def spec():
    spec = yaml.load(SPEC.read_text(), Loader=yaml.CSafeLoader)
    schemas = spec["components"]["schemas"]
    for name in ("TimeEntry", "Expense"):
        schemas[name]["properties"]["approval_status"] = {"type": "string"}
    return {"paths": spec["paths"], "components": with_null(spec["components"])}


def check(spec, body, path):
    schema = spec["paths"][path]["get"]["responses"][200]["content"]["application/json"]["schema"]
    document = {**schema, "components": spec["components"]}
    jsonschema.Draft7Validator(document).validate(body)


PLAIN = [f"/{name}" for name in LISTS if not name.endswith("_rates")]


@pytest.mark.parametrize("path", [*PLAIN, "/company", "/users/me"])
def test_an_answer_is_as_described(harvest, call, spec, path):
    check(spec, call(f"harvest_uk/v2{path}").json(), path)


def test_a_page_between_pages_is_as_described(harvest, call, spec):
    body = call("harvest_uk/v2/time_entries", params={"per_page": 2, "page": 2}).json()
    check(spec, body, "/time_entries")


@pytest.mark.parametrize("kind", ["billable_rates", "cost_rates"])
def test_rates_are_as_described(harvest, call, spec, kind):
    check(spec, call(f"harvest_uk/v2/users/5/{kind}").json(), f"/users/{{userId}}/{kind}")


def test_one_entry_is_as_described_also_after_a_change(harvest, call, spec):
    path = "harvest_uk/v2/time_entries/102"
    call(path, "PATCH", json={"external_reference": {"id": "r"}, "hours": 3})
    check(spec, call(path).json(), "/time_entries/{timeEntryId}")


def test_every_list_takes_the_filters_that_are_described(spec):
    for name in PLAIN:
        described = {one["name"] for one in spec["paths"][name]["get"]["parameters"]}
        listing = LISTS[name.removeprefix("/")]
        paging = {"page", "per_page"} | ({"cursor"} if listing.has_cursor else set())
        assert described == paging | set(listing.filters), name


def test_a_change_takes_the_fields_that_are_described(spec):
    patch = spec["paths"]["/time_entries/{timeEntryId}"]["patch"]
    body = patch["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert set(body) == FIELDS
    assert set(body["external_reference"]["properties"]) == REFERENCE_FIELDS


def test_the_check_can_fail(spec):
    with pytest.raises(jsonschema.ValidationError):
        check(spec, {"users": [], "page": 1}, "/users")
