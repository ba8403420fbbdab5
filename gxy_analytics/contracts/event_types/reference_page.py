"""The registry as the page docs/reference/event-types.md. The page is generated: change the registry, not the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gxy_analytics.contracts.event_types.event_type import OR, EventType
from gxy_analytics.contracts.event_types.json_schema import AMOUNT, BASE, JSON_TEXTS, Schema, contract_definitions
from gxy_analytics.contracts.event_types.registry import CUSTOM_PREFIX, GROUPS, VERSION

HEAD = f"""\
# Event types

Generated from `gxy_analytics/contracts/event_types` by `python -m gxy_analytics.contracts.event_types`.
Registry version {VERSION}.

What each canonical name means, what it must carry, and what else it usually carries. Every protocol's adapter ends in these
names; the fields are those of the [native event](events.md). A running service gives the same as a JSON Schema at
`GET /schema/events`.

- **required**: without it the event is stored all the same, with the warning `missing:<pointer>` (`missing:/order/order_id`,
  of items `missing:/items/product_id`). "or" offers a choice; the warning then names the first.
- **usual**: what else the marts and dashboards can use. Any event may carry any field; the rest belongs in `properties`.
- A name that is not here is stored as sent, with the warning `unknown_event`. A shop's own events are called
  `{CUSTOM_PREFIX}<name>`: they may carry anything and get no warning.
"""
FIELDS = """
## Fields and their types

Of every event. An *amount* is a number or a numeric string, a *count* a whole number from 0, a *key* text or a whole number, an
*instant* RFC 3339 or ms since the epoch.

| field | type |
|---|---|
"""


def reference_page() -> str:
    """The whole page."""
    types = "".join(_section(title, group) for title, group in GROUPS.items())
    rows = "".join(f"| `{path}` | {kind} |\n" for path, kind in typed_fields(contract_definitions()))
    return HEAD + types + FIELDS + rows


def typed_fields(definitions: dict[str, Schema]) -> Iterator[tuple[str, str]]:
    """(path, type in words) of every field of the native event."""
    for field, schema in definitions[BASE]["properties"].items():
        part = _part(schema, definitions)
        if part is None:
            yield field, kind_of(schema) if field not in JSON_TEXTS else "JSON object"
            continue
        dot = "[]." if schema.get("type") == "array" else "."
        yield from ((f"{field}{dot}{inner}", kind_of(found)) for inner, found in part["properties"].items())


def kind_of(schema: Schema) -> str:
    """The type of a single field in a word or two."""
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    kinds = tuple(option["type"] for option in options)
    if options[0].get("format") == AMOUNT["format"]:
        return "amount"
    if kinds == ("object",):
        return f"map of {'yes or no' if options[0]['additionalProperties']['type'] == 'boolean' else 'text'}"
    return {("string",): "text", ("string", "integer"): "key", ("integer",): "count"}.get(kinds, "instant")


def _part(schema: Schema, definitions: dict[str, Schema]) -> Schema | None:
    options = [schema.get("items", {}), *schema.get("anyOf", ())]
    return next((definitions[option["$ref"].rpartition("/")[2]] for option in options if "$ref" in option), None)


def _section(title: str, group: Iterable[EventType]) -> str:
    return f"\n## {title}\n" + "".join(_entry(one) for one in group)


def _entry(one: EventType) -> str:
    required = ", ".join(_choice(group) for group in one.required) or "nothing"
    usual = f"\n- usual: {', '.join(f'`{path}`' for path in one.optional)}" if one.optional else ""
    return f"\n### {one.name}\n\n{one.description} Version {one.version}.\n\n- required: {required}{usual}\n"


def _choice(group: str) -> str:
    return " or ".join(f"`{path}`" for path in group.split(OR))
