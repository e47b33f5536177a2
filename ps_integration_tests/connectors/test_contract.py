"""What every vendor of the registry must do. A new vendor supplies `answers/<vendor>/`."""

import copy
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ps_integration.connectors.registry import VENDORS, options_model
from ps_integration.connectors.rows import COLUMNS
from ps_integration.connectors.setup import PROJECT_TERMS
from ps_integration.domain.records import RecordRefusedError
from ps_integration.errors import (
    BadAnswerError,
    FixConfigError,
    PsIntegrationError,
    RetryLaterError,
)
from ps_integration_tests.connectors.cases import ANSWERS, CANARY, Case, changed, rows
from ps_integration_tests.connectors.server import scripted

CASES = {name: Case(name) for name in sorted(VENDORS) if (ANSWERS / name).is_dir()}
STREAMS = [(name, stream) for name, case in CASES.items() for stream in case.streams()]
HTTP = [name for name, case in CASES.items() if case.plain]
IDS = [(n, s, p) for n, c in CASES.items() for s, p in c.told["ids"].items()]
STATUS = [(n, s, p) for n, c in CASES.items() for s, p in c.told["status"].items()]


def test_every_vendor_has_recorded_answers():
    assert sorted(CASES) == sorted(VENDORS)


@pytest.mark.parametrize("name", CASES)
def test_streams_are_declared_with_tables_that_exist(name):
    streams = CASES[name].connector().streams()
    assert len({stream.name for stream in streams}) == len(streams) > 0
    assert all(stream.feeds and set(stream.feeds) <= set(COLUMNS) for stream in streams)


@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_recorded_records_become_complete_rows_of_every_table_the_stream_feeds(name, stream):
    connector = CASES[name].connector()
    feeds = next(one.feeds for one in connector.streams() if one.name == stream)
    found = [
        row for record in CASES[name].records(stream) for row in rows(connector, stream, record)
    ]
    assert {table for table, _ in found} == set(feeds)
    assert all(isinstance(values["external_id"], str) for _, values in found)
    assert all(values["external_id"].strip() for _, values in found)


@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_parsing_is_pure(name, stream):
    one, other = CASES[name].connector(), CASES[name].connector()
    for record in CASES[name].records(stream):
        before = copy.deepcopy(record)
        assert one.parse(stream, record) == one.parse(stream, record)
        assert one.parse(stream, record) == other.parse(stream, record)
        assert record == before


@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_no_value_is_a_float_and_every_instant_is_utc(name, stream):
    connector = CASES[name].connector()
    for record in CASES[name].records(stream):
        for row in connector.parse(stream, record):
            for value in row.values.values():
                assert not isinstance(value, float)
                if isinstance(value, datetime):
                    assert value.tzinfo is UTC


@pytest.mark.parametrize(("name", "stream", "path"), IDS)
@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_record_without_an_id_is_refused(name, stream, path, value):
    record = changed(CASES[name].records(stream)[0], path, value)
    with pytest.raises(RecordRefusedError) as caught:
        CASES[name].connector().parse(stream, record)
    assert caught.value.problem.rule == "id_missing"


@pytest.mark.parametrize(("name", "stream", "path"), STATUS)
def test_an_unknown_status_is_refused_and_never_taken_for_approved(name, stream, path):
    record = changed(CASES[name].records(stream)[0], path, "APPROVED_BY_CLIENT2")
    with pytest.raises(RecordRefusedError) as caught:
        CASES[name].connector().parse(stream, record)
    assert caught.value.problem.rule == "status_unknown"
    assert caught.value.problem.value == "APPROVED_BY_CLIENT2"


@pytest.mark.parametrize("name", CASES)
def test_unknown_options_are_refused_without_showing_their_values(name):
    case = CASES[name]
    system = case.system().model_copy(update={"options": {"surprise": CANARY}})
    setup = case.setup()
    with pytest.raises(FixConfigError, match="surprise") as caught:
        VENDORS[name].build(type(setup)(system, setup.environ, setup.policy))
    assert CANARY not in str(caught.value)
    assert options_model(name).model_config["extra"] == "forbid"


@pytest.mark.parametrize("name", HTTP)
def test_a_missing_credential_names_its_variable(name):
    case = CASES[name]
    setup = case.setup()
    with pytest.raises(FixConfigError, match="CANARY"):
        VENDORS[name].build(type(setup)(setup.system, {}, setup.policy))


@pytest.mark.parametrize("name", CASES)
def test_no_secret_shows_in_any_representation(name):
    setup = CASES[name].setup()
    connector = CASES[name].connector()
    shown = repr(setup) + repr(connector) + repr(vars(connector)) + str(setup.system)
    assert CANARY not in shown


def read(case, url):
    return case.read(url, case.plain["stream"])


