"""Compare a table's columns with its contract. Where a contract comes from is told by the caller."""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.quality.outcome import Outcome, failed, passed
from gxy_analytics.warehouse.client import read_sql


def check_columns(client: Client, database: str, table: str, contract: dict[str, str], remedy: str) -> Outcome:
    """Whether `database.table` has exactly the columns of `contract` (type by name; an empty type allows any)."""
    rows = client.query(
        read_sql("gxy_analytics.quality", "columns.sql"), parameters={"database": database, "table": table}
    ).result_rows
    actual = dict(rows)
    if not actual:
        return failed(f"{database}.{table} is not there", ["no columns"], remedy)
    differences = _differences(actual, contract)
    if differences:
        return failed(f"{database}.{table} differs from its contract", differences, remedy, columns=len(actual))
    return passed(f"{len(actual)} columns as in the contract", columns=len(actual))


def _differences(actual: dict[str, str], contract: dict[str, str]) -> list[str]:
    missing = [f"`{name}` is missing" for name in contract if name not in actual]
    extra = [f"`{name}` ({kind}) is not in the contract" for name, kind in actual.items() if name not in contract]
    other = [
        f"`{name}` is {actual[name]}, not {kind}"
        for name, kind in contract.items()
        if kind and name in actual and actual[name] != kind
    ]
    return missing + extra + other
