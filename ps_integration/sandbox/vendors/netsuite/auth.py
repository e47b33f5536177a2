"""Token-based authentication: checks the OAuth 1.0 signature of every request (RFC 5849).

Written from the RFC and the vendor page "Token-based Authentication (TBA)", apart from any client:
HMAC-SHA256 over the address the client used (its Host header), a timestamp within five minutes of
the machine's own clock, and a nonce that is taken once.
"""

import base64
import hashlib
import hmac
import re
import time
from urllib.parse import parse_qsl, quote, unquote

from werkzeug.wrappers import Request

from ps_integration.sandbox.answers import RefusedError
from ps_integration.sandbox.vendors import Context
from ps_integration.sandbox.vendors.netsuite.errors import UNAUTHORIZED, error_answer

SECONDS_OFF_MAX = 300
PARAMETER = re.compile(r'\s*([a-z_]+)="([^"]*)"\s*')
NEEDED = {
    "realm",
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
}


def check_signature(request: Request, context: Context) -> None:
    """Let a well signed request pass.

    Raises:
        RefusedError: 401, whatever is wrong with it, without saying what.
    """
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    found = [PARAMETER.fullmatch(part) for part in rest.split(",")]
    told = {one[1]: unquote(one[2]) for one in found if one is not None}
    if scheme != "OAuth" or None in found or not told.keys() >= NEEDED:
        raise rejected()
    settings = context.settings
    known = settings["consumers"].get(told["oauth_consumer_key"])
    secret = settings["tokens"].get(told["oauth_token"])
    is_ours = known is not None and secret is not None and told["realm"] == settings["account"]
    if not is_ours or told["oauth_signature_method"] != "HMAC-SHA256" or not _is_fresh(told):
        raise rejected()
    expected = _signature(request, told, f"{_encoded(known)}&{_encoded(secret)}")
    if not hmac.compare_digest(expected.encode(), told["oauth_signature"].encode()):
        raise rejected()
    nonce = f"nonce/{told['oauth_token']}/{told['oauth_timestamp']}/{told['oauth_nonce']}"
    if context.over_limit(nonce, 1, 2 * SECONDS_OFF_MAX) is not None:
        raise rejected()


def rejected() -> RefusedError:
    """The page's own example of a refused login."""
    said = (
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at"
        " Setup > Users/Roles > User Management > View Login Audit Trail."
    )
    return RefusedError(error_answer(UNAUTHORIZED, "INVALID_LOGIN", said))


def _is_fresh(told: dict[str, str]) -> bool:
    stamp = told["oauth_timestamp"]
    return stamp.isdecimal() and abs(time.time() - int(stamp)) <= SECONDS_OFF_MAX


def _signature(request: Request, told: dict[str, str], key: str) -> str:
    """Over the request line as it came: frameworks decode paths before one can look."""
    raw = str(request.environ.get("REQUEST_URI") or request.environ["RAW_URI"])
    path, _, query = raw.partition("?")
    scheme = request.environ["wsgi.url_scheme"]
    host = request.headers["Host"].lower().removesuffix({"http": ":80", "https": ":443"}[scheme])
    signed = {name: told[name] for name in told if name not in ("realm", "oauth_signature")}
    pairs = [*parse_qsl(query, keep_blank_values=True), *signed.items()]
    ordered = sorted((_encoded(name), _encoded(value)) for name, value in pairs)
    parameters = "&".join(f"{name}={value}" for name, value in ordered)
    parts = (request.method.upper(), f"{scheme}://{host}{path}", parameters)
    text = "&".join(_encoded(part) for part in parts)
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")
