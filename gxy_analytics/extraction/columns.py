"""Converting one Arrow column of a source into the type of its ClickHouse column, exactly, and saying which values do not fit.

Nothing here raises for a value: a value that does not fit is null in the result and true in `bad`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import available_timezones

import pyarrow as pa
import pyarrow.compute as pc

from gxy_analytics.contracts.table_spec import Check, ColumnType
from gxy_analytics.governance.tenants.tenants import CURRENCY, SLUG

MONEY = pa.decimal128(18, 4)
INSTANT = pa.timestamp("us", "UTC")
MONEY_TEXT = r"^(-?\d{1,14})(?:(\.\d{1,4})0*)?$"
WHOLE_TEXT = r"^-?\d{1,18}$"
UTC_MICROSECONDS = 1_000_000

# What ClickHouse's DateTime64 holds; and what its DateTime holds (governance.arrivals counts by it), where the local day and the
# one before it are a Date in every zone.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2299, 12, 31, tzinfo=UTC)
ARRIVAL_EARLIEST, ARRIVAL_LATEST = datetime(1970, 1, 3, tzinfo=UTC), datetime(2105, 12, 31, tzinfo=UTC)

REASONS = {
    ColumnType.ID: "is not a whole number from 0 up",
    ColumnType.INTEGER: "is not a whole number of 64 bits",
    ColumnType.MONEY: "is not a decimal of at most 14 digits before and 4 after the point",
    ColumnType.TEXT: "is not text",
    ColumnType.CODE: "is not text",
    ColumnType.FLAG: "is not true or false",
    ColumnType.INSTANT: "is not an instant from 1900 to 2299",
    ColumnType.YEAR: "is not a date",
}


def convert(array: pa.Array, kind: ColumnType) -> pa.Array:
    """Return `array` in the Arrow type that ClickHouse reads as `kind`; a value that does not fit becomes null."""
    plain = array.storage if isinstance(array, pa.ExtensionArray) else array
    if pa.types.is_null(plain.type):
        return pa.nulls(len(plain), ARROW_TYPES[kind])
    if pa.types.is_dictionary(plain.type):
        plain = plain.dictionary_decode()
    return CONVERTERS[kind](plain)


def failed_check(array: pa.Array, check: Check) -> pa.Array:
    """Which of the converted values do not meet `check`. A null meets it."""
    if check is Check.CURRENCY:
        met = pc.match_substring_regex(array, f"^{CURRENCY.pattern}$")
    elif check is Check.SLUG:
        met = pc.match_substring_regex(array, f"^{SLUG.pattern}$")
    elif check is Check.TIMEZONE:
        met = pc.is_in(array, value_set=pa.array(sorted(available_timezones()), pa.string()))
        met = pc.or_(met, pc.is_null(array))
    elif check is Check.ARRIVAL:
        met = _between(array, ARRIVAL_EARLIEST, ARRIVAL_LATEST)
    else:
        return pa.repeat(pa.scalar(False), len(array))
    return pc.invert(pc.fill_null(met, True))


def _money(array: pa.Array) -> pa.Array:
    """Through text, never through a float: a floating-point column does not fit."""
    if pa.types.is_floating(array.type):
        return pa.nulls(len(array), MONEY)
    text = _text(array)
    fits = pc.fill_null(pc.match_substring_regex(text, MONEY_TEXT), False)
    digits = pc.if_else(fits, text, pa.scalar(None, pa.string()))
    return pc.replace_substring_regex(digits, MONEY_TEXT, r"\1\2").cast(MONEY)


def _whole(array: pa.Array) -> pa.Array:
    """64-bit integers from integers, decimals or text."""
    if pa.types.is_unsigned_integer(array.type) and array.type.bit_width == 64:
        array = _text(array)
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        return array.cast(pa.int64())
    text = pc.replace_substring_regex(_text(array), r"\.0+$", "")
    fits = pc.fill_null(pc.match_substring_regex(text, WHOLE_TEXT), False)
    return pc.if_else(fits, text, pa.scalar(None, pa.string())).cast(pa.int64())


def _identity(array: pa.Array) -> pa.Array:
    whole = _whole(array)
    fits = pc.greater_equal(whole, 0)
    return pc.if_else(fits, whole, pa.scalar(None, pa.int64())).cast(pa.uint64())


def _flag(array: pa.Array) -> pa.Array:
    if pa.types.is_boolean(array.type):
        return array
    text = pc.utf8_lower(_text(array))
    is_true, is_false = (pc.is_in(text, value_set=pa.array(words)) for words in (["1", "t", "true"], ["0", "f", "false"]))
    return pc.if_else(is_true, True, pc.if_else(is_false, False, pa.scalar(None, pa.bool_())))


def _instant(array: pa.Array) -> pa.Array:
    """Naive times are UTC. Infinity and the year 0 are outside the range and do not fit."""
    if pa.types.is_timestamp(array.type):
        moments = array.cast(pa.timestamp("us", array.type.tz), safe=False).view(INSTANT)
    elif pa.types.is_date32(array.type):
        moments = array.cast(pa.timestamp("s")).cast(pa.timestamp("us"), safe=False).view(INSTANT)
    else:
        moments = pa.array([_parse(value) for value in _text(array).to_pylist()], INSTANT)
    return pc.if_else(_between(moments, EARLIEST, LATEST), moments, pa.scalar(None, INSTANT))


def _parse(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _between(moments: pa.Array, earliest: datetime, latest: datetime) -> pa.Array:
    low, high = (pa.scalar(int(limit.timestamp()) * UTC_MICROSECONDS) for limit in (earliest, latest))
    counts = moments.view(pa.int64())
    return pc.and_(pc.greater_equal(counts, low), pc.less_equal(counts, high))


def _year(array: pa.Array) -> pa.Array:
    """The year of an ISO date in text; null for what is none (infinity, a zero date): no reason to lose a customer."""
    years = pc.struct_field(pc.extract_regex(_text(array), r"^(?P<year>(?:19|20)\d\d)-"), "year")
    return years.cast(pa.uint16())


def _text(array: pa.Array) -> pa.Array:
    return array if pa.types.is_string(array.type) else array.cast(pa.string())


CONVERTERS: dict[ColumnType, Callable[[pa.Array], pa.Array]] = {
    ColumnType.ID: _identity,
    ColumnType.INTEGER: _whole,
    ColumnType.MONEY: _money,
    ColumnType.TEXT: _text,
    ColumnType.CODE: _text,
    ColumnType.FLAG: _flag,
    ColumnType.INSTANT: _instant,
    ColumnType.YEAR: _year,
}
ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.ID: pa.uint64(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.MONEY: MONEY,
    ColumnType.TEXT: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.FLAG: pa.bool_(),
    ColumnType.INSTANT: INSTANT,
    ColumnType.YEAR: pa.uint16(),
}
DEFAULTS: dict[ColumnType, pa.Scalar] = {
    ColumnType.ID: pa.scalar(0, pa.uint64()),
    ColumnType.INTEGER: pa.scalar(0, pa.int64()),
    ColumnType.MONEY: pa.scalar(Decimal(0), MONEY),
    ColumnType.TEXT: pa.scalar(""),
    ColumnType.CODE: pa.scalar(""),
    ColumnType.FLAG: pa.scalar(False),
    ColumnType.INSTANT: pa.scalar(datetime(1970, 1, 1, tzinfo=UTC), INSTANT),
}
