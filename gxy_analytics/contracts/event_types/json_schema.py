"""The registry as a JSON Schema (2020-12) of one native event: a branch a type, told apart by `name`.

An event that breaks it is stored all the same, with warnings; serving the document belongs to `ingest_service`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import msgspec

from gxy_analytics.contracts.event_types.event_type import EventType, Path
from gxy_analytics.contracts.event_types.registry import CUSTOM_PREFIX, EVENT_TYPES, VERSION
from gxy_analytics.contracts.events import NativeEvent

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = "urn:gxy:events:{version}"
REF = "#/$defs/{name}"
BASE = "NativeEvent"
CUSTOM = "custom"
MAX_COUNT = 2**32 - 1
NULL = {"type": "null"}
JSON_TEXTS = ("traits", "properties")  # fields that are kept as JSON text
AMOUNT = {"type": ["number", "string"], "format": "decimal"}  # of the contract's Decimal: every digit is kept

Schema = dict[str, Any]


def event_schema() -> Schema:
    """The whole document."""
    definitions = contract_definitions()
    branches = {name: branch(one, definitions) for name, one in EVENT_TYPES.items()}
    return {
        "$schema": DIALECT,
        "$id": ID.format(version=VERSION),
        "title": "A GXY event",
        "description": "One entry of `events` in the body of POST /v1/events. What does not fit is stored with warnings.",
        "oneOf": [{"$ref": REF.format(name=name)} for name in (*branches, CUSTOM)],
        "$defs": {**branches, CUSTOM: _custom(), **definitions},
    }


def contract_definitions() -> dict[str, Schema]:
    """The native event and its parts, as `contracts.events` types them."""
    _, definitions = msgspec.json.schema_components([NativeEvent], ref_template=REF)
    found = {name: _loosened(schema) for name, schema in definitions.items()}
    found[BASE]["properties"] |= {field: {"type": ["object", "null"]} for field in JSON_TEXTS}
    return found


def branch(one: EventType, definitions: dict[str, Schema]) -> Schema:
    """One event type: the native event with this name, and with what the type requires."""
    schema: Schema = {
        "title": f"{one.name}, version {one.version}",
        "description": one.description,
        "$ref": REF.format(name=BASE),
        "properties": {"name": {"const": one.name}},
        "required": ["name"],
    }
    single = [group[0] for group in one.choices if len(group) == 1]
    _merge(schema, _demand(single, definitions))
    choices = [{"anyOf": [_demand([path], definitions) for path in group]} for group in one.choices if len(group) > 1]
    return schema | ({"allOf": choices} if choices else {})


def digest(schema: Schema) -> str:
    """16 hex characters of what a schema demands; its words do not count."""
    return hashlib.sha256(json.dumps(_without_words(schema), sort_keys=True).encode()).hexdigest()[:16]


def _custom() -> Schema:
    name = {"type": "string", "pattern": f"^{CUSTOM_PREFIX}", "minLength": len(CUSTOM_PREFIX) + 1}
    return {
        "title": "an event of the shop's own",
        "$ref": REF.format(name=BASE),
        "properties": {"name": name},
        "required": ["name"],
    }


def _merge(schema: Schema, more: Schema) -> None:
    schema["properties"] |= more["properties"]
    schema["required"] += more["required"]


def _demand(paths: Iterable[Path], definitions: dict[str, Schema]) -> Schema:
    """An object in which all `paths` are there and not empty."""
    found: Schema = {"properties": {}, "required": []}
    for path in paths:
        if path.top not in found["required"]:
            found["required"].append(path.top)
            found["properties"][path.top] = _top(path, definitions)
        if path.leaf:
            top = found["properties"][path.top]
            inner = top["items"] if path.is_list else top
            inner["properties"][path.leaf] = _present(definitions[_part_of(path, definitions)], path.leaf)
            inner["required"].append(path.leaf)
    return found


def _top(path: Path, definitions: dict[str, Schema]) -> Schema:
    if not path.leaf:
        return _present(definitions[BASE], path.top)
    part = {"$ref": REF.format(name=_part_of(path, definitions)), "properties": {}, "required": []}
    return {"type": "array", "minItems": 1, "items": part} if path.is_list else part


def _part_of(path: Path, definitions: dict[str, Schema]) -> str:
    """Name of the definition that a part of the event refers to. Raises KeyError when there is no such part."""
    field = definitions[BASE]["properties"][path.top]
    options = [field["items"]] if path.is_list else field["anyOf"]
    (reference,) = [option["$ref"] for option in options if "$ref" in option]
    return str(reference).rpartition("/")[2]


def _present(owner: Schema, field: str) -> Schema:
    """The field's schema without null and emptiness. Raises KeyError when there is no such field."""
    schema = owner["properties"][field]
    options = [_filled(option) for option in schema.get("anyOf", [schema]) if option != NULL]
    return options[0] if len(options) == 1 else {"anyOf": options}


def _filled(option: Schema) -> Schema:
    kinds = option.get("type", [])
    sizes = {"string": "minLength", "array": "minItems", "object": "minProperties"}
    return option | {least: 1 for kind, least in sizes.items() if kind in kinds}


def _loosened(schema: Any) -> Any:
    """Amounts may be numbers, and counts are not negative: the same as the loader takes."""
    if isinstance(schema, list):
        return [_loosened(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        return AMOUNT | {key: value for key, value in schema.items() if key not in AMOUNT}
    if schema.get("anyOf") == [{"type": "integer"}, NULL]:
        return schema | {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_COUNT}, NULL]}
    return {key: _loosened(value) for key, value in schema.items()}


def _without_words(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_words(entry) for entry in schema]
    if isinstance(schema, dict):
        words = ("title", "description")
        return {key: _without_words(value) for key, value in schema.items() if key not in words or not isinstance(value, str)}
    return schema
