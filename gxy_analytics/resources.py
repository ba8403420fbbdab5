"""The resources of the graph: thin shells that read the settings when a run needs them, and hand out plain clients.

What is done with a client belongs to the library; nothing here connects or reads the environment before it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import dagster as dg
from clickhouse_connect.driver.client import Client

from gxy_analytics.settings import Settings, load_settings, require
from gxy_analytics.warehouse.client import connect


class Platform(dg.ConfigurableResource):
    """The stack that a run works on. Fields left out come from `GXY_*` or from the stack that runs here."""

    data_dir: str | None = None
    clickhouse_url: str | None = None
    oltp_url: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> Platform:
        """The stack that `settings` describe."""
        return cls(data_dir=str(settings.data_dir), clickhouse_url=settings.clickhouse_url, oltp_url=settings.oltp_url)

    @cached_property
    def settings(self) -> Settings:
        """The settings, read at first use."""
        return load_settings(
            data_dir=Path(self.data_dir) if self.data_dir else None,
            clickhouse_url=self.clickhouse_url,
            oltp_url=self.oltp_url,
        )

    @contextmanager
    def clickhouse(self, purpose: str, run_id: str = "") -> Iterator[Client]:
        """A client whose queries say what they are for and in which run. Raises SourceUnreachableError, MissingSettingError."""
        tags = {"run_id": run_id} if run_id else None
        with connect(require(self.settings.clickhouse_url, "CLICKHOUSE_URL"), purpose=purpose, tags=tags) as client:
            yield client
