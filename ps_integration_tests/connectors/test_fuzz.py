"""Odd, wrong and damaged files: rows, refused rows or a named error come out, and nothing else.

The short form reads in this process. `PS_FUZZ_CASES=1000` tries a thousand files of each format, in
the reader's own process, as a night does.
"""

import json
import os
import random
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from ps_integration.connectors import table_child, tables
from ps_integration.connectors.parse import strict_json
from ps_integration.contracts.typed import arrow_table
from ps_integration.contracts.validate import validate
from ps_integration.domain.records import RecordRefusedError
from ps_integration.errors import BadAnswerError
from ps_integration_tests.connectors.test_files import COLUMNS, HEADER, connector, read

CASES = int(os.environ.get("PS_FUZZ_CASES", "0"))
NAMES = HEADER.strip().split(",")
TEXTS = (
    "1", "w1", "P1", "05-Nov-04", "7.5", "DONE", "", " ", "#N/A", "#REF!", "7:30", "1e99", ".5",
    "9" * 400, "0." + "3" * 200, "nan", "=cmd()", "\ufeff", "\u202ex", "e\u0301", "01-Jan-99999",
    "-7", "\0", 'a"b', "a,b", "a\nb", "\U0001f4a3" * 50, "31-Feb-26", "١٢", "true", "x" * 40_000,
)  # fmt: skip
GOOD = ("1", "w1", "P1", "05-Nov-04", "7.5", "DONE")
ENCODINGS = ("utf-8", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-32", "shift_jis", "cp65001")


def _cell(chance: random.Random, column: int) -> str:
    """Mostly what belongs into the column, else anything."""
    return chance.choice(TEXTS) if chance.random() < 0.15 else GOOD[column]


def make_csv(path: Path, chance: random.Random) -> dict[str, object]:
    """Odd cells under a declared encoding that the file may have or not."""
    wrote, declared = chance.choice(ENCODINGS), chance.choice(ENCODINGS)
    rows = [[_cell(chance, at) for at in range(len(NAMES))] for _ in range(8)]
    quote = chance.choice(['"', ""])
    lines = [HEADER, *(",".join(f"{quote}{cell}{quote}" for cell in row) + "\n" for row in rows)]
    path.write_bytes("".join(lines).encode(wrote, "replace"))
    return {"encoding": chance.choice((wrote, declared))}


def make_excel(path: Path, chance: random.Random) -> dict[str, object]:
    """Typed cells of every kind; sometimes a part of the workbook says something absurd."""
    with xlsxwriter.Workbook(path, {"nan_inf_to_errors": True}) as book:
        sheet = book.add_worksheet()
        forms = (
            "00000",
            "h:mm",
            "[h]:mm",
            "yyyy-mm-dd",
            "0.00",
            "[$-F800]dddd",
            '"P"000',
            "General",
        )
        formats = [book.add_format({"num_format": form}) for form in forms]
        sheet.write_row(0, 0, NAMES)
        for row in range(1, 9):
            for column in range(len(NAMES)):
                match chance.randrange(20):
                    case found if found > 2:
                        sheet.write_string(row, column, _cell(chance, column)[:32_000])
                    case 0:
                        sheet.write_boolean(row, column, chance.random() < 0.5)
                    case 1:
                        sheet.write_formula(row, column, "=NA()", None, chance.choice(("#N/A", "")))
                    case _:
                        value = chance.choice(
                            (0.5, 123, 25 / 60, -1.5, 3e9, 1e300, 2958466, float("nan"))
                        )
                        sheet.write_number(row, column, value, chance.choice(formats))
    if chance.random() < 0.6:
        _absurd_part(path, chance)
    return {"format": "excel", "path": "*.xlsx"}


def _absurd_part(path: Path, chance: random.Random) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([one for one in parts if one.endswith((".xml", ".rels"))])
    old, new = chance.choice(
        [
            (b'r="A2"', b'r="XFD1048576"'), (b'r="B3"', b'r="ZZZZ99999999"'), (b'r="A1"', b'r=""'),
            (b"<v>", b"<v>9999999999"), (b't="s"', b't="q"'), (b't="e"', b't="d"'), (b"</c>", b""),
            (b'numFmtId="', b'numFmtId="9'), (b'Target="', b'Target="../../'),
            (b'r:id="rId1"', b'r:id="rId9"'), (b"count=", b"coun="), (b"<row ", b"<row x='1' "),
        ]
    )  # fmt: skip
    parts[name] = parts[name].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def make_parquet(path: Path, chance: random.Random) -> dict[str, object]:
    """Columns of any type, of values at its edges."""
    far = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    makers: list[Callable[[], pa.Array]] = [
        lambda: pa.array([chance.choice(TEXTS) for _ in range(6)]),
        lambda: pa.array([b"\xff", b"7", None, b"", b"a", b"b"]),
        lambda: pa.array([7.1, None, float("nan"), float("inf"), 1e300, -0.0]),
        lambda: pa.array([7.1] * 6, pa.float32()),
        lambda: pa.array([253402300800] * 6, pa.timestamp("s")),  # the year 10000
        lambda: pa.array(
            [1] * 6, pa.timestamp("us", tz=chance.choice(("Europe/London", "+05:30")))
        ),
        lambda: pa.array([1] * 6, pa.timestamp("us", tz="Mars/Olympus")),
        lambda: pa.array([far] * 6),
        lambda: pa.array([date(9999, 12, 31)] * 6),
        lambda: pa.array([2**40] * 6, pa.date64()),
        lambda: pa.array([timedelta(hours=7, microseconds=1)] * 6),
        lambda: pa.array([-(2**63) + 1] * 6, pa.duration("ns")),
        lambda: pa.array([time(7, 30)] * 6),
        lambda: pa.array([1] * 6, pa.time64("ns")),
        lambda: pa.array([Decimal("7.10")] * 6, pa.decimal128(38, 20)),
        lambda: pa.array([[1]] * 6),
        lambda: pa.array([{"a": 1}] * 6),
        lambda: pa.array(["a"] * 6).dictionary_encode(),
        lambda: pa.nulls(6),
    ]
    odd = {name: chance.choice(makers)() for name in NAMES if chance.random() < 0.2}
    good = {name: pa.array([text] * 6) for name, text in zip(NAMES, GOOD, strict=True)}
    table = pa.table({**good, "id": pa.array([str(n) for n in range(6)]), **odd})
    pq.write_table(table, path, compression=chance.choice(("none", "zstd", "snappy")))
    return {"format": "parquet", "path": "*.parquet"}


FORMATS = {
    "csv": (make_csv, "csv", 60),
    "excel": (make_excel, "xlsx", 40),
    "parquet": (make_parquet, "parquet", 60),
}


def _flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 3, 20))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(data[: chance.choice((len(data), chance.randrange(len(data))))])


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.timeout(3600)
def test_no_file_gives_anything_but_rows_or_a_named_error(tmp_path, monkeypatch, kind):
    make, suffix, short = FORMATS[kind]
    if not CASES:
        monkeypatch.setattr("ps_integration.connectors.vendors.files.typed_rows", _in_this_process)
    outcomes: Counter[str] = Counter()
    for seed in range(CASES or short):
        chance = random.Random(f"{kind} {seed}")
        path = tmp_path / f"a.{suffix}"
        stream = make(path, chance)
        if chance.random() < 0.4:
            _flip(path, chance)
        outcomes.update(_outcomes(tmp_path, stream, seed))
    print(kind, dict(outcomes))  # noqa: T201 - shown by -s, for the long form
    assert set(outcomes) <= {"named error", "row", "refused row", "contract"}
    assert outcomes["named error"] > 0
    assert outcomes["refused row"] > 0
    assert outcomes["row"] > 0


