"""Each vendor's recorded answers, and the connector of its case."""

import copy
import json
from pathlib import Path

from ps_integration.connectors.http import Policy
from ps_integration.connectors.limits import Pace
from ps_integration.connectors.parse import strict_json
from ps_integration.connectors.registry import VENDORS
from ps_integration.connectors.setup import Setup
from ps_integration.settings.firm import System
from ps_integration_tests.connectors.replay import payloads, replayed

ANSWERS = Path(__file__).parent / "answers"
CANARY = "canary-5d1c9e77"


class Case:
    """A vendor's `case.json`.

    `system`: its part of the firm file. `records`: stream -> [file, keys to the records...].
    Records null = they are what the connector makes of the vendor's recorded exchanges.
    `plain`: a stream that one GET answers whole, with its answer and the keys to its next link
    (`plain` null = no HTTP, `next` null = no link). `at` = keys to the answer inside its file;
    `more` = what an answer says besides when the vendor counts and there are more pages.
    `ids` and `status`: stream -> dotted path of a field that must be there, or must be known.
    """

    def __init__(self, vendor):
        self.vendor = vendor
        self.folder = ANSWERS / vendor
        self.told = json.loads((self.folder / "case.json").read_text("utf-8"))
        self.plain = self.told["plain"]

    def system(self, url=""):
        told = json.dumps(self.told["system"]).replace("{answers}", str(self.folder))
        body = {"id": "sys_a", "vendor": self.vendor, "base_url": url, **json.loads(told)}
        return System.model_validate(body)

    def setup(self, url="http://127.0.0.1:9"):
        pace = Pace((), clock=lambda: 1e9, sleep=lambda _: None)
        pace.hold = lambda _: None
        policy = Policy(tries=3, pace=pace, sleep=lambda _: None)
        return Setup(self.system(url), {"CANARY": CANARY}, policy)

    def connector(self, url="http://127.0.0.1:9"):
        return VENDORS[self.vendor].build(self.setup(url))

    def records(self, stream):
        if self.told["records"][stream] is None:
            with replayed(self.vendor, self.told["system"]["options"]) as connector:
                return payloads(connector, stream)
        name, *path = self.told["records"][stream]
        body = strict_json((self.folder / name).read_text("utf-8"))
        for key in path:
            body = body[key]
        return body if isinstance(body, list) else list(body.values())

    def answer(self):
        """The recorded answer of the plain stream: status, headers, body."""
        body = (self.folder / self.plain["file"]).read_bytes()
        if "at" in self.plain:
            inner = json.loads(body)
            for key in self.plain["at"]:
                inner = inner[key]
            body = json.dumps(inner).encode()
        return 200, self.plain["headers"], body

    def circling(self, url):
        """The same answer, telling of a page after it that is itself."""
        status, headers, text = self.answer()
        if "more" in self.plain:
            return status, headers, json.dumps({**json.loads(text), **self.plain["more"]}).encode()
        if not self.plain["next"]:
            return status, {"Last-Page": "false"}, text
        return self.linked(url + "/again")

    def linked(self, link):
        """The same answer, with a next link."""
        status, headers, text = self.answer()
        body = json.loads(text)
        *parents, last = self.plain["next"]
        inner = body
        for key in parents:
            inner = inner[key]
        inner[last] = link
        return status, headers, json.dumps(body).encode()


def changed(record, path, value):
    result = copy.deepcopy(record)
    *parents, last = path.split(".")
    inner = result
    for key in parents:
        inner = inner[key]
    inner[last] = value
    return result
