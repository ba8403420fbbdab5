"""How a dbt node looks as an asset: key [database, table], group, owners, kinds, days or whole. Pure: a node in, a spec out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject

from assets.automation import FOLLOW_DAYS
from assets.conventions import BUILD_TAG, GROUPS, OWNERS
from assets.partitions import daily

DAILY, WHOLE = "daily_swap", "whole_swap"
"""The materializations of dbt/macros: whole days swapped in, and whole tables exchanged."""

BUILDS = {DAILY: "days", WHOLE: "whole", "view": "view", "seed": "seed"}

FRESH_BY_AFTERNOON = dg.FreshnessPolicy.cron(deadline_cron="0 15 * * *", lower_bound_delta=timedelta(hours=3))
"""The nightly run starts at 12:30 UTC; by 15:00 it has built the day. The policy sees runs, `newest_day` checks data."""

READ_BY_PEOPLE = frozenset({"marts", "platform"})
"""Databases whose tables carry a freshness policy."""


class WarehouseTranslator(DagsterDbtTranslator):
    """The house's conventions on top of dagster-dbt's."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """[database, table], for models, seeds and sources alike."""
        table = dbt_resource_props.get("identifier") or dbt_resource_props.get("alias") or dbt_resource_props["name"]
        return dg.AssetKey([dbt_resource_props["schema"], table])

    def get_partitions_def(self, dbt_resource_props: Mapping[str, Any]) -> dg.PartitionsDefinition | None:
        """Days for what is swapped in by day; views, seeds and whole tables have none."""
        return daily if materialization(dbt_resource_props) == DAILY else None

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The node's asset."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = self.get_resource_props(manifest, unique_id)
        if props["resource_type"] == "source":
            return spec
        build = BUILDS[materialization(props)]
        return spec.replace_attributes(
            group_name=GROUPS[props["schema"]],
            owners=OWNERS,
            kinds={"dbt", "clickhouse"} | ({build} if build in ("view", "seed") else set()),
            tags={BUILD_TAG: build},
            automation_condition=FOLLOW_DAYS if build == "whole" else None,
            freshness_policy=FRESH_BY_AFTERNOON if props["schema"] in READ_BY_PEOPLE else None,
        )


def materialization(props: Mapping[str, Any]) -> str:
    """How dbt builds the node: `daily_swap`, `whole_swap`, `view` or `seed`."""
    return "seed" if props["resource_type"] == "seed" else str(props.get("config", {}).get("materialized", ""))
