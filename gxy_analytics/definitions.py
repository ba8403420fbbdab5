"""The graph's table of contents: everything below `assets/`, the dbt models of a manifest, and the resources they run on.

What a definition does belongs to its own module. `workspace.yaml` loads `defs`; tests and `gxy materialize` call `build_defs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

import assets
from gxy_analytics.resources import Platform


def build_defs(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors; `resources` replace the default ones by key."""
    return dg.Definitions.merge(
        dg.load_definitions_from_package_module(assets),
        dg.Definitions(resources={"platform": Platform(), **(resources or {})}),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The code location, made when Dagster asks for it and not when this module is imported."""
    return build_defs()
