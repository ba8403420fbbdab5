"""Events as Snowplow's trackers put them on the wire, for the tests; and what a case of theirs is.

The cases themselves are in `snowplow_events` and `snowplow_shop`.
"""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

SNOWPLOW = "com.snowplowanalytics.snowplow"
ECOMMERCE = f"{SNOWPLOW}.ecommerce"
PAYLOAD = f"iglu:{SNOWPLOW}/payload_data/jsonschema/1-0-4"
NOW_MS = 1_795_346_237_759

Fields = dict[str, Any]


def uri(vendor: str, name: str, version: str = "1-0-0") -> str:
    return f"iglu:{vendor}/{name}/jsonschema/{version}"


def told(vendor: str, name: str, data: Any, version: str = "1-0-0") -> Fields:
    """Self-describing JSON: an event or an entity."""
    return {"schema": uri(vendor, name, version), "data": data}


def product(**data: Any) -> Fields:
    return told(ECOMMERCE, "product", {"id": "SKU1", "category": "Men/Tees", "price": 19.99, "currency": "EUR"} | data)


def plain(e: str = "pv", **fields: Any) -> Fields:
    """An event of the tracker protocol; a field that is None is left out."""
    common = {"e": e, "eid": str(uuid.uuid4()), "dtm": str(NOW_MS), "duid": "visitor", "tv": "js-4.10.1", "p": "web"}
    return {name: value for name, value in (common | fields).items() if value is not None}


def self_describing(event: Fields, *entities: Fields, encoded: bool = False, **fields: Any) -> Fields:
    """An event of type `ue`, as a tracker writes it with base64 on or off."""
    wrapped = told(SNOWPLOW, "unstruct_event", event)
    return plain(
        "ue", **{"ue_px" if encoded else "ue_pr": encode(wrapped, encoded)}, **contexts(*entities, encoded=encoded), **fields
    )


def contexts(*entities: Fields, encoded: bool = False, version: str = "1-0-1") -> Fields:
    """The parameter that holds the entities, or none."""
    wrapped = told(SNOWPLOW, "contexts", list(entities), version)
    return {"cx" if encoded else "co": encode(wrapped, encoded)} if entities else {}


def encode(value: Any, encoded: bool) -> str:
    text = json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") if encoded else text


def action(kind: str, *entities: Fields, encoded: bool = False, name: str | None = None, **fields: Any) -> Fields:
    """What the e-commerce plugin sends."""
    data = {"type": kind} | ({"name": name} if name else {})
    return self_describing(told(ECOMMERCE, "snowplow_ecommerce_action", data, "1-0-2"), *entities, encoded=encoded, **fields)


def body(*events: Any) -> bytes:
    return json.dumps({"schema": PAYLOAD, "data": list(events)}).encode()


@dataclass
class Case:
    """An event, the columns that it must fill, and the warnings that it must cost beside those of its type's registry entry."""

    id: str
    event: Fields
    columns: Fields
    properties: Fields = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
