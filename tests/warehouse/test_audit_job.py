"""The daily job and the commands on a real server: sealed, looked through, and the row that was tampered with is named."""

from __future__ import annotations

import json

import dagster as dg
import pytest
from click.testing import CliRunner, Result
from clickhouse_connect.driver.client import Client

from gxy_analytics.definitions import build_defs
from gxy_analytics.governance.audit.commands import audit
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.resources import Platform
from gxy_analytics.settings import Settings

AUDIT = dg.AssetKey(["governance", "audit"])
ALTER = "alter table governance.audit update reason = 'x' where sequence = 2 settings mutations_sync = 2"


@pytest.fixture
def acted(clickhouse: Client, settings: Settings) -> Client:
    """Three acts in the intake of a stack that has a master key."""
    load_master_key(settings.master_key_path, create=True)
    for action in ("vault.read", "export.made", "erasure.done"):
        record(clickhouse, action, tenant_id="acme", reason="ticket 17", rows=1)
    return clickhouse


def run(settings: Settings, *arguments: str) -> Result:
    env = {"GXY_DATA_DIR": str(settings.data_dir), "GXY_CLICKHOUSE_URL": settings.clickhouse_url}
    return CliRunner().invoke(audit, arguments, env=env)


def test_the_job_seals_what_waits_and_its_check_names_a_row_that_was_altered_since(acted: Client, settings: Settings) -> None:
    job = build_defs({"platform": Platform.of(settings)}).resolve_job_def("seal_audit")
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(instance=instance)
        assert [check.passed for check in done.get_asset_check_evaluations()] == [True]
        (event,) = done.get_asset_materialization_events()
        assert event.materialization.metadata["sealed"].value >= 3
        acted.command(ALTER)
        (check,) = job.execute_in_process(instance=instance).get_asset_check_evaluations()
    assert not check.passed and "row 2 was altered" in (check.description or "")


def test_no_build_of_days_takes_the_audit_along() -> None:
    definitions = build_defs()
    for name in ("daily_build", "rebuild_days", "extract"):
        layer = definitions.resolve_job_def(name).asset_layer
        assert AUDIT not in layer.selected_asset_keys
        assert AUDIT not in {key.asset_key for key in layer.asset_graph.asset_check_keys}


def test_the_commands_list_seal_verify_and_print_the_head(acted: Client, settings: Settings) -> None:
    waiting = json.loads(run(settings, "list", "--json", "--action", "vault").output)
    assert [(act["sequence"], act["action"], act["reason"]) for act in waiting] == [(0, "vault.read", "ticket 17")]
    sealed = json.loads(run(settings, "seal", "--json").output)
    head = run(settings, "head").output.strip()
    assert head == f"{sealed['head']['sequence']}:{sealed['head']['hash']}"
    listed = json.loads(run(settings, "list", "--json", "--tenant", "acme", "--since", "2020-01-01").output)
    assert sorted(act["action"] for act in listed) == ["erasure.done", "export.made", "vault.read"]
    assert json.loads(run(settings, "list", "--json", "--since", "2100-01-01").output) == []
    assert "vault.read by" in run(settings, "list", "--action", "vault.read").output
    whole = run(settings, "verify", "--head", head)
    assert whole.exit_code == 0 and "nothing was changed" in whole.output
    acted.command(ALTER)
    broken = run(settings, "verify")
    assert broken.exit_code == 1 and broken.output.startswith("row 2 was altered")
    assert json.loads(run(settings, "verify", "--json").output)["problems"] == ["row 2 was altered"]
    assert "is no head" in run(settings, "verify", "--head", "7").output
