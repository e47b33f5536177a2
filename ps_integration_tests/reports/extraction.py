"""Collects the reports' own texts from the sources into `reports.pot`, and brings catalogues up.

Run by `make texts`. A text is a literal: the argument of `say`, `say_n`, `_` and `_n`, the title of
a column or of a tie, the name and the purpose of a sheet, and the fixed texts of rules and metrics.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from ps_integration.metrics.metric import all_metrics
from ps_integration.reconciliation.rule import load_rules

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "ps_integration" / "reports"
LOCALES = REPORTS / "locales"
TEMPLATE = LOCALES / "reports.pot"
ENGLISH_ONLY = ("working.py", "working_matches.py", "forms.py")
"""The workbook that is read back by its titles."""
PASSES = (
    {
        "say": None,
        "say_n": (1, 2),
        "Column": None,
        "money": None,
        "Sheet": (1,),
        "Tie": None,
        "share": None,
        "_priced": None,
    },
    {"Sheet": (2,)},
)
TEMPLATE_CALLS = {"_": None, "_n": (1, 2)}
_HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'


def texts() -> Iterator[tuple[str, object]]:
    """Where each text is, and the text; two of them where a number chooses."""
    for path in sorted(REPORTS.rglob("*.py")):
        if path.name not in ENGLISH_ONLY:
            for calls in PASSES:
                yield from _extracted("python", path, calls)
    for path in sorted((REPORTS / "templates").glob("*.j2")):
        yield from _extracted("jinja2.ext:babel_extract", path, TEMPLATE_CALLS)
    for rule in load_rules():
        yield f"rule {rule.code}", rule.title
        yield f"rule {rule.code}", rule.remedy
    for metric in all_metrics():
        yield f"metric {metric.name}", metric.title
        yield f"metric {metric.name}", metric.definition


def _extracted(method: str, path: Path, calls: dict) -> Iterator[tuple[str, object]]:
    with path.open("rb") as file:
        options = {"silent": "false", "encoding": "utf-8"}
        for _, text, _, _ in extract(method, file, calls, (), options):
            yield path.relative_to(ROOT).as_posix(), text


def template() -> Catalog:
    """All texts, each once, with the files that it is in."""
    made = Catalog(fuzzy=False)
    for place, text in texts():
        made.add(text, locations=[(place.replace(" ", "_"), None)])
    return made


def written(catalogue: Catalog) -> bytes:
    """A catalogue as a file, the same for the same texts: no dates, no lines of sources."""
    file = BytesIO()
    write_po(file, catalogue, width=100, omit_header=True, include_lineno=False,
             ignore_obsolete=True)  # fmt: skip
    header = _HEADER
    if catalogue.locale is not None:
        header += (
            f'"Language: {catalogue.locale}\\n"\n"Plural-Forms: {catalogue.plural_forms}\\n"\n'
        )
    return f"{header}\n".encode() + file.getvalue()


def brought_up(path: Path, made: Catalog) -> bytes:
    """A translation with today's texts; what is new has none yet."""
    kept = read_po(BytesIO(path.read_bytes()), locale=path.parts[-3])
    kept.update(made, no_fuzzy_matching=True)
    return written(kept)


def main() -> None:
    made = template()
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(written(made))
    for path in sorted(LOCALES.glob("*/LC_MESSAGES/reports.po")):
        path.write_bytes(brought_up(path, made))


if __name__ == "__main__":
    main()
