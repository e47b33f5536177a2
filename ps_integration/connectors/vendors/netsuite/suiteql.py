"""What is asked of NetSuite in SuiteQL, and how an answer pages.

Vendor pages "Executing SuiteQL Queries Through REST Web Services" (`Prefer: transient`),
"Collection Paging" (`limit` at most 1000, `offset` a multiple of it, 100,000 rows a query),
"SuiteQL Syntax and Examples", and the Records Catalog for the columns. Values come as text, flags
as T and F, a null is left out. Times are in the time zone of the token's user. Without a unique
order pages may repeat and skip, so every query has one. Of lines, amounts and quantities have the
sign of a credit: an invoice's are negative.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ps_integration.connectors import paging
from ps_integration.connectors.answers import Answer
from ps_integration.connectors.http import ApiClient
from ps_integration.connectors.raw import inside
from ps_integration.connectors.vendors.netsuite.options import BillingAttribute
from ps_integration.domain.records import Json
from ps_integration.errors import BadAnswerError

PATH: Final = "/services/rest/query/v1/suiteql"
TIME_FORM: Final = 'YYYY-MM-DD"T"HH24:MI:SS'
TYPES: Final[Mapping[str, str]] = {"invoice": "CustInvc", "credit_memo": "CustCred"}
ROWS_MAX: Final = 100_000
IDS_MAX: Final = 500  # well below the thousand members that an IN list may have

PERIODS: Final = (
    "SELECT accountingperiod.id AS id, accountingperiod.periodname AS periodname,"
    " TO_CHAR(accountingperiod.startdate, 'YYYY-MM-DD') AS startdate,"
    " TO_CHAR(accountingperiod.enddate, 'YYYY-MM-DD') AS enddate,"
    " accountingperiod.closed AS closed, accountingperiod.alllocked AS alllocked,"
    " accountingperiod.arlocked AS arlocked FROM accountingperiod"
    " WHERE accountingperiod.isquarter = 'F' AND accountingperiod.isyear = 'F'"
    " AND accountingperiod.isadjust = 'F' AND accountingperiod.isinactive = 'F'"
    " ORDER BY accountingperiod.id"
)
_CUSTOMERS: Final = (
    "SELECT customersubsidiaryrelationship.id AS id, customer.id AS customer,"
    " customersubsidiaryrelationship.subsidiary AS subsidiary,"
    " customer.externalid AS externalid, customer.entityid AS entityid,"
    " customer.companyname AS companyname, customer.isinactive AS isinactive,"
    f" TO_CHAR(customer.lastmodifieddate, '{TIME_FORM}') AS lastmodified,"
    " currency.symbol AS currency FROM customer"
    " INNER JOIN customersubsidiaryrelationship"
    " ON customersubsidiaryrelationship.entity = customer.id"
    " LEFT JOIN currency ON currency.id = customer.currency"
    " WHERE customersubsidiaryrelationship.subsidiary IN ({companies}){since}"
    " ORDER BY customersubsidiaryrelationship.id"
)
_PROJECTS: Final = (
    "SELECT job.id AS id, job.entityid AS entityid, job.externalid AS externalid,"
    " job.companyname AS companyname, job.subsidiary AS subsidiary,"
    " job.isinactive AS isinactive, TO_CHAR(job.startdate, 'YYYY-MM-DD') AS startdate,"
    f" TO_CHAR(job.lastmodifieddate, '{TIME_FORM}') AS lastmodified,"
    " customer.id AS customer, customer.externalid AS customerkey,"
    " currency.symbol AS currency{fields} FROM job"
    " LEFT JOIN customer ON customer.id = job.customer"
    " LEFT JOIN currency ON currency.id = job.currency"
    " WHERE job.subsidiary IN ({companies}){since} ORDER BY job.id"
)
_DOCUMENTS: Final = (
    "SELECT transaction.id AS id, transaction.type AS type, transaction.tranid AS tranid,"
    " transaction.externalid AS externalid, transaction.status AS status,"
    " transaction.voided AS voided,"
    " TO_CHAR(transaction.trandate, 'YYYY-MM-DD') AS trandate,"
    " transaction.foreigntotal AS foreigntotal,"
    " transaction.foreignamountunpaid AS foreignamountunpaid,"
    f" TO_CHAR(transaction.lastmodifieddate, '{TIME_FORM}') AS lastmodified,"
    " transactionline.subsidiary AS subsidiary, currency.symbol AS currency,"
    " customer.externalid AS customerkey,"
    " TO_CHAR(accountingperiod.startdate, 'YYYY-MM-DD') AS periodstart,"
    " TO_CHAR(accountingperiod.enddate, 'YYYY-MM-DD') AS periodend FROM transaction"
    " INNER JOIN transactionline ON transactionline.transaction = transaction.id"
    " AND transactionline.mainline = 'T'"
    " LEFT JOIN currency ON currency.id = transaction.currency"
    " LEFT JOIN customer ON customer.id = transaction.entity"
    " LEFT JOIN accountingperiod ON accountingperiod.id = transaction.postingperiod"
    " WHERE transaction.type IN ({types}) AND {condition} ORDER BY transaction.id"
)
_LINES: Final = (
    "SELECT transactionline.transaction AS document, transactionline.uniquekey AS id,"
    " transactionline.linesequencenumber AS linesequencenumber,"
    " transactionline.taxline AS taxline, transactionline.item AS item,"
    " transactionline.memo AS memo, transactionline.quantity AS quantity,"
    " transactionline.rate AS rate, transactionline.foreignamount AS foreignamount,"
    " job.id AS job, job.entityid AS entityid, job.externalid AS externalid,"
    " job.companyname AS companyname FROM transactionline"
    " LEFT JOIN job ON job.id = transactionline.entity"
    " WHERE transactionline.transaction IN ({ids}) AND transactionline.mainline = 'F'"
    " AND transactionline.iscogs = 'F'"
    " ORDER BY transactionline.uniquekey"
)


def literal(text: str) -> str:
    """A text in a query: quoted, quotes doubled."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def customers(companies: Iterable[str], since: str) -> str:
    """Customers of these subsidiaries, one row for each they belong to."""
    return _CUSTOMERS.format(companies=", ".join(companies), since=since)


