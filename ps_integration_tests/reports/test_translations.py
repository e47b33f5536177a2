"""The translations: whole, with the same places, escaped where they are drawn, and in the books."""

import re
from html import unescape
from io import BytesIO

import pytest
from babel.messages.pofile import read_po

from ps_integration.reports.html import render_html
from ps_integration.reports.night_paper import laid_out
from ps_integration.reports.numbers import Formats
from ps_integration.reports.texts import Said, say, say_n
from ps_integration.reports.wording import words
from ps_integration.reports.xlsx import render_close, render_xlsx
from ps_integration_tests.reports import extraction, pseudo
from ps_integration_tests.reports.hostile import PAYLOADS
from ps_integration_tests.reports.test_page import parsed
from ps_integration_tests.reports.test_texts import pack as pack  # noqa: PLC0414 - a fixture
from ps_integration_tests.reports.test_workbook import members, opened

CATALOGUES = sorted(extraction.LOCALES.glob("*/LC_MESSAGES/reports.po"))
SHEET_CHARS_MAX = 31
_PLACE = re.compile(r"\{\w+\}")


def language(path):
    return path.parts[-3]


def messages(path):
    return [one for one in read_po(BytesIO(path.read_bytes()), locale=language(path)) if one.id]


def pairs(message):
    """Each form of the translation beside the text it is of."""
    if isinstance(message.id, str):
        return [(message.id, message.string)]
    forms = [message.id[0], *[message.id[1]] * (len(message.string) - 1)]
    return list(zip(forms, message.string, strict=True))


@pytest.mark.parametrize("path", CATALOGUES, ids=language)
def test_a_translation_is_whole_and_current(path):
    assert path.read_bytes() == extraction.brought_up(path, extraction.template())
    found = messages(path)
    assert {one.id for one in found} == {one.id for one in extraction.template() if one.id}
    assert [one.id for one in found if one.fuzzy] == []
    assert [one.id for one in found if not all(text for _, text in pairs(one))] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=language)
def test_a_translation_has_the_places_of_the_text(path):
    for message in messages(path):
        for text, translation in pairs(message):
            assert sorted(_PLACE.findall(translation)) == sorted(_PLACE.findall(text)), text
            assert "{" not in _PLACE.sub("", translation), text


@pytest.mark.parametrize("path", CATALOGUES, ids=language)
def test_sheets_have_names_that_a_workbook_can_bear(path, report, pack):
    for data in (render_xlsx(report, language(path)), render_close(pack, language(path))):
        names = opened(data).sheet_names
        assert all(len(name) <= SHEET_CHARS_MAX for name in names), names


def test_there_is_german():
    assert "de" in map(language, CATALOGUES)


def test_the_german_page_is_german(report):
    page = render_html(report, "de")
    assert '<html lang="de">' in page
    assert "3 offene Abweichungen gefährden 627,50 USD" in page
    assert "Jede genehmigte Stunde ist nachgewiesen" in page
    assert report.verdict.sentence not in page


def test_formulas_of_a_german_workbook_ask_for_german_words(report):
    book = members(render_xlsx(report, "de"))
    formulas = list(map(unescape, re.findall(r"<f>(.*?)</f>", "".join(book.values()))))
    assert "Ausnahmen" in opened(render_xlsx(report, "de")).sheet_names
    assert any(
        "Ausnahmen" in one and "&quot;ja&quot;" in one.replace('"', "&quot;") for one in formulas
    )
    assert not any("Exceptions" in one for one in formulas)


def test_numbers_choose_the_form_and_read_as_the_locale_writes_them():
    german = Formats("de_AT", "UTC")
    one, many = "{n} open break put {money} at risk", "{n} open breaks put {money} at risk"
    assert german.say(say_n(one, many, 1, money="x")).startswith("1 offene Abweichung ")
    assert german.say(say_n(one, many, 2000, money="x")).startswith("2.000 offene Abweichungen ")


def test_a_language_without_a_catalogue_is_english_with_its_own_numbers(report):
    page = render_html(report, "fr")
    assert '<html lang="en">' in page
    assert "627,50" in page
    assert "Every approved hour is accounted for" in page


def test_a_text_from_a_system_is_never_looked_up():
    german = Formats("de", "UTC")
    assert german.say("Approved") == "Approved"
    assert german.say(say("Approved")) == "Genehmigt"
    assert german.say(say("no report before", name="{n}")) == "kein Bericht davor"
    assert german.say(say("break {rule}", rule="{rule} {n}")) == "Abweichung {rule} {n}"


@pytest.mark.parametrize("payload", [one for one in PAYLOADS if re.search("[<>\"']", one)])
def test_a_hostile_translation_makes_no_element_and_no_attribute(
    report, monkeypatch, tmp_path, payload
):
    plain = parsed(render_html(report)).elements
    monkeypatch.setattr(pseudo, "wrapped", lambda text: text + payload)
    pseudo.speak(monkeypatch, tmp_path)
    assert parsed(render_html(report)).elements == plain
    monkeypatch.undo()
    pseudo.forget()


def test_every_code_that_is_decided_by_is_in_words_of_ours():
    sql = extraction.ROOT / "ps_integration" / "billing" / "sql"
    found = set()
    for name in ("gates", "milestones", "correction_states"):
        text = (sql / f"{name}.sql").read_text("utf-8")
        decided = text.split("end as reason")[0].split("end as decided_reason")[0]
        found |= set(re.findall(r"then '([a-z]+_[a-z_]+)'", decided))
    found |= set(
        re.findall(r"\('([a-z_]+)', '[a-z_]+'\)", (sql / "reasons.sql").read_text("utf-8"))
    )
    assert len(found) > 40
    assert [code for code in found if not isinstance(words(code), Said)] == []


def test_dates_read_as_the_locale_orders_them(report):
    assert laid_out(report, "de")["title"] == "Abgleich vom 6. März 2026"
    assert laid_out(report, "en_US")["title"] == "Reconciliation of 6 Mar 2026"
