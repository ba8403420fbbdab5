"""`python -m benchmarks.policy`: what the row policy costs a query on a mart. Prints PASS or FAIL for the bar of 1.15.

The baseline is the same query in the same run by the administrator, with the tenant written into it. Both alternate, and their
medians are compared.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.table import Table

from benchmarks.ingest_stack import free_port
from gxy_analytics.governance.access.accounts import wanted_accounts
from gxy_analytics.governance.access.embedded import write_embedded
from gxy_analytics.governance.access.specification import load_specification
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse, access_file

LIMIT = 1.15
TENANTS = 100
TENANT = "shop-42"
KEY = bytes(32)
SCHEMA = """
create table marts.product_daily
(
    tenant_id LowCardinality(String),
    local_date Date,
    product_id UInt64,
    currency LowCardinality(String),
    units UInt64,
    revenue Decimal(18, 4)
)
engine = MergeTree
order by (tenant_id, local_date, product_id, currency)
"""
FILL = """
insert into marts.product_daily
select
    concat('shop-', toString(number % {tenants:UInt64})),
    toDate('2026-01-01') + intDiv(number, {tenants:UInt64} * 500) % 90,
    cityHash64(number) % 5000,
    'EUR',
    number % 7,
    toDecimal64(number % 1000, 4)
from numbers({rows:UInt64})
"""
QUERIES = {
    "sum by day": "select local_date, sum(revenue) from marts.product_daily {where} group by 1 order by 1",
    "top products": "select product_id, sum(units) as u from marts.product_daily {where} group by 1 order by u desc limit 20",
    "one week": "select sum(revenue), uniqExact(product_id) from marts.product_daily {where} {and} local_date < '2026-01-08'",
    "everything": "select count(), sum(units), sum(revenue) from marts.product_daily {where}",
}


def main() -> None:
    """Measure each query both ways, print the table, and exit 1 when the bar does not hold."""
    options = parse_arguments(sys.argv[1:])
    table = Table("query", "without, ms", "with policy, ms", "ratio", title=f"{options.rows:,} rows of {TENANTS} tenants")
    ratios = []
    with server(options.rows) as (admin, tenant):
        for name, sql in QUERIES.items():
            plain = sql.replace("{where}", f"where tenant_id = '{TENANT}'").replace("{and}", "and")
            policed = sql.replace("{where}", "").replace("{and}", "where")
            if admin.query(plain).result_rows != tenant.query(policed).result_rows:
                sys.exit(f"{name}: the two answers differ")
            without, with_policy = alternate(admin, plain, tenant, policed, options.repeats)
            ratios.append(with_policy / without)
            table.add_row(name, f"{without * 1000:.2f}", f"{with_policy * 1000:.2f}", f"{ratios[-1]:.2f}")
    console = Console()
    console.print(table)
    overall = median(ratios)
    console.print(
        f"{'PASS' if overall <= LIMIT else 'FAIL'} policy overhead, median of the queries: {overall:.2f} (at most {LIMIT})"
    )
    sys.exit(overall > LIMIT)


def alternate(admin: Client, plain: str, tenant: Client, policed: str, repeats: int) -> tuple[float, float]:
    """Median seconds of each query, one after the other, so that a busy moment meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for spent, client, sql in ((times[0], admin, plain), (times[1], tenant, policed)):
            began = perf_counter()
            client.query(sql)
            spent.append(perf_counter() - began)
    return median(times[0]), median(times[1])


@contextmanager
def server(rows: int) -> Iterator[tuple[Client, Client]]:
    """A server with the table and every account: the administrator's client and a tenant's, with the same threads."""
    with tempfile.TemporaryDirectory() as directory:
        clickhouse = EmbeddedClickHouse(Path(directory), "benchmark", free_port(), free_port())
        specification = load_specification()
        accounts = wanted_accounts(specification, KEY, [TENANT], {})
        write_embedded(access_file(clickhouse.directory), specification, accounts)
        clickhouse.start()
        try:
            constants = specification.profiles["tenant"]
            account = next(account for account in accounts if account.tenant_id)
            url = f"http://{account.name}:{account.password}@127.0.0.1:{clickhouse.http_port}"
            fair: dict[str, Any] = {name: constants[name] for name in ("max_threads", "use_query_condition_cache")}
            with connect(clickhouse.url, purpose="benchmark", **fair) as admin, connect(url, purpose="benchmark") as tenant:
                admin.command("create database marts")
                admin.command(SCHEMA)
                admin.command(FILL, parameters={"tenants": TENANTS, "rows": rows})
                admin.command("optimize table marts.product_daily final")
                yield admin, tenant
        finally:
            clickhouse.stop()


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeats", type=int, default=41)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
