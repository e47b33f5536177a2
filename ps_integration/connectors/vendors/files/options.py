"""What a firm says about its file drops: which files, which columns, which forms."""

import codecs
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ps_integration.connectors.rows import COLUMNS
from ps_integration.connectors.setup import Options
from ps_integration.connectors.vendors.files.conditions import (
    Condition,
    Skip,
    all_hold,
    error_in,
)
from ps_integration.domain.records import CanonicalObject, RecordRefusedError
from ps_integration.settings.base import Identifier

_NOT_OF_FILES: Final = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "charmap"}


def _known_encoding(name: str) -> str:
    try:
        found = codecs.lookup(name).name
        "".encode(name)  # LookupError: it turns bytes into bytes, as hex does
    except (LookupError, UnicodeError):
        found = ""
    if not found or found in _NOT_OF_FILES:
        raise ValueError(f"{name!r} is not a text encoding of files")
    return name


def _inside_folder(pattern: str) -> str:
    if pattern.startswith(("/", "\\", "~")) or ".." in pattern:
        raise ValueError("a path stays inside the folder: no leading slash, no '..'")
    return pattern


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_inside_folder)]
Encoding = Annotated[str, AfterValidator(_known_encoding)]


class Source(Options):
    """Where one canonical column comes from, and in which form.

    Columns of the lookup are named with its name before a dot: `dates.StartedOn`.
    """

    column: str = ""
    const: str | bool | None = None
    join: tuple[str, ...] = Field(default=(), description="several columns joined to one text")
    separator: str = "/"
    format: str = Field(default="%Y-%m-%d", description="of dates, in strptime's letters")
    values: dict[str, str] = Field(default_factory=dict, description="cell to canonical word")
    unit: Literal["hours", "minutes", "seconds", "clock"] = Field(
        default="hours", description="of time; clock = hours and minutes, as 7:30, 07:30:00, 27:30"
    )
    decimal: Literal[".", ","] = "."
    grouping: Literal["", ".", ",", " ", "'"] = Field(
        default="", description="between groups of three digits; a blank may be a no-break space"
    )
    pattern: str = Field(default="", description="of keys: the first group is the key")
    cases: tuple["Case", ...] = Field(
        default=(), description="other sources, the first whose `when` holds counts"
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if [bool(self.column), self.const is not None, bool(self.join)].count(True) != 1:
            raise ValueError("exactly one of column, const and join says where the value is from")
        if self.grouping == self.decimal:
            raise ValueError("decimal and grouping must be two different marks")
        return self

    def chosen(self, cells: Mapping[str, object]) -> "Source":
        """The source of a row: the first case that holds in it, else this one.

        Raises:
            RecordRefusedError: A cell that a case asks for holds an error.
        """
        if not self.cases:
            return self
        for one in self.cases:
            if problem := error_in(one.when, cells):
                raise RecordRefusedError(problem)
            if all_hold(one.when, cells):
                return one
        return self

    def every(self) -> tuple["Source", ...]:
        """This source and those of its cases."""
        return (self, *self.cases)

    def asks(self) -> tuple[str, ...]:
        """Every column that it or a case of it speaks of."""
        told = [name for one in self.every() for name in (one.column, *one.join)]
        return tuple(filter(None, [*told, *(it.column for one in self.cases for it in one.when)]))


class Case(Source):
    """A source that counts where all of its conditions hold."""

    when: tuple[Condition, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_no_cases(self) -> Self:
        if self.cases:
            raise ValueError("a case has no cases of its own; write more conditions in `when`")
        return self


class FileForm(Options):
    """How files of one kind are read."""

    path: Pattern = Field(description="glob below the folder")
    format: Literal["csv", "excel", "parquet"] = "csv"
    sheet: str = Field(default="", description="of Excel; default the first")
    encoding: Encoding = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    shown: tuple[str, ...] = Field(
        default=(),
        description="columns of ids whose Excel numbers are read as the sheet shows them: 00123 "
        "under the number format 00000",
    )
    skip: Skip = Field(default_factory=Skip, description="lines that are not of the table")
    take: Literal["all", "newest"] = Field(
        default="all", description="newest = only the last file by name, for complete exports"
    )


class Lookup(FileForm):
    """A second file with one row per key, joined to each row of the first."""

    name: Identifier
    key: tuple[str, ...] = Field(min_length=1, description="columns of the first file")
    lookup_key: tuple[str, ...] = Field(default=(), description="of this one; default the same")


class FileStream(FileForm):
    """One kind of record in one kind of file."""

    name: Identifier
    table: CanonicalObject
    id: tuple[str, ...] = Field(min_length=1, description="columns that together tell rows apart")
    columns: dict[str, str | Source]
    where: tuple[Condition, ...] = Field(
        default=(),
        description="what holds in every row that is a record; others (totals, rows that are not "
        "finished) are none",
    )
    lookup: Lookup | None = None
    is_optional: bool = False
    distinct: bool = Field(
        default=False,
        description="keep only the named columns; rows that are then equal are one record, as "
        "when a list of hours is the only list of projects there is",
    )

    @model_validator(mode="after")
    def _knows_the_columns(self) -> Self:
        unknown = sorted(
            set(self.columns) - set(COLUMNS[self.table]) | {"external_id"} & set(self.columns)
        )
        if unknown:
            raise ValueError(f"{self.table} takes no column {', '.join(unknown)}")
        prefix = f"{self.lookup.name}." if self.lookup else None
        if prefix and any(one.column.startswith(prefix) for one in self.where):
            raise ValueError("where asks for columns of the file itself, not of the lookup")
        return self

    def source(self, column: str) -> Source:
        """Where a canonical column comes from."""
        told = self.columns[column]
        return Source(column=told) if isinstance(told, str) else told

    def with_comma(self, prefix: str = "") -> frozenset[str]:
        """Columns whose numbers are written with a comma, of the file or of the lookup `prefix`."""
        sources = [each for column in self.columns for each in self.source(column).every()]
        told = (name for one in sources if one.decimal == "," for name in (one.column, *one.join))
        return frozenset(name.removeprefix(prefix) for name in told if name.startswith(prefix))

    def named(self) -> tuple[str, ...]:
        """Every column of the first file that is spoken of."""
        told = [name for column in self.columns for name in self.source(column).asks()]
        prefix = f"{self.lookup.name}." if self.lookup else ""
        own = [name for name in told if not prefix or not name.startswith(prefix)]
        keys = self.lookup.key if self.lookup else ()
        return tuple(dict.fromkeys((*self.id, *keys, *own)))

    def needed(self) -> tuple[str, ...]:
        """Every column that the first file must have."""
        return tuple(dict.fromkeys((*self.named(), *(one.column for one in self.where))))

    def looked_up(self) -> tuple[str, ...]:
        """Every column of the lookup that is spoken of."""
        if self.lookup is None:
            return ()
        told = [name for column in self.columns for name in self.source(column).asks()]
        prefix = f"{self.lookup.name}."
        own = [name.removeprefix(prefix) for name in told if name.startswith(prefix)]
        return tuple(dict.fromkeys((*(self.lookup.lookup_key or self.lookup.key), *own)))


_EXAMPLE: Final = [
    {
        "name": "time_entries",
        "table": "time_entries",
        "path": "hours*.csv",
        "id": ["Id"],
        "columns": {
            "resource_external_id": "Person",
            "project_external_id": "Project",
            "work_date": {"column": "Date", "format": "%d/%m/%Y"},
            "seconds": {"column": "Hours", "unit": "hours"},
            "is_billable": {"const": True},
            "approval_state": {"column": "Status", "values": {"OK": "approved", "NEW": "draft"}},
        },
    }
]


class FilesOptions(Options):
    """The folder and its streams."""

    folder: str = Field(description="where the drops are, or env:NAME", examples=["drops"])
    streams: tuple[FileStream, ...] = Field(default=(), examples=[_EXAMPLE])
    drop_folder: str = Field(
        default="", description="role erp: where documents are put for import, or env:NAME"
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [stream.name for stream in self.streams]
        if len(set(names)) != len(names):
            raise ValueError("two streams have one name")
        if not names and not self.drop_folder:
            raise ValueError("streams: name at least one, for nothing is read or written here")
        return self
