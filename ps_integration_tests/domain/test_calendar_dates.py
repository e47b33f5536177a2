"""An instant becomes a calendar date through one helper that takes the zone, and in no other way.

`make lint` runs this file too. What stands in a list below is a date already, or a typed cell that
has no zone; each with its reason.
"""

import ast
import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ps_integration
from ps_integration.domain.days import day_in, day_written, said_at

PACKAGE = Path(ps_integration.__file__).parent
FILES = [
    path
    for path in sorted(PACKAGE.rglob("*"))
    if path.suffix in {".py", ".sql"}
    and "sandbox" not in path.parts  # the far sides keep the vendors' own habits
    and "versions" not in path.parts  # migrations stay as they ran
]
PYTHON = {
    ("domain/days.py", "day_in"): "the helper",
    ("domain/days.py", "day_written"): "the helper",
    ("connectors/fields.py", "day"): "parses a date",
    ("connectors/table_child.py", "_instant"): "a typed cell without a zone",
    ("workflows/workbook_decisions.py", "_day"): "a typed cell without a zone",
    ("reports/sealed.py", "said"): "a typed cell without a zone",
}
# What may stand before `::date` or in `cast(... as date)`: no instant.
SQL_DATE = re.compile(
    r"""(
        null
        | '[0-9-]+'
        | \$(first_day|last_day|since|as_of)                                # parameters
        | max\(pi\.value\)\ filter\ \(where\ pi\.field\ =\ '[a-z_]+_on'\)  # dates as text
        | date_trunc\('(week|month)',\ (min\()?([a-z]{2}\.)?work_date\)?\)
        | unnest\(generate_series\(fm\.day,\ ru\.as_of_date,\ interval\ 1\ day\)\)
    )$""",
    re.VERBOSE,
)
MACRO = "cast(timezone(zone, moment) as date)"


def _casts(text: str) -> list[str]:
    """What each cast to a date in an SQL text casts."""
    text = re.sub(r"--[^\n]*", "", text)
    found = []
    for match in re.finditer(r"::\s*date\b|\bas\s+date\s*\)", text, re.IGNORECASE):
        before = text[: match.start()]
        if match[0].lstrip().startswith("::"):
            found.append(_operand(before))
        else:
            found.append(before[_opening(before) :].strip())
    found += [m[1] for m in re.finditer(r"strftime\(\s*([a-z_.]*_at)\s*,\s*'%Y-%m-%d'", text)]
    found += [m[1] for m in re.finditer(r"date_(?:trunc|part)\('[a-z]+',\s*([a-z_.]*_at)\)", text)]
    return [" ".join(one.split()) for one in found]


def _opening(before: str) -> int:
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(before[at], 0)
        if depth < 0:
            return at + 1
    return 0


def _operand(before: str) -> str:
    if before.endswith(")"):
        start = _opening(before[:-1])
        name = re.search(r"[a-z_.]*$", before[: start - 1])
        return (name[0] if name else "") + before[start - 1 :]
    return re.search(r"('[^']*'|[$a-z_.]+)$", before)[0]  # type: ignore[index] - else: look


def _python(path: Path) -> list[str]:
    """Where a Python file takes an instant's date by itself."""
    tree = ast.parse(path.read_text("utf-8"))
    name = path.relative_to(PACKAGE).as_posix()
    bad = []
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef) or (name, scope.name) in PYTHON:
            continue
        for node in ast.walk(scope):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if is_call and node.func.attr == "date" and not node.args:
                bad.append(f"{name}:{node.lineno} .date()")
            if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
                spec = ast.unparse(node.format_spec)
                # whatever is named *_at is an instant
                instant = re.search(r"(_at|\bsince|\bnow)$", ast.unparse(node.value))
                if "%d" in spec and "%H" not in spec and instant:
                    bad.append(f"{name}:{node.lineno} {spec}")
    return bad


def test_no_instant_loses_its_zone():
    assert not {
        path.relative_to(PACKAGE).as_posix(): bad for path in FILES if (bad := _bad(path))
    }, "use config.day_of, config.day_in or domain.days"


def _bad(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    casts = [one for one in _casts(text) if not SQL_DATE.match(one)]
    if path.name == "schema.sql":
        assert text.count(MACRO) == 1
        casts.remove("timezone(zone, moment)")
    return casts + (_python(path) if path.suffix == ".py" else [])


@pytest.mark.parametrize(
    "bad",
    [
        "select un.approved_at::date",
        "select coalesce(mi.reached_on, mi.updated_at::date)",
        "select coalesce(te.submitted_at, fs.submitted_at)::date",
        "select cast(timezone(zo.zone, te.started_at) as date)",
        "select strftime(sd.decided_at, '%Y-%m-%d')",
        "select date_trunc('month', dc.posted_at)",
    ],
)
def test_the_lint_sees_it(bad):
    assert [one for one in _casts(bad) if not SQL_DATE.match(one)]


def test_every_exception_is_needed():
    named = {
        (path.relative_to(PACKAGE).as_posix(), node.name)
        for path in FILES
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and ".date()" in ast.unparse(node)
    }
    assert set(PYTHON) <= named


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants them bare
def test_a_day_is_never_more_than_one_from_utc(instant):
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12", "America/Chicago", "Asia/Kolkata"):
        assert abs((day_in(instant, zone) - day_in(instant, UTC)).days) <= 1


def test_an_evening_in_chicago_is_tomorrow_in_utc():
    evening = datetime(2026, 4, 1, 1, 30, tzinfo=UTC)
    assert day_in(evening, "America/Chicago") == date(2026, 3, 31)
    assert day_written(datetime.fromisoformat("2026-03-31T20:30:00-05:00")) == date(2026, 3, 31)
    with pytest.raises(ValueError, match="no instant"):
        day_in(datetime(2026, 4, 1), "UTC")  # noqa: DTZ001 - the point


def test_people_read_a_clock_with_its_zone_and_through_one_helper():
    here = ZoneInfo("America/Chicago")
    assert said_at(datetime(2026, 3, 31, 20, 30, tzinfo=here)) == "2026-04-01 01:30 UTC"
    with pytest.raises(ValueError, match="has no zone"):
        said_at(datetime(2026, 3, 31, 20, 30))  # noqa: DTZ001 - that is what it refuses
    others = [
        str(path.relative_to(PACKAGE))
        for path in FILES
        if path.suffix == ".py"
        and "connectors" not in path.parts  # what a vendor's API asks for
        and "%H:%M" in path.read_text("utf-8")
    ]
    assert others == ["domain/days.py"]
