"""The text that Prometheus reads: parsed by its own library, and read over HTTP."""

import threading
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.serving import make_server

from ps_integration.errors import FixConfigError
from ps_integration.metrics.compute import Window, compute
from ps_integration.metrics.metric import all_metrics, parse
from ps_integration.metrics.prometheus import LATEST, exposition, gauge_name
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import scrape
from ps_integration_tests.metrics.history import AS_OF, history
from ps_integration_tests.metrics.test_oracle import fill


@pytest.fixture
def warehouse(tmp_path):
    with Warehouse(tmp_path / "snapshot.duckdb") as made:
        fill(made, history(1))
        compute(made, "night", Window(as_of=AS_OF))
        yield made


def samples(text):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_figure_of_the_newest_night_is_told_once_with_its_labels(warehouse):
    compute(warehouse, "earlier", Window(as_of=datetime(2026, 1, 1, tzinfo=UTC)))
    told = samples(exposition(warehouse, "demo").decode())
    rows = warehouse.rows(LATEST)
    assert len(told) == len(rows) + 1  # and the night itself
    assert told["ps_integration_night_as_of_timestamp_seconds", (("firm", "demo"),)] == (
        AS_OF.timestamp()
    )
    metrics = {one.name: one for one in all_metrics()}
    for row in rows:
        name = gauge_name(metrics[row["metric"]], row["statistic"])
        assert any(
            key[0] == name and Decimal(str(value)) == row["value"] for key, value in told.items()
        )


def test_names_are_unique_and_end_in_a_base_unit():
    names = [gauge_name(one, name) for one in all_metrics() for name in one.statistics]
    assert len(set(names)) == len(names)
    assert "ps_integration_posting_latency_median_seconds" in names
    assert "ps_integration_failed_synchronisation_failed_ratio" in names
    assert "ps_integration_failed_synchronisation_failed" in names


def test_a_label_with_quotes_and_line_breaks_stays_one_label(warehouse):
    nasty = 'a"b\\c\nps_integration_fake 1'
    read = {"system": nasty, "stream": "s", "status": "complete", "finished_at": AS_OF}
    warehouse.insert("raw.reads", [{**read, "records_read": 1}])
    compute(warehouse, "night", Window(as_of=AS_OF))
    told = samples(exposition(warehouse, "demo").decode())
    assert any(("system", nasty) in labels for _, labels in told)
    assert not any(name == "ps_integration_fake" for name, _ in told)


@pytest.fixture
def scraped(tmp_path, monkeypatch):
    """The endpoint of a firm whose snapshot, if any, is in tmp_path."""

    class File:
        class firm:  # noqa: N801 # as the firm file has it
            class firm:  # noqa: N801
                id = "demo"

            class stores:  # noqa: N801
                memory_gb = 2

    monkeypatch.setattr("ps_integration.workflows.nightly.state_folder", lambda file: tmp_path)
    server = make_server("127.0.0.1", 0, scrape.application(File))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_endpoint_answers_from_the_published_snapshot(warehouse, scraped):
    wanted = exposition(warehouse, "demo")
    warehouse.close()
    answer = requests.get(f"{scraped}/metrics", timeout=20)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer.content == wanted
    assert requests.post(f"{scraped}/metrics", timeout=20).status_code == 404


def test_before_the_first_night_the_endpoint_is_not_available(scraped):
    assert requests.get(f"{scraped}/metrics", timeout=20).status_code == 503
    assert requests.get(f"{scraped}/etc/passwd", timeout=20).status_code == 404


def test_a_port_that_is_taken_is_said(scraped):
    port = int(scraped.rpartition(":")[2])
    with pytest.raises(FixConfigError, match=f"127.0.0.1:{port} cannot be had"):
        scrape.serve(None, "127.0.0.1", port)


@pytest.mark.parametrize("lacks", ["title", "unit", "definition", "labels", "statistics"])
def test_a_file_without_a_whole_header_is_refused(lacks):
    head = {"title": "T", "unit": "count", "definition": "D", "labels": "", "statistics": "open"}
    text = "".join(f"-- {key}: {value}\n" for key, value in head.items() if key != lacks)
    with pytest.raises(FixConfigError, match=f"metric mine: .*{lacks}"):
        parse("mine", text)


def test_no_metric_reads_the_clock():
    folder = Path(__file__).parents[2] / "ps_integration/metrics/sql"
    for path in folder.glob("*.sql"):
        assert not {"now()", "current_date", "current_timestamp"} & set(path.read_text().split())
