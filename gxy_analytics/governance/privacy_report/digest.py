"""What the page shows, gathered while the rows go by: sums over all of them, and the newest ones whole. Bounded, whoever it is.

How it looks belongs to `page`. Everything is in report.json.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from gxy_analytics.governance.privacy_report.catalogue import HeldTable
from gxy_analytics.governance.privacy_report.head import Head
from gxy_analytics.governance.privacy_report.letters import TABLE as LETTERS
from gxy_analytics.governance.privacy_report.rows import Row

NEWEST = 200
"""Orders, visits, events and other rows that the page shows whole."""
LETTER_CHARS = 1_000
"""Characters of a dead letter that the page shows: one may be as large as a body."""
DISTINCT = 100
"""Values of one kind of identifier that the page lists."""
IDENTIFIERS = {
    "network_id": "Network ids",
    "session_id": "Visits as your browser numbered them",
    "ip_truncated": "Truncated network addresses",
    "user_agent": "Browsers and devices, as they name themselves",
}


@dataclass
class Order:
    """An order with what belongs to it."""

    row: Row
    address: str = ""
    items: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    shipments: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Letter:
    """The beginning of a dead letter, and why it could not be read."""

    at: str
    text: str
    is_cut: bool
    why: str


@dataclass
class Seen:
    """Distinct values with how often each was seen; `others` counts sightings beyond the limit."""

    values: Counter[str] = field(default_factory=Counter)
    others: int = 0

    def add(self, value: str) -> None:
        if value in self.values or len(self.values) < DISTINCT:
            self.values[value] += 1
        else:
            self.others += 1


@dataclass
class Consent:
    """What was said about one purpose, and when first and last."""

    first: str
    last: str
    times: int = 1


@dataclass
class Day:
    """One day of the shop's calendar."""

    visits: int = 0
    events: int = 0
    pages: int = 0
    orders: int = 0


def _newest() -> deque[Row]:
    return deque(maxlen=NEWEST)


class Digest:
    """Watches every row that is written. Fields hold what their names say, the newest last."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.people: dict[str, Row] = {}
        self.orders: OrderedDict[int, Order] = OrderedDict()
        self.spent: dict[str, Decimal] = {}
        self.order_count = self.cancelled = self.event_count = 0
        self.days: dict[str, Day] = {}
        self.visits, self.events, self.links, self.requests = _newest(), _newest(), _newest(), _newest()
        self.letters: deque[Letter] = deque(maxlen=NEWEST)
        self.inferred: list[Row] = []
        self.consents: dict[tuple[str, bool], Consent] = {}
        self.identifiers = {name: Seen() for name in IDENTIFIERS}
        self.places: dict[tuple[str, ...], str] = {}
        self._watchers: dict[str, Callable[[Row], None]] = {
            "pii.customers": self._person,
            "raw.oltp_customers": self._account,
            "raw.oltp_orders": self._order,
            "pii.orders": self._address,
            "raw.oltp_order_items": lambda row: self._part(row, "items"),
            "raw.oltp_payments": lambda row: self._part(row, "payments"),
            "raw.oltp_shipments": lambda row: self._part(row, "shipments"),
            "raw.oltp_refunds": lambda row: self._part(row, "refunds"),
            "raw.events": self._event,
            LETTERS: self._letter,
            "marts.fct_sessions": self._visit,
            "marts.identity_links": self.links.append,
            "marts.dim_customers": self.inferred.append,
            "governance.suppressions": lambda row: self.requests.append({"at": row["changed_at"], "what": "erased"}),
            "governance.audit": self._act,
            "governance.audit_entries": self._act,
        }

    def watch(self, table: HeldTable, rows: Iterator[Row]) -> Iterator[Row]:
        """The same rows, seen."""
        see = self._watchers.get(table.name)
        for row in rows:
            if see:
                see(row)
            yield row

    def _person(self, row: Row) -> None:
        self.people.setdefault(row["customer_pid"], {}).update(row)

    def _account(self, row: Row) -> None:
        self._person(row)
        self._place("Your account", row, "", "country")

    def _place(self, of: str, row: Row, prefix: str, country: str) -> None:
        parts = (row.get(f"{prefix}postal_code", ""), row.get(f"{prefix}city", ""), row.get("region", ""), row.get(country, ""))
        if any(parts) and len(self.places) < DISTINCT:
            self.places.setdefault(parts, of)

    def _order(self, row: Row) -> None:
        self.order_count += 1
        if row.get("status") == "cancelled":
            self.cancelled += 1
        else:
            self.spent[row["currency"]] = self.spent.get(row["currency"], Decimal(0)) + Decimal(row["grand_total"])
        self._day(row["placed_at"]).orders += 1
        self._place("Delivery of an order", row, "shipping_", "shipping_country")
        if "billing_country" in row:
            self._place("Billing of an order", {"country": row["billing_country"]}, "", "country")
        self.orders[row["order_id"]] = Order(row)
        if len(self.orders) > NEWEST:
            self.orders.popitem(last=False)

    def _address(self, row: Row) -> None:
        if row["order_id"] in self.orders:
            self.orders[row["order_id"]].address = row.get("ip_address", "")

    def _part(self, row: Row, kind: str) -> None:
        if row["order_id"] in self.orders:
            parts: list[Row] = getattr(self.orders[row["order_id"]], kind)
            parts.append(row)

    def _event(self, row: Row) -> None:
        self.event_count += 1
        self.events.append(row)
        day = self._day(row["event_time"])
        day.events += 1
        day.pages += row.get("name") == "page_viewed"
        for name, seen in self.identifiers.items():
            if name in row:
                seen.add(row[name])
        for purpose, granted in row.get("consent", {}).items():
            self._consent(purpose, bool(granted), row["event_time"])

    def _letter(self, row: Row) -> None:
        raw = row.get("raw", "")
        self.letters.append(Letter(row["received_at"], raw[:LETTER_CHARS], len(raw) > LETTER_CHARS, row.get("detail", "")))

    def _consent(self, purpose: str, granted: bool, at: str) -> None:
        known = self.consents.get((purpose, granted))
        if known:
            known.last, known.times = at, known.times + 1
        elif len(self.consents) < DISTINCT:
            self.consents[purpose, granted] = Consent(at, at)

    def _visit(self, row: Row) -> None:
        self.visits.append(row)
        self._day(row["started_at"]).visits += 1

    def _act(self, row: Row) -> None:
        self.requests.append({"at": row["occurred_at"], "what": row["action"]})

    def _day(self, instant: str) -> Day:
        return self.days.setdefault(instant[:10], Day())
