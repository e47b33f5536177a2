"""The whole example of the integration guide, played as the guide says."""

from datetime import UTC, date, datetime

import pytest

from ps_integration.sandbox.addresses import addresses
from ps_integration.sandbox.seed import read_seed, sow
from ps_integration.sandbox.server import SandboxServer
from ps_integration.sandbox.state import SandboxState
from ps_integration.settings.yaml_source import read_yaml
from ps_integration.workflows.config_check import load_checked
from ps_integration.workflows.nightly import (
    instant_of,
    new_night,
    nightly,
    operational_store,
    snapshot,
)
from ps_integration.workflows.opening import opening_lists, sign
from ps_integration_tests.docs.guides import named_files
from ps_integration_tests.regressions.product import command

GUIDE = "docs/integration.md"


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """The first night, the one after the signature, the same again, the last, and March then."""
    place = tmp_path_factory.mktemp("northlight")
    for name, body in named_files(GUIDE).items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        yield _play(place)


def _play(place):
    seed = read_seed(read_yaml(place / "books.yaml").data)
    state = SandboxState(place / "sandbox.sqlite")
    sow(state, seed)
    file = load_checked(place / "firm.yaml")
    with SandboxServer(state) as server:
        environ = {
            **addresses(server), **seed.environment, "NORTHLIGHT_DROPS": str(place / "drops")
        }  # fmt: skip

        def night(day):
            instant = instant_of(day, file.firm.firm.time_zone)
            run = new_night(file, instant, trigger="person", maker="m")
            return nightly(run, environ, lambda _step, _result: None).data

        first = night(date(2026, 3, 31))
        with snapshot(file) as warehouse, operational_store(file) as store:
            for listed in opening_lists(file.firm, warehouse):
                sign(store, listed, "controller", datetime(2026, 4, 1, 8, tzinfo=UTC))
        second = night(date(2026, 4, 1))
        again = night(date(2026, 4, 1))
        hours = place / "drops" / "hours-2026-03.csv"
        text = hours.read_text("utf-8")
        assert (text.count("24.5"), text.count("OPEN")) == (1, 1)
        hours.write_text(text.replace("24.5", "2.45").replace("OPEN", "RELEASED"), "utf-8")
        last = night(date(2026, 4, 2))
        words = ["period", "status", "--period", "2026-03", "--entity", "NL", "--json"]
        march = command(words, {**environ, "PS_FIRM": str(place / "firm.yaml")}, place).data
    state.close()
    return first, second, again, last, march


def amounts(outcome, *names):
    [group] = outcome["completeness"]["groups"]
    return [str(group[f"{name}_amount"]) for name in names]


def test_the_first_night_defers_what_waits_for_the_signature_and_holds_the_long_day(nights):
    first, *_ = nights
    assert amounts(first, "approved", "deferred", "excepted") == ["3261.38", "933.88", "2327.50"]
    assert first["breaks"]["open"] == {"TM11": 1}
    assert first["quarantined"] == 0
    assert first["posted"] == {"new": 0, "total": 0}


def test_the_signed_night_posts_one_invoice(nights):
    _, second, *_ = nights
    assert amounts(second, "posted", "excepted") == ["933.88", "2327.50"]
    [batch] = second["batches"]
    assert (batch["lines"], str(batch["amount"]), batch["status"]) == (2, "933.88", "posted")


def test_the_same_night_again_posts_nothing(nights):
    again = nights[2]
    assert again["posted"] == {"new": 0, "total": 2}


def test_what_was_put_right_is_posted_and_march_is_clean(nights):
    """2.45 and 6 hours at 95.00 are 232.75 and 570.00."""
    *_, last, march = nights
    assert amounts(last, "approved", "posted", "excepted") == ["1736.63", "1736.63", "0.00"]
    assert (last["breaks"]["open"], march["answer"]) == ({}, "clean")
