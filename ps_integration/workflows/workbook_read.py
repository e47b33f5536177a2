"""Opens a workbook that came back: its cells as values, and where there are formulas. Runs none."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from ps_integration.errors import FixConfigError
from ps_integration.reports.columns import letters

BYTES_MAX: Final = 50_000_000
UNPACKED_BYTES_MAX: Final = 600_000_000
CELLS_MAX: Final = 20_000_000
"""Of the rectangle from A1 to the last cell."""
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_CONTENT: Final = frozenset({"v", "is", "f"})
_SAVE_AS: Final = "save it as an Excel workbook (.xlsx) and import that"


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet: its cells, row by row, and the references of cells that hold a formula."""

    name: str
    cells: Sequence[Sequence[object]]
    formulas: frozenset[str]

    def value(self, row: int, at: int) -> object:
        """What a cell says, by zero-based row and column; an empty text where nothing is."""
        if row >= len(self.cells) or at >= len(self.cells[row]):
            return ""
        return self.cells[row][at]

    def ref(self, row: int, at: int) -> str:
        """A cell as people name it."""
        return f"{self.name}!{letters(at)}{row + 1}"

    def is_formula(self, row: int, at: int) -> bool:
        """Whether a cell is computed."""
        return f"{letters(at)}{row + 1}" in self.formulas


def read_pages(data: bytes, names: Sequence[str]) -> Mapping[str, Page]:
    """The sheets of a workbook that have these names; others are not looked at.

    Raises:
        FixConfigError: It is no workbook of that kind, or too large.
    """
    if len(data) > BYTES_MAX:
        raise FixConfigError(f"the file is larger than {BYTES_MAX:,} bytes")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > UNPACKED_BYTES_MAX:
                raise FixConfigError("the file unpacks to more than a workbook of ours could hold")
            if _RELATIONS not in archive.namelist():
                raise FixConfigError(f"the file is no Excel workbook; {_SAVE_AS}")
            paths = _paths(archive)
            found = [name for name in names if name in paths]
            formulas = {name: _formulas(archive, name, paths[name]) for name in found}
        with CalamineWorkbook.from_filelike(BytesIO(data)) as book:
            return {
                name: Page(
                    name,
                    book.get_sheet_by_name(name).to_python(skip_empty_area=False),
                    formulas[name],
                )
                for name in found
            }
    except (zipfile.BadZipFile, CalamineError, expat.ExpatError, KeyError, ValueError) as error:
        raise FixConfigError(
            f"the file cannot be read as a workbook ({error}); {_SAVE_AS}"
        ) from error


def _paths(archive: zipfile.ZipFile) -> dict[str, str]:
    """Where in the archive each sheet is."""
    relations: dict[str, str] = {}
    sheets: dict[str, str] = {}

    def relation(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship":
            relations[attributes["Id"]] = attributes["Target"]

    def sheet(tag: str, attributes: Mapping[str, str]) -> None:
        if tag.rpartition(":")[2] == "sheet":
            known = next(key for key in attributes if key.rpartition(":")[2] == "id")
            sheets[attributes["name"]] = attributes[known]

    _walk(archive.read(_RELATIONS), relation)
    _walk(archive.read("xl/workbook.xml"), sheet)
    return {name: _inside(relations[key]) for name, key in sheets.items()}


def _inside(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _formulas(archive: zipfile.ZipFile, name: str, path: str) -> frozenset[str]:
    """Which cells of a sheet hold a formula; one far outside would make the sheet too large."""
    found: set[str] = set()
    here = [""]

    def cell(tag: str, attributes: Mapping[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local == "c":
            here[0] = attributes.get("r", "")
        elif local in _CONTENT:
            if not 0 < _area(here[0]) <= CELLS_MAX:
                raise ValueError(f"{name}!{here[0]} is nowhere in what was exported")
            if local == "f":
                found.add(here[0])

    _walk(archive.read(path), cell)
    return frozenset(found)


def _area(ref: str) -> int:
    """Cells of the rectangle from A1 to one cell."""
    column, digits = 0, ref.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    for letter in ref[: len(ref) - len(digits)]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column * int(digits or 0)


def _walk(data: bytes, start: Callable[[str, dict[str, str]], None]) -> None:
    """Tell of every element; a document that declares anything of its own is refused."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse_declaration
    parser.Parse(data, True)  # noqa: FBT003 - the C function takes no names


def _refuse_declaration(*_: object) -> None:
    raise ValueError("it declares a document type")
