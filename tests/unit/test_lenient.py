"""Odd events: every field can be read leniently, a conflict of types never blocks, and nothing that was sent is lost."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxy_analytics.contracts.events import NativeEvent
from ingest_service.loader.coercion import COERCE
from ingest_service.loader.event import Event, Item
from ingest_service.loader.lenient import KEYS, PARTS_BY_KEY, read_event

HEAD = {"event_id": "e", "name": "custom:x"}
WHOLE = ("event_id", "name", "items", "properties", "traits")  # fields that are read by functions of their own
PART_OF = {field: cls for field, (_, cls) in PARTS_BY_KEY.items()}
LEAVES = [(field, inner) for field, cls in PART_OF.items() for inner in COERCE[cls]]
weird = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)


def read(**fields: Any) -> tuple[Event, list[str]]:
    return read_event(msgspec.Raw(json.dumps(HEAD | fields).encode()))


def properties_of(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bytes(event.properties) or b"{}")
    return found


@pytest.mark.parametrize("cls", [*PART_OF.values(), Item], ids=lambda cls: cls.__name__)
def test_every_field_of_a_part_has_its_way_of_being_read(cls: type) -> None:
    assert set(COERCE[cls]) == set(cls.__struct_encode_fields__)  # type: ignore[attr-defined]


def test_every_field_of_the_event_has_its_way_of_being_read() -> None:
    assert (
        {*COERCE[Event], *PARTS_BY_KEY, *WHOLE}
        == set(Event.__struct_encode_fields__)
        == set(NativeEvent.__struct_encode_fields__)
    )


def test_the_keys_are_the_fields_that_the_contract_takes_as_numbers_too() -> None:
    schema = msgspec.json.schema_components([NativeEvent])[1]
    fields = (one for part in schema.values() for one in part["properties"].items())
    numeric = {
        name for name, field in fields if {"string", "integer"} <= {option.get("type") for option in field.get("anyOf", ())}
    }
    assert numeric - {"time", "true_time"} == KEYS


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(LEAVES), weird)
def test_a_value_of_any_type_is_read_or_kept_and_said_so(leaf: tuple[str, str], value: Any) -> None:
    field, inner = leaf
    event, warnings = read(**{field: {inner: value}})
    pointer = f"/{field}/{inner}"
    kept = properties_of(event).get(field, {})
    if f"invalid:{pointer}" in warnings:
        assert kept == {inner: value}
    else:
        assert kept == {}
        assert warnings in ([], [f"coerced:{pointer}"])


@settings(deadline=None, max_examples=200)
@given(st.sampled_from([*PARTS_BY_KEY, "items", "consent"]), weird | st.lists(weird, max_size=3))
def test_a_part_that_is_none_is_kept_and_said_so(field: str, value: Any) -> None:
    event, warnings = read(**{field: value})
    if f"invalid:/{field}" in warnings:
        kept = properties_of(event)[field]
        assert kept == value or (field == "items" and all(is_rest_of(value[int(position)], kept[position]) for position in kept))


def is_rest_of(item: Any, kept: Any) -> bool:
    """What is kept of an item: all of it where it is no object, else those of its fields that have no column."""
    return bool(kept == item or (isinstance(item, dict) and kept.items() <= item.items()))


def test_a_field_that_nobody_knows_is_kept_beside_a_property_of_the_same_name() -> None:
    event, warnings = read(colour="red", page={"url": "u", "scroll": 5}, properties={"colour": "blue", "page": 1})
    assert properties_of(event) == {"colour": "blue", "_colour": "red", "page": 1, "_page": {"scroll": 5}}
    assert warnings == ["unknown_field"]