def projects(companies: Iterable[str], since: str, fields: Mapping[BillingAttribute, str]) -> str:
    """Projects of these subsidiaries, with the custom fields asked for."""
    extra = "".join(f", job.{column} AS {name}" for name, column in sorted(fields.items()))
    return _PROJECTS.format(companies=", ".join(companies), since=since, fields=extra)


def documents(kinds: Iterable[str], condition: str) -> str:
    """Invoices or credit memos, without their lines."""
    types = ", ".join(literal(TYPES[kind]) for kind in kinds)
    return _DOCUMENTS.format(types=types, condition=condition)


def changed_since(table: str, since: datetime | None, zone: ZoneInfo) -> str:
    """The condition for what changed at or after an instant; empty without one."""
    if since is None:
        return ""
    told = literal(since.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S"))
    return f"{table}.lastmodifieddate >= TO_TIMESTAMP({told}, '{TIME_FORM}')"


def run(client: ApiClient, query: str, page_size: int) -> Iterator[paging.Page]:
    """Yield the pages of a query; asked anew when rows shift between pages.

    A query shows `ROWS_MAX` rows at most, so a longer one is asked again from the last id on.

    Raises:
        BadAnswerError: The answer does not say whether more follows, or the count is not met.
    """
    told, _, key = query.rpartition(" ORDER BY ")
    after = ""
    while True:
        last, total = None, 0
        for page in _window(client, f"{told}{after} ORDER BY {key}", page_size):
            total = _total(page)
            last = inside(page.records[-1][1], "id") if page.records else last
            yield page
        if total < _reachable(page_size):
            return
        after = f" AND {key} > {last}"


def _reachable(page_size: int) -> int:
    return ROWS_MAX // page_size * page_size


def _window(client: ApiClient, query: str, page_size: int) -> Iterator[paging.Page]:
    def ask(turn: paging.Turn) -> Answer:
        headers = {"Prefer": "transient"}
        return client.post_read(turn.path, {"q": query}, turn.params, headers)

    first = paging.Turn(PATH, {"limit": page_size, "offset": 0}, {"q": query})
    return paging.settled(
        lambda: paging.pages(ask, first, ("items",), _following),
        _identity,
        lambda page: min(_total(page), _reachable(page_size)),
    )


def rows(client: ApiClient, query: str, page_size: int) -> list[tuple[str, Json]]:
    """All rows of a query, each with its own characters; the later of two with one id counts."""
    found = {
        _identity(value): (text, value)
        for page in run(client, query, page_size)
        for text, value in page.records
    }
    return list(found.values())


def lines_of(
    client: ApiClient, ids: Sequence[str], page_size: int
) -> dict[str, list[tuple[str, Json]]]:
    """The lines of some documents, by document, in the order of the document.

    Raises:
        BadAnswerError: A document's id is not a number, or a line is of another document.
    """
    if not all(one.isdecimal() for one in ids):
        raise BadAnswerError("a document in the answer has no internal id")
    found: dict[str, list[tuple[str, Json]]] = {one: [] for one in ids}
    for start in range(0, len(ids), IDS_MAX):
        query = _LINES.format(ids=", ".join(ids[start : start + IDS_MAX]))
        for text, value in rows(client, query, page_size):
            document = str(inside(value, "document"))
            if document not in found:
                raise BadAnswerError(f"a line of document {document}, which was not asked for")
            found[document].append((text, value))
    return found


def _following(turn: paging.Turn, page: paging.Page) -> paging.Turn | None:
    """`hasMore` has been seen false while rows were left, so the count is listened to as well."""
    more, total = page.rest.get("hasMore"), _total(page)
    if type(more) is not bool:
        raise BadAnswerError("the answer has no hasMore; the end of the list is unknown")
    offset, limit = int(turn.params["offset"]), int(turn.params["limit"])
    is_over = offset + limit >= _reachable(limit) or not (more or offset + limit < total)
    return None if is_over else turn.but(offset=offset + limit)


def _identity(value: Json) -> str:
    return str(inside(value, "id"))


def _total(page: paging.Page) -> int:
    told = page.rest.get("totalResults")
    if type(told) is not int:
        raise BadAnswerError("the answer has no totalResults; the end of the list is unknown")
    return told
