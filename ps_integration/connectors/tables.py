"""Rows of file drops as text cells, each with its number in the file: CSV, Excel and Parquet.

Excel and Parquet are read in a process of their own (`table_child`), within bounds of memory and
time, for such a file can end the process that reads it.
"""

import codecs
import csv
import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, Literal, Self

from ps_integration.errors import BadAnswerError

_MAX_SECONDS: Final = 600
_CHILD: Final = "ps_integration.connectors.table_child"
_TWO_BYTES: Final = "é".encode()
_PIECE: Final = 1 << 16
Cells = list[str]
Rows = Iterator[tuple[int, Cells]]


class TypedNumber(str):
    """The text of a cell that is a number by its type: its decimal mark is always a point.

    Attributes:
        shown: What the sheet shows, where that is more: 00123.
    """

    __slots__ = ("shown",)
    shown: str

    @classmethod
    def told(cls, text: str, shown: str = "") -> Self:
        """Make one from what the reader tells."""
        number = cls(text)
        number.shown = shown or text
        return number


def csv_rows(path: Path, encoding: str, delimiter: str) -> Rows:
    """Yield the header and every row of a CSV file, without empty ones.

    Raises:
        BadAnswerError: Not in that encoding, broken quoting, or not to be opened; says where.
    """
    line = 0
    try:
        if _is_utf8_instead(path, encoding):
            raise BadAnswerError(f"file {path.name}: not {encoding}, for it is UTF-8")
        with path.open(encoding=encoding, errors="strict", newline="") as file:
            reader = csv.reader(_unmarked(file), delimiter=delimiter, strict=True)
            for number, row in enumerate(reader, 1):
                line = reader.line_num
                if row:
                    yield number, row
    except (csv.Error, UnicodeError, LookupError) as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
        raise BadAnswerError(
            f"file {path.name}: not {encoding} CSV after line {line} ({reason})"
        ) from None
    except OSError as error:
        raise BadAnswerError(f"file {path.name}: cannot be opened ({error.strerror})") from None


def _unmarked(lines: Iterator[str]) -> Iterator[str]:
    """The lines without a byte order mark, which some encodings leave before the first."""
    for first in islice(lines, 1):
        yield first.removeprefix("\ufeff")
    yield from lines


def _is_utf8_instead(path: Path, encoding: str) -> bool:
    """Whether a file is UTF-8 with letters that the declared encoding would take for two each."""
    try:
        is_one_byte = len(_TWO_BYTES.decode(encoding)) > 1
    except UnicodeError:
        return False
    decoder, is_ascii = codecs.getincrementaldecoder("utf-8")(), True
    with path.open("rb") as file:
        while is_one_byte and (piece := file.read(_PIECE)):
            is_ascii = is_ascii and piece.isascii()
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                return False
    return is_one_byte and not is_ascii


def typed_rows(
    path: Path, kind: Literal["excel", "parquet"], sheet: str = "", needed: Sequence[str] = ()
) -> Rows:
    """Yield the header and every row of an Excel sheet or a Parquet file.

    Args:
        path: The file.
        kind: What it is.
        sheet: Of Excel; the first when empty.
        needed: Columns of Parquet whose type must say exactly what they hold; others may be
            left out.

    Raises:
        BadAnswerError: The file is not one, is more than can be read, or ended its reader.
    """
    with subprocess.Popen(  # noqa: S603 - our own module; the file's name is one argument
        [sys.executable, "-m", _CHILD, kind, str(path), sheet, json.dumps(list(needed))],
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as reader:
        clock = threading.Timer(_MAX_SECONDS, reader.kill)
        clock.start()
        try:
            last = yield from _lines(reader)
        finally:
            clock.cancel()
            reader.kill()
    if last is None:
        raise BadAnswerError(
            f"file {path.name}: reading it as {kind.title()} needs more memory or time than a "
            "file may have, or it is damaged; save it anew, without empty rows and columns"
        )
    if "error" in last:
        raise BadAnswerError(f"file {path.name}: {last['error']}")


def _lines(
    reader: subprocess.Popen[str],
) -> Generator[tuple[int, Cells], None, dict[str, object] | None]:
    """The rows that a reader tells, then its last word; none when it was ended before."""
    for line in reader.stdout or ():
        try:
            told = json.loads(line)
        except ValueError:
            return None
        if isinstance(told, dict):
            return told
        number, cells = told
        yield (
            number,
            [TypedNumber.told(*cell) if isinstance(cell, list) else cell for cell in cells],
        )
    return None
