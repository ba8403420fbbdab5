"""Reading single values that clients send in many shapes: instants, amounts, counts, text. Pure; None means "cannot be read".

Which field takes which shape belongs to `lenient`; whole columns are read by `assemble`, with the same results.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

MAX_UINT32 = 2**32 - 1
MAX_MONEY = Decimal(10) ** 14  # Decimal(18, 4)
CENT_OF_CENT = Decimal("0.0001")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MIN_INSTANT_MS = -2_208_988_800_000  # 1900-01-01, the range of DateTime64(3)
MAX_INSTANT_MS = 10_413_791_999_999  # 2299-12-31


def parse_instant(value: object) -> int | None:
    """Milliseconds since the epoch of an ISO 8601 string (UTC where it names no zone) or a number of ms since it."""
    if isinstance(value, str):
        found = _iso(value.strip())
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        found = _epoch(value)
    else:
        return None
    return found if found is not None and MIN_INSTANT_MS <= found <= MAX_INSTANT_MS else None


def _iso(text: str) -> int | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return _epoch_text(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return (instant - EPOCH) // MILLISECOND


def _epoch_text(text: str) -> int | None:
    try:
        return _epoch(Decimal(text))
    except InvalidOperation:
        return None


def _epoch(number: float | Decimal) -> int | None:
    try:
        return int(number) if MIN_INSTANT_MS <= number <= MAX_INSTANT_MS else None  # 1e3000000 as an int takes minutes
    except (OverflowError, ValueError, InvalidOperation):
        return None


def parse_money(value: object) -> Decimal | None:
    """An amount with four decimals (further ones rounded half to even) of a number or a numeric string."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        amount = Decimal(str(value).strip()).quantize(CENT_OF_CENT, ROUND_HALF_EVEN)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < MAX_MONEY else None


def parse_count(value: object) -> int | None:
    """A UInt32 of a whole number or a numeric string."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        number = Decimal(str(value).strip())
        return int(number) if 0 <= number <= MAX_UINT32 and number == int(number) else None  # as in `_epoch`
    except (InvalidOperation, ValueError, OverflowError):
        return None


def parse_text(value: object) -> str | None:
    """Text of a string, number or boolean. Lone surrogates, which no UTF-8 holds, become U+FFFD."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    return clean_text(value) if isinstance(value, str) else None


def clean_text(text: str) -> str:
    """The text with lone surrogates replaced."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def parse_flag(value: object) -> bool | None:
    """A boolean of true/false, 1/0, or their usual spellings."""
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "yes": True, "granted": True, "false": False, "0": False, "no": False, "denied": False}.get(
        str(value).strip().lower()
    )
