"""What can still be read of a record that was refused: a field that cannot spoils nothing else.

The same mapping runs over readers that give `UNREAD` where the strict ones refuse. Nothing can be
made of `UNREAD` but to hand it on: whatever would be derived from it ends with an error, so that
no value is ever guessed.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NoReturn

from ps_integration.connectors import fields
from ps_integration.connectors.fields import Fields
from ps_integration.domain.records import RecordRefusedError


class UnreadError(ValueError):
    """Something was to be made of a field that cannot be read."""


class _Unread:
    def _spoiled(self, *_: object) -> NoReturn:
        raise UnreadError("made of a field that cannot be read")

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _spoiled
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = __abs__ = _spoiled
    __int__ = __index__ = __len__ = __iter__ = __contains__ = __getitem__ = __call__ = _spoiled
    __str__ = __repr__ = __format__ = __getattr__ = _spoiled


UNREAD: Final = _Unread()
"""Stands for a field that cannot be read; to be told by `is` alone."""


def attempt(read: Callable[..., object], *asked: object) -> object:
    """What a reader says, or `UNREAD` where it refuses."""
    try:
        return read(*asked)
    except (RecordRefusedError, UnreadError):
        return UNREAD


def _forgiving(name: str) -> Callable[..., object]:
    strict: Callable[..., object] = getattr(Fields, name)

    def read(self: Fields, *asked: object, **named: object) -> object:
        return attempt(lambda: strict(fields.strictly(self), *asked, **named))

    return read


_READERS: Final[Mapping[str, object]] = {
    name: _forgiving(name)
    for name, found in vars(Fields).items()
    if callable(found) and not name.startswith("_") and name != "raw"
}
_Forgiving: Final[type[Fields]] = type("_Forgiving", (Fields,), dict(_READERS))


@contextmanager
def forgiving() -> Iterator[None]:
    """Let every mapping inside hand on what can be read; records are still refused as a whole."""
    token = fields.READS_WITH.set(_Forgiving)
    try:
        yield
    finally:
        fields.READS_WITH.reset(token)


def is_forgiving() -> bool:
    """Whether this is asked inside of `forgiving`."""
    return fields.READS_WITH.get() is not None
