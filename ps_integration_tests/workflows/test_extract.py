import json
import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from ps_integration.connectors.answers import NotThereError
from ps_integration.connectors.protocol import Stream
from ps_integration.domain.records import RawRecord
from ps_integration.errors import BadAnswerError, ColumnsMissingError, RetryLaterError
from ps_integration.reports.wording import READ_KINDS
from ps_integration.settings.firm import Firm
from ps_integration.stores.warehouse.warehouse import Warehouse
from ps_integration.workflows import extract as extract_module
from ps_integration.workflows.extract import extract
from ps_integration.workflows.night import Night
from ps_integration.workflows.pagefiles import ERROR_KINDS

NIGHT_ONE = datetime(2026, 3, 10, 4, 30, tzinfo=UTC)
FULL = Stream("things", "full", ())
INCREMENTAL = Stream("things", "incremental", (), full_every_days=7)
WINDOW = Stream("things", "window", (), full_every_days=7)


def firm(*systems):
    return Firm.model_validate(
        {
            "firm": {
                "id": "f",
                "name": "F",
                "time_zone": "Europe/Prague",
                "reporting_currency": "EUR",
            },
            "legal_entities": [
                {"id": "UK", "name": "UK", "currency": "GBP", "time_zone": "Europe/London"}
            ],
            "systems": [{"id": s, "vendor": "fake", "roles": ["time"]} for s in systems],
            "routing": {},
        }
    )


class Fake:
    """Serves a dictionary of records; `fail_with` breaks the second page."""

    def __init__(self, system="time_a", stream=FULL, **records):
        self.system = system
        self.stream = stream
        self.records = records
        self.fail_with = None
        self.asked = []
        self.before = lambda: None

    def streams(self):
        return (self.stream,)

    def pages(self, ask):
        self.asked.append(ask)
        self.before()
        items = [self._record(key, body) for key, body in self.records.items()]
        yield items[:1]
        if self.fail_with:
            raise self.fail_with
        yield items[1:]

    @staticmethod
    def _record(key, body):
        text = json.dumps({"id": key, **body})
        told = body.get("updated")
        return RawRecord(key, text, datetime.fromisoformat(told) if told else None, body.get("day"))


class Runs:
    def __init__(self, folder):
        self.folder = folder
        self.warehouse = Warehouse(folder / "warehouse.duckdb")
        self.number = 0

    def __call__(self, *connectors, days=0):
        self.number += 1
        night = Night(
            f"run-{self.number}",
            NIGHT_ONE + timedelta(days=self.number - 1 + days),
            firm(*(c.system for c in connectors)),
            "hash",
            self.folder,
            "person",
            "tester",
        )
        return extract(night, self.warehouse, {c.system: c for c in connectors})

    def raw(self):
        return self.warehouse.rows("select * from raw.records order by raw_seq")

    def reads(self):
        return self.warehouse.rows("select * from raw.reads order by run_id, system")

    def watermark(self):
        return self.warehouse.value("select watermark from raw.watermarks")


@pytest.fixture
def run(tmp_path):
    runs = Runs(tmp_path)
    yield runs
    runs.warehouse.close()


def test_records_land_exactly_as_received_with_a_dense_sequence(run):
    result = run(Fake(a={"h": 1}, b={"h": 2}))
    raw = run.raw()
    assert [(r["raw_seq"], r["record_id"], r["payload"]) for r in raw] == [
        (1, "a", '{"id": "a", "h": 1}'),
        (2, "b", '{"id": "b", "h": 2}'),
    ]
    assert result.row_count == 2
    assert result.checks[0].passed


def test_an_unchanged_record_does_not_land_again(run):
    fake = Fake(a={"h": 1}, b={"h": 2})
    run(fake)
    fake.records["b"] = {"h": 3}
    assert run(fake).row_count == 1
    assert [(r["raw_seq"], r["record_id"]) for r in run.raw()] == [(1, "a"), (2, "b"), (3, "b")]


