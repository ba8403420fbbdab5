"""Numbers as they were written: fractions digit by digit, and whole numbers of thousands of digits, of which none costs an event.

What a value may be is decided where it is read: in an amount, a count or an instant such a number is as wrong as any text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

T = TypeVar("T")

# Such a number is JSON, but Python and msgspec stop at 4,300 digits. With a fraction or an exponent `exact` takes it as it is.
_LONG = re.compile(rb"[0-9]{4301}")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|-?[0-9][0-9.eE+-]*+', re.DOTALL)  # a text, whole or cut, or a number
MAX_DIGITS = 4300
STAND_IN = b"1e4300"


def exact(text: str) -> msgspec.Raw:
    """A number with a fraction or an exponent as it was written: every digit of an amount counts, and none is out of range."""
    return msgspec.Raw(text.encode())


def tolerant(decode: Callable[[bytes | msgspec.Raw], T]) -> Callable[[bytes | msgspec.Raw], T]:
    """`decode` (whose float_hook is `exact`), tried again with STAND_IN for long numbers where it finds a value that cannot be.

    Raises what `decode` raises.
    """

    def decode_again(text: bytes | msgspec.Raw) -> T:
        try:
            return decode(text)
        except msgspec.ValidationError:
            if not _LONG.search(text):
                raise
            return decode(_TOKEN.sub(_shortened, text))

    return decode_again


def _shortened(token: re.Match[bytes]) -> bytes:
    found = token[0]
    return STAND_IN if len(found) > MAX_DIGITS and found.removeprefix(b"-").isdigit() else found
