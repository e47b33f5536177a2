"""Edits a workbook as a program would: cells, rows, columns and sheets, in its XML."""

import re
import zipfile
from datetime import date, datetime
from io import BytesIO
from xml.sax.saxutils import escape

from ps_integration.reports import working_matches
from ps_integration.reports.columns import FIRST_ROW, letters
from ps_integration.reports.working import AT

EPOCH = date(1899, 12, 30)
ROW = FIRST_ROW + 1  # one-based number of the first row of data
MAIN = "xl/worksheets/sheet1.xml"


class Book:
    """A workbook whose parts can be changed; rows are counted from the first row of data."""

    sheet, at = MAIN, AT

    def __init__(self, data):
        with zipfile.ZipFile(BytesIO(data)) as archive:
            self.parts = {name: archive.read(name) for name in archive.namelist()}

    def bytes(self):
        file = BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in self.parts.items():
                archive.writestr(name, data)
        return file.getvalue()

    def change(self, pattern, replacement, part=None):
        part = part or self.sheet
        text = self.parts[part].decode()
        changed, count = re.subn(pattern, replacement, text, count=1, flags=re.DOTALL)
        assert count == 1, pattern
        self.parts[part] = changed.encode()
        return self

    def without(self, part):
        del self.parts[part]
        return self

    def set(self, title, value, row=0, formula=None):
        """Write a cell of a column, by its heading."""
        return self.write(f"{letters(self.at[title])}{ROW + row}", value, formula)

    def write(self, ref, value, formula=None):
        text = self.parts[self.sheet].decode()
        number = int(re.search(r"\d+", ref)[0])
        pattern = rf'<c r="{ref}"(?: s="(\d+)")?[^>]*?(?:/>|>.*?</c>)'
        found = re.search(pattern, text, re.DOTALL)
        style = f' s="{found[1]}"' if found and found[1] else ""
        cell = f'<c r="{ref}"{style}{_content(value, formula)}</c>'
        if found:
            text = text.replace(found[0], cell, 1)
        elif re.search(rf'<row r="{number}"[^>]*>', text):
            text = re.sub(
                rf'(<row r="{number}"[^>]*>.*?)(</row>)', lambda m: m[1] + cell + m[2], text,
                count=1, flags=re.DOTALL,
            )  # fmt: skip
        else:
            text = text.replace("</sheetData>", f'<row r="{number}">{cell}</row></sheetData>')
        self.parts[self.sheet] = text.encode()
        return self

    def row(self, row):
        """The XML of one row of data."""
        pattern = rf'<row r="{ROW + row}".*?</row>'
        return re.search(pattern, self.parts[self.sheet].decode(), re.DOTALL)[0]

    def move(self, row, to):
        """The XML of a row as it would stand in another place."""
        return re.sub(r'r="([A-Z]*)\d+"', rf'r="\g<1>{ROW + to}"', self.row(row))

    def append(self, xml):
        self.parts[self.sheet] = self.parts[self.sheet].replace(
            b"</sheetData>", xml.encode() + b"</sheetData>"
        )
        return self

    def delete(self, row):
        self.parts[self.sheet] = self.parts[self.sheet].decode().replace(self.row(row), "").encode()
        return self


class MatchBook(Book):
    """The same workbook, in which the sheet Matches is changed."""

    sheet = "xl/worksheets/sheet2.xml"
    at = {title: at for at, title in enumerate(working_matches.FORM.titles)}  # noqa: RUF012


def _content(value, formula):
    said = "" if formula is None else f"<f>{escape(formula)}</f>"
    if isinstance(value, bool):
        return f' t="b">{said}<v>{int(value)}</v>'
    if isinstance(value, datetime):
        days = (value - datetime.combine(EPOCH, datetime.min.time())).total_seconds() / 86400
        return f">{said}<v>{days!r}</v>"
    if isinstance(value, date):
        return f">{said}<v>{(value - EPOCH).days}</v>"
    if isinstance(value, int | float):
        return f">{said}<v>{value}</v>"
    return f' t="inlineStr">{said}<is><t xml:space="preserve">{escape(value)}</t></is>'