def test_a_record_that_comes_twice_lands_once_with_its_later_content(run):
    fake = Fake(a={"h": 1})
    pages = fake.pages
    fake.pages = lambda ask: [*pages(ask), [Fake._record("a", {"h": 2})]]
    run(fake)
    assert [r["payload"] for r in run.raw()] == ['{"id": "a", "h": 2}']


def test_two_misses_in_complete_listings_make_a_tombstone(run):
    fake = Fake(a={}, b={})
    run(fake)
    del fake.records["b"]
    run(fake)
    assert run.warehouse.value("select misses from raw.missing") == 1
    assert not run.raw()[-1]["is_tombstone"]
    run(fake)
    last = run.raw()[-1]
    assert (last["raw_seq"], last["record_id"], last["is_tombstone"]) == (3, "b", True)
    assert last["payload"] is None
    assert run(fake).row_count == 0
    assert len(run.raw()) == 3
    assert run.warehouse.rows("select record_id, misses from raw.missing") == [
        {"record_id": "b", "misses": 2}
    ]


def test_one_miss_is_forgotten_when_the_record_is_back(run):
    fake = Fake(a={}, b={})
    run(fake)
    body = fake.records.pop("b")
    run(fake)
    fake.records["b"] = body
    run(fake)
    del fake.records["b"]
    run(fake)
    assert len(run.raw()) == 2


def test_a_record_that_reappears_after_its_tombstone_lands_anew(run):
    fake = Fake(a={}, b={"h": 1})
    run(fake)
    body = fake.records.pop("b")
    run(fake)
    run(fake)
    fake.records["b"] = body
    run(fake)
    assert [(r["record_id"], r["is_tombstone"]) for r in run.raw()][-2:] == [
        ("b", True),
        ("b", False),
    ]
    assert run.warehouse.value("select count(*) from raw.missing") == 0


def test_mass_disappearance_deletes_nothing_and_says_so(run):
    fake = Fake(**{f"r{n}": {} for n in range(100)})
    run(fake)
    for n in range(60):
        del fake.records[f"r{n}"]
    for _ in range(3):
        result = run(fake)
    assert len(run.raw()) == 100
    assert run.warehouse.value("select count(*) from raw.missing") == 0
    assert run.reads()[-1]["error_kind"] == "mass_disappearance"
    assert not result.checks[0].passed


@pytest.mark.parametrize(
    ("known", "gone", "is_deleted"),
    [
        (1, 1, False),  # the listing is empty
        (2, 2, False),
        (2, 1, True),
        (4, 3, True),  # more than half, but not more than 3
        (10, 5, True),  # not more than half
        (10, 6, False),
        (10, 9, False),
        (30, 16, False),
        (400, 20, True),  # not more than 20
        (420, 21, True),  # not more than one in twenty
        (419, 21, False),
    ],
)
def test_a_listing_that_lacks_too_much_deletes_nothing(run, known, gone, is_deleted):
    fake = Fake(**{f"r{n}": {} for n in range(known)})
    run(fake)
    for n in range(gone):
        del fake.records[f"r{n}"]
    run(fake)
    run(fake)
    assert sum(r["is_tombstone"] for r in run.raw()) == (gone if is_deleted else 0)
    doubted = run.warehouse.value("select count(*) from raw.doubted")
    assert doubted == (0 if is_deleted else gone)
    assert (run.reads()[-1]["error_kind"] is None) is is_deleted


def test_a_record_in_doubt_says_since_when_and_no_more_once_it_is_back(run):
    fake = Fake(**{f"r{n}": {} for n in range(5)})
    run(fake)
    kept, fake.records = fake.records, {}
    run(fake)
    run(fake)
    [row] = run.warehouse.rows("select distinct since, missed_at from raw.doubted")
    assert (row["missed_at"] - row["since"]).days == 1
    fake.records = kept
    run(fake)
    assert run.warehouse.value("select count(*) from raw.doubted") == 0


