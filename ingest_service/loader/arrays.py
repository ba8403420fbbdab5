"""Arrow arrays from Python values, whole columns at once; a column that does not fit is mended value by value.

Which column holds what belongs to `assemble`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import astuple

from ingest_service.loader.columns import MONEY, STRING
from ingest_service.loader.values import clean_text, parse_money

UUID_PATTERN = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
NOT_MENDED: list[int] = []


def texts(values: Sequence[Any]) -> pa.Array:
    """Strings; None becomes empty, an integer its digits, a lone surrogate U+FFFD."""
    try:
        return pa.array(values, STRING).fill_null("")
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return pa.array([clean_text(str(value)) if value is not None else "" for value in values], STRING)


def raw_texts(values: Iterable[bytes]) -> pa.Array:
    """Strings from UTF-8 bytes; what is no UTF-8 becomes U+FFFD."""
    found = list(values)
    try:
        return pa.array(found, STRING)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeDecodeError):
        return pa.array([value.decode("utf-8", "replace") for value in found], STRING)


def counts(values: Sequence[int | None], kind: pa.DataType) -> pa.Array:
    """Unsigned numbers; None becomes 0."""
    return pa.array(values, kind).fill_null(0)


def money(values: Sequence[msgspec.Raw]) -> tuple[pa.Array, list[int]]:
    """Amounts from their JSON text (number, numeric string, empty or null), exact, and the rows that cannot be read."""
    given = [bytes(value) or None for value in values]
    try:
        text = pc.utf8_trim(pa.array(given, STRING), '"')
        return pc.if_else(pc.equal(text, "null"), None, text).cast(MONEY), NOT_MENDED
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeDecodeError):
        return _mend_money(given)


def _mend_money(given: list[bytes | None]) -> tuple[pa.Array, list[int]]:
    read = [None if value is None or value == b"null" else parse_money(_text(value)) for value in given]
    bad = [
        row
        for row, (value, amount) in enumerate(zip(given, read, strict=True))
        if amount is None and value not in (None, b"null")
    ]
    return pa.array(read, MONEY), bad


def _text(value: bytes) -> object:
    """The JSON value of an amount's text, as text: a number keeps its digits."""
    stripped = value.strip()
    if not stripped.startswith(b'"'):
        return stripped.decode("utf-8", "replace")
    try:
        return msgspec.json.decode(stripped)
    except msgspec.MsgspecError:
        return None


def lists(lengths: Iterable[int], values: pa.Array) -> pa.Array:
    """A list column: the first `lengths[0]` values belong to row 0, and so on."""
    return pa.ListArray.from_arrays(pa.array([0, *accumulate(lengths)], pa.int32()), values)


def maps(rows: Sequence[Sequence[tuple[str, Any]]], kind: pa.MapType) -> pa.Array:
    """A map column from (key, value) pairs."""
    keys = [key for pairs in rows for key, _ in pairs]
    values = [value for pairs in rows for _, value in pairs]
    offsets = pa.array([0, *accumulate(map(len, rows))], pa.int32())
    items = texts(values) if kind.item_type == STRING else pa.array(values, kind.item_type)
    return pa.MapArray.from_arrays(offsets, texts(keys), items)


def uuids(ids: pa.Array, otherwise: Callable[[int, str], uuid.UUID]) -> pa.Array:
    """UUIDs as 16 bytes; `otherwise` names one for a row whose id is none."""
    values = ids.to_pylist()
    fits = pc.match_substring_regex(ids, UUID_PATTERN)
    if not pc.all(fits, min_count=0).as_py():
        for row, is_one in enumerate(fits.to_pylist()):
            if not is_one:
                values[row] = str(otherwise(row, values[row]))
    packed = bytes.fromhex("".join(values).replace("-", ""))
    return pa.Array.from_buffers(pa.binary(16), len(values), [None, pa.py_buffer(packed)])


def transpose(structs: Sequence[msgspec.Struct], kind: type[msgspec.Struct]) -> dict[str, Sequence[Any]]:
    """The structs' fields as columns, by attribute name."""
    if not structs:
        return {name: () for name in kind.__struct_fields__}
    return dict(zip(kind.__struct_fields__, zip(*map(astuple, structs), strict=True), strict=True))
