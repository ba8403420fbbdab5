"""How values read on the page: amounts, instants, days, codes. Exact values are in report.json."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gxy_analytics.governance.privacy_report.html import Html, tag

CENTS = Decimal("0.01")
ACTS = {
    "privacy.report": "A report like this one was made",
    "erasure.received": "An erasure was asked for",
    "erasure.done": "An erasure was finished",
    "erasure.failed": "An erasure did not succeed and was taken up again",
    "vault.read": "The encrypted part was opened",
    "export.made": "A list that you are on was taken out",
    "erased": "An erasure came into force",
}
PROFILE = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "E-mail",
    "phone": "Phone",
    "birth_date": "Birth date",
    "birth_year": "Birth year",
    "gender": "Gender",
    "country": "Country",
    "region": "Region",
    "city": "City",
    "postal_code": "Postal code",
    "accepts_marketing": "Accepts marketing",
    "created_at": "Account since",
    "updated_at": "Last changed",
    "is_deleted": "Deleted in the shop",
}
SEGMENTS = {
    "champions": "Buys often and did so lately",
    "loyal": "Buys often",
    "potential_loyalists": "Bought lately, and more than once",
    "new": "Bought for the first time lately",
    "promising": "Bought not long ago",
    "needs_attention": "Buys now and then, not lately",
    "about_to_sleep": "Bought seldom, not lately",
    "at_risk": "Used to buy often, not for long",
    "hibernating": "Bought seldom, long ago",
    "lost": "Bought least, longest ago",
}


def amount(value: Any, currency: str = "") -> str:
    """An exact amount with at least two decimals, such as 1,159.80 EUR."""
    if value in (None, ""):
        return ""
    exact = Decimal(str(value))
    shortest = exact.quantize(CENTS) if exact == exact.quantize(CENTS) else exact.normalize()
    return f"{shortest:,f} {currency}".strip()


def instant(value: Any) -> Html:
    """1 Mar 2026, 11:00, with the whole instant for machines."""
    if not value:
        return Html("")
    when = datetime.fromisoformat(str(value))
    return tag("time", f"{day(when)}, {when:%H:%M}", datetime=str(value))


def day(value: date | str) -> str:
    """1 Mar 2026"""
    when = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{when.day} {when:%b %Y}"


def span(seconds: Any) -> str:
    """3 min 20 s"""
    minutes, rest = divmod(int(seconds or 0), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def yes(value: Any) -> str:
    return "yes" if value else "no"


def count(number: int, one: str, many: str = "") -> str:
    """1 order, 2,000 orders"""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
