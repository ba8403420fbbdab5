"""Good requests of the three protocols, made at random from what the code knows of each, and those that were recorded.

What goes wrong with them belongs to `fuzz_mutations`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from fuzz_json import embedded

from gxy_analytics.contracts.event_types.registry import EVENT_TYPES
from ingest_service.loader import lenient
from ingest_service.loader.event import Event, Item
from ingest_service.loader.segment.context import _INNER, _TOP
from ingest_service.loader.segment.layouts import LAYOUTS, PRODUCT_LAYOUT
from ingest_service.loader.segment.names import ALIASES, SPEC
from ingest_service.loader.snowplow.entities import ENTITIES
from ingest_service.loader.snowplow.events import ACTIONS, CODES, SELF_DESCRIBING
from ingest_service.loader.snowplow.parameters import COMMON, RARE
from ingest_service.loader.snowplow.schema_uri import ECOMMERCE, OWN
from ingest_service.protocols.segment.routes import KINDS, PIXEL_ROUTES
from ingest_service.protocols.segment.routes import ROUTES as SEGMENT_ROUTES
from tests.conftest import SHARED_DATA

Tree = dict[str, Any]
TP2 = f"/{OWN}/tp2"
NOW_MS = 1_795_346_237_759


@dataclass
class Shape:
    """A request before it is written: `tree` is its body, or where `in_query` its one event, to stand in the query."""

    path: str
    tree: Tree
    method: str = "POST"
    in_query: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def value_for(name: str, chance: Random) -> Any:
    """Something that a field of this name may well say."""
    plain = name.lower()
    for part, make in _VALUES:
        if part in plain:
            return make(chance)
    return chance.choice(["Tee", "blue", "summer sale", "Größe M", "SKU-1", "7", "EUR", "1"])


_VALUES: list[tuple[str, Callable[[Random], Any]]] = [
    ("filters", lambda chance: {"color": "blue", "size": "M"}),
    ("sorts", lambda chance: {"price": "desc"}),
    ("click_ids", lambda chance: {"gclid": "abc"}),
    ("consent", lambda chance: {"ads": True, "analytics": chance.random() < 0.5}),
    ("purposes", lambda chance: {"ads": True}),
    ("traits", lambda chance: {"plan": "gold", "email": "a@b.example"}),
    ("properties", lambda chance: {"color": "red", "nested": {"a": [1, 2.5, None]}}),
    ("time", lambda chance: chance.choice(["2026-11-22T10:00:00.123Z", NOW_MS, str(NOW_MS), "2026-11-22T10:00:00+02:00"])),
    (
        "url",
        lambda chance: chance.choice(["https://shop.example/p/1?utm_source=n&gclid=x#top", "https://cdn.shop.example/a.png"]),
    ),
    ("refer", lambda chance: "https://www.google.com/search?q=tee"),
    *(
        (part, lambda chance: chance.choice([19.99, 5, "24.50", 0, 1234567.8912]))
        for part in ("price", "value", "tax", "shipping", "discount", "subtotal", "revenue", "amount", "total")
    ),
    *(
        (part, lambda chance: chance.choice([1, 3, 0, 4_000_000, "2"]))
        for part in ("quantity", "position", "step", "count", "index", "sequence", "ms", "scroll", "results", "width", "height")
    ),
    ("id", lambda chance: chance.choice(["SKU1", "o-77", 42, str(uuid.UUID(int=chance.getrandbits(128)))])),
]


def some(names: Sequence[str], chance: Random, share: float = 0.5) -> Tree:
    """Some of the fields, each with a value."""
    return {name: value_for(name, chance) for name in names if chance.random() < share}


def an_id(chance: Random) -> str:
    """A UUID."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def native(chance: Random) -> Shape:
    """A batch of events of known types with some of their parts."""
    events = [_native_event(chance) for _ in range(chance.choice((1, 1, 2, 4)))]
    return Shape("/v1/events", {"sent_at": value_for("time", chance), "events": events})


