import gzip
import itertools
import json
import socket

import pytest

from ps_integration.connectors.answers import NotThereError
from ps_integration.connectors.auth import Secret, bearer
from ps_integration.connectors.body import Caps
from ps_integration.connectors.http import ApiClient, Policy
from ps_integration.connectors.limits import Pace
from ps_integration.connectors.outcome import Exchange, classify
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError
from ps_integration_tests.connectors.server import scripted

OK = (200, {}, b'{"rows": []}')
CANARY = "canary-7f31"


def client(url, **policy):
    waits = []
    now = [0.0]

    def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds

    policy.setdefault("sleep", sleep)
    policy.setdefault("pace", Pace((), clock=lambda: now[0], sleep=sleep))
    policy.setdefault("tries", 3)
    made = ApiClient("harvest", url, bearer(Secret("HARVEST_TOKEN", CANARY)), Policy(**policy))
    made.waits = waits
    return made


def test_a_read_sends_the_credential_and_parses_the_answer():
    with scripted(OK) as far:
        answer = client(far.url + "/v2").get_json("/rows", {"page": 1})
    assert answer.json == {"rows": []}
    method, path, headers, _ = far.requests[0]
    assert (method, path, headers["Authorization"]) == (
        "GET",
        "/v2/rows?page=1",
        f"Bearer {CANARY}",
    )


def test_a_next_link_to_another_port_is_never_asked():
    with scripted(OK) as far, scripted(OK) as other:
        with pytest.raises(BadAnswerError, match="another origin"):
            client(far.url).get_json(other.url + "/rows?page=2")
        assert other.requests == []


@pytest.mark.parametrize(
    "link",
    ["//evil.example/x", "https://evil.example/", "http://u:p@127.0.0.1/", "ftp://127.0.0.1/"],
)
def test_links_of_other_shapes_do_not_leave_the_origin(link):
    with pytest.raises(BadAnswerError, match="another origin"):
        client("http://127.0.0.1:9").url(link)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status):
    with scripted(OK) as other, scripted((status, {"Location": other.url}, b"{}")) as far:
        with pytest.raises(BadAnswerError, match="redirect"):
            client(far.url).get_json("/rows")
        assert other.requests == []


def test_plain_http_is_refused_away_from_this_machine():
    with pytest.raises(FixConfigError, match="https"):
        client("http://api.example.com")


def test_too_many_requests_waits_as_long_as_asked_and_then_goes_on():
    with scripted((429, {"Retry-After": "17"}, b"{}"), OK) as far:
        asking = client(far.url)
        asking.get_json("/rows")
    assert asking.waits == [17.0]


def test_an_absurd_wait_is_left_to_a_later_run():
    with scripted((429, {"Retry-After": "1000000000"}, b"{}")) as far:
        asking = client(far.url)
        with pytest.raises(RetryLaterError) as caught:
            asking.get_json("/rows")
        assert len(far.requests) == 1
    assert caught.value.retry_after_seconds == 1e9
    assert asking.waits == []


def test_server_errors_are_tried_again_and_then_reported():
    with scripted((503, {}, b"{}")) as far:
        asking = client(far.url)
        with pytest.raises(RetryLaterError, match="harvest: answered 503"):
            asking.get_json("/rows")
    assert asking.waits == [1.0, 2.0]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_names_its_variable_and_not_its_value(status):
    body = json.dumps({"message": f"bad token {CANARY}"}).encode()
    with scripted((status, {}, body)) as far, pytest.raises(FixConfigError) as caught:
        client(far.url).get_json("/rows")
    assert "HARVEST_TOKEN" in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("status", [404, 410])
def test_not_there_is_an_answer_of_its_own(status):
    with scripted((status, {}, b"{}")) as far, pytest.raises(NotThereError):
        client(far.url).get_json("/rows")


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"),
        (200, {"Content-Type": "application/json"}, b"<html>Sign in</html>"),
        (200, {}, b""),
        (200, {}, b"   "),
        (200, {}, b'{"a": "\xe9"}'),
        (200, {"Content-Encoding": "gzip, gzip"}, b"{}"),
        (200, {"Content-Encoding": "gzip"}, b"{}"),
        (204, {}, b""),
        (202, {}, b"{}"),
        (418, {}, b"{}"),
    ],
)
def test_answers_that_are_not_the_json_asked_for_are_refused(answer):
    with scripted(answer) as far, pytest.raises(BadAnswerError, match="system harvest"):
        client(far.url).get_json("/rows")


def _cut(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"rows": []}')
    handler.close_connection = True


def test_a_truncated_body_is_refused_and_tried_again():
    with scripted(_cut, OK) as far:
        assert client(far.url).get_json("/rows").json == {"rows": []}
    with scripted(_cut) as far, pytest.raises(BadAnswerError, match="broke off"):
        client(far.url).get_json("/rows")


