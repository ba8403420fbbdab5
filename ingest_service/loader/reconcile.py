"""Finishing a batch that was half inserted and now gives other rows (the code changed in between): insert only what is missing.

Its old tokens would swallow the new rows; each event is found by its place in the spool instead.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql
from ingest_service.loader.manifest import BatchLine
from ingest_service.loader.prepare import Prepared, by_day, insert
from ingest_service.loader.sink import Sink


def finish_differing(sink: Sink, prepared: Prepared) -> None:
    """Insert the rows of `prepared` that ClickHouse does not have, under tokens that name their content."""
    line = prepared.line
    found = sink.ask(lambda client: _present(client, line))
    inserts = [one for one in prepared.inserts if one.split.table == "raw.events_rejected"]
    if not sink.ask(lambda client: _has_ledger(client, line)):
        inserts += [one for one in prepared.inserts if one.split.table == "governance.ingest_ledger"]
    if prepared.events is not None:
        inserts += [insert("raw.events", day, rows) for day, rows in by_day(_missing(prepared.events, found))]
    for one in inserts:
        sink.insert(one.split.table, one.columns, one.stream, line.token(one.split))


def _missing(events: pa.Table, present: set[int]) -> pa.Table | None:
    places = pc.add(pc.multiply(events.column("ingest_offset"), 1 << 20), events.column("ingest_index").cast(pa.uint64()))
    rows = [row for row, place in enumerate(places.to_pylist()) if place not in present]
    return events.take(rows) if rows else None


def _present(client: Client, line: BatchLine) -> set[int]:
    """Places (offset and index in one number) of the batch's rows in raw.events."""
    rows = client.query(
        read_sql("ingest_service.loader", "present_rows.sql"),
        parameters={
            "slot": line.slot,
            "segment": line.segment,
            "first": line.first,
            "last": line.last,
            "loaded_ms": line.loaded_ms,
        },
    ).result_rows
    return {int(row[0]) for row in rows}


def _has_ledger(client: Client, line: BatchLine) -> bool:
    found = client.query(read_sql("ingest_service.loader", "ledger_of_batch.sql"), parameters={"batch_id": line.batch_id})
    return bool(found.result_rows)
