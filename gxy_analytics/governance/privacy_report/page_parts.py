"""The parts of the page that show her data, from the profile to who looked at it.

Each takes the digest and gives nothing where there is nothing to show. The frame around them is `page`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gxy_analytics.governance.privacy_report.digest import IDENTIFIERS, NEWEST, Digest
from gxy_analytics.governance.privacy_report.html import Html, bullets, facts, fold, join, table, tag
from gxy_analytics.governance.privacy_report.page_letters import letters
from gxy_analytics.governance.privacy_report.page_orders import orders
from gxy_analytics.governance.privacy_report.wording import ACTS, PROFILE, SEGMENTS, amount, count, day, instant, span, yes

NOTHING = Html("")
MINUTE = len("2026-03-01T11:00")
"""Characters of an instant that the page tells acts apart by."""
DAYS_OPEN = 14
VISITS_OPEN = 10
VALUES_OPEN = 6
"""Days, visits and values that are shown before the rest is folded away."""


def profile(digest: Digest) -> Html:
    """Every account: what the vault holds and what the account says."""
    cards = []
    for pid, row in digest.people.items():
        known = [(title, _value(name, row[name])) for name, title in PROFILE.items() if name in row]
        cards.append(tag("div", facts((*known, ("Number instead of a name", tag("code", pid)))), class_="card"))
    return join(cards)


def places(digest: Digest) -> Html:
    """Every distinct place of account and orders."""
    columns = (("Postal code", ""), ("City", ""), ("Region", ""), ("Country", ""), ("First seen in", "w"))
    rows = [(*parts, of) for parts, of in digest.places.items()]
    lead = tag("p", "No street and no house number is kept here.", class_="soft")
    return join((lead, table(columns, rows, stack=True))) if rows else NOTHING


def consents(digest: Digest) -> Html:
    """What she agreed to or refused, and when."""
    columns = (("For", "w"), ("You said", ""), ("First", "t"), ("Last", "t"), ("Times", "n"))
    rows: list[Sequence[object]] = [
        (purpose, yes(granted), instant(one.first), instant(one.last), f"{one.times:,}")
        for (purpose, granted), one in sorted(digest.consents.items())
    ]
    rows += [("Marketing, in your account", yes(row["accepts_marketing"]), "", instant(row.get("updated_at")), "")
             for row in digest.people.values() if "accepts_marketing" in row]  # fmt: skip
    return table(columns, rows, stack=True) if rows else NOTHING


def visits(digest: Digest) -> Html:
    """Days with what happened on each, and the newest visits."""
    if not digest.days:
        return NOTHING
    columns = (("Day", "t"), ("Visits", "n"), ("Things you did", "n"), ("Pages", "n"), ("Orders", "n"))
    rows = [(day(key), f"{one.visits:,}", f"{one.events:,}", f"{one.pages:,}", f"{one.orders:,}")
            for key, one in sorted(digest.days.items(), reverse=True)]  # fmt: skip
    parts = [tag("h3", "By day"), table(columns, rows[:DAYS_OPEN])]
    if len(rows) > DAYS_OPEN:
        parts.append(fold(f"{count(len(rows) - DAYS_OPEN, 'earlier day')}", table(columns, rows[DAYS_OPEN:])))
    if digest.visits:
        parts += [tag("h3", "Visit by visit"), _limit(len(digest.visits), "visits"), _visits(digest)]
    return join(parts)


def _visits(digest: Digest) -> Html:
    columns = (("Began", "t"), ("Lasted", "t"), ("Came from", "w"), ("First page", "w"), ("Pages", "n"), ("Device", ""))
    rows = [
        (
            instant(one["started_at"]),
            span(one.get("duration_seconds")),
            " ".join(filter(None, (one.get("channel"), one.get("referrer")))),
            one.get("landing_path", ""),
            f"{one.get('page_views', 0):,}",
            one.get("device_class", ""),
        )
        for one in reversed(digest.visits)
    ]
    older = rows[VISITS_OPEN:]
    more = fold(count(len(older), "earlier visit"), table(columns, older, stack=True)) if older else NOTHING
    return join((table(columns, rows[:VISITS_OPEN], stack=True), more))


def events(digest: Digest) -> Html:
    """The newest things she did."""
    if not digest.events:
        return NOTHING
    columns = (("When", "t"), ("What", ""), ("Where and about what", "w"), ("With", "w"))
    rows = [
        (instant(one["event_time"]), _spoken(one.get("name", "")), _about(one), _device(one)) for one in reversed(digest.events)
    ]
    shown = len(digest.events)
    of = (
        f"The newest {shown:,} of {digest.event_count:,}; all are in report.json."
        if digest.event_count > shown
        else "All of them."
    )
    return join((tag("p", of, class_="soft"), fold(f"Show {count(shown, 'event')}", table(columns, rows, stack=True))))


def _about(row: dict[str, Any]) -> Html:
    items = ", ".join(filter(None, (one.get("name") or one.get("product_id", "") for one in row.get("items") or ())))
    parts: Iterator[tuple[str, Any]] = iter(
        (
            ("", row.get("page_title")),
            ("", row.get("page_url") or row.get("page_path")),
            ("Searched for", row.get("search_query")),
            ("Products", items),
            ("Cart", amount(row.get("cart_value"), row.get("currency", ""))),
            ("Order", " ".join(filter(None, (row.get("order_id"), amount(row.get("order_value"), row.get("currency", "")))))),
            (
                "Campaign",
                " / ".join(filter(None, (row.get("campaign_source"), row.get("campaign_medium"), row.get("campaign_name")))),
            ),
        )
    )
    return join(tag("div", f"{title}: {value}" if title else value) for title, value in parts if value)


def _device(row: dict[str, Any]) -> str:
    device = " ".join(filter(None, (row.get("browser_name"), row.get("os_name"), row.get("device_class"))))
    return ", ".join(filter(None, (device, row.get("city"), row.get("country"), row.get("ip_truncated"))))


def identifiers(digest: Digest) -> Html:
    """Everything she is told apart by."""
    subject = digest.head.subject
    lists: list[tuple[str, object]] = [
        ("Numbers instead of your name", _codes(subject.customer_pids)),
        ("Numbers in orders kept after an erasure", _codes(digest.head.tombstones)),
        ("Your browsers", _codes(subject.anonymous_ids)),
        ("Browsers that others used as well", _codes(subject.shared_ids)),
    ]
    for name, title in IDENTIFIERS.items():
        seen = digest.identifiers[name]
        more = f"and others, {count(seen.others, 'time')}" if seen.others else ""
        values = [
            join((tag("code", value), tag("small", f" {count(times, 'event')}"))) for value, times in seen.values.most_common()
        ]
        listed = bullets([*values, *([more] if more else [])]) if values else ""
        lists.append((title, fold(count(len(values), "value"), listed) if len(values) > VALUES_OPEN else listed))
    note = NOTHING
    if subject.shared_ids:
        words = "What was done in a browser that others used as well is yours here only where you were signed in."
        note = tag("div", tag("p", words), class_="note")
    return join((note, facts(lists)))


def inferred(digest: Digest) -> Html:
    """Segments, scores and sums that were computed about her, and which browsers were taken for hers."""
    cards = []
    for row in digest.inferred:
        currency = row.get("currency", "")
        group = row.get("rfm_segment", "")
        pairs = (
            (
                "Group of customers",
                f"{group.replace('_', ' ')}: {SEGMENTS.get(group, '')}".strip(": ") if group else "none: too few customers",
            ),
            ("How lately you bought, 1 to 5", row.get("recency_score")),
            ("How often you buy, 1 to 5", row.get("frequency_score")),
            ("How much you buy, 1 to 5", row.get("monetary_score")),
            ("Orders", row.get("orders")),
            ("What you are worth to the shop", amount(row.get("lifetime_value"), currency)),
            ("First order", day(row["first_order_date"]) if row.get("first_order_date") else ""),
            ("Last order", day(row["last_order_date"]) if row.get("last_order_date") else ""),
        )
        cards.append(tag("div", facts(pairs), class_="card"))
    columns = (("Browser", "w"), ("Taken for yours from", "t"), ("until", "t"))
    rows = [
        (tag("code", one.get("visitor_id", "")), instant(one.get("valid_from")), instant(one.get("valid_to")))
        for one in digest.links
    ]
    links = join((tag("h3", "Browsers taken for yours"), table(columns, rows, stack=True))) if rows else NOTHING
    return join((*cards, links))


def requests(digest: Digest) -> Html:
    """Earlier reports and erasures, and who looked."""
    told = [(str(one["at"])[:MINUTE], one["what"]) for one in sorted(digest.requests, key=lambda one: str(one["at"]))]
    rows = [
        (instant(at), f"{ACTS.get(what, what)}, {times:,} times" if times > 1 else ACTS.get(what, what))
        for (at, what), times in Counter(told).items()
    ]
    return table((("When", "t"), ("What", "w")), rows, stack=True) if rows else NOTHING


def _value(name: str, value: Any) -> object:
    if isinstance(value, bool):
        return yes(value)
    if name.endswith("_at"):
        return instant(value)
    return day(value) if name == "birth_date" else value


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _codes(values: Sequence[str]) -> object:
    if len(values) <= NEWEST:
        return bullets(tag("code", value) for value in values) if values else ""
    return f"{len(values):,}, all in report.json"


def _limit(shown: int, what: str) -> Html:
    words = f"The newest {NEWEST:,}; all are in report.json." if shown >= NEWEST else f"All {what}."
    return tag("p", words, class_="soft")


PARTS: tuple[tuple[str, str, Callable[[Digest], Html]], ...] = (
    ("profile", "You", profile),
    ("orders", "Your orders", orders),
    ("places", "Places", places),
    ("consents", "What you agreed to", consents),
    ("visits", "Your visits", visits),
    ("events", "What you did, one by one", events),
    ("letters", "What could not be read", letters),
    ("identifiers", "What you are told apart by", identifiers),
    ("inferred", "What was concluded about you", inferred),
    ("requests", "Your requests, and who looked", requests),
)
