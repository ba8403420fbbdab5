"""The whole system at once: `gxy demo` from nothing to green, and the simulator's own account equal to ledger and marts.

One world is played twice over the same data directory: the second time changes nothing.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from gxy_analytics.settings import Settings, require
from gxy_analytics.stack.dagster_home import write_dagster_home
from gxy_analytics.stack.stack import Stack, stack_settings
from gxy_analytics.warehouse.client import connect
from tests.e2e.stack_process import GXY, StackProcess, clean_environment, free_port_base, processes_of

# The last day is the one on which Berlin's clocks go back; Los Angeles' do not, until a week later.
WORLD = ("--tenants", "2", "--days", "2", "--seed", "3", "--end", "2025-10-26", "--events-per-day", "400")

# A demo takes a minute on two idle cores; the limit is for a machine that is busy with other things.
pytestmark = pytest.mark.timeout(1200)


@dataclass
class Finished:
    """A finished demo, its stack started again (without Dagster), and the account of a second simulation."""

    output: str
    assets_served: int
    orphan: dg.DagsterRunStatus
    left_running: dict[int, str]
    settings: Settings
    client: Client
    ledger_before: dict[str, tuple[int, ...]]
    account: dict[str, Any]

    @property
    def tenants(self) -> dict[str, dict[str, Any]]:
        tenants: dict[str, dict[str, Any]] = self.account["tenants"]
        return tenants

    def ledger(self) -> dict[str, tuple[int, ...]]:
        return read_ledger(self.client)


def read_ledger(client: Client) -> dict[str, tuple[int, ...]]:
    """tenant -> accepted, inserted, deduplicated, rejected, dropped."""
    rows = client.query(
        "select tenant_id, sum(ingest_ledger.accepted), sum(ingest_ledger.inserted), sum(ingest_ledger.deduplicated), "
        "sum(ingest_ledger.rejected), sum(ingest_ledger.dropped) from governance.ingest_ledger group by tenant_id"
    ).result_rows
    return {tenant: tuple(counts) for tenant, *counts in rows}


def gxy(*arguments: str, settings: Settings) -> str:
    """Run `gxy` with the addresses of `settings` in its environment; returns stdout."""
    env = clean_environment(**settings.as_env())
    done = subprocess.run((GXY, *arguments), env=env, capture_output=True, text=True, timeout=1000, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    data_dir = tmp_path_factory.mktemp("demo")
    orphan = run_of_an_earlier_life(data_dir / "dagster")
    demo = StackProcess(data_dir, free_port_base(), "--exit", *WORLD, command="demo")
    demo.wait_for("Simulating")
    assets_served = assets_of(f"http://127.0.0.1:{demo.port_base + 3}/graphql")
    assert demo.process.wait(1000) == 0, demo.output
    left_running = processes_of(data_dir)
    with (
        Stack(stack_settings(data_dir=data_dir, port_base=free_port_base()), without=("dagster",)) as stack,
        connect(str(stack.settings.clickhouse_url), purpose="tests") as client,
    ):
        before = read_ledger(client)
        account = json.loads(gxy("simulate", *WORLD, "--json", settings=stack.settings))
        wait_until_loaded(client, sum(counts[0] for counts in before.values()) + account["events"]["sent"])
        ended = (demo.output, assets_served, state_of(orphan, data_dir), left_running)
        yield Finished(*ended, stack.settings, client, before, account)


def run_of_an_earlier_life(dagster_home: Path) -> str:
    """Leave a run that was under way when its stack was killed; return its id."""

    @dg.job
    def nightly() -> None:
        """Stands for any job."""

    write_dagster_home(dagster_home)
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        return instance.create_run_for_job(nightly, status=dg.DagsterRunStatus.STARTED).run_id


def state_of(run_id: str, data_dir: Path) -> dg.DagsterRunStatus:
    with dg.DagsterInstance.from_config(str(data_dir / "dagster")) as instance:
        run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def assets_of(graphql_url: str) -> int:
    """How many assets Dagster's webserver shows."""
    query = "{ repositoriesOrError { ... on RepositoryConnection { nodes { assetNodes { id } } } } }"
    answer = httpx.post(graphql_url, json={"query": query}, timeout=60)
    return sum(len(node["assetNodes"]) for node in answer.json()["data"]["repositoriesOrError"]["nodes"])


def wait_until_loaded(client: Client, accepted: int) -> None:
    """Until the ledger has `accepted` events."""
    deadline = time.monotonic() + 60
    while sum(counts[0] for counts in read_ledger(client).values()) < accepted:
        assert time.monotonic() < deadline, "the loader stands still"
        time.sleep(0.2)


def test_the_summary_is_green_and_names_every_shop(finished: Finished) -> None:
    assert "✗" not in finished.output
    assert "✓ the ledger balances for every tenant" in finished.output
    assert "numbers of 4 tenant-days equal the backend's, to the cent" in finished.output
    assert all(slug in finished.output for slug in finished.tenants)