def _outcomes(folder: Path, stream: dict[str, object], seed: int) -> Counter[str]:
    unit = {"column": "hours", "unit": ("hours", "clock")[seed % 2]}
    files = connector(folder, columns={**COLUMNS, "seconds": unit}, **stream)
    found: Counter[str] = Counter()
    try:
        records = read(files)
    except BadAnswerError as error:
        return Counter({"named error" if "file a." in str(error) else f"nameless: {error}": 1})
    for record in records:
        record.payload.encode()
        record.record_id.encode()
        try:
            rows = files.parse("time", strict_json(record.payload)) if record.flaw is None else ()
        except RecordRefusedError:
            rows = ()
        for row in rows:
            table, problems = arrow_table("time_entries", [row.values])
            _, broken = validate("time_entries", table, date(2026, 3, 31))
            found["contract" if problems or broken else "row"] += 1
        found["refused row"] += not rows
    return found


def _in_this_process(path, kind, sheet="", needed=()):
    """The reader of Excel and Parquet without a process of its own, told as `typed_rows` tells."""
    for line in table_child.told(kind, path, sheet, list(needed)):
        told = json.loads(json.dumps(line))
        if isinstance(told, dict):
            if "error" in told:
                raise BadAnswerError(f"file {path.name}: {told['error']}")
            return
        number, cells = told
        yield number, [tables.TypedNumber.told(*c) if isinstance(c, list) else c for c in cells]
