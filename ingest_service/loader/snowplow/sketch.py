"""An event while it is read: fields by part, filled by tables of rules, and at last built at once.

Which names there are belongs to the tables (`parameters`, `entities`, `events`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from ingest_service.loader.event import NOTHING, PARTS, UNKNOWN_WARNING, Event, Item
from ingest_service.loader.privacy import REMOVED
from ingest_service.loader.snowplow.readers import Reader, anything, text


class Rule(NamedTuple):
    """Where a field goes: a part of the event (`event` itself, `traits`, `properties`, `item` too), its field, and its reader."""

    part: str
    field: str
    read: Reader = text


Rules = Mapping[str, Rule]

PERSONAL_PART, UNUSED_PART = "personal", "unused"
PERSONAL = Rule(PERSONAL_PART, "")
UNUSED = Rule(UNUSED_PART, "")


def kept(*names: str, part: str = "properties") -> dict[str, Rule]:
    """Rules for fields that have no column: they stay in `properties` under their own names."""
    return {name: Rule(part, name, anything) for name in names}


class Sketch:
    """What is known of one event so far. The first word on a field counts."""

    __slots__ = ("entities", "event", "items", "parts", "properties", "traits", "warnings")

    def __init__(self) -> None:
        self.event: dict[str, Any] = {}
        self.properties: dict[str, Any] = {}
        self.traits: dict[str, Any] = {}
        self.parts: dict[str, dict[str, Any]] = {"event": self.event, "properties": self.properties, "traits": self.traits}
        self.items: list[dict[str, Any]] = []
        self.entities: list[Any] = []
        self.warnings: list[str] = []

    def part(self, name: str) -> dict[str, Any]:
        """The fields of a part, to fill."""
        return self.parts.setdefault(name, {})

    def begin_item(self) -> None:
        """What follows of `item` is of another one."""
        self.items.append({})
        self.parts["item"] = self.items[-1]

    def apply(self, rules: Rules, given: Mapping[str, Any]) -> dict[str, Any]:
        """Read `given` by the rules; returned is what has no rule, or cannot be read by it."""
        parts = self.parts
        rest: dict[str, Any] = {}
        for name, value in given.items():
            if value is None or value == "":
                continue
            rule = rules.get(name)
            if rule is None:
                self.warnings.append(UNKNOWN_WARNING)
                rest[name] = value
                continue
            part, field, read = rule
            if part is UNUSED_PART:
                continue
            if part is PERSONAL_PART:
                self.warnings.append(REMOVED)
                continue
            found = value if type(value) is str and (read is text or read is anything) else read(value)
            if found is None:
                self.warnings.append(f"invalid:/{_word(part, field)}")
                rest[name] = value
                continue
            if read is text and found is not value:
                self.warnings.append(f"coerced:/{_word(part, field)}")
            fields = parts.get(part)
            if fields is None:
                parts[part] = {field: found}
            elif fields.get(field) is None:
                fields[field] = found
        return rest

    def keep(self, rest: Mapping[str, Any]) -> None:
        """What has no column stays in `properties`."""
        for name, value in rest.items():
            self.properties.setdefault(name, value)

    def build(self, data: Mapping[str, Any]) -> Event:
        """The event; `data` are properties that the client named itself. Raises RecursionError."""
        event = self.event
        for name, fields in self.parts.items():
            if name in PARTS:
                event[name] = PARTS[name](**fields)
        if self.items:
            event["items"] = [Item(**fields) for fields in self.items]
        if self.entities:
            self.properties["entities"] = self.entities
        event["properties"] = _json(_merged(data, self.properties))
        event["traits"] = _json(self.traits)
        return Event(**event)


def _word(part: str, field: str) -> str:
    """Pointer into the canonical event, without its slash."""
    return {"event": "", "item": "items/", "product_list": "list/"}.get(part, f"{part}/") + field


def _merged(data: Mapping[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Ours never takes the place of what the client named."""
    if not data:
        return own
    return {**data, **{name if name not in data else f"_{name}": value for name, value in own.items()}}


def _json(fields: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(_encode(fields)) if fields else NOTHING


_encode = msgspec.json.Encoder().encode
