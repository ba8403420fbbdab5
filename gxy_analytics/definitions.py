"""The graph's table of contents: everything below `assets/`, the dbt models of a manifest, and the resources they run on.

What a definition does belongs to its own module. `workspace.yaml` loads `defs`; tests and `gxy materialize` call `build_defs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

import assets
from assets.checks.models import model_checks
from assets.transform.dbt import day_models, whole_models
from gxy_analytics.resources import Dbt, Platform
from gxy_analytics.warehouse.manifest import prepared_manifest


def build_defs(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors; `resources` replace the default ones by key."""
    platform = (resources or {}).get("platform", Platform())
    manifest = prepared_manifest()
    return dg.Definitions.merge(
        dg.load_definitions_from_package_module(assets),
        dg.Definitions(
            assets=[day_models(manifest), whole_models(manifest)],
            asset_checks=model_checks(manifest),
            resources={"platform": platform, "dbt": Dbt(platform=platform), **(resources or {})},
        ),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The code location, made when Dagster asks for it and not when this module is imported."""
    return build_defs()
