"""governance.extraction_rejects: which rows of the backend do not fit, and since when they do.

Why a row does not fit is judged in `conform`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.extraction.conform import Reject
from gxy_analytics.extraction.source import BATCH_ROWS
from gxy_analytics.warehouse.client import read_sql

SECONDS_AND_MILLISECONDS = pa.timestamp("ms", "UTC")


def write_rejects(client: Client, spec: TableSpec, rejects: Sequence[Reject], extracted_at: datetime) -> None:
    """Record rows that do not fit, as of this extraction."""
    if not rejects:
        return
    table = pa.table(
        {
            "tenant_id": pa.array([reject.tenant_id for reject in rejects]),
            "source_table": pa.array([spec.source] * len(rejects)),
            "row_key": pa.array([reject.row_key for reject in rejects]),
            "column_name": pa.array([reject.column for reject in rejects]),
            "reason": pa.array([reject.reason for reject in rejects]),
            "extracted_at": pa.array([extracted_at] * len(rejects), SECONDS_AND_MILLISECONDS),
        }
    )
    client.insert_arrow("extraction_rejects", table, database="governance")


def earlier_rejects(client: Client, spec: TableSpec, extracted_at: datetime) -> Iterator[list[int]]:
    """Keys that earlier extractions rejected and this one has not yet judged, in chunks of at most BATCH_ROWS."""
    after = -1
    while True:
        found = client.query(
            read_sql(__package__, "earlier_rejects.sql"),
            parameters={"table": spec.source, "extracted_at": extracted_at, "after": after, "chunk": BATCH_ROWS},
        ).result_rows
        if not found:
            return
        yield [key for (key,) in found]
        after = found[-1][0]


def clear_rejects(client: Client, spec: TableSpec, extracted_at: datetime) -> None:
    """Forget what earlier extractions rejected and this one did not: those rows fit now, or are gone."""
    parameters = {"table": spec.source, "extracted_at": extracted_at}
    if client.query(read_sql(__package__, "count_stale_rejects.sql"), parameters=parameters).result_rows[0][0]:
        client.command(read_sql(__package__, "clear_rejects.sql"), parameters=parameters)


def count_rejects(client: Client, spec: TableSpec) -> int:
    """Rows of the table that do not fit now."""
    count: int = client.query(read_sql(__package__, "count_rejects.sql"), parameters={"table": spec.source}).result_rows[0][0]
    return count