@pytest.mark.parametrize("name", HTTP)
def test_raw_records_are_the_answer_s_own_characters(name):
    case = CASES[name]
    with case.far() as far:
        records = read(case, far.url)
    body = case.answer[2].decode()
    inside = case.plain["inside"]
    for record in records:
        whole = json.loads(record.payload)
        _, _, own = record.payload.rpartition(f'"{inside}":') if inside else (0, 0, record.payload)
        own = own.removesuffix("}") if inside else own
        assert own in body
        assert json.loads(own) == (whole[inside] if inside else whole)
    assert records
    assert len({record.record_id for record in records}) == len(records)


@pytest.mark.parametrize("name", HTTP)
def test_a_busy_vendor_is_asked_again(name):
    case = CASES[name]
    busy = (429, {"Retry-After": "3"}, b"{}")
    with case.far(busy, (503, {}, b"{}"), case.answer) as far:
        assert read(case, far.url)


def _cut(case):
    def serve(handler):
        body = case.answer[2]
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2])
        handler.close_connection = True

    return serve


FAULTS = {
    "html": ((200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"), BadAnswerError),
    "empty": ((200, {}, b""), BadAnswerError),
    "no content": ((204, {}, b""), BadAnswerError),
    "null": ((200, {}, b"null"), BadAnswerError),
    "error envelope": ((200, {}, b'{"error": {"message": "no"}}'), BadAnswerError),
    "not a number": ((200, {}, b'[{"id": NaN}]'), BadAnswerError),
    "unauthorised": ((401, {}, b"{}"), FixConfigError),
    "forbidden": ((403, {}, b"{}"), FixConfigError),
    "down": ((500, {}, b"{}"), RetryLaterError),
    "redirect": ((302, {"Location": "https://evil.example/"}, b""), BadAnswerError),
}


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_page_that_cannot_be_read_fails_the_read_and_is_never_an_empty_list(name, fault):
    served, kind = FAULTS[fault]
    with CASES[name].far(served) as far, pytest.raises(kind) as caught:
        read(CASES[name], far.url)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("name", HTTP)
def test_a_truncated_page_is_asked_for_again_or_fails_the_read(name):
    case = CASES[name]
    with case.far(_cut(case), case.answer) as far:
        assert read(case, far.url)
    with case.far(_cut(case)) as far, pytest.raises(BadAnswerError):
        read(case, far.url)


LINKED = [name for name in HTTP if "{url}" in str(CASES[name].plain["more"])]


@pytest.mark.parametrize("name", LINKED)
def test_a_next_link_to_another_host_never_gets_the_credential(name):
    case = CASES[name]
    with scripted(case.answer) as other, case.far(case.answer_with_more(other.url)) as far:
        with pytest.raises(BadAnswerError, match="another origin"):
            read(case, far.url)
        assert other.requests == []


@pytest.mark.parametrize("name", HTTP)
def test_a_list_that_turns_in_a_circle_is_stopped(name):
    case = CASES[name]
    with case.far(case.answer) as far:
        far.answers[:] = [case.answer_with_more(far.url)]
        with pytest.raises(BadAnswerError, match="loop"):
            read(case, far.url)
        assert len(far.requests) < 10


@pytest.mark.parametrize("name", HTTP)
def test_nothing_secret_is_logged(name, caplog):
    case = CASES[name]
    with caplog.at_level("DEBUG"):
        with case.far(case.answer) as far:
            read(case, far.url)
        with case.far((500, {}, CANARY.encode())) as far, pytest.raises(PsIntegrationError):
            read(case, far.url)
    assert CANARY not in caplog.text


def test_columns_are_those_of_the_warehouse():
    root = Path(__file__).parents[2]
    sql = (root / "ps_integration/stores/warehouse/schema.sql").read_text("utf-8")
    for table, columns in COLUMNS.items():
        text = re.search(
            rf"create table if not exists canonical\.{table} \((.*?)\n\);", sql, re.DOTALL
        )
        body = re.sub(r"--[^\n]*", "", text[1])
        body = re.sub(r"\([^)]*\)", "", body)
        declared = [part.split()[0] for part in body.split(",")]
        assert tuple(declared[4:]) == columns, table


@pytest.mark.parametrize("name", [name for name in CASES if VENDORS[name].erp_writer])
def test_an_erp_declares_every_billing_attribute_that_its_projects_say(name):
    case = CASES[name]
    declared = set(VENDORS[name].billing_attributes(case.setup()))
    projects = [
        values
        for stream in case.streams()
        for record in case.records(stream)
        for table, values in rows(case.connector(), stream, record)
        if table == "projects" and values["has_billing_attributes"]
    ]
    said = {term for term in PROJECT_TERMS for one in projects if one[term] is not None}
    assert said <= declared <= set(PROJECT_TERMS)
    assert bool(declared) == bool(projects) or name == "files"


@pytest.mark.parametrize("name", [name for name in CASES if VENDORS[name].erp_writer])
def test_an_erp_declares_how_it_rounds(name):
    assert VENDORS[name].rounding in ("half_up", "half_even") or name == "files"
