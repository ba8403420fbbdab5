"""The job runs the scan on a real warehouse, and the check of the database in question fails with the place."""

from __future__ import annotations

import dagster as dg
from clickhouse_connect.driver.client import Client

from gxy_analytics.definitions import build_defs
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.resources import Platform
from gxy_analytics.settings import Settings


def test_the_job_fails_the_check_of_the_database_where_something_lies(clickhouse: Client, settings: Settings) -> None:
    load_master_key(settings.master_key_path, create=True)
    row = ["acme", 1, "A-1", "ask anna@mail.example"]
    clickhouse.insert("oltp_orders", [row], ["tenant_id", "order_id", "number", "shipping_city"], database="raw")
    job = build_defs({"platform": Platform.of(settings)}).resolve_job_def("scan_personal_data")
    with dg.DagsterInstance.ephemeral() as instance:
        evaluations = job.execute_in_process(instance=instance).get_asset_check_evaluations()
    failed = {one.check_name: one.description or "" for one in evaluations if not one.passed}
    assert list(failed) == ["no_personal_data_in_raw"]
    assert "raw.oltp_orders.shipping_city: email in 1 rows of the sample" in failed["no_personal_data_in_raw"]
    assert "anna" not in failed["no_personal_data_in_raw"]
    assert len(evaluations) == 5
