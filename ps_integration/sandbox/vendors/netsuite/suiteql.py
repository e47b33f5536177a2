"""SuiteQL as far as anybody here asks: one SELECT of qualified columns, with joins and an order.

The text is taken apart word by word; a word that is not known is refused as NetSuite refuses it,
and only then does an SQLite in memory answer it. Not known are, among others, sub-queries, `*`,
grouping, functions but TO_CHAR and TO_TIMESTAMP, and columns without their table.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from werkzeug.wrappers import Request, Response

from ps_integration.sandbox.answers import RefusedError, json_answer, json_body
from ps_integration.sandbox.codec import Document
from ps_integration.sandbox.vendors.netsuite.books import Books
from ps_integration.sandbox.vendors.netsuite.errors import BAD_REQUEST, error_answer
from ps_integration.sandbox.vendors.netsuite.tables import COLUMNS, rows_of

LIMIT_MAX = 1000
FORMS = {"YYYY-MM-DD": 10, 'YYYY-MM-DD"T"HH24:MI:SS': 19}
WORDS = {
    "SELECT", "AS", "FROM", "INNER", "LEFT", "JOIN", "ON", "AND", "WHERE", "IN", "LIKE", "ORDER",
    "BY",
}  # fmt: skip
FUNCTIONS = {"TO_CHAR", "TO_TIMESTAMP"}
TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+)|([A-Za-z_]\w*)|(>=|<=|[=<>,.()]))")
EXTERNAL_ID = re.compile(r"transaction\.externalid = '((?:[^']|'')*)'")
IDS = re.compile(r"transactionline\.transaction IN \(([0-9, ]+)\)")
CUSTOM = re.compile(r"custentity_?[a-z0-9_]+")


def answer(request: Request, books: Books) -> Response:
    """Answer `POST /services/rest/query/v1/suiteql`.

    Raises:
        RefusedError: 400, the headers, the paging or the query.
    """
    if request.headers.get("Prefer") != "transient":
        raise _refused("INVALID_HEADER", "The required header Prefer: transient is missing.")
    body = json_body(request)
    query = body.get("q") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(query, str):
        raise _refused("INVALID_CONTENT", "The request body needs q and nothing else.")
    limit, offset = _paging(request)
    found = list(_rows(books, query))[: int(books.settings["query_rows_max"])]
    shown = found[offset : offset + limit]
    return json_answer(
        {
            "links": [{"rel": "self", "href": request.base_url}],
            "count": len(shown),
            "hasMore": offset + limit < len(found),
            "items": [{"links": [], **row} for row in shown],
            "offset": offset,
            "totalResults": len(found),
        }
    )


def _paging(request: Request) -> tuple[int, int]:
    limit, offset = request.args.get("limit", str(LIMIT_MAX)), request.args.get("offset", "0")
    if request.args.keys() - {"limit", "offset"} or not (limit + offset).isdecimal():
        raise _refused("INVALID_PARAMETER", "The query parameters are limit and offset.")
    size, start = int(limit), int(offset)
    if not 1 <= size <= LIMIT_MAX or start % size:
        raise _refused(
            "INVALID_PARAMETER", "limit is 1 to 1000, and offset must be divisible by limit."
        )
    return size, start


def _rows(books: Books, query: str) -> Iterator[Document]:
    """Every value as text, a null left out."""
    text, tables = _translated(query)
    books = _narrowed(books, query)
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("pragma case_sensitive_like = on")
        connection.create_function("TO_CHAR", 2, _formed, deterministic=True)
        connection.create_function("TO_TIMESTAMP", 2, _formed, deterministic=True)
        for table in tables:
            _load(connection, books, table, query)
        cursor = connection.execute(text)
        names = [column[0].lower() for column in cursor.description]
        for row in cursor:
            told = zip(names, row, strict=True)
            yield {name: str(value) for name, value in told if value is not None}
    except sqlite3.Error as error:
        raise _search_error(str(error)) from None
    finally:
        connection.close()


def _narrowed(books: Books, query: str) -> Books:
    """Leave out transactions that a condition leaves out anyway: conditions only ever add up."""
    named = EXTERNAL_ID.search(query)
    if named is not None:
        return replace(books, external_id=named[1].replace("''", "'"))
    listed = IDS.search(query)
    ids = listed and frozenset(one.strip() for one in listed[1].split(","))
    return replace(books, ids=ids or None)


def _load(connection: sqlite3.Connection, books: Books, table: str, query: str) -> None:
    extra = sorted(set(CUSTOM.findall(query))) if table == "job" else []
    columns = [*COLUMNS[table], *extra]
    connection.execute(f'create table "{table}" ({", ".join(map(_quoted, columns))})')
    places = ", ".join("?" for _ in columns)
    connection.executemany(
        f'insert into "{table}" values ({places})',
        ([_stored(name, row.get(name)) for name in columns] for row in rows_of(books, table)),
    )


def _quoted(name: str) -> str:
    """Ids compare and sort as numbers, everything else as text."""
    is_number = name in NUMBERS
    return f'"{name}" {"integer" if is_number else "text"}'


NUMBERS = {
    "id", "uniquekey", "entity", "customer", "subsidiary", "currency", "postingperiod",
    "transaction", "item", "linesequencenumber",
}  # fmt: skip


def _stored(name: str, value: object) -> object:
    if value is None:
        return None
    return int(str(value)) if name in NUMBERS else _plain(value)


def _plain(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _translated(query: str) -> tuple[str, list[str]]:
    """The query in SQLite's words, and the tables it reads.

    Raises:
        RefusedError: A word is not known.
    """
    tokens = list(_tokens(query))
    if not tokens or tokens[0].upper() != "SELECT":
        raise _search_error("Invalid or unsupported search")
    tables: list[str] = []
    words: list[str] = []
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else ""
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        words.append(_word(token, before, after, tokens[at - 2] if at > 1 else ""))
        if before.upper() in ("FROM", "JOIN"):
            tables.append(token.lower())
    return " ".join(words), list(dict.fromkeys(tables))


def _word(token: str, before: str, after: str, owner: str) -> str:
    lower = token.lower()
    if not re.fullmatch(r"[A-Za-z_]\w*", token):
        return token
    if before == ".":
        is_custom = owner.lower() == "job" and CUSTOM.fullmatch(lower)
        if lower not in COLUMNS.get(owner.lower(), ()) and not is_custom:
            raise _search_error(f"Field '{token}' for record '{owner}' was not found")
        return f'"{lower}"'
    if before.upper() == "AS":
        return f'"{lower}"'
    if after == "." or before.upper() in ("FROM", "JOIN"):
        if lower not in COLUMNS:
            raise _search_error(f"Record '{token}' was not found")
        return f'"{lower}"'
    if token.upper() in WORDS or (token.upper() in FUNCTIONS and after == "("):
        return token.upper()
    raise _search_error(f"Invalid or unsupported search: {token}")


def _tokens(query: str) -> Iterator[str]:
    at = 0
    while query[at:].strip():
        found = TOKEN.match(query, at)
        if found is None:
            raise _search_error("Invalid or unsupported search")
        yield found.group().strip()
        at = found.end()


def _formed(value: str | None, form: str) -> str | None:
    if form not in FORMS:
        raise ValueError(form)
    return None if value is None else value[: FORMS[form]]


def _search_error(detail: str) -> RefusedError:
    return _refused("INVALID_PARAMETER", f"Invalid search query. Search error occurred: {detail}.")


def _refused(code: str, detail: str) -> RefusedError:
    return RefusedError(error_answer(BAD_REQUEST, code, detail))
