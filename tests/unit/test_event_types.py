"""The registry of event types: its paths exist, what it generates is up to date, and released rules keep their version."""

from __future__ import annotations

import dataclasses
import json

import jsonschema_rs
import pytest

from gxy_analytics.contracts.event_types import pins
from gxy_analytics.contracts.event_types.__main__ import PAGE
from gxy_analytics.contracts.event_types.event_type import EventType, parse_path
from gxy_analytics.contracts.event_types.json_schema import branch, contract_definitions, digest, event_schema
from gxy_analytics.contracts.event_types.reference_page import reference_page, typed_fields
from gxy_analytics.contracts.event_types.registry import CUSTOM_PREFIX, EVENT_TYPES, GROUPS, VERSION
from gxy_analytics.contracts.events import MAX_ID_LENGTH

FIELDS = dict(typed_fields(contract_definitions()))
EACH = pytest.mark.parametrize("one", EVENT_TYPES.values(), ids=EVENT_TYPES)
WHOLE_ORDER = {
    "event_id": "e",
    "name": "order_completed",
    "order": {"order_id": 7, "value": "12.50", "currency": "EUR"},
    "items": [{"product_id": "1"}],
}


def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(event_schema())


@EACH
def test_every_path_of_a_type_is_a_field_of_the_native_event(one: EventType) -> None:
    for text in (*(path for group in one.required for path in group.split("|")), *one.optional):
        assert text in FIELDS, text
        path = parse_path(text)
        assert path.pointer == "/" + text.replace("[]", "").replace(".", "/")


@EACH
def test_a_type_has_a_description_a_version_and_no_path_twice(one: EventType) -> None:
    assert one.description.endswith(".")
    assert one.version >= 1
    assert len(set(one.paths)) == len(one.paths)
    assert not one.name.startswith(CUSTOM_PREFIX)
    assert len(one.name) <= MAX_ID_LENGTH


def test_no_name_is_in_the_registry_twice() -> None:
    assert len(EVENT_TYPES) == sum(map(len, GROUPS.values()))


def test_the_reference_page_is_the_one_that_the_registry_gives() -> None:
    assert PAGE.read_text() == reference_page(), "run `python -m gxy_analytics.contracts.event_types`"


def test_every_type_and_every_field_is_on_the_reference_page() -> None:
    page = PAGE.read_text()
    assert all(f"### {name}\n" in page for name in EVENT_TYPES)
    assert all(f"`{path}` | {kind} |" in page for path, kind in FIELDS.items())


def test_the_released_versions_are_pinned_and_demand_what_they_always_did() -> None:
    known = pins.read_pins()
    assert pins.extended(known, pins.current_pins()) == known, "run `python -m gxy_analytics.contracts.event_types`"
    assert pins.as_text(known) == pins.PINS.read_text()


def test_a_rule_that_changes_under_its_old_version_is_refused_and_under_a_new_one_is_added() -> None:
    old = EVENT_TYPES["order_cancelled"]
    definitions = contract_definitions()
    harder = dataclasses.replace(old, required=(*old.required, "order.value"))
    known = {(old.name, old.version): digest(branch(old, definitions))}
    with pytest.raises(pins.ChangedVersionError, match=r"order_cancelled 1\. Raise the version"):
        pins.extended(known, {(old.name, old.version): digest(branch(harder, definitions))})
    newer = {(old.name, 2): digest(branch(harder, definitions))}
    assert pins.extended(known, newer) == known | newer


def test_a_change_of_words_only_needs_no_version() -> None:
    old = EVENT_TYPES["order_cancelled"]
    definitions = contract_definitions()
    reworded = dataclasses.replace(old, description="Other words.")
    assert digest(branch(reworded, definitions)) == digest(branch(old, definitions))


def test_the_schema_is_a_2020_12_schema_of_this_version_with_a_branch_for_each_name() -> None:
    schema = event_schema()
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(f":{VERSION}")
    assert [entry["$ref"].rpartition("/")[2] for entry in schema["oneOf"]] == [*EVENT_TYPES, "custom"]
    for name in EVENT_TYPES:
        assert schema["$defs"][name]["properties"]["name"] == {"const": name}


def test_a_whole_event_fits_whether_its_amounts_are_numbers_or_text() -> None:
    assert validator().is_valid(WHOLE_ORDER)
    assert validator().is_valid(WHOLE_ORDER | {"order": WHOLE_ORDER["order"] | {"value": 12.5}, "cart": None})


@pytest.mark.parametrize(
    "change",
    [
        {"order": {"value": 1, "currency": "EUR"}},
        {"order": {"order_id": "", "value": 1, "currency": "EUR"}},
        {"order": {"order_id": 7, "value": None, "currency": "EUR"}},
        {"order": None},
        {"items": []},
        {"items": [{"product_id": 1}, {"name": "no id"}]},
        {"items": [{"product_id": 1, "quantity": -1}]},
        {"page": "https://shop.example"},
        {"consent": {"ads": "perhaps"}},
        {"properties": [1]},
        {"name": "order_complete"},
        {"name": CUSTOM_PREFIX},
        {"name": None},
        {"event_id": "e" * (MAX_ID_LENGTH + 1)},
    ],
    ids=json.dumps,
)
def test_what_lacks_a_required_field_or_has_a_wrong_type_does_not_fit(change: dict[str, object]) -> None:
    assert not validator().is_valid(WHOLE_ORDER | change)


def test_an_event_of_the_shops_own_may_carry_anything_the_native_event_can() -> None:
    own = {"event_id": "e", "name": "custom:size_guide_opened", "properties": {"size": 42}, "items": [{"name": "no id"}]}
    assert validator().is_valid(own)
    assert not validator().is_valid(own | {"name": "size_guide_opened"})
