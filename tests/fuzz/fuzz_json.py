"""JSON as clients get it wrong: trees that may say a key twice, hold text that is no JSON, or JSON inside of a text.

What is put into such trees belongs to `fuzz_mutations` and `fuzz_shapes`.
"""

from __future__ import annotations

import base64
import json
from typing import Any


class Token(str):
    """Text that is written as it is: `NaN`, `1e400`, `[[[[…`."""

    __slots__ = ()


class Twice(str):
    """A name that stands beside its equal in one object: no two of them are the same key."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class Embedded(list[Any]):
    """JSON inside of a JSON string, as Snowplow's trackers write it: [value], and whether the text is base64."""

    is_base64 = False


def embedded(value: Any, *, is_base64: bool) -> Embedded:
    """The value inside of a text."""
    made = Embedded([value])
    made.is_base64 = is_base64
    return made


def text_of(value: Any, *, is_ascii: bool = True) -> str:
    """The tree as JSON text, as far as it is JSON."""
    if isinstance(value, Token):
        return str(value)
    if isinstance(value, Embedded):
        return quoted(inner_text(value, is_ascii=is_ascii), is_ascii)
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(name, is_ascii)}:{text_of(one, is_ascii=is_ascii)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(text_of(inner, is_ascii=is_ascii) for inner in value) + "]"
    return quoted(value, is_ascii) if isinstance(value, str) else json.dumps(value)


def inner_text(value: Embedded, *, is_ascii: bool = True) -> str:
    """What stands between the quotes."""
    text = text_of(value[0] if value else None, is_ascii=is_ascii)
    return base64.urlsafe_b64encode(bytes_of(text)).decode().rstrip("=") if value.is_base64 else text


def bytes_of(text: str) -> bytes:
    """UTF-8; half a character stays half a character, which is no UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def quoted(text: str, is_ascii: bool) -> str:
    """A JSON string."""
    return json.encoder.encode_basestring_ascii(text) if is_ascii else json.encoder.encode_basestring(text)
