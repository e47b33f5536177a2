import json
import threading
from urllib.parse import parse_qs

import pytest

from ps_integration.connectors.auth import Secret, api_key, basic, bearer, secret
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.oauth import ClientCredentials
from ps_integration.errors import BadAnswerError, FixConfigError, RetryLaterError
from ps_integration_tests.connectors.server import scripted

KEY = Secret("KEY", "canary-key")


def token(text="t1", life=3600):
    return 200, {}, json.dumps({"access_token": text, "expires_in": life}).encode()


def oauth(url, **more):
    return ClientCredentials(url, "app", KEY, "scope", **more)


def test_a_reference_leads_to_its_variable():
    assert secret("env:KEY", {"KEY": " v "}).value == "v"


@pytest.mark.parametrize("reference", ["KEY", "file:KEY", "env:", "env:MISSING", "env:EMPTY"])
def test_a_credential_that_is_not_there_is_a_matter_of_configuration(reference):
    with pytest.raises(FixConfigError):
        secret(reference, {"EMPTY": " "})


def test_header_authentications():
    assert bearer(KEY).headers() == {"Authorization": "Bearer canary-key"}
    assert api_key("X-Api-Key", KEY).headers() == {"X-Api-Key": "canary-key"}
    assert basic("u", Secret("P", "p")).headers() == {"Authorization": "Basic dTpw"}


def test_one_token_serves_until_it_is_about_to_end():
    now = [0.0]
    with scripted(token("t1"), token("t2")) as far:
        auth = oauth(far.url, clock=lambda: now[0])
        assert auth.headers() == auth.headers() == {"Authorization": "Bearer t1"}
        now[0] = 3541.0
        assert auth.headers() == {"Authorization": "Bearer t2"}
        form = parse_qs(far.requests[0][3].decode())
    assert form["grant_type"] == ["client_credentials"]
    assert form["client_secret"] == ["canary-key"]


def test_threads_that_are_refused_together_renew_once():
    with scripted(token("t1"), token("t2"), token("t3")) as far:
        auth = oauth(far.url)
        used = auth.headers()
        threads = [threading.Thread(target=auth.refresh, args=(used,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert auth.headers() == {"Authorization": "Bearer t2"}
        assert len(far.requests) == 2


def test_a_401_on_a_page_renews_once_and_asks_that_page_again():
    refused, fine = (401, {}, b"{}"), (200, {}, b"[]")
    with scripted(token("t1"), token("t2")) as authority, scripted(refused, fine) as far:
        client = ApiClient("bc", far.url, oauth(authority.url))
        assert client.get_json("/rows").json == []
        told = [headers["Authorization"] for _, _, headers, _ in far.requests]
    assert told == ["Bearer t1", "Bearer t2"]


def test_a_second_401_is_a_matter_of_configuration():
    with scripted(token()) as authority, scripted((401, {}, b"{}")) as far:
        client = ApiClient("bc", far.url, oauth(authority.url))
        with pytest.raises(FixConfigError, match="KEY"):
            client.get_json("/rows")
        assert len(far.requests) == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((400, {}, b'{"error": "invalid_client"}'), FixConfigError),
        ((401, {}, b"canary-key"), FixConfigError),
        ((302, {"Location": "https://evil.example"}, b""), FixConfigError),
        ((503, {}, b""), RetryLaterError),
        ((429, {}, b""), RetryLaterError),
        ((200, {}, b"{}"), BadAnswerError),
        ((200, {}, b"<html>"), BadAnswerError),
    ],
)
def test_a_token_that_cannot_be_had_says_why_and_shows_no_secret(answer, kind):
    with scripted(answer) as far, pytest.raises(kind) as caught:
        oauth(far.url).headers()
    assert "canary" not in str(caught.value)


def test_a_write_without_a_token_is_not_sent():
    with scripted((400, {}, b"{}")) as authority, scripted((200, {}, b"{}")) as far:
        reply = ApiClient("bc", far.url, oauth(authority.url)).send("POST", "/rows", {})
        assert far.requests == []
    assert reply.settled.outcome == "not_sent"
