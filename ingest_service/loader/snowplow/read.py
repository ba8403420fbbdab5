"""One event of the tracker protocol into a canonical event. Bodies and dead letters belong to `adapter`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import xxhash

from ingest_service.loader.event import Event
from ingest_service.loader.snowplow.entities import NOBODY, read_entities
from ingest_service.loader.snowplow.events import ENGAGED_MS, begin, code_of, read_self_describing
from ingest_service.loader.snowplow.parameters import IDENTITIES
from ingest_service.loader.snowplow.payload import UnreadablePayloadError, read_json, unwrap_entities, unwrap_event
from ingest_service.loader.snowplow.sketch import Sketch
from ingest_service.protocols.snowplow.parameters import Given, Parameters, UnusableEventError

INVALID_PAYLOAD = "invalid_payload"
MISSING_ID_WARNING = "missing_event_id"
RETRIED = ("stm",)  # what a retry says anew

_encode_sorted = msgspec.json.Encoder(order="sorted").encode


def read_event(given: Given, *, is_anonymous: bool, has_key_as_app: bool) -> tuple[Event, list[str]]:
    """The event and its warnings. Raises UnusableEventError when nothing says what happened."""
    told = given.parameters
    event_id = told.get("eid")
    sketch = Sketch()
    sketch.warnings.extend(given.warnings)
    if not event_id:
        event_id = made_id(told)
        sketch.warnings.append(MISSING_ID_WARNING)
    if is_anonymous:
        told = {name: value for name, value in told.items() if name not in IDENTITIES}
    if has_key_as_app:
        told = {name: value for name, value in told.items() if name != "aid"}
    try:
        return _read(sketch, event_id, told, given.spare), sketch.warnings
    except RecursionError as error:
        raise UnusableEventError(INVALID_PAYLOAD, "", "its JSON is nested too deeply", event_id) from error


def _read(sketch: Sketch, event_id: str, told: Parameters, spare: dict[str, Any] | None) -> Event:
    kind = told["e"]
    code = code_of(kind)
    sketch.event["event_id"] = event_id
    sketch.event["name"] = code.name
    begin(sketch, kind)
    rest = code.plan.apply(sketch, told)
    data = _self_describing(sketch, event_id, told) if kind == "ue" else {}
    if "co" in told or "cx" in told:
        _entities(sketch, told)
    if kind == "pp":
        sketch.part("engagement").setdefault("engaged_ms", ENGAGED_MS)
    sketch.keep(rest)
    if spare:
        sketch.keep(spare)
    if sketch.event.get("anonymous_id") == NOBODY:
        del sketch.event["anonymous_id"]
    return sketch.build(data)


def made_id(told: Parameters) -> str:
    """An id for an event without one: of all it says but what a retry says anew, so that both are the same event."""
    said = {name: value for name, value in told.items() if name not in RETRIED}
    return f"sp-{xxhash.xxh3_128_hexdigest(_encode_sorted(said))}"


def _self_describing(sketch: Sketch, event_id: str, told: Parameters) -> Mapping[str, Any]:
    """The event's own data. Raises UnusableEventError: what it is cannot be known without."""
    problem, pointer = "an event of type `ue` needs `ue_pr` or `ue_px`", ""
    for name in ("ue_pr", "ue_px"):
        if told.get(name):
            try:
                schema, data = unwrap_event(read_json(told[name], is_base64=name == "ue_px"))
                return read_self_describing(sketch, schema, data)
            except UnreadablePayloadError as error:
                problem, pointer = str(error), f"/{name}"
    raise UnusableEventError(INVALID_PAYLOAD, pointer, problem, event_id)


def _entities(sketch: Sketch, told: Parameters) -> None:
    """The entities of both encodings. What cannot be read costs a warning and is kept as it came."""
    given: list[Any] = []
    for name in ("co", "cx"):
        if text := told.get(name):
            try:
                given += unwrap_entities(read_json(text, is_base64=name == "cx"))
            except UnreadablePayloadError:
                sketch.warnings.append(f"invalid:/{name}")
                sketch.properties[name] = text
    read_entities(sketch, given)
