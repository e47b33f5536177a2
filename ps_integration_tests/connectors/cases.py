"""Each vendor's recorded answers, served again over HTTP, and the connector of its case."""

import copy
import json
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from ps_integration.connectors.http import Policy
from ps_integration.connectors.limits import Pace
from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.protocol import Ask
from ps_integration.connectors.registry import VENDORS
from ps_integration.connectors.rows import COLUMNS
from ps_integration.connectors.setup import Setup
from ps_integration.settings.firm import System
from ps_integration_tests.connectors.server import scripted

ANSWERS = Path(__file__).parent / "answers"
CANARY = "canary-5d1c9e77"
NOW = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
NOT_RECORDED = (404, {}, b"{}")


class Case:
    """A vendor's folder of answers.

    Every `*.json` but `case.json` lists recorded exchanges: `path`, `query`, `answer` and, where
    they tell something, `headers`, and `body` where reads are POSTs to one path. In `case.json`:

    `system`: its part of the firm file (`{url}` = the far side, `{answers}` = the folder).
    `plain`: a stream that one GET answers whole (null = no HTTP); `inside` = where the record's
    own characters stand in its payload (null = they are the payload); `more` = what makes the
    answer say that another page follows: `headers`, or what `is` `at` some keys of the body.
    `ids` and `status`: stream -> dotted path of a field that must be there, or must be known.
    """

    def __init__(self, vendor):
        self.vendor = vendor
        self.folder = ANSWERS / vendor
        self.told = json.loads((self.folder / "case.json").read_text("utf-8"))
        self.plain = self.told["plain"]

    def system(self, url=""):
        told = json.dumps(self.told["system"])
        told = told.replace("{answers}", str(self.folder)).replace("{url}", url)
        body = {"id": "sys_a", "vendor": self.vendor, "base_url": url, **json.loads(told)}
        return System.model_validate(body)

    def setup(self, url="http://127.0.0.1:9"):
        pace = Pace((), clock=lambda: 1e9, sleep=lambda _: None)
        pace.hold = lambda _: None
        policy = Policy(tries=3, pace=pace, sleep=lambda _: None)
        return Setup(self.system(url), {"CANARY": CANARY}, policy)

    def connector(self, url="http://127.0.0.1:9"):
        return VENDORS[self.vendor].build(self.setup(url))

    def streams(self):
        return [stream.name for stream in self.connector().streams()]

    def read(self, url, stream):
        """The raw records of a complete reading of a stream."""
        connector = self.connector(url)
        (found,) = [one for one in connector.streams() if one.name == stream]
        ask = Ask(found, "full", None, None, NOW)
        return [record for page in connector.pages(ask) for record in page]

    @cache  # noqa: B019 - one case a vendor, for as long as the tests run
    def records(self, stream):
        """The parsed records of a stream, read from the recorded answers."""
        with self.far() as far:
            return [strict_json(record.payload) for record in self.read(far.url, stream)]

    def exchanges(self, name="*"):
        """The recorded exchanges of a file: what is asked, and the answer."""
        files = sorted({*self.folder.glob(f"{name}.json")} - {self.folder / "case.json"})
        told = [one for file in files for one in strict_json(file.read_text("utf-8"))]
        return {
            (one["path"], frozenset(one["query"].items()), encoded(one.get("body"))): (
                200,
                one.get("headers", {}),
                encoded(one["answer"]),
            )
            for one in told
        }

    @cached_property
    def answer(self):
        """The plain stream's answer."""
        return next(iter(self.exchanges(self.plain["stream"]).values()))

    def answer_with_more(self, url):
        """The plain stream's answer, except that another page follows."""
        more = self.plain["more"]
        status, headers, body = self.answer
        if "headers" in more:
            return status, more["headers"], body
        link = more["is"].replace("{url}", url) if isinstance(more["is"], str) else more["is"]
        changed_body = json.loads(body)
        inner = changed_body
        for key in more["at"][:-1]:
            inner = inner[key]
        inner[more["at"][-1]] = link
        return status, headers, json.dumps(changed_body).encode()

    @contextmanager
    def far(self, *answers):
        """A far side that answers as recorded, or, for the plain stream, with `answers`."""
        recorded = self.exchanges()
        for asked in self.exchanges(self.plain["stream"]) if answers else ():
            del recorded[asked]

        bodies = {asked[2] for asked in recorded}

        def aside(path):
            parts = urlsplit(path)
            sent = script.requests[-1][3]
            body = encoded(strict_json(sent.decode()) if sent[:1] == b"{" else None)
            told = body if body in bodies else encoded(None)
            return recorded.get((unquote(parts.path), frozenset(parse_qsl(parts.query)), told))

        with scripted(*(answers or [NOT_RECORDED]), aside=aside) as script:
            yield script


def encoded(body):
    """A body with the digits of its numbers as they were recorded."""
    return msgspec.json.format(msgspec.json.Encoder(decimal_format="number").encode(body), indent=1)


def rows(connector, stream, payload):
    """The canonical rows of one record; each has every column of its table and no other."""
    found = connector.parse(stream, payload)
    for row in found:
        assert set(row.values) == set(COLUMNS[row.table]), row.table
    return [(row.table, dict(row.values)) for row in found]


def changed(record, path, value):
    result = copy.deepcopy(record)
    *parents, last = path.split(".")
    inner = result
    for key in parents:
        inner = inner[key]
    inner[last] = value
    return result