def test_a_gzip_bomb_is_stopped_at_the_cap():
    bomb = gzip.compress(b"[" + b"0" * (20 << 20))
    with (
        scripted((200, {"Content-Encoding": "gzip"}, bomb)) as far,
        pytest.raises(BadAnswerError, match="unpacks"),
    ):
        client(far.url).get_json("/rows")


def test_gzip_answers_are_read():
    packed = gzip.compress(b'{"rows": [1]}')
    with scripted((200, {"Content-Encoding": "gzip"}, packed)) as far:
        assert client(far.url).get_json("/rows").json == {"rows": [1]}


def test_a_large_answer_is_stopped_on_the_wire():
    with (
        scripted((200, {}, b"[" + b" " * 5000 + b"]")) as far,
        pytest.raises(BadAnswerError, match="larger than"),
    ):
        client(far.url, caps=Caps(wire_bytes=1000)).get_json("/rows")


def test_a_dripping_answer_meets_its_deadline():
    ticks = itertools.count(0, 130)
    with scripted(OK) as far, pytest.raises(RetryLaterError, match="longer than 120 s"):
        client(far.url, clock=lambda: float(next(ticks)), tries=1).get_json("/rows")


def test_nobody_listening_is_a_matter_of_later_for_reads_and_not_sent_for_writes():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        asking = client(f"http://127.0.0.1:{held.getsockname()[1]}")
        with pytest.raises(RetryLaterError, match="could not be reached"):
            asking.get_json("/rows")
        assert asking.send("POST", "/rows", {}).settled.outcome == "not_sent"


def test_a_write_is_never_repeated():
    with scripted((503, {"Retry-After": "1"}, b"{}")) as far:
        reply = client(far.url).send("POST", "/rows", {"a": 1})
        assert len(far.requests) == 1
    assert reply.settled.outcome == "ambiguous"


def test_a_lost_reply_to_a_write_is_ambiguous():
    def drop(handler):
        handler.close_connection = True

    with scripted(drop) as far:
        assert client(far.url).send("POST", "/rows", {}).settled.outcome == "ambiguous"
    with scripted(_cut) as far:
        assert client(far.url).send("POST", "/rows", {}).settled.outcome == "ambiguous"


def test_a_redirected_write_is_ambiguous_and_not_followed():
    with scripted(OK) as other, scripted((307, {"Location": other.url}, b"{}")) as far:
        assert client(far.url).send("POST", "/rows", {}).settled.outcome == "ambiguous"
        assert other.requests == []


def _expected(exchange, unprocessed, may_be_empty):
    if not exchange.left:
        return "not_sent"
    if exchange.failure or exchange.status is None:
        return "ambiguous"
    if exchange.status in unprocessed:
        return "throttled"
    if exchange.status in {200, 201, 203, 204, 205, 206}:
        good = exchange.has_json or (exchange.is_empty and may_be_empty)
        return "success" if good else "ambiguous"
    if exchange.status in {400, 401, 403, 404, 409, 410, 412, 413, 415, 422} and exchange.has_json:
        return "error"
    return "ambiguous"


STATUSES = [
    None, 100, 200, 201, 202, 203, 204, 205, 206, 207, 301, 302, 303, 307, 308, 400, 401, 403,
    404, 408, 409, 410, 412, 413, 415, 422, 425, 429, 499, 500, 501, 502, 503, 504, 520, 599, 999,
]  # fmt: skip


def test_every_end_of_a_write_has_its_class():
    seen = set()
    for failure, left, status, (has_json, is_empty), unprocessed, may_be_empty in itertools.product(
        [None, "ReadTimeout"],
        [True, False],
        STATUSES,
        [(True, False), (False, True), (False, False)],
        [frozenset(), frozenset({429, 503})],
        [True, False],
    ):
        exchange = Exchange(failure, left, status, has_json, is_empty)
        found = classify(exchange, unprocessed=unprocessed, may_be_empty=may_be_empty)
        assert found == _expected(exchange, unprocessed, may_be_empty), exchange
        seen.add(found)
    assert seen == {"not_sent", "throttled", "ambiguous", "success", "error"}


def test_no_secret_is_in_the_client_s_representation():
    made = client("https://api.example.com")
    assert CANARY not in repr(made) + repr(vars(made)["_auth"]) + repr(Secret("A", CANARY))


def test_cookies_are_not_kept():
    with scripted((200, {"Set-Cookie": "session=1"}, b"{}"), OK) as far:
        asking = client(far.url)
        asking.get_json("/a")
        asking.get_json("/b")
    assert "Cookie" not in far.requests[1][2]


def test_the_account_s_pace_is_kept():
    now = [0.0]
    pace = Pace(((2, 10.0),), clock=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s))
    times = []
    for _ in range(5):
        pace.wait()
        times.append(now[0])
    assert all(later - first >= 10.0 for first, later in zip(times, times[2:], strict=False))
    assert now[0] < 25


def test_a_wait_the_vendor_asked_for_holds_every_call_of_the_account():
    now = [0.0]
    pace = Pace((), clock=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s))
    pace.hold(7)
    pace.wait()
    assert now[0] == 7.0
