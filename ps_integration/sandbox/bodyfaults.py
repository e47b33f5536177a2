"""Faults inside an otherwise good answer: changed fields, duplicated and shifted pages."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ps_integration.sandbox.codec import Document, dumps, loads
from ps_integration.sandbox.faults import Fault

HTTP_OK = 200


def changed_answer(response: Response, faults: Sequence[Fault], page_before: bytes) -> Response:
    """Apply body faults to a JSON answer with status 200; any other answer is left alone."""
    if not faults or response.status_code != HTTP_OK or response.mimetype != "application/json":
        return response
    body = loads(response.get_data())
    for fault in faults:
        body = _changed(body, fault, page_before)
    response.set_data(dumps(body))
    return response


def _changed(body: Any, fault: Fault, page_before: bytes) -> Any:  # noqa: ANN401 - any JSON
    match fault.kind:
        case "duplicated_page":
            return _joined(loads(page_before), body) if page_before else body
        case "shifted_page":
            return _shortened(body, int(fault.options.get("by", 1)))
        case _:
            for record in _records(body):
                if fault.options.get("only_id") in (None, str(record.get("id"))):
                    _change_field(record, fault)
            return body


def _is_envelope(body: object) -> bool:
    return isinstance(body, dict) and "id" not in body


def _records(body: Any) -> Iterator[Document]:  # noqa: ANN401 - any JSON
    """Yield the records of a bare array, an envelope, a map by id, or the one record itself."""
    if isinstance(body, list):
        yield from (item for item in body if isinstance(item, dict))
    elif not _is_envelope(body):
        yield body
    else:
        for value in body.values():
            if isinstance(value, list):
                yield from (item for item in value if isinstance(item, dict))
            elif isinstance(value, dict) and all(isinstance(one, dict) for one in value.values()):
                yield from value.values()


def _change_field(record: Document, fault: Fault) -> None:
    *parents, name = str(fault.options["field"]).split(".")
    for parent in parents:
        inner = record.get(parent)
        if not isinstance(inner, dict):
            return
        record = inner
    if name not in record:
        return
    old = record.pop(name)
    if fault.kind == "renamed_field":
        record[str(fault.options["value"])] = old
    elif fault.kind == "retyped_field":
        literal = fault.options.get("literal")
        record[name] = fault.options.get("value") if literal is None else _bare(str(literal))


def _bare(literal: str) -> msgspec.Raw:
    return msgspec.Raw(literal.encode())


def _joined(before: Any, body: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(before, list) and isinstance(body, list):
        return before + body
    if not (_is_envelope(before) and _is_envelope(body)):
        return body
    both = {
        key: _joined(before.get(key), value) if isinstance(value, list) else value
        for key, value in body.items()
    }
    maps = {
        key: {**before[key], **value}
        for key, value in body.items()
        if isinstance(value, dict) and isinstance(before.get(key), dict)
    }
    return {**both, **maps}


def _shortened(body: Any, by: int) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(body, list):
        return body[by:]
    if not _is_envelope(body):
        return body
    return {k: v[by:] if isinstance(v, list) else v for k, v in body.items()}