def _native_event(chance: Random) -> Tree:
    parts = {
        name: some(kind.__struct_fields__, chance) for name, (_, kind) in lenient.PARTS_BY_KEY.items() if chance.random() < 0.3
    }
    items = [some(Item.__struct_fields__, chance) for _ in range(chance.choice((0, 0, 1, 3)))]
    own = some(_OWN_FIELDS, chance, 0.3)
    name = chance.choice(_EVENT_NAMES)
    return {**own, "event_id": an_id(chance), "name": name, "anonymous_id": "a-1", **parts, **({"items": items} if items else {})}


_OWN_FIELDS = [
    name for name in Event.__struct_encode_fields__ if name not in (*lenient.PARTS_BY_KEY, "items", "event_id", "name")
]
_EVENT_NAMES = [*EVENT_TYPES, "custom:own", "unheard_of"]


def segment(chance: Random) -> Shape:
    """A call or a batch of calls on one of the routes, or a pixel."""
    if chance.random() < 0.15:
        return Shape(chance.choice(list(PIXEL_ROUTES)), _call(chance), chance.choice(["GET", "POST"]), in_query=True)
    path = chance.choice(list(SEGMENT_ROUTES))
    if SEGMENT_ROUTES[path] != "batch":
        return Shape(path, _call(chance))
    calls = [_call(chance) for _ in range(chance.choice((1, 1, 2, 4)))]
    shared = {"context": _context(chance)} if chance.random() < 0.3 else {}
    return Shape(path, {"batch": calls, "sentAt": value_for("time", chance), **shared})


def _call(chance: Random) -> Tree:
    kind = chance.choice(["track", "track", "track", *sorted(KINDS)])
    name = chance.choice(_SEGMENT_NAMES)
    layout = LAYOUTS.get(SPEC.get(ALIASES.get(name, name), ""), LAYOUTS["page_viewed"])
    properties = some([*layout.targets, *(alias for alias, _ in layout.aliases)], chance)
    if chance.random() < 0.4:
        properties["products"] = [some(list(PRODUCT_LAYOUT.targets), chance) for _ in range(chance.choice((1, 2)))]
    call: Tree = {"type": kind, "messageId": an_id(chance), "anonymousId": "a-1", "timestamp": value_for("time", chance)}
    if kind == "track":
        call["event"] = name
    call |= some(
        ("userId", "previousId", "groupId", "channel", "originalTimestamp", "integrations", "name", "category"), chance, 0.2
    )
    if kind == "merge":
        call["mergeProperties"] = [{"type": "userId", "value": "u-1"}, {"type": "anonymousId", "value": "a-1"}]
    if chance.random() < 0.6:
        call["context"] = _context(chance)
    return call | ({"traits": {"plan": "gold"}} if kind in ("identify", "group") else {"properties": properties})


def _context(chance: Random) -> Tree:
    inner = {name: some(list(layout.targets), chance) for name, layout in _INNER.items() if chance.random() < 0.4}
    more = {
        "consentManagement": {"allowedConsentIds": ["ads"], "deniedConsentIds": ["x"]},
        "traits": {"plan": "gold"},
        "os": {"name": "x"},
    }
    return inner | some(list(_TOP.targets), chance, 0.3) | {name: value for name, value in more.items() if chance.random() < 0.2}


_SEGMENT_NAMES = [*SPEC, *ALIASES, "Own Event", "product_added", "order-completed"]


def snowplow(chance: Random) -> Shape:
    """A payload_data with events of all types, or a pixel."""
    if chance.random() < 0.2:
        return Shape(chance.choice(["/i", "/ice.png"]), _snowplow_event(chance), "GET", in_query=True)
    path = chance.choice([TP2, TP2, "/com.example/track", "/shop-key/tp2"])
    events = [_snowplow_event(chance) for _ in range(chance.choice((1, 1, 2, 4)))]
    return Shape(path, {"schema": f"iglu:{OWN}/payload_data/jsonschema/1-0-4", "data": events})


