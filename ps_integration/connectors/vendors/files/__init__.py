"""File drops (CSV, Excel, Parquet) of any role: for systems that only export and import files.

A row becomes one raw record: JSON of its cells as text, exactly, with the cells of its lookup row
beside. Rows that cannot be told apart or have another width than the header are kept and refused
by name, never left out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from ps_integration.connectors.protocol import Ask, Connector, ErpWriter, Stream
from ps_integration.connectors.raw import raw_record
from ps_integration.connectors.setup import Setup, Vendor
from ps_integration.connectors.tables import (
    Cells,
    TypedNumber,
    csv_rows,
    excel_rows,
    parquet_rows,
)
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
    Json,
    JsonObject,
    RawRecord,
)
from ps_integration.errors import BadAnswerError, FixConfigError

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
        return tuple(
            Stream(one.name, "full", (one.table,), is_optional=one.is_optional)
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

    def probe(self) -> Mapping[str, object]:
        """Whether the folder is there, and how many files each stream finds."""
        if not self._folder.is_dir():
            raise FixConfigError(f"system {self.system}: the folder is not there")
        return {name: len(self._files(form)) for name, form in self._streams.items()}

    def _files(self, form: FileForm) -> list[Path]:
        found = sorted(path for path in self._folder.glob(form.path) if path.is_file())
        return found[-1:] if form.take == "newest" else found

    def _records(self, stream: FileStream) -> Iterator[RawRecord]:
        beside = self._lookup(stream.lookup, stream) if stream.lookup else _Beside()
        yield from beside.broken
        seen: dict[str, int] = {}
        told: set[tuple[str, ...]] = set()
        for header, cells in self._rows(stream, stream.named(), stream.with_comma()):
            if len(cells) != len(header):
                yield _wrong_width(header, cells)
                continue
            named = dict(zip(header, cells, strict=True))
            if stream.distinct:
                named = {name: named[name] for name in stream.named()}
                if (values := tuple(named.values())) in told:
                    continue
                told.add(values)
            body: dict[str, Json] = {"cells": dict(named)}
            if stream.lookup is not None:
                body |= beside.found(_key(named, stream.lookup.key))
            identity = "/".join(_key(named, stream.id))
            seen[identity] = seen.get(identity, 0) + 1
            if seen[identity] > 1:
                body["again"] = seen[identity]
            yield _raw(body, identity if seen[identity] == 1 else f"{identity}#{seen[identity]}")

    def _lookup(self, form: Lookup, stream: FileStream) -> "_Beside":
        found = _Beside()
        names = form.lookup_key or form.key
        commas = stream.with_comma(f"{form.name}.")
        for header, cells in self._rows(form, stream.looked_up(), commas):
            if len(cells) != len(header):
                found.broken.append(_wrong_width(header, cells))
                continue
            named = dict(zip(header, cells, strict=True))
            row = {f"{form.name}.{name}": text for name, text in named.items()}
            rows = found.rows.setdefault(_key(named, names), [])
            if row not in rows:
                rows.append(row)
        return found

    def _rows(
        self, form: FileForm, needed: Sequence[str], commas: frozenset[str]
    ) -> Iterator[tuple[Cells, Cells]]:
        files = self._files(form)
        if not files:
            raise BadAnswerError(f"system {self.system}: no file is {form.path} in the folder")
        for path in files:
            rows = _open(path, form)
            header = next(rows, None)
            if header is None:
                raise BadAnswerError(f"file {path.name}: it is empty, without a header")
            lacking = [name for name in needed if header.count(name) != 1]
            if lacking:
                raise BadAnswerError(f"file {path.name}: not one column {', '.join(lacking)}")
            places = [at for at, name in enumerate(header) if name in commas]
            yield from ((header, _in_form(cells, places)) for cells in rows)


@dataclass
class _Beside:
    """The lookup file: differing rows by key, and rows that cannot be read."""

    rows: dict[tuple[str, ...], list[dict[str, str]]] = field(default_factory=dict)
    broken: list[RawRecord] = field(default_factory=list)

    def found(self, key: tuple[str, ...]) -> dict[str, Json]:
        """The one row of a key, none, or word that several stand there."""
        rows = self.rows.get(key, ())
        if len(rows) > 1:
            return {"lookup": {}, "lookup_twice": "/".join(key)}
        return {"lookup": dict(rows[0]) if rows else {}}


def _in_form(cells: Cells, places: Sequence[int]) -> Cells:
    """Write numbers of typed cells in the declared form, so that text and number stay apart."""
    for at in places:
        if at < len(cells) and isinstance(cells[at], TypedNumber):
            cells[at] = cells[at].replace(".", ",")
    return cells


def _wrong_width(header: Cells, cells: Cells) -> RawRecord:
    return _raw({"wrong_width": list(cells), "header": list(header)}, "")


def _open(path: Path, form: FileForm) -> Iterator[Cells]:
    match form.format:
        case "csv":
            return csv_rows(path, form.encoding, form.delimiter)
        case "excel":
            return excel_rows(path, form.sheet)
        case "parquet":
            return parquet_rows(path)


def _key(named: Mapping[str, str], columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(named[column] for column in columns)


def _raw(body: dict[str, Json], identity: str) -> RawRecord:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return raw_record(text, {"id": identity})


def _build(setup: Setup) -> Connector:
    options = setup.options(FilesOptions)
    return FilesConnector(setup.system.id, Path(setup.address(options.folder)), options)


def _writer(setup: Setup) -> ErpWriter:
    told = setup.options(FilesOptions).drop_folder
    if not told:
        raise FixConfigError(f"system {setup.system.id}: options.drop_folder is missing")
    return FileDrop(Path(setup.address(told)))


VENDOR: Final = Vendor(
    name="files",
    options=FilesOptions,
    build=_build,
    erp_writer=_writer,
    approval_evidence=ApprovalEvidence(
        "entry", gives_approver=False, gives_instant=False, notes=("as the files say",)
    ),
    roles=("time",),
)
