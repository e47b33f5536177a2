"""File drops (CSV, Excel, Parquet) of any role: for systems that only export and import files.

A row becomes one raw record: JSON of its cells as text, exactly, with the cells of its lookup row
beside; file and row number go with it. Rows that cannot be told apart or have another width than
the header are kept and refused by name, never left out: what is wrong with them is said beside the
payload, which holds nothing but what the file does.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from ps_integration.connectors.answers import NotThereError
from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Ask, Connector, ErpWriter, Stream
from ps_integration.connectors.raw import raw_record
from ps_integration.connectors.setup import PROJECT_TERMS, ProjectTerm, Setup, Vendor
from ps_integration.connectors.tables import Cells, Rows, TypedNumber, csv_rows, typed_rows
from ps_integration.connectors.vendors.files.conditions import Skip, all_hold, error_in, is_error
from ps_integration.connectors.vendors.files.mapping import canonical
from ps_integration.connectors.vendors.files.options import (
    FileForm,
    FilesOptions,
    FileStream,
    Lookup,
)
from ps_integration.connectors.vendors.files.writer import FileDrop
from ps_integration.domain.records import (
    ApprovalEvidence,
    CanonicalRow,
    FieldProblem,
    Json,
    JsonObject,
    RawRecord,
    RecordRefusedError,
)
from ps_integration.domain.text import key_text
from ps_integration.errors import BadAnswerError, ColumnsMissingError, FixConfigError

_PAGE: Final = 2000


class FilesConnector:
    """Reads one folder."""

    def __init__(self, system: str, folder: Path, options: FilesOptions) -> None:
        """Take the folder and the streams in it."""
        self.system = system
        self._folder = folder
        self._streams = {stream.name: stream for stream in options.streams}

    def streams(self) -> Sequence[Stream]:
        """The configured streams; a folder is always read whole."""
        hours = {one.path for one in self._streams.values() if one.table == "time_entries"}
        return tuple(
            Stream(
                one.name,
                "full",
                (one.table,),
                is_optional=one.is_optional,
                is_from_entries=one.distinct and one.path in hours,
            )
            for one in self._streams.values()
        )

    def pages(self, ask: Ask) -> Iterator[Sequence[RawRecord]]:
        """Yield the rows of every file in the order of the files' names."""
        records = self._records(self._streams[ask.stream.name])
        while page := list(islice(records, _PAGE)):
            yield page

    def parse(self, stream: str, payload: JsonObject) -> Sequence[CanonicalRow]:
        """Map one row; see `Connector.parse`."""
        return [canonical(self._streams[stream], payload)]

    def exported_at(self, stream: str) -> datetime | None:
        """The time of the newest file of a stream, on this machine's clock."""
        times = [path.stat().st_mtime for path in self._files(self._streams[stream])]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    def probe(self) -> Mapping[str, object]:
        """Read every file as a night would, and say how many rows each stream has.

        Raises:
            FixConfigError: The folder is not there.
            BadAnswerError: Files that cannot be read; names each stream that fails.
        """
        if not self._folder.is_dir():
            raise FixConfigError(f"system {self.system}: the folder is not there")
        told, broken = {}, []
        for name, stream in self._streams.items():
            try:
                told[name] = self._looked_at(stream)
            except NotThereError as error:
                if not stream.is_optional:
                    broken.append(f"{name}: {error}")
            except BadAnswerError as error:
                broken.append(f"{name}: {error}")
        if broken:
            raise BadAnswerError("; ".join(broken))
        return told

    def _looked_at(self, stream: FileStream) -> str:
        rows, refused, first = 0, 0, ""
        for rows, record in enumerate(self._records(stream), 1):  # noqa: B007 - counted
            problem = record.flaw or _refusal(stream, record)
            if problem is not None:
                refused += 1
                first = first or f"{record.place}, {problem.field}: {problem.rule}"
        return f"{rows} rows" + (f" ({refused} refused, {first} first)" if refused else "")

    def _files(self, form: FileForm) -> list[Path]:
        """The files of a pattern. What matches it and is not there tonight is never left out."""
        try:
            next(self._folder.iterdir(), None)
        except OSError as error:
            raise BadAnswerError(f"folder {self._folder}: {error.strerror}") from None
        for place in _folders(self._folder, form.path):
            _require_mounted(place)
        found = sorted(path for path in self._folder.glob(form.path) if not path.is_dir())
        for path in found:
            if not path.is_file():
                what = "no ordinary file" if path.exists() else "a link to what is not there"
                raise BadAnswerError(f"file {path.name}: is {what}")
        return found[-1:] if form.take == "newest" else found

    def _records(self, stream: FileStream) -> Iterator[RawRecord]:
        beside = self._lookup(stream.lookup, stream) if stream.lookup else _Beside()
        yield from beside.broken
        seen: dict[str, int] = {}
        for row, named, unknown in self._asked_for(stream):
            if named is None:
                yield row.wrong_width()
                continue
            body: dict[str, Json] = {"cells": dict(named)}
            flaw = unknown
            if stream.lookup is not None:
                found, broken = beside.found(_key(named, stream.lookup.key))
                flaw = flaw or broken
                body["lookup"] = found
            identity = _identity(named, stream.id, is_one_spelling=stream.distinct)
            seen[identity] = seen.get(identity, 0) + 1
            if identity and seen[identity] > 1:
                remedy = f"name more id columns, or correct the file ({row.place})"
                told_twice = str(seen[identity])
                flaw = FieldProblem("/".join(stream.id), told_twice, "id_stands_twice", remedy)
                identity = f"{identity}#{seen[identity]}"
            yield _raw(body, identity, row.place, flaw)

    def _asked_for(
        self, stream: FileStream
    ) -> Iterator[tuple["_Row", Mapping[str, str] | None, FieldProblem | None]]:
        """The rows that are records, by column, and what is unknown of whether one is.

        A row of another width than the header has no columns. Of a distinct list each first.
        """
        told: set[tuple[str, ...]] = set()
        for row in self._rows(stream, stream.needed(), stream.with_comma()):
            unknown = error_in(stream.where, row.as_far_as_it_goes())
            if not unknown and not all_hold(stream.where, row.as_far_as_it_goes()):
                continue
            if len(row.cells) != len(row.header):
                yield row, None, unknown
                continue
            named = row.named()
            if stream.distinct:
                named = {name: named[name] for name in stream.named()}
                if (values := _key(named, stream.named())) in told:
                    continue
                told.add(values)
            yield row, named, unknown

    def _lookup(self, form: Lookup, stream: FileStream) -> "_Beside":
        found = _Beside()
        names = form.lookup_key or form.key
        commas = stream.with_comma(f"{form.name}.")
        for row in self._rows(form, stream.looked_up(), commas):
            if len(row.cells) != len(row.header):
                found.broken.append(row.wrong_width())
                continue
            named = row.named()
            cells = {f"{form.name}.{name}": text for name, text in named.items()}
            rows = found.rows.setdefault(_key(named, names), [])
            if cells not in rows:
                rows.append(cells)
        return found

    def _rows(
        self, form: FileForm, needed: Sequence[str], commas: frozenset[str]
    ) -> Iterator["_Row"]:
        files = self._files(form)
        if not files:
            raise NotThereError(f"system {self.system}: no file is {form.path} in the folder")
        for path in files:
            rows = _inside(_open(path, form, needed), form.skip)
            _, header = next(rows, (0, None))
            if header is None:
                raise BadAnswerError(f"file {path.name}: it is empty, without a header")
            lacking = [name for name in (*needed, *form.shown) if header.count(name) != 1]
            if lacking:
                raise ColumnsMissingError(f"file {path.name}: not one column {', '.join(lacking)}")
            forms = [_form_of(name, form, commas) for name in header]
            for number, cells in rows:
                told = [form(cell) for form, cell in zip(forms, cells, strict=False)]
                yield _Row(path.name, number, header, [*told, *cells[len(forms) :]])


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a file under its header."""

    file: str
    number: int
    header: Cells
    cells: Cells

    @property
    def place(self) -> str:
        return f"{self.file} row {self.number}"

    def named(self) -> dict[str, str]:
        return dict(zip(self.header, self.cells, strict=True))

    def as_far_as_it_goes(self) -> dict[str, str]:
        """The cells by name, of a row of any width."""
        return dict(zip(self.header, self.cells, strict=False))

    def wrong_width(self) -> RawRecord:
        remedy = f"give the row as many cells as the header has ({self.place})"
        told = f"{len(self.cells)} cells, {len(self.header)} columns"
        flaw = FieldProblem("row", told, "row_width_differs_from_header", remedy)
        return _raw({"row": list(self.cells), "header": list(self.header)}, "", self.place, flaw)


@dataclass
class _Beside:
    """The lookup file: differing rows by key, and rows that cannot be read."""

    rows: dict[tuple[str, ...], list[dict[str, str]]] = field(default_factory=dict)
    broken: list[RawRecord] = field(default_factory=list)

    def found(self, key: tuple[str, ...]) -> tuple[Json, FieldProblem | None]:
        """The one row of a key, none, or what is wrong where several stand there."""
        rows = self.rows.get(key, ())
        if len(rows) > 1:
            told = "/".join(key)
            return {}, FieldProblem("lookup", told, "lookup_rows_differ", "leave one row per key")
        return dict(rows[0]) if rows else {}, None


def _refusal(stream: FileStream, record: RawRecord) -> FieldProblem | None:
    """Why a row would go to quarantine for its own sake; contracts are not asked."""
    try:
        payload = strict_json(record.payload)
        canonical(stream, payload if isinstance(payload, dict) else {})
    except RecordRefusedError as error:
        return error.problem
    return None


def _folders(root: Path, pattern: str) -> Iterator[Path]:
    """Every folder, or link to one, that the first parts of a pattern match."""
    places = [root]
    for part in Path(pattern).parts[:-1]:
        if part == "**":
            return
        places = [found for place in places if place.is_dir() for found in place.glob(part)]
        yield from (found for found in places if found.is_dir() or found.is_symlink())


def _require_mounted(folder: Path) -> None:
    """Refuse a folder that leads nowhere or has nothing in it: its drive may not be there."""
    try:
        is_empty = next(folder.iterdir(), None) is None
    except OSError as error:
        raise BadAnswerError(f"folder {folder.name}: {error.strerror}") from None
    if is_empty:
        raise BadAnswerError(f"folder {folder.name}: it is empty; is its drive there?")


def _form_of(name: str, form: FileForm, commas: frozenset[str]) -> Callable[[str], str]:
    """How numbers of a column's typed cells are written, so that text and number stay apart."""
    if name in form.shown:
        return _as_shown
    return _with_comma if name in commas else str


