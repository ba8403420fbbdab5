"""The resources of the graph: thin shells that read the settings when a run needs them, and hand out plain clients.

What is done with a client belongs to the library; nothing here connects or reads the environment before it is asked.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from clickhouse_connect.driver.client import Client
from dagster_dbt import DbtCliInvocation
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.dagster_dbt_translator import DagsterDbtTranslator
from packaging.version import Version

from gxy_analytics.settings import ROLE_URLS, ClickHouseRole, Settings, load_settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.dbt_env import DBT_PROJECT_DIR, dbt_environment
from gxy_analytics.warehouse.manifest import DBT_EXECUTABLE

WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
"""Unit tests prove the SQL and read no data: they belong to `make test`, not to every build of a day."""


class Platform(dg.ConfigurableResource):
    """The stack that a run works on. Fields left out come from `GXY_*` or from the stack that runs here."""

    data_dir: str | None = None
    clickhouse_url: str | None = None
    pipeline_clickhouse_url: str | None = None
    exporter_clickhouse_url: str | None = None
    eraser_clickhouse_url: str | None = None
    auditor_clickhouse_url: str | None = None
    scanner_clickhouse_url: str | None = None
    oltp_url: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Platform":
        """The stack that `settings` describe."""
        values = settings.model_dump(mode="json", include=set(cls.model_fields))
        return cls(**values)

    @cached_property
    def settings(self) -> Settings:
        """The settings, read at first use."""
        addresses = {
            name: getattr(self, name) for name in ("clickhouse_url", "oltp_url", *ROLE_URLS) if name in type(self).model_fields
        }
        return load_settings(data_dir=Path(self.data_dir) if self.data_dir else None, **addresses)

    @contextmanager
    def clickhouse(self, purpose: str, run_id: str = "", *, role: ClickHouseRole = "pipeline") -> Iterator[Client]:
        """A client of the user of `role`, whose queries say what they are for and in which run.

        Raises SourceUnreachableError, MissingSettingError.
        """
        tags = {"run_id": run_id} if run_id else None
        with connect(self.settings.clickhouse_as(role), purpose=purpose, tags=tags) as client:
            yield client


class Dbt(dg.ConfigurableResource):
    """dbt against the platform's ClickHouse: one child process a call, its own target directory, the shared partial parse.

    Not DbtCliResource: that takes the connection from this process's environment, and opens a second adapter in it.
    """

    platform: dg.ResourceDependency[Platform]

    def build(self, context: dg.AssetExecutionContext, variables: dict[str, str]) -> Iterator[Any]:
        """`dbt build` what the run selected of the asset's models, with `variables`; yields Dagster's events as models finish.

        Raises DagsterDbtCliRuntimeError with dbt's own messages when a model fails.
        """
        settings = self.platform.settings
        selected = get_updated_cli_invocation_params_for_context(context, {}, DagsterDbtTranslator())
        target = settings.data_dir / "dbt" / "target" / f"{context.op_execution_context.op.name}-{context.run.run_id[:8]}"
        invocation = DbtCliInvocation.run(
            args=[str(DBT_EXECUTABLE), "build", *WITHOUT_UNIT_TESTS, "--vars", json.dumps(variables), *selected.selection_args],
            env={
                **os.environ,
                **dbt_environment(settings),
                "DBT_LOG_FORMAT": "json",
                "DBT_TARGET_PATH": str(target),
                "DBT_LOG_PATH": str(target),
                "PYTHONUNBUFFERED": "1",
                **({"DBT_INDIRECT_SELECTION": selected.indirect_selection} if selected.indirect_selection else {}),
            },
            manifest=selected.manifest,
            dagster_dbt_translator=selected.dagster_dbt_translator,
            project_dir=DBT_PROJECT_DIR,
            target_path=target,
            raise_on_error=True,
            context=context,
            adapter=None,
            cli_version=Version(version("dbt-core")),
        )
        yield from invocation.stream()
