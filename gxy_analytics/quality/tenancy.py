"""Every row belongs to a tenant that exists. What a tenant may see is not decided here."""

from __future__ import annotations

from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from gxy_analytics.quality.outcome import Outcome, failed, passed
from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.partitions import DAY, Window

REMEDY = "Register the tenant (`gxy tenant add`) or delete the rows, then build the table again."


@dataclass(frozen=True)
class DayColumn:
    """The column that bounds what is read: `is_local` for a local date, else a UTC instant, whose local day may be a day off."""

    name: str
    is_local: bool


def check_tenants(
    client: Client, database: str, table: str, window: Window | None = None, day: DayColumn | None = None
) -> Outcome:
    """Whether each row of `database.table` has a known tenant; with `window` and `day`, only rows of those days."""
    parameters: dict[str, object] = {"database": database, "table": table}
    name = "unknown_tenants.sql"
    if window and day:
        pad = DAY - DAY if day.is_local else DAY
        parameters |= {"day_column": day.name, "first": window.first - pad, "last": window.last + pad}
        name = "unknown_tenants_in_window.sql"
    rows = client.query(read_sql("gxy_analytics.quality", name), parameters=parameters).result_rows
    if not rows:
        return passed("every row has a known tenant")
    unknown = [f"{count} rows of {'no tenant' if tenant == '' else repr(tenant)}" for tenant, count in rows]
    return failed(f"{database}.{table} holds rows of unknown tenants", unknown, REMEDY)
