"""Every table of `platform` says how it may be shown; an anonymous one is made by the macro, or of what the macro made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gxy_analytics.warehouse.manifest import prepared_manifest

MACRO = "macro.gxy.anonymous_cells"
EXACT = {"gmv_daily"}
"""For the platform's own staff: its books. docs/reference/anonymised-data.md says why."""
Model = dict[str, Any]


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    """The models of platform by unique id, as parsed."""
    nodes = json.loads(prepared_manifest().read_text())["nodes"].values()
    return {node["unique_id"]: node for node in nodes if node["resource_type"] == "model" and node["schema"] == "platform"}


def shown(model: Model) -> str:
    return str(model["config"]["meta"]["shown"])


def test_what_is_not_anonymous_is_named(models: dict[str, Model]) -> None:
    assert {model["name"] for model in models.values() if shown(model) == "exact"} == EXACT
    assert {shown(model) for model in models.values()} == {"exact", "anonymous"}


def test_what_is_anonymous_passes_the_macro_and_is_released(models: dict[str, Model]) -> None:
    for model in models.values():
        if shown(model) == "anonymous":
            parents = model["depends_on"]["nodes"]
            is_released = MACRO in model["depends_on"]["macros"] and model["config"].get("released")
            is_derived = bool(parents) and all(name in models and shown(models[name]) == "anonymous" for name in parents)
            assert is_released or is_derived, model["name"]


def test_no_column_names_a_tenant_or_a_person(models: dict[str, Model]) -> None:
    for model in models.values():
        assert not {"tenant_id", "customer_pid", "anonymous_id", "visitor_id"} & set(model["columns"]), model["name"]