def _snowplow_event(chance: Random) -> Tree:
    code = chance.choice([*CODES, "ue", "ue", "ue", "zz"])
    known = CODES[code].plan.known if code in CODES else COMMON.keys()
    named = sorted(known - {"e", "eid", "ue_pr", "ue_px", "co", "cx"})
    event = {name: str(value_for(name, chance)) for name in named if chance.random() < 0.3}
    event |= {"e": code, "eid": an_id(chance), "dtm": str(NOW_MS), "stm": str(NOW_MS + 400), "duid": "visitor"}
    if code == "ue":
        is_base64 = chance.random() < 0.5
        wrapper = {"schema": _uri(OWN, "unstruct_event"), "data": _described(chance)}
        event["ue_px" if is_base64 else "ue_pr"] = embedded(wrapper, is_base64=is_base64)
    if chance.random() < 0.6:
        is_base64 = chance.random() < 0.5
        wrapper = {"schema": _uri(OWN, "contexts"), "data": [_entity(chance) for _ in range(chance.choice((1, 2, 4)))]}
        event["cx" if is_base64 else "co"] = embedded(wrapper, is_base64=is_base64)
    return event


def _described(chance: Random) -> Tree:
    if chance.random() < 0.5:
        return {
            "schema": _uri(ECOMMERCE, "snowplow_ecommerce_action"),
            "data": {"type": chance.choice(list(ACTIONS)), "name": "list"},
        }
    if chance.random() < 0.3:
        return {"schema": _uri("example.shop", "fitting"), "data": {"room": 3, "price": 1.5}}
    name = chance.choice(list(SELF_DESCRIBING))
    return {"schema": _uri(*name), "data": some(list(SELF_DESCRIBING[name].rules), chance, 0.7)}


def _entity(chance: Random) -> Tree:
    name = chance.choice([*ENTITIES, *_OWN_ENTITIES])
    fields = list(ENTITIES[name].rules) if name in ENTITIES else ["eventType", "consentScopes", "room"]
    return {"schema": _uri(*name), "data": some(fields, chance, 0.7)}


def _uri(vendor: str, name: str) -> str:
    return f"iglu:{vendor}/{name}/jsonschema/1-0-0"


_OWN_ENTITIES = [(OWN, "consent_preferences"), ("example.shop", "fitting")]


@cache
def recordings() -> dict[str, tuple[tuple[str, str, str, str], ...]]:
    """(method, path, query, body) of the recorded requests by protocol; empty where they are not at hand."""
    found: dict[str, list[tuple[str, str, str, str]]] = {"snowplow": [], "segment": []}
    for file in sorted((SHARED_DATA / "wire").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            recorded = json.loads(line)
            path, _, query = recorded["p"].partition("?")
            protocol = "snowplow" if path in (TP2, "/i") else "segment"
            path = path if protocol == "snowplow" else "/v1/" + path.rpartition("/")[2]
            if path in (TP2, "/i") or (path in SEGMENT_ROUTES and recorded["m"] == "POST"):
                found[protocol].append((recorded["m"], path, query, recorded["b"]))
    return {protocol: tuple(requests) for protocol, requests in found.items()}


def recorded(protocol: str, chance: Random) -> Shape | None:
    """One of the recorded requests."""
    known = recordings().get(protocol)
    if not known:
        return None
    method, path, query, body = chance.choice(known)
    return Shape(path, dict(parse_qsl(query)) if query else json.loads(body), method, in_query=bool(query))


SHAPES: dict[str, Callable[[Random], Shape]] = {"native": native, "snowplow": snowplow, "segment": segment}
NAMES: dict[str, list[str]] = {
    "native": [*Event.__struct_encode_fields__, *Item.__struct_fields__, "sent_at", "events", "url", "value", "query", "filters"],
    "snowplow": [
        *{*COMMON, *RARE, *(name for code in CODES.values() for name in code.plan.known)},
        *{name for entity in ENTITIES.values() for name in entity.rules},
        *("schema", "data", "type", "terms", "filters", "consentScopes"),
    ],
    "segment": [
        *{name for layout in (*LAYOUTS.values(), PRODUCT_LAYOUT) for name in layout.targets},
        *(
            "type",
            "event",
            "messageId",
            "anonymousId",
            "userId",
            "previousId",
            "groupId",
            "timestamp",
            "originalTimestamp",
            "sentAt",
        ),
        *(
            "batch",
            "context",
            "properties",
            "traits",
            "products",
            "revenue",
            "writeKey",
            "mergeProperties",
            "channel",
            *_INNER,
            *_TOP.targets,
        ),
    ],
}
NAMES = {protocol: sorted(names) for protocol, names in NAMES.items()}
