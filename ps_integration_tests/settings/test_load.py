import re
from textwrap import dedent

import pytest

from ps_integration.errors import FixConfigError
from ps_integration.settings.load import config_hash, json_schema, load_firm

GOOD = """
firm: {id: acme, name: Acme, time_zone: Europe/London, reporting_currency: GBP}
legal_entities:
  - {id: UK, name: Acme Ltd, currency: GBP, time_zone: Europe/London, holiday_calendar: NO}
systems:
  - id: clock
    vendor: harvest
    roles: [time]
    base_url: https://example.test
    credentials: {token: env:CLOCK_TOKEN}
  - {id: books, vendor: business_central, roles: [erp]}
routing:
  time: [{legal_entity: UK, system: clock}]
  erp: [{legal_entity: UK, system: books, company: c1}]
"""


@pytest.fixture
def mistakes(tmp_path):
    def of(text):
        path = tmp_path / "firm.yaml"
        path.write_text(dedent(text), "utf-8")
        with pytest.raises(FixConfigError) as caught:
            load_firm(path)
        return str(caught.value).replace(str(tmp_path) + "/", "")

    return of


def load(tmp_path, text):
    path = tmp_path / "firm.yaml"
    path.write_text(text, "utf-8")
    return load_firm(path)


def test_norway_stays_a_country(tmp_path):
    assert load(tmp_path, GOOD).firm.legal_entities[0].holiday_calendar == "NO"


def test_all_mistakes_come_in_one_go_with_line_and_key(mistakes):
    text = GOOD.replace("currency: GBP, time_zone", "currency: GBX, time_zone")
    text = text.replace("vendor: harvest", "vendr: harvest")
    text = text.replace("roles: [erp]", "roles: [ledger]")
    lines = mistakes(text).splitlines()
    assert [re.sub(r": [^:]*$", "", line) for line in lines if "GBX" in line] == [
        "firm.yaml:4: legal_entities[0].currency"
    ]
    assert any(line.startswith("firm.yaml:6: systems[0].vendor: this key is req") for line in lines)
    assert any(
        line.startswith("firm.yaml:7: systems[0].vendr: this key is not k") for line in lines
    )
    assert any("systems[1].roles" in line for line in lines)


def test_a_secret_written_down_is_refused_and_not_repeated(mistakes):
    text = mistakes(GOOD.replace("env:CLOCK_TOKEN", "s3cret-value"))
    assert "systems[0].credentials.token" in text
    assert "s3cret-value" not in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("firm: {id: acme", "firm: {id: acme, id: acme", "firm.id: the key is given twice"),
        ("system: clock}", "system: clok}", "routing.time[0].system: 'clok' is no system"),
        ("system: books, ", "system: clock, ", "does not have the role 'erp'"),
        ("legal_entity: UK, system: clock", "legal_entity: FR, system: clock", "'FR' is no legal"),
        ("id: books", "id: clock", "systems[1].id: 'clock' is used twice"),
        ("firm: {id", "reports: {locale: klingon}\nfirm: {id", "'klingon' is not a locale"),
    ],
)
def test_references_and_duplicates_are_checked(mistakes, old, new, message):
    assert message in mistakes(GOOD.replace(old, new))


def test_two_time_systems_on_one_date_are_refused(mistakes):
    text = GOOD.replace(
        "time: [{legal_entity: UK, system: clock}]",
        "time: [{legal_entity: UK, system: clock}, {legal_entity: UK, system: clock, "
        "valid_from: 2026-01-01}]",
    )
    assert "UK has two time systems on the same date" in mistakes(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "firm.yaml:1: not valid YAML"),
        ("- 1\n", "must be a mapping"),
        ("a: !!python/object:os.system {}", "not valid YAML"),
    ],
)
def test_broken_yaml_says_where(mistakes, text, message):
    assert message in mistakes(text)


def test_a_missing_file_says_how_to_get_one(tmp_path):
    with pytest.raises(FixConfigError, match="init"):
        load_firm(tmp_path / "none.yaml")


def test_the_hash_ignores_where_things_are_and_sees_what_is_billed(tmp_path):
    first = load(tmp_path, GOOD)
    moved = load(tmp_path, GOOD.replace("https://example.test", "https://elsewhere.test"))
    other = load(tmp_path, GOOD + "rates: {fx_max_age_days: 3}\n")
    german = load(tmp_path, GOOD + "reports: {locale: de_AT}\n")
    assert german.firm.reports.locale == "de_AT"
    assert german.config_hash == first.config_hash
    assert first.config_hash == moved.config_hash == config_hash(first.firm)
    assert other.config_hash != first.config_hash


@pytest.mark.parametrize(
    "policy", ["end_of_period", "day_of_sending", "billing_calendar, billing_day: 5"]
)
def test_how_invoices_are_dated_is_signed_and_the_default_changes_no_file(tmp_path, policy):
    first = load(tmp_path, GOOD)
    same = load(tmp_path, GOOD.replace("{id: UK,", "{id: UK, invoice_date: last_work_day,"))
    other = load(tmp_path, GOOD.replace("{id: UK,", f"{{id: UK, invoice_date: {policy},"))
    assert first.config_hash == same.config_hash != other.config_hash
    assert first.firm.legal_entities[0].invoice_date == "last_work_day"
    assert other.firm.legal_entities[0].invoice_date in policy


@pytest.mark.parametrize("wrong", ["invoice_date: billing_calendar", "billing_day: 5"])
def test_a_billing_day_belongs_to_a_billing_calendar(mistakes, wrong):
    said = mistakes(GOOD.replace("{id: UK,", f"{{id: UK, {wrong},"))
    assert "legal_entities[0].billing_day: belongs to invoice_date billing_calendar" in said


def test_the_schema_knows_every_section():
    assert {"firm", "systems", "routing", "approval"} <= set(json_schema()["properties"])
