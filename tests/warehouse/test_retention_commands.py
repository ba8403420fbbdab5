"""`gxy retention` as people and scripts use it, and the daily job in the graph."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from click.testing import CliRunner, Result
from clickhouse_connect.driver.client import Client
from retention_world import count, events, tenants

from assets.governance.retention import nothing_is_overdue, retention_runs
from gxy_analytics.governance.retention.commands import retention
from gxy_analytics.governance.retention.holds import held
from gxy_analytics.governance.retention.overdue import check_overdue
from gxy_analytics.governance.suppressions import identity_hash
from gxy_analytics.governance.vault.master_key import load_master_key
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.resources import Platform
from gxy_analytics.settings import Settings

NOW = datetime.now(UTC)


@pytest.fixture
def shell(clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    tenants(clickhouse)
    for name, value in settings.as_env().items():
        monkeypatch.setenv(name, value)
    yield CliRunner()


def call(shell: CliRunner, *arguments: str) -> Result:
    return shell.invoke(retention, arguments, catch_exceptions=False)


def test_what_is_planned_is_what_goes_and_what_is_reported(shell: CliRunner, clickhouse: Client) -> None:
    events(clickhouse, "kiwi", [NOW - timedelta(days=n) for n in (900, 800, 1)])
    planned = json.loads(call(shell, "plan", "--json").output)
    assert [(row["name"], row["tenant"], row["partitions"], row["rows"]) for row in planned if row["name"] == "raw.events"] == [
        ("raw.events", "kiwi", 2, 2)
    ]
    assert json.loads(call(shell, "apply", "--dry-run", "--json").output) == planned
    assert count(clickhouse, "raw.events") == 3
    call(shell, "apply")
    assert count(clickhouse, "raw.events") == 1
    gone = json.loads(call(shell, "report", "--tenant", "kiwi", "--json").output)
    assert [(row["rows"], row["partitions"], row["is_finished"]) for row in gone if row["rule_name"] == "raw.events"] == [
        (2, 2, True)
    ]
    assert json.loads(call(shell, "report", "--tenant", "surf", "--json").output) == []
    assert "Nothing is over." in call(shell, "plan").output


def test_a_hold_on_a_customer_is_placed_by_her_id_and_names_her_nowhere(
    shell: CliRunner, clickhouse: Client, settings: Settings
) -> None:
    pid = Pseudonyms(load_master_key(settings.master_key_path, create=True)).customer_pid("kiwi", "4711")
    events(clickhouse, "kiwi", [NOW - timedelta(days=900)], customer=pid)
    assert "is in force" in call(shell, "hold", "--tenant", "kiwi", "--customer-id", "4711", "--reason", "court").output
    found = held(clickhouse, "kiwi", identity_hash("kiwi", "customer", pid))
    assert [hold.reason for hold in found] == ["court"]
    assert held(clickhouse, "kiwi") == found
    assert held(clickhouse, "kiwi", identity_hash("kiwi", "customer", "another")) == []
    assert held(clickhouse, "surf") == []
    shown = call(shell, "holds").output
    assert str(found[0].hold_id) in shown
    assert pid not in shown
    acts = clickhouse.query("select action, subject, details from governance.audit_entries").result_rows
    assert [(action, subject) for action, subject, _ in acts] == [("hold.placed", found[0].subject_hash[:16])]
    call(shell, "apply")
    assert count(clickhouse, "raw.events") == 1
    call(shell, "release", str(found[0].hold_id))
    assert held(clickhouse, "kiwi") == []
    assert count(clickhouse, "governance.audit_entries", "action = 'hold.lifted'") == 1


def test_a_hold_on_nobody_is_refused(shell: CliRunner, clickhouse: Client) -> None:
    for arguments in (("--tenant", "kiwi", "--customer-pid", "nobody"), ("--tenant", "nowhere")):
        refused = shell.invoke(retention, ["hold", *arguments, "--reason", "court"])
        assert refused.exit_code != 0
    assert count(clickhouse, "governance.retention_holds") == 0


def test_a_tenants_own_period_is_shown_and_given_up_again(shell: CliRunner) -> None:
    def of_kiwi() -> str:
        shown = json.loads(call(shell, "show", "--tenant", "kiwi", "--json").output)
        return str(next(row["kept_for"] for row in shown if row["name"] == "raw.events"))

    assert of_kiwi() == "760 days"
    call(shell, "set", "--tenant", "kiwi", "--table", "raw.events", "--days", "100")
    assert of_kiwi() == "100 days"
    call(shell, "set", "--tenant", "kiwi", "--table", "raw.events", "--days", "0")
    assert of_kiwi() == "760 days"


def test_the_daily_job_deletes_and_its_check_counts_what_should_not_be_there(
    shell: CliRunner, clickhouse: Client, settings: Settings
) -> None:
    events(clickhouse, "kiwi", [NOW - timedelta(days=900)])
    with dg.DagsterInstance.ephemeral() as instance:

        def run(*definitions: object) -> dg.ExecuteInProcessResult:
            return dg.materialize(definitions, resources={"platform": Platform.of(settings)}, instance=instance)  # type: ignore[arg-type]

        done = run(retention_runs, nothing_is_overdue)
        (materialized,) = done.get_asset_materialization_events()
        assert materialized.materialization.metadata["rows"].value == 2
        (evaluation,) = done.get_asset_check_evaluations()
        assert evaluation.passed
    events(clickhouse, "kiwi", [NOW - timedelta(days=900)])
    found = check_overdue(clickhouse, settings, NOW)
    assert not found.passed
    assert "raw.events: 1 rows of 1 tenants" in found.description
