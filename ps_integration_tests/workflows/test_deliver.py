"""The verdict reaches who wants it, once a run, over a real connection; no secret leaks."""

import json
import logging
import threading
from dataclasses import replace

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from ps_integration.reports.value import encode
from ps_integration.settings.delivery import Destination
from ps_integration.settings.firm import Firm
from ps_integration.settings.load import FirmFile
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows.deliver import deliver, first_line
from ps_integration.workflows.doctor import doctor
from ps_integration_tests.reports import nights, world

CANARY = "canary-hunter2"


class Receiver:
    """A server that keeps what it is sent, or refuses it."""

    def __init__(self):
        self.bodies, self.status = [], 200
        self.server = make_server("127.0.0.1", 0, Request.application(self.take))
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def take(self, request):
        self.bodies.append(json.loads(request.get_data()))
        return Response(status=self.status)

    @property
    def environ(self):
        return {"TO": f"json://ann:{CANARY}@127.0.0.1:{self.server.server_port}/in"}

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="module")
def value(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("deliver") / "w.duckdb") as filled:
        world.fill(filled)
        return world.make_report(filled)


@pytest.fixture
def night(tmp_path, value):
    """A night whose report is filed, and that tells one destination."""
    made = nights.make_night(tmp_path / "state")
    folder = made.folder / "reports" / made.run_id
    folder.mkdir(parents=True)
    (folder / "value.json").write_bytes(encode(replace(value, run_id=made.run_id)))
    return with_delivery(made, Destination(to="env:TO"))


def with_delivery(night, *places):
    firm: Firm = night.firm.model_copy(update={"delivery": places})
    return replace(night, firm=firm)


def test_the_first_line_is_the_verdict(night, value, receiver):
    result = deliver(night, receiver.environ)
    [sent] = receiver.bodies
    assert sent["title"] == first_line(value)
    assert sent["title"].startswith(f"{value.verdict.state}: {value.firm}")
    assert "report.html" in sent["message"]
    assert result.metadata == {"told": ["TO"], "failed": {}}
    assert result.checks[0].passed


def test_page_workbook_and_paper_go_with_it_where_that_is_asked(night, receiver):
    folder = night.folder / "reports" / night.run_id
    names = ["report.html", "report.xlsx", "report.pdf"]
    for name in names:
        (folder / name).write_bytes(b"drawn")
    deliver(with_delivery(night, Destination(to="env:TO", attach=True)), receiver.environ)
    [sent] = receiver.bodies
    assert [one["filename"] for one in sent["attachments"]] == names


def test_a_run_tells_each_once(night, receiver):
    deliver(night, receiver.environ)
    deliver(night, receiver.environ)
    assert len(receiver.bodies) == 1


@pytest.mark.parametrize(
    ("when", "verdict", "is_told"),
    [
        ("always", "clear", True),
        ("not_clear", "clear", False),
        ("not_clear", "open breaks", True),
        ("not_clear", "blocked", True),
        ("blocked", "open breaks", False),
        ("blocked", "blocked", True),
    ],
)
def test_a_destination_is_told_the_verdicts_it_wants(when, verdict, is_told):
    assert Destination(to="env:TO", when=when).wants(verdict) is is_told


def test_what_is_refused_is_an_alert_and_stops_nothing_and_is_sent_the_next_time(night, receiver):
    receiver.status = 503
    result = deliver(night, receiver.environ)
    assert not result.checks[0].passed
    assert not result.checks[0].is_blocking
    alerts = (night.folder / "alerts.jsonl").read_text().splitlines()
    assert [json.loads(one)["alert"] for one in alerts] == ["report_not_delivered"]
    receiver.status = 200
    assert deliver(night, receiver.environ).metadata["told"] == ["TO"]


@pytest.mark.parametrize(
    "environ", [{}, {"TO": f"nonsense {CANARY}"}, {"TO": f"json://u:{CANARY}@127.0.0.1:9/"}]
)
def test_no_part_of_an_address_is_shown(night, environ, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        result = deliver(night, environ)
    said = result.checks[0].description
    assert "TO" in said
    written = "".join(
        path.read_text(errors="replace") for path in night.folder.rglob("*") if path.is_file()
    )
    assert CANARY not in said + caplog.text + "".join(capfd.readouterr()) + written


@pytest.mark.parametrize(
    ("address", "state"), [(None, "fail"), (f"nonsense {CANARY}", "fail"), ("json://h/x", "ok")]
)
def test_doctor_says_whether_an_address_is_understood_and_sends_nothing(night, address, state):
    firm = with_delivery(night, Destination(to="env:TO")).firm
    file = FirmFile(firm.model_copy(update={"systems": ()}), source=None, config_hash="")
    found = doctor(file, {"TO": address} if address else {})
    [told] = [one for one in found if one.check == "delivery"]
    assert (told.target, told.state) == ("TO", state)
    assert CANARY not in told.message


def test_a_firm_that_names_nobody_tells_nobody(night):
    assert deliver(with_delivery(night), {}).row_count == 0


def test_an_address_in_the_firm_file_is_refused():
    with pytest.raises(ValueError, match="pattern"):
        Destination(to="slack://a/b/c")


def test_text_of_the_data_cannot_start_a_new_line_in_the_title(value):
    verdict = replace(value.verdict, sentence="a\r\nBcc: eve@example.com")
    assert "\n" not in first_line(replace(value, verdict=verdict))