def test_what_a_person_said_was_deleted_is_deleted_where_it_is_still_missing(run):
    fake = Fake(**{f"r{n}": {} for n in range(9)})
    run(fake)
    gone = {f"r{n}": fake.records.pop(f"r{n}") for n in range(8)}
    run(fake)
    doubted = run.warehouse.rows("select * from raw.doubted order by record_id")
    records = {row["record_id"]: row["since"].isoformat() for row in doubted}
    decision = {"system": "time_a", "stream": "things", "records": json.dumps(records)}
    run.warehouse.insert("ops.deletion_decisions", [{**decision, "decision": "proposed"}])
    run(fake)
    assert not any(r["is_tombstone"] for r in run.raw())
    run.warehouse.insert("ops.deletion_decisions", [{**decision, "decision": "accepted"}])
    fake.records["r0"] = gone["r0"]
    run(fake)
    dead = [r["record_id"] for r in run.raw() if r["is_tombstone"]]
    assert dead == [f"r{n}" for n in range(1, 8)]
    assert run.warehouse.value("select count(*) from raw.doubted") == 0
    assert run.reads()[-1]["error_kind"] is None


def test_misses_of_a_listing_that_is_believed_again_are_counted_anew(run):
    fake = Fake(**{f"r{n}": {} for n in range(8)})
    run(fake)
    body = {f"r{n}": fake.records.pop(f"r{n}") for n in range(5)}
    run(fake)
    assert run.warehouse.value("select count(*) from raw.doubted") == 5
    del body["r0"]
    fake.records |= body
    run(fake)
    assert run.warehouse.value("select count(*) from raw.doubted") == 0
    assert run.warehouse.value("select misses from raw.missing") == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BadAnswerError("page 2 broke"), "bad_answer"),
        (ColumnsMissingError("not one column Hours"), "columns_missing"),
        (RetryLaterError("busy"), "retry_later"),
    ],
)
def test_a_failed_stream_lands_nothing_and_stops_no_other(run, error, kind):
    bad = Fake("time_a", INCREMENTAL, a={"updated": "2026-03-09T00:00:00Z"}, b={})
    bad.fail_with = error
    result = run(bad, Fake("time_b", x={}))
    assert [r["record_id"] for r in run.raw()] == ["x"]
    failed, fine = run.reads()
    assert (failed["status"], failed["error_kind"], failed["error_message"]) == (
        "failed",
        kind,
        str(error),
    )
    assert fine["status"] == "complete"
    assert run.watermark() is None
    assert [check.passed for check in result.checks] == [False, True]


def test_a_failed_listing_counts_no_miss(run):
    fake = Fake(a={}, b={}, c={})
    run(fake)
    fake.records = {"a": {}}
    fake.fail_with = BadAnswerError("cut")
    run(fake)
    run(fake)
    assert run.warehouse.value("select count(*) from raw.missing") == 0
    assert len(run.raw()) == 3


def test_an_optional_stream_that_is_not_there_is_absent_and_no_alarm(run):
    fake = Fake(stream=Stream("things", "full", (), is_optional=True), a={})
    fake.fail_with = NotThereError("404")
    assert run(fake).checks[0].passed
    assert run.reads()[0]["status"] == "absent"


def test_a_stream_that_must_be_there_and_is_not_has_failed(run):
    fake = Fake(a={})
    fake.fail_with = NotThereError("404")
    assert not run(fake).checks[0].passed
    assert run.reads()[0]["status"] == "failed"


def test_the_next_read_starts_at_the_newest_change_less_the_overlap(run):
    fake = Fake(stream=INCREMENTAL, a={"updated": "2026-03-09T12:00:00Z"}, b={})
    run(fake)
    run(fake)
    first, second = fake.asked
    assert (first.mode, first.since) == ("full", None)
    assert second.mode == "incremental"
    assert second.since == datetime(2026, 3, 8, 12, tzinfo=UTC)


