"""Reading single values of parameters and entities: text, ids, counts, amounts, instants. None means "cannot be read".

Which field is read how belongs to the tables (`parameters`, `entities`, `events`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gxy_analytics.contracts.events import MAX_ID_LENGTH
from ingest_service.loader.values import MAX_UINT32, parse_count, parse_money, parse_text

MAX_PLAIN_INTEGER = 10**15  # of an amount or an instant; longer ones are no such thing

Reader = Callable[[Any], Any]

_encode = msgspec.json.Encoder().encode


def text(value: Any) -> str | None:
    """Text of a string, number or boolean. A JSON number with a fraction comes as its own text (`msgspec.Raw`)."""
    if type(value) is str:
        return value
    if type(value) is msgspec.Raw:
        return bytes(value).decode()
    if type(value) is int and abs(value) >= MAX_PLAIN_INTEGER:
        return None
    return parse_text(value)


def key(value: Any) -> str | None:
    """Text of an id, which may be a number."""
    return text(value)


def identity(value: Any) -> str | None:
    """Text of at most MAX_ID_LENGTH characters."""
    found = value if type(value) is str else text(value)
    return found if found is not None and len(found) <= MAX_ID_LENGTH else None


def count(value: Any) -> int | None:
    """A whole number from 0 to 2^32 - 1."""
    if type(value) is int:
        return value if 0 <= value <= MAX_UINT32 else None
    if type(value) is str and len(value) < 10 and value.isdecimal():
        return int(value)
    return parse_count(bytes(value).decode() if type(value) is msgspec.Raw else value)


def money(value: Any) -> msgspec.Raw | None:
    """An amount as JSON text, with every digit."""
    if type(value) is msgspec.Raw:
        return value
    if type(value) is int:
        return msgspec.Raw(b"%d" % value) if abs(value) < MAX_PLAIN_INTEGER else None
    amount = parse_money(value)
    return None if amount is None else msgspec.Raw(str(amount).encode())


def instant(value: Any) -> int | str | None:
    """Milliseconds since the epoch of their digits; other text stays as it is and is judged with the clock."""
    if type(value) is str and value.isdecimal() and len(value) <= 15:
        return int(value)
    return text(value)


def texts(value: Any) -> dict[str, str] | None:
    """An object as a map of texts; what is no text in it as JSON."""
    if type(value) is not dict:
        return None
    return {name: found if (found := text(inner)) is not None else _encode(inner).decode() for name, inner in value.items()}


def words(value: Any) -> str | None:
    """A list of words as one text."""
    if type(value) is list:
        return " ".join(found for word in value if (found := text(word)) is not None)
    return text(value)


def anything(value: Any) -> Any:
    """The value as it is, for properties."""
    return value