def test_the_simulated_shoppers_are_taken_for_people(finished: Finished) -> None:
    with connect(require(finished.settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="tests") as client:
        sessions, bots, bought = client.query(
            "select sum(sessions), sum(bot_sessions), sum(sessions_with_any_purchase) from marts.funnel_daily"
        ).first_row
    assert sessions > 10 * bots
    assert 0 < bought < sessions / 5


def test_every_shop_can_log_in_and_sees_its_own_rows_alone(finished: Finished) -> None:
    assert finished.output.count("gxy access password ") == 1
    for slug in finished.tenants:
        login = json.loads(gxy("access", "password", slug, "--json", settings=finished.settings))
        url = f"http://{login['user']}:{login['password']}@{login['host']}:{login['http_port']}"
        with connect(url, purpose="tests") as client:
            assert client.query("select groupUniqArray(tenant_id) from marts.fct_orders").first_row == ([slug],)


def test_the_ledger_of_the_demo_equals_the_simulators_account(finished: Finished) -> None:
    expected = {
        slug: (tenant["sent"], tenant["unique"], tenant["repeated"], tenant["broken"], 0)
        for slug, tenant in finished.tenants.items()
    }
    assert finished.ledger_before == expected
    assert all(tenant["repeated"] > 0 < tenant["broken"] and tenant["late"] > 0 for tenant in finished.tenants.values())


def test_the_same_world_again_adds_nothing_but_to_the_ledger(finished: Finished) -> None:
    for slug, (accepted, inserted, deduplicated, rejected, dropped) in finished.ledger().items():
        tenant = finished.tenants[slug]
        assert accepted == 2 * tenant["sent"]
        assert (inserted, rejected, dropped) == (tenant["unique"], 2 * tenant["broken"], 0)
        assert deduplicated == tenant["unique"] + 2 * tenant["repeated"]
    stored = finished.client.query("select count(), uniqExact(tenant_id, event_id) from raw.events").result_rows
    unique = sum(tenant["unique"] for tenant in finished.tenants.values())
    assert stored == [(unique, unique)]
    with psycopg.connect(str(finished.settings.oltp_url)) as oltp:
        assert oltp.execute("select count(*) from orders").fetchone() == (finished.account["events"]["orders"],)


def test_every_answer_was_ok_but_for_the_broken_events(finished: Finished) -> None:
    events = finished.account["events"]
    assert events["answers"] == {"ok": events["sent"] - events["broken"], "warning": 0, "drop": events["broken"]}
    [(letters,)] = finished.client.query("select count() from raw.events_rejected").result_rows
    assert letters == 2 * events["broken"]


def test_every_event_is_staged_on_its_local_day(finished: Finished) -> None:
    staged = dict(finished.client.query("select tenant_id, count() from staging.stg_web__events group by tenant_id").result_rows)
    assert staged == {slug: tenant["unique"] for slug, tenant in finished.tenants.items()}
    days = finished.client.query("select distinct toString(local_date) from staging.stg_web__events order by 1").result_rows
    assert days == [("2025-10-25",), ("2025-10-26",)]


def test_sales_daily_equals_the_simulators_account_to_the_cent(finished: Finished) -> None:
    columns = ("orders", "units", "gross_sales", "discounts", "returns", "net_sales")
    rows = finished.client.query(
        f"select tenant_id, currency, toString(local_date), {', '.join(columns)} from marts.sales_daily"
    ).result_rows
    marts = {(tenant, currency, day): tuple(map(Decimal, numbers)) for tenant, currency, day, *numbers in rows}
    expected = {
        (slug, tenant["currency"], day): tuple(Decimal(sales[column]) for column in columns)
        for slug, tenant in finished.tenants.items()
        for day, sales in tenant["days"].items()
    }
    assert marts == expected
    assert len(marts) == 4


def test_orders_by_event_are_the_orders_of_the_backend_without_those_by_telephone(finished: Finished) -> None:
    by_event = "select tenant_id, toUInt64(order_id) from raw.events where name = 'order_completed'"
    [(events, known)] = finished.client.query(
        f"select count(), countIf((tenant_id, order_id) in ({by_event})) from marts.fct_orders where channel != 'phone'"
    ).result_rows
    assert events == known == finished.account["events"]["order_events"] > 0


def test_dagster_served_the_graph_and_ended_an_orphaned_run(finished: Finished) -> None:
    assert finished.assets_served > 10
    assert "definitions do not load" not in finished.output
    assert "1 unfinished runs of an earlier life" in finished.output
    assert finished.orphan is dg.DagsterRunStatus.CANCELED


def test_nothing_of_the_demo_still_runs_and_its_files_are_private(finished: Finished) -> None:
    assert finished.left_running == {}
    secrets = finished.settings.data_dir / "secrets"
    assert {path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {0o600}
