"""What describes one resource of Kantata: attributes, associations, filters, orders."""

from collections.abc import Mapping
from dataclasses import dataclass, field

REFERENCES = " external_references:external_references:subject"
CUSTOM_FIELDS = " custom_field_values:custom_field_values:subject"


@dataclass(frozen=True, slots=True)
class Association:
    """A relation that `include` can name.

    Attributes:
        field: The attribute with the id or ids; `_ids` when there may be many.
        collection: Where the related records are.
        reverse: Attribute of the related record that names this one; the ids are then computed.
            None when this record holds them.
    """

    field: str
    collection: str
    reverse: str | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource.

    Attributes:
        collection: Path and key of the envelope.
        subject: Its name as `subject_type` of external references; empty when it has none.
        attributes: Always shown.
        associations: By the name used in `include`.
        filters: Parameter to (operation, attribute), see `filters.py`.
        orders: Name used in `order` to attribute; the first is the default.
        descending: Whether the default order is descending.
        instants: Which of `created` and `updated` the time filters know.
    """

    collection: str
    subject: str
    attributes: tuple[str, ...]
    associations: Mapping[str, Association] = field(default_factory=dict)
    filters: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    orders: Mapping[str, str] = field(default_factory=lambda: {"created_at": "created_at"})
    descending: bool = False
    instants: tuple[str, ...] = ("created", "updated")


def associations(spec: str) -> dict[str, Association]:
    """Read `name:collection` words; `name:collection:reverse` when the ids are computed."""
    found = {}
    for word in spec.split():
        name, collection, reverse = (*word.split(":"), "")[:3]
        many = name.endswith("s")
        attribute = f"{_singular(name)}_ids" if many else f"{name}_id"
        found[name] = Association(attribute, collection, reverse or None)
    return found


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1]


def filters(spec: str) -> dict[str, tuple[str, str]]:
    """Read `parameter=operation:attribute` words."""
    found = {}
    for word in spec.split():
        parameter, _, rest = word.partition("=")
        operation, _, attribute = rest.partition(":")
        found[parameter] = (operation, attribute)
    return found


def orders(spec: str) -> dict[str, str]:
    """Read `name` or `name=attribute` words."""
    pairs = (word.partition("=") for word in spec.split())
    return {name: attribute or name for name, _, attribute in pairs}


def words(spec: str) -> tuple[str, ...]:
    """Read attribute names."""
    return tuple(spec.split())
