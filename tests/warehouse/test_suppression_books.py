"""The books after a suppression: what is extracted under a tombstone and built again equals the backend to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import polars as pl
import psycopg
import pytest
from dbt_world import EVERYTHING
from erasure_world import ANNA, MASTER, ErasureWorld, erasure_world, pid

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.extract import extract_all
from gxy_analytics.governance.suppressions import suppress
from gxy_analytics.quality.reconciliation import outcome, reconcile
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.partitions import Window

DAYS = Window(date(2026, 3, 1), date(2026, 3, 5))  # of the orders and the refund


@pytest.fixture
def world(tmp_path: Path, oltp: psycopg.Connection, settings: Settings) -> Iterator[ErasureWorld]:
    assert settings.oltp_url
    with erasure_world(tmp_path, oltp, settings.oltp_url) as found:
        yield found


@pytest.mark.slow
def test_sales_equal_the_backend_to_the_cent_when_a_suppressed_customers_orders_are_read_again(world: ErasureWorld) -> None:
    request = {"anonymous_ids": [], "until": datetime.now(UTC), "request_id": uuid4()}
    tombstone = suppress(world.client, "acme", customer_pids=[pid("acme", ANNA)], **request)[pid("acme", ANNA)]  # type: ignore[arg-type]
    with open_source(world.oltp_url) as source:
        reports = extract_all(source, world.client, master_key=MASTER, full=True)
    assert {name for name in TABLES if reports[name].rows_changed} == {"customers", "orders", "payments"}
    world.dbt.build(what=EVERYTHING)
    compared = reconcile(world.client, world.oltp_url, DAYS)
    assert outcome(compared, DAYS).passed
    assert compared.filter(pl.col("metric") == "net_sales")["source_value"].sum() > 0
    owners = "select groupUniqArray(customer_pid) from marts.fct_orders where tenant_id = 'acme'"
    (found,) = world.rows(owners)[0]
    assert tombstone in found and pid("acme", ANNA) not in found
