"""Reading one value of a call: what is taken for it, and when that deserves a warning. Which field is read how is in `layouts`.

Numbers with a fraction come as their JSON text (msgspec.Raw), so that amounts keep every digit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from gxy_analytics.contracts.events import MAX_ID_LENGTH
from ingest_service.loader.coercion import UNREADABLE
from ingest_service.loader.values import MAX_UINT32, parse_count, parse_flag, parse_money, parse_text

Raw = msgspec.Raw
QUERY_KEYS = ("query", "q", "text", "term", "keyword", "keywords", "search")
_encode = msgspec.json.Encoder(order="sorted").encode


class Reader(NamedTuple):
    """`read` gives the value or UNREADABLE; a value of another type than `plain` was coerced.

    Text of up to `max_chars` is taken as it is, without being read.
    """

    read: Callable[[Any], Any]
    plain: frozenset[type]
    max_chars: int = -1


def plain_value(value: Any) -> Any:
    """The value, a number with a fraction as text."""
    return bytes(value).decode() if type(value) is Raw else value


def _text(value: Any) -> Any:
    if type(value) is str:
        return value
    found = parse_text(plain_value(value))
    return UNREADABLE if found is None else found


def _key(value: Any) -> Any:
    found = _text(value)
    return found if found is UNREADABLE or len(found) <= MAX_ID_LENGTH else UNREADABLE


def _count(value: Any) -> Any:
    if type(value) is int:
        return value if 0 <= value <= MAX_UINT32 else UNREADABLE
    found = parse_count(plain_value(value))
    return UNREADABLE if found is None else found


def _money(value: Any) -> Any:
    if type(value) is Raw:
        return value
    if type(value) is int:
        return Raw(b"%d" % value)
    found = parse_money(value)
    return UNREADABLE if found is None else Raw(str(found).encode())


def _pairs(value: Any) -> Any:
    """Filters and sorts: `[{"type": "price", "value": "desc"}]`, or an object; of several values of one type, all."""
    if isinstance(value, dict):
        given = list(value.items())
    elif isinstance(value, list) and all(isinstance(one, dict) and "type" in one for one in value):
        given = [(one["type"], one.get("value")) for one in value]
    else:
        return UNREADABLE
    found: dict[str, str] = {}
    for kind, inner in given:
        name, text = _text(kind), _joined(inner)
        if name is UNREADABLE or text is UNREADABLE:
            return UNREADABLE
        found[name] = f"{found[name]},{text}" if name in found else text
    return found


def _joined(value: Any) -> Any:
    if value is None:
        return ""
    if not isinstance(value, list):
        return _text(value)
    texts = [_text(one) for one in value]
    return UNREADABLE if UNREADABLE in texts else ",".join(texts)


def _query(value: Any) -> Any:
    """A search as text; of an object the words that it searches for, else the object itself."""
    if not isinstance(value, dict):
        return _joined(value) if isinstance(value, list) else _text(value)
    named = next((value[key] for key in QUERY_KEYS if isinstance(value.get(key), str)), None)
    return named if named is not None else _encode(value).decode()


def _flags(value: Any) -> Any:
    found = {key: parse_flag(given) for key, given in value.items()} if isinstance(value, dict) else {"": None}
    return UNREADABLE if None in found.values() else found


TEXT = Reader(_text, frozenset({str}), sys.maxsize)
KEY = Reader(_key, frozenset({str, int}), MAX_ID_LENGTH)
COUNT = Reader(_count, frozenset({int}))
MONEY = Reader(_money, frozenset({int, Raw}))
PAIRS = Reader(_pairs, frozenset({list, dict}))
QUERY = Reader(_query, frozenset({str}), sys.maxsize)
FLAGS = Reader(_flags, frozenset({dict}))
