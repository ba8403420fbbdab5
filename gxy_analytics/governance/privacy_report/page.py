"""report.html: the report for reading, one file that loads nothing. Its parts are in `page_parts` and `page_about`.

Everything in it is in report.json as well; of what is long the newest are shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from gxy_analytics.governance.privacy_report.catalogue import HeldTable
from gxy_analytics.governance.privacy_report.digest import Digest
from gxy_analytics.governance.privacy_report.head import Head
from gxy_analytics.governance.privacy_report.html import Html, facts, join, tag, text
from gxy_analytics.governance.privacy_report.page_about import about, after_erasure, places_kept, rights
from gxy_analytics.governance.privacy_report.page_parts import PARTS
from gxy_analytics.governance.privacy_report.wording import amount, day, instant
from gxy_analytics.warehouse.client import read_sql

NOTHING_LOADS = "default-src 'none'; style-src 'unsafe-inline'"
"""The browser fetches and runs nothing for this page, whatever a value in it tries."""


def render_page(head: Head, tables: Sequence[HeldTable], counts: dict[str, int], digest: Digest) -> Html:
    """The whole page. `counts`: rows by table, as in report.json."""
    sections = [
        ("about", "Who holds your data, and why", about(head, tables, counts)),
        *((key, title, part(digest)) for key, title, part in PARTS),
        ("kept", "Where it is kept", places_kept(tables, counts, head.periods)),
        ("erasure", "What stays after an erasure", after_erasure(tables, counts)),
        ("rights", "What you can ask for", rights()),
    ]
    shown = [(key, title, body) for key, title, body in sections if body]
    body = tag(
        "body",
        _header(head, digest, counts),
        tag("nav", tag("ul", *(tag("li", tag("a", title, href=f"#{key}")) for key, title, _ in shown)), aria_label="Contents"),
        tag("main", *(tag("section", tag("h2", title), content, id=key) for key, title, content in shown)),
        _footer(head),
    )
    return join((Html("<!doctype html>\n"), tag("html", _head(head), body, lang="en"), "\n"))


def _head(head: Head) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", http_equiv="Content-Security-Policy", content=NOTHING_LOADS),
        tag("title", f"Your data at {head.shop.name}"),
        tag("style", Html(read_sql(__package__, "page.css"))),
    )


def _header(head: Head, digest: Digest, counts: dict[str, int]) -> Html:
    name = _name(digest)
    made = head.made_at.astimezone(head.shop.zone)
    days = sorted(digest.days)
    spent = ", ".join(amount(total, currency) for currency, total in sorted(digest.spent.items()))
    tiles = (
        ("Orders", f"{digest.order_count:,}"),
        ("Spent", spent),
        ("Visits", f"{sum(one.visits for one in digest.days.values()):,}"),
        ("Things you did", f"{digest.event_count:,}"),
        ("Between", join((tag("span", day(days[0]), " –"), " ", tag("span", day(days[-1])))) if days else ""),
    )
    return tag(
        "header",
        tag("p", head.shop.name, class_="kicker"),
        tag("h1", "Everything that is held about you" if not name else f"Everything that is held about you, {name}"),
        tag(
            "p",
            f"Made on {day(made)} at {made:%H:%M}. It has {sum(counts.values()):,} rows from "
            f"{sum(1 for number in counts.values() if number)} tables. Times are those of {head.shop.zone.key}. "
            "The file report.json beside this page holds all of it, complete and for machines.",
            class_="lead",
        ),
        facts(tiles, "tiles"),
    )


def _name(digest: Digest) -> str:
    """The first name and the first last name that the vault gave."""
    told = (next((one[part] for one in digest.people.values() if one.get(part)), "") for part in ("first_name", "last_name"))
    return " ".join(filter(None, told))


def _footer(head: Head) -> Html:
    return tag(
        "footer",
        tag(
            "p",
            "Report ",
            tag("code", str(head.report_id)),
            ", made ",
            instant(head.made_at.astimezone(head.shop.zone).isoformat()),
            ".",
        ),
        tag(
            "p",
            text("Right of access: GDPR Art. 15, right to know: CCPA § 1798.110. Keep this file as carefully as your letters."),
        ),
    )
