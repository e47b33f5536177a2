"""What a sheet of an .xlsx workbook shows that its values do not say: errors, and leading zeros.

The workbook is read by calamine, which gives an empty cell for an error and 123 for 00123. Those
cells are found here, in one pass over the sheet's XML that keeps nothing else. The same pass says
how far the sheet reaches, before anything makes room for that.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Final
from xml.parsers import expat
from zipfile import ZipFile

_CELL: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ZEROS: Final = re.compile(r"0{2,30}")
_WHOLE: Final = re.compile(r"[0-9]{1,15}(\.0)?")
_BOOK: Final = "xl/workbook.xml"
Attributes = Mapping[str, str]


class NotAWorkbookError(Exception):
    """The archive lacks a part of a workbook, or a part cannot be read; says which."""


@dataclass
class Marks:
    """Cells by row and column, both from 0, and the far corner of the sheet."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    rows: int = 0
    columns: int = 0


def read_marks(archive: ZipFile, sheet: str) -> Marks:
    """Find what a sheet shows.

    Raises:
        NotAWorkbookError: A part is missing or broken, or a cell lies outside of any sheet.
    """
    try:
        with archive.open(_sheet_path(archive, sheet)) as file:
            return _Cells(_zero_formats(archive)).read(file)
    except KeyError as error:
        raise NotAWorkbookError(f"a part is missing: {error}") from None
    except expat.ExpatError as error:
        raise NotAWorkbookError(f"a part is broken: {error}") from None


def _sheet_path(archive: ZipFile, sheet: str) -> str:
    """Where the archive has a sheet: its name leads to a relation, that to a part."""
    names: dict[str, str] = {}
    targets: dict[str, str] = {}

    def named(tag: str, told: Attributes) -> None:
        if tag == "sheet":
            relation = next((v for k, v in told.items() if k.rpartition(":")[2] == "id"), "")
            names[told.get("name", "")] = relation

    def related(tag: str, told: Attributes) -> None:
        if tag == "Relationship":
            targets[told.get("Id", "")] = told.get("Target", "")

    _walk(archive, _BOOK, named)
    _walk(archive, "xl/_rels/workbook.xml.rels", related)
    target = targets[names[sheet]]
    return target[1:] if target.startswith("/") else posixpath.normpath(f"xl/{target}")


def _zero_formats(archive: ZipFile) -> Mapping[str, int]:
    """Cell styles that show whole numbers with leading zeros, each with its number of digits."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    inside: list[str] = []

    def begun(tag: str, told: Attributes) -> None:
        if tag == "numFmt":
            codes[told.get("numFmtId", "")] = told.get("formatCode", "")
        elif tag in {"cellXfs", "cellStyleXfs"}:
            inside[:] = [tag]
        elif tag == "xf" and inside == ["cellXfs"]:
            styles.append(told.get("numFmtId", ""))

    if "xl/styles.xml" in archive.namelist():
        _walk(archive, "xl/styles.xml", begun)
    return {
        str(at): len(codes[style])
        for at, style in enumerate(styles)
        if _ZEROS.fullmatch(codes.get(style, ""))
    }


def _walk(archive: ZipFile, part: str, begun: Callable[[str, Attributes], None]) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, told: begun(tag.rpartition(":")[2], told)
    with archive.open(part) as file:
        parser.ParseFile(file)


class _Cells:
    """Walks the cells of a sheet; the text of a value is kept only where it matters."""

    def __init__(self, zeros: Mapping[str, int]) -> None:
        self._zeros = zeros
        self._found = Marks()
        self._row = self._column = -1
        self._kind = self._style = ""
        self._text: list[str] | None = None

    def read(self, file: IO[bytes]) -> Marks:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._begun
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = self._said
        parser.ParseFile(file)
        return self._found

    def _begun(self, name: str, told: Attributes) -> None:
        tag = name.rpartition(":")[2]
        if tag == "c":
            self._cell(told)
        elif tag == "v" and (self._kind == "e" or self._style in self._zeros):
            self._text = []
        elif tag == "row":
            self._row = int(told["r"]) - 1 if told.get("r", "").isdigit() else self._row + 1
            self._column = -1

    def _cell(self, told: Attributes) -> None:
        place = told.get("r")
        if place is None:
            self._column += 1
        elif matched := _CELL.fullmatch(place):
            self._column = _column(matched.group(1))
            self._row = int(matched.group(2)) - 1
        else:
            raise NotAWorkbookError(f"there is no cell {place[:20]!r}")
        self._kind, self._style = told.get("t", "n"), told.get("s", "0")
        self._found.rows = max(self._found.rows, self._row + 1)
        self._found.columns = max(self._found.columns, self._column + 1)

    def _said(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _ended(self, name: str) -> None:
        if self._text is None or name.rpartition(":")[2] != "v":
            return
        told, self._text = "".join(self._text), None
        place = (self._row, self._column)
        if self._kind == "e":
            self._found.errors[place] = told
        elif self._kind == "n" and _WHOLE.fullmatch(told):
            whole = told.partition(".")[0]
            self._found.shown[place] = whole.zfill(self._zeros[self._style])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
