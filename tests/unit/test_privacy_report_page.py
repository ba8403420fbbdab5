"""Parts of the page that a person reads: what is long is cut and says so, what happened often is one line, sums read as sums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, cast

import pytest

from gxy_analytics.governance.privacy_report.catalogue import HeldTable, explained_tables
from gxy_analytics.governance.privacy_report.digest import LETTER_CHARS, NEWEST, Digest
from gxy_analytics.governance.privacy_report.head import Head
from gxy_analytics.governance.privacy_report.html import breakable
from gxy_analytics.governance.privacy_report.letters import OF_OTHERS
from gxy_analytics.governance.privacy_report.page_letters import letters
from gxy_analytics.governance.privacy_report.page_orders import orders
from gxy_analytics.governance.privacy_report.page_parts import requests

AT = "2026-03-01T13:00:00.000+01:00"


class NoHead:
    """Of the head a part of the page asks for the products alone."""

    products: ClassVar[dict[int, tuple[str, str]]] = {}


@pytest.fixture
def digest() -> Digest:
    return Digest(cast(Head, NoHead()))


def see(digest: Digest, name: str, *rows: dict[str, Any]) -> None:
    def given() -> Iterator[dict[str, Any]]:
        yield from rows

    table = HeldTable(name, "ReplacingMergeTree", (), explained_tables()[name])
    assert list(digest.watch(table, given())) == list(rows)


def test_what_could_not_be_read_is_shown_escaped_and_a_long_one_as_far_as_there_is_room(digest: Digest) -> None:
    sent = "<b>" + "x" * LETTER_CHARS + "end"
    see(
        digest,
        "raw.events_rejected",
        {"received_at": AT, "raw": sent, "detail": "not JSON"},
        {"received_at": AT, "raw": OF_OTHERS},
    )
    page = letters(digest)
    assert "&lt;b&gt;xxx" in page
    assert "xend" not in page
    assert page.count("It goes on in report.json.") == 1
    assert OF_OTHERS in page


def test_of_many_letters_the_page_holds_the_newest(digest: Digest) -> None:
    see(digest, "raw.events_rejected", *({"received_at": AT, "raw": f"letter {n}."} for n in range(NEWEST + 1)))
    page = letters(digest)
    assert "letter 0." not in page
    assert f"letter {NEWEST}." in page
    assert "all are in report.json" in page
    assert f"{NEWEST - 3} earlier messages" in page


def test_acts_of_one_minute_are_one_line(digest: Digest) -> None:
    opened = [{"occurred_at": f"2026-03-01T13:00:0{second}.000+01:00", "action": "vault.read"} for second in range(3)]
    see(digest, "governance.audit_entries", *opened, {"occurred_at": AT, "action": "privacy.report"})
    page = requests(digest)
    assert page.count("<tr>") == 3
    assert "The encrypted part was opened, 3 times" in page
    assert "A report like this one was made<" in page


def test_a_discount_is_taken_off_and_the_total_stands_out(digest: Digest) -> None:
    order = {"order_id": 1, "placed_at": AT, "currency": "EUR", "subtotal": "20", "discount_total": "5", "grand_total": "15"}
    see(digest, "raw.oltp_orders", order | {"shipping_postal_code": "1010", "shipping_city": "Wien", "shipping_country": "AT"})
    page = orders(digest)
    assert "\N{MINUS SIGN}5.00 EUR" in page
    assert "<strong>15.00 EUR</strong>" in page
    assert "1010 Wien, AT" in page


def test_a_technical_name_breaks_only_after_its_words() -> None:
    assert breakable("raw.oltp_<b>") == "raw.<wbr>oltp_<wbr>&lt;b&gt;"
