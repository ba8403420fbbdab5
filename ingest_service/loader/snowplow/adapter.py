"""The adapter of Snowplow's tracker protocol: one spooled body into events and dead letters. One event belongs to `read`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from gxy_analytics.governance.ip import truncate_ip
from ingest_service.answers import RefusalError
from ingest_service.loader.bodies import Adapter, reject_body
from ingest_service.loader.clock import request_skew
from ingest_service.loader.draft import Draft, Letter, Request
from ingest_service.loader.event import Event
from ingest_service.loader.snowplow.read import read_event
from ingest_service.loader.values import parse_instant
from ingest_service.privacy import ANONYMOUS_NOTE
from ingest_service.protocols import native
from ingest_service.protocols.snowplow.envelope import judge, split, wrap
from ingest_service.protocols.snowplow.parameters import Parameters, UnusableEventError, read_parameters
from ingest_service.protocols.snowplow.routes import query_pairs
from ingest_service.protocols.snowplow.wire import APP_KEY_NOTE, QUERY_NOTE
from ingest_service.request import MAX_HEADER_CHARS

OVERRIDES = ("ua", "ip")
UNTRUSTED = "untrusted:/{}"


def read_body(body: bytes, request: Request, draft: Draft) -> None:
    """Append the events and dead letters of `body` to `draft`, and complete `request` (sent_ms, skew_ms, accepted)."""
    try:
        raws = split(body)
        overlay = dict(query_pairs(request.headers.get(QUERY_NOTE, "")))
    except RefusalError as refused:
        reject_body(body, request, draft, str(refused), pointer=refused.refusal.pointer or "")
        return
    request.accepted = len(raws)
    _Body(request, draft, overlay).read(raws)


def explain(body: bytes) -> RefusalError | None:
    """Where and why `body` is no payload_data."""
    try:
        judge(native.prepare(body), {})
    except RefusalError as refused:
        return refused
    return None


def rewrap(raw: bytes, sent_ms: int | None) -> bytes:
    """A payload_data of the one event, which says itself when it was sent."""
    return wrap(raw)


class _Body:
    """One body on its way into the draft."""

    def __init__(self, request: Request, draft: Draft, overlay: Parameters) -> None:
        self._request = request
        self._draft = draft
        self._overlay = overlay
        self._is_anonymous = ANONYMOUS_NOTE in request.headers
        self._has_key_as_app = APP_KEY_NOTE in request.headers
        self._owner = len(draft.requests)
        self._others: dict[tuple[str | None, str | None], int] = {}
        self._orders: list[Event] = []
        self._lines: list[Event] = []
        draft.requests.append(request)

    def read(self, raws: Sequence[msgspec.Raw]) -> None:
        """All events, in order; then lines of legacy orders to their order."""
        for number, raw in enumerate(raws):
            try:
                self._read(number, raw)
            except UnusableEventError as unusable:
                pointer = f"/data/{number}{unusable.pointer}"
                letter = Letter(self._request, number, unusable.code, pointer, str(unusable), bytes(raw), unusable.event_id or "")
                self._draft.letters.append(letter)
        if self._orders and self._lines:
            _join(self._orders, self._lines)

    def _read(self, number: int, raw: msgspec.Raw) -> None:
        given = read_parameters(raw, self._overlay)
        told = given.parameters
        event, warnings = read_event(given, is_anonymous=self._is_anonymous, has_key_as_app=self._has_key_as_app)
        if self._request.sent_ms is None and "stm" in told:
            self._note_sent(told["stm"])
        owner = self._owner_of(told, warnings) if "ua" in told or "ip" in told else self._owner
        if told["e"] in ("tr", "ti"):
            (self._orders if told["e"] == "tr" else self._lines).append(event)
        self._draft.add(event, raw, number, owner, warnings)

    def _note_sent(self, stm: str) -> None:
        request = self._request
        request.sent_ms = parse_instant(stm)
        request.skew_ms = request_skew(request.sent_ms, request.received_ms)

    def _owner_of(self, told: Parameters, warnings: list[str]) -> int:
        """A request of its own for an event that a server sends on behalf of somebody; only a secret key may."""
        request = self._request
        agent, address = told.get("ua"), told.get("ip")
        if not request.is_trusted:
            warnings.extend(UNTRUSTED.format(name) for name in OVERRIDES if name in told)
            return self._owner
        found = self._others.get((agent, address))
        if found is None:
            found = self._others[agent, address] = len(self._draft.requests)
            self._draft.requests.append(
                replace(
                    request,
                    user_agent=agent[:MAX_HEADER_CHARS] if agent else request.user_agent,
                    ip_truncated=truncate_ip(address) if address and request.ip_truncated else request.ip_truncated,
                    accepted=0,
                )
            )
        return found


def _join(orders: list[Event], lines: list[Event]) -> None:
    """Items of `ti` events to the `tr` of the same order in the request; the first order of an id takes them."""
    by_id = {str(event.order.order_id): event for event in reversed(orders) if event.order and event.order.order_id}
    for line in lines:
        order = by_id.get(str(line.order.order_id)) if line.order else None
        if order is not None:
            order.items = [*order.items, *line.items]


SNOWPLOW = Adapter(read_body, explain, rewrap)
