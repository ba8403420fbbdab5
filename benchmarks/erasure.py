"""`python -m benchmarks.erasure`: one person is erased among many tenants. Prints PASS or FAIL for the bars.

Visible rows are gone within 60 s of the request; the bytes follow when the server clears its old parts. The baseline is the
time one count of all events takes, which any way to find the person's rows by reading everything would need for each table.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files
from itertools import pairwise
from os import environ
from pathlib import Path
from time import perf_counter, sleep

from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.table import Table

from benchmarks.ingest_stack import free_port
from gxy_analytics.durable_files import create_file
from gxy_analytics.governance.erasure.requests import Request
from gxy_analytics.governance.erasure.run import process, request_erasure
from gxy_analytics.settings import Settings, load_settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.dbt_env import DBT_PROJECT_DIR, dbt_environment
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.manifest import DBT_EXECUTABLE
from gxy_analytics.warehouse.migrations import migrate

HIDDEN_SECONDS = 60.0
GONE_SECONDS = 900.0
"""A full server keeps replaced parts for eight minutes; the embedded one clears them within a quarter of one."""
TENANT, CUSTOMER = "shop-7", 3


def main() -> None:
    """Fill a warehouse, erase one customer, print what it took, and exit 1 when a bar does not hold."""
    options = parse_arguments(sys.argv[1:])
    console = Console()
    with warehouse(options) as (client, settings):
        began = perf_counter()
        client.query("select count() from raw.events where customer_pid like '%f'")
        baseline = perf_counter() - began
        request = request_erasure(client, settings, TENANT, customer_pid=pid(TENANT, CUSTOMER), reason="benchmark")
        asked = perf_counter()
        while request.is_open and perf_counter() - asked < GONE_SECONDS:
            request = process(client, settings, request.request_id)
            if "hidden_at" in request.progress and request.is_open:
                console.print(f"  {perf_counter() - asked:6.1f} s: {request.state}, hidden after {spans(request)[0]:.1f} s")
            sleep(10)
        show(console, options, request, baseline)
    if request.state != "done":
        sys.exit(f"FAIL the request is {request.state}: {request.error or request.progress.get('waiting')}")
    hidden, gone = spans(request)
    for name, seconds, bar in (("visible rows gone", hidden, HIDDEN_SECONDS), ("bytes gone", gone, GONE_SECONDS)):
        console.print(f"{'PASS' if seconds <= bar else 'FAIL'} {name} after {seconds:.1f} s (at most {bar:.0f})")
    sys.exit(hidden > HIDDEN_SECONDS or gone > GONE_SECONDS)


def pid(tenant_id: str, customer: int) -> str:
    """As erasure_rows.sql makes them."""
    return hashlib.sha256(f"{tenant_id}/{customer}".encode()).hexdigest()


def spans(request: Request) -> tuple[float, float]:
    """Seconds from the request until no reader saw a row, and until it was done."""
    hidden = datetime.fromisoformat(request.progress["hidden_at"])
    return (hidden - request.requested_at).total_seconds(), (request.changed_at - request.requested_at).total_seconds()


def show(console: Console, options: argparse.Namespace, request: Request, baseline: float) -> None:
    table = Table("table", "treatment", "erased", "left", title=f"one of {options.tenants:,} tenants, {options.events:,} events")
    for name, counts in request.report.get("tables", {}).items():
        table.add_row(name, counts["treatment"], f"{counts['erased']:,}", str(counts["surviving"]))
    console.print(table)
    states = [(state["state"], datetime.fromisoformat(state["at"])) for state in request.report.get("states", [])]
    for (name, began), (_, ended) in pairwise(states):
        seconds = (ended - began).total_seconds()
        console.print(f"  {name:<11} {seconds:6.1f} s ({seconds / baseline:.0f} x a scan)")
    console.print(f"  one scan of the events' customers: {baseline:.2f} s")


@contextmanager
def warehouse(options: argparse.Namespace) -> Iterator[tuple[Client, Settings]]:
    """A server with the tables of migrations and dbt, filled."""
    with tempfile.TemporaryDirectory() as directory:
        clickhouse = EmbeddedClickHouse(Path(directory) / "clickhouse", "benchmark", free_port(), free_port())
        clickhouse.start()
        try:
            settings = load_settings(data_dir=Path(directory) / "gxy", clickhouse_url=clickhouse.url)
            create_file(settings.master_key_path, bytes(range(32)))
            with connect(clickhouse.url, purpose="benchmark") as client:
                migrate(client, settings)
                build_empty(settings, Path(directory))
                for statement in files("benchmarks").joinpath("erasure_rows.sql").read_text().split(";\n"):
                    if statement.strip():
                        client.command(statement, parameters={"tenants": options.tenants, "events": options.events})
                yield client, settings
        finally:
            clickhouse.stop()


def build_empty(settings: Settings, directory: Path) -> None:
    """Have dbt make its tables, over no rows."""
    paths = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    outputs = ["--target-path", str(directory / "target"), "--log-path", str(directory / "logs")]
    subprocess.run(
        [str(DBT_EXECUTABLE), "--quiet", "build", *paths, *outputs, "--resource-type", "model", "--resource-type", "seed"],
        env={**environ, **dbt_environment(settings)},
        check=True,
    )


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenants", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
