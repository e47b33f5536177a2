"""Signatures of OAuth 1.0, against the examples of its standard."""

from ps_integration.connectors.auth import Secret
from ps_integration.connectors.vendors.netsuite.signing import TokenBased, base_string

RFC_5849_EXAMPLE = (
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D"
    "%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a"
    "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh"
    "3k39sjv7"
)


def test_the_signed_text_is_that_of_the_standards_own_example():
    told = {
        "oauth_consumer_key": "9djdj82h48djs9d2",
        "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "7d8f3e4a",
        "c2": "",
        "a3": "2 q",
    }
    url = "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
    assert base_string("post", url, told) == RFC_5849_EXAMPLE


def test_a_port_of_its_own_is_part_of_the_signed_address():
    assert "http%3A%2F%2F127.0.0.1%3A8080%2Fa" in base_string("GET", "http://127.0.0.1:8080/a", {})
    assert "https%3A%2F%2Fx.example%2F&" in base_string("GET", "https://X.example:443", {})


def test_the_header_names_the_account_and_no_secret():
    auth = TokenBased(
        "1234567_SB1",
        (Secret("A", "key"), Secret("B", "hidden-1")),
        (Secret("C", "token"), Secret("D", "hidden-2")),
        clock=lambda: 1_775_000_000.9,
        nonce=lambda: "once",
    )
    header = auth.sign("GET", "https://x.example/a?b=1")["Authorization"]
    assert header.startswith('OAuth realm="1234567_SB1", oauth_consumer_key="key"')
    assert 'oauth_timestamp="1775000000"' in header
    assert "hidden" not in header + repr(auth) + auth.sources()
    assert auth.sign("POST", "https://x.example/a?b=1")["Authorization"] != header
