"""Deleting rows that the ledger counts: exactly those that were counted, whatever arrives or is killed in between.

What is about to go is written down with the request first. A run that was killed begins with it; rows that arrive later stay
until the next attempt, which counts them. What is done in other tables belongs to `treatments`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.predicates import ASKED, LISTED, predicate, quoted
from gxy_analytics.governance.erasure.registry import Table
from gxy_analytics.governance.erasure.requests import Request, save
from gxy_analytics.governance.erasure.sql import SYNC, ask, filled
from gxy_analytics.governance.erasure.target import Target

EVENTS_A_STATEMENT = 5_000
"""105 KB of hashes at most: a parameter ends at http_max_field_value_size, 128 KiB."""

GOING = "going"
"""In the progress of a request: [hash of the event's id, quarter of an hour since the epoch in seconds] of what goes now."""

Going = list[tuple[int, int]]


def delete_counted(client: Client, request: Request, table: Table, target: Target) -> Request:
    """Delete the person's rows and count them into governance.erased_rows; returns the request as it then stands.

    The ledger of what was inserted then still adds up. The counts carry no request: when somebody shopped is not kept.
    """
    _delete(client, request, table, target, [(event, bucket) for event, bucket in request.progress.get(GOING, [])])
    (column, *_) = table.times
    sql = filled("select_counted", table=quoted(table), time=quote_identifier(column), rows=predicate(table, ASKED))
    found: Going = [(int(event), int(bucket)) for event, bucket in ask(client, sql, target).result_rows]
    for start in range(0, len(found), EVENTS_A_STATEMENT):
        going = found[start : start + EVENTS_A_STATEMENT]
        request = save(client, request, progress=request.progress | {GOING: going})
        _delete(client, request, table, target, going)
    if GOING in request.progress:
        request = save(client, request, progress={key: value for key, value in request.progress.items() if key != GOING})
    return request


def _delete(client: Client, request: Request, table: Table, target: Target, going: Going) -> None:
    """Count these rows, once however often this is called, and delete no others."""
    if not going:
        return
    digest = hashlib.sha256(json.dumps(going).encode()).hexdigest()
    erased = Counter(bucket for _, bucket in going)
    client.insert(
        "erased_rows",
        [[target.tenant_id, table.counted_as, datetime.fromtimestamp(bucket, UTC), rows] for bucket, rows in erased.items()],
        column_names=["tenant_id", "source", "bucket_at", "erased"],
        database="governance",
        settings={"insert_deduplication_token": f"{request.request_id}:{table.name}:{digest}", "async_insert": 0},
    )
    sql = filled("delete_counted", table=quoted(table), rows=predicate(table, LISTED))
    events = {"events": [event for event, _ in going]}
    client.command(sql, parameters=target.parameters() | events, settings=SYNC)