def _as_shown(cell: str) -> str:
    return cell.shown if isinstance(cell, TypedNumber) else cell


def _with_comma(cell: str) -> str:
    return cell.replace(".", ",") if isinstance(cell, TypedNumber) else cell


def _open(path: Path, form: FileForm, needed: Sequence[str]) -> Rows:
    if form.format == "csv":
        return csv_rows(path, form.encoding, form.delimiter)
    return typed_rows(path, form.format, form.sheet, needed)


def _inside(rows: Rows, skip: Skip) -> Rows:
    """The header and the rows below it, without the lines around the table."""
    last: deque[tuple[int, Cells]] = deque()
    for number, cells in rows:
        if number <= skip.before:
            continue
        last.append((number, cells))
        if len(last) > skip.after:
            yield last.popleft()


def _key(named: Mapping[str, str], columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(key_text(named[column]) for column in columns)


def _identity(named: Mapping[str, str], columns: Sequence[str], *, is_one_spelling: bool) -> str:
    """What tells a row from others; nothing where a part is empty, an error, or no text at all.

    It is as written, so that records of older nights are known again; only where many rows are one
    record can the first of them be spelt in another way tomorrow.
    """
    parts = _key(named, columns) if is_one_spelling else tuple(named[name] for name in columns)
    is_told = all(part.strip() and not is_error(part) for part in parts)
    return "/".join(parts) if is_told and _is_text("".join(parts)) else ""


def _is_text(text: str) -> bool:
    """Whether a text can be written as UTF-8: half of a surrogate pair cannot."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _raw(body: dict[str, Json], identity: str, place: str, flaw: FieldProblem | None) -> RawRecord:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if not _is_text(text):
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return replace(raw_record(text, {"id": identity}), place=place, flaw=flaw)


def _build(setup: Setup) -> Connector:
    options = setup.options(FilesOptions)
    return FilesConnector(setup.system.id, Path(setup.address(options.folder)), options)


def _writer(setup: Setup) -> ErpWriter:
    told = setup.options(FilesOptions).drop_folder
    if not told:
        raise FixConfigError(f"system {setup.system.id}: options.drop_folder is missing")
    return FileDrop(Path(setup.address(told)))


def _billing_attributes(setup: Setup) -> tuple[ProjectTerm, ...]:
    """The columns that a list of projects maps, where it says that they are billing attributes."""
    mapped = {
        column
        for one in setup.options(FilesOptions).streams
        if one.table == "projects" and "has_billing_attributes" in one.columns
        for column in one.columns
    }
    if "customer_external_id" in mapped:
        mapped.add("customer_key")
    return tuple(term for term in PROJECT_TERMS if term in mapped)


VENDOR: Final = Vendor(
    name="files",
    options=FilesOptions,
    build=_build,
    erp_writer=_writer,
    billing_attributes=_billing_attributes,
    posting_options=("drop_folder",),
    approval_evidence=ApprovalEvidence(
        "entry", gives_approver=False, gives_instant=False, notes=("as the files say",)
    ),
    roles=("time",),
)
