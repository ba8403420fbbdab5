"""Which events a client sent, how often, and how each time was answered: read from the requests as a `Front` recorded them."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.clients.front import Exchange, Fault, Front, Plan, forget


def ids_of(exchange: Exchange) -> list[str]:
    """The clients' own ids of the events of one request."""
    if exchange.method == "GET":
        return parse_qs(urlsplit(exchange.path).query).get("eid", [])
    body = exchange.body
    if {name.lower(): value for name, value in exchange.headers.items()}.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    told: dict[str, Any] = json.loads(body)
    if "data" in told:
        return [event["eid"] for event in told["data"]]
    return [event["messageId"] for event in told.get("batch", [told])]


def answers_by_id(front: Front) -> dict[str, list[int | None]]:
    """Client's id of each event -> what each request that carried it was answered with, in order."""
    answers: dict[str, list[int | None]] = defaultdict(list)
    for exchange in front.events():
        for event_id in ids_of(exchange):
            answers[event_id].append(exchange.status)
    return dict(answers)


def deliveries(front: Front) -> Counter[int]:
    """How many events were sent how often."""
    return Counter(len(answers) for answers in answers_by_id(front).values())


def sent_again_although_stored(front: Front) -> list[str]:
    """Events that were sent again after a 200 for them: none is the rule."""
    return [event_id for event_id, answers in answers_by_id(front).items() if 200 in answers[:-1]]


def forgotten(times: int) -> Plan:
    """The first `times` deliveries of every event are stored, and the client is told that they failed."""
    seen: Counter[str] = Counter()

    def plan(exchange: Exchange) -> Fault | None:
        ids = ids_of(exchange)
        seen.update(ids)
        return forget(500) if min(seen[one] for one in ids) <= times else None

    return plan