def test_the_watermark_stays_when_a_read_fails_and_moves_when_it_completes(run):
    fake = Fake(stream=INCREMENTAL, a={"updated": "2026-03-09T12:00:00+00:00"}, b={})
    run(fake)
    before = run.watermark()
    fake.records["c"] = {"updated": "2026-03-10T12:00:00+00:00"}
    fake.fail_with = RetryLaterError("busy")
    run(fake)
    assert run.watermark() == before
    fake.fail_with = None
    run(fake)
    assert run.watermark() == "2026-03-10T12:00:00+00:00"


def test_a_change_from_the_future_does_not_carry_the_watermark_past_now(run):
    run(Fake(stream=INCREMENTAL, a={"updated": "2031-01-01T00:00:00Z"}))
    assert run.watermark() == NIGHT_ONE.isoformat()


def test_an_incremental_read_never_counts_misses_and_a_full_one_is_due_in_time(run):
    fake = Fake(stream=INCREMENTAL, a={"updated": "2026-03-09T12:00:00Z"}, b={})
    run(fake)
    del fake.records["b"]
    run(fake)
    assert run.warehouse.value("select count(*) from raw.missing") == 0
    run(fake, days=7)
    assert fake.asked[-1].mode == "full"
    assert run.warehouse.value("select count(*) from raw.missing") == 1


def test_a_stream_without_times_of_change_is_always_read_in_full(run):
    fake = Fake(stream=INCREMENTAL, a={}, b={})
    run(fake)
    run(fake)
    assert [ask.mode for ask in fake.asked] == ["full", "full"]


def test_a_window_read_misses_only_what_belongs_to_the_window(run):
    fake = Fake(
        stream=WINDOW,
        old={"day": "2025-06-01"},
        new={"day": "2026-03-02"},
        kept={"day": "2026-03-03"},
    )
    run(fake)
    fake.records = {"kept": fake.records["kept"]}
    run(fake)
    run(fake)
    assert fake.asked[1].window == (date(2026, 2, 1), date(2026, 4, 11))
    assert [r["record_id"] for r in run.raw() if r["is_tombstone"]] == ["new"]


def test_the_window_reaches_back_to_the_earliest_open_period(run):
    period = {"system": "erp", "period": "2025-12", "state": "open", "starts_on": date(2025, 12, 1)}
    run.warehouse.insert("canonical.accounting_periods", [period])
    fake = Fake(stream=WINDOW, a={"day": "2026-03-02"})
    run(fake)
    run(fake)
    assert fake.asked[1].window[0] == date(2025, 12, 1)


def test_what_a_killed_run_left_is_removed_and_not_landed(run):
    left = run.folder / "pages" / "run-0" / "time_a.things.parquet"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a page")
    run(Fake(a={}))
    assert not left.exists()
    assert list((run.folder / "pages").iterdir()) == []
    assert len(run.raw()) == 1


def test_a_crash_between_page_file_and_landing_loses_nothing(run, monkeypatch):
    fake = Fake(stream=INCREMENTAL, a={"updated": "2026-03-09T12:00:00Z"}, b={})
    with monkeypatch.context() as patched:
        patched.setattr(
            extract_module, "_land", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            run(fake)
    assert run.raw() == []
    assert run.watermark() is None
    run(fake)
    assert len(run.raw()) == 2


def test_a_crash_inside_landing_leaves_neither_records_nor_watermark(run, monkeypatch):
    fake = Fake(stream=INCREMENTAL, a={"updated": "2026-03-09T12:00:00Z"})
    with monkeypatch.context() as patched:
        patched.setattr(extract_module, "_read_row", lambda *_: (_ for _ in ()).throw(OSError))
        with pytest.raises(OSError):  # noqa: PT011 - any
            run(fake)
    assert run.raw() == []
    assert run.watermark() is None


def test_systems_are_read_side_by_side(run):
    meeting = threading.Barrier(2, timeout=5)
    one, two = Fake("time_a", a={}), Fake("time_b", b={})
    one.before = two.before = meeting.wait
    assert run(one, two).row_count == 2


def test_every_kind_of_error_of_a_read_has_words_in_the_report():
    kinds = {kind for _, kind in ERROR_KINDS} | {"mass_disappearance"}
    assert kinds == set(READ_KINDS)
