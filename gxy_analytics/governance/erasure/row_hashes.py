"""The content hash of rows of raw whose values an erasure changed, as extraction computes it.

Extraction writes a version of a row whose hash differs from that of what it would land. Of these rows it lands what erasure
left, so that the same backend brings no version of them and marks no day.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.extraction.landing import NOT_CONTENT, landed_columns
from gxy_analytics.governance.erasure.predicates import LISTED, of_orders, quoted
from gxy_analytics.governance.erasure.registry import Table
from gxy_analytics.governance.erasure.sql import change, filled
from gxy_analytics.governance.erasure.target import Target

EXTRACTED = {f"raw.{spec.target}": spec for spec in TABLES.values()}


def hash_again(client: Client, table: Table, target: Target) -> None:
    """Bring `row_hash` of the person's orders, or what belongs to them, up to their content. Other tables have none."""
    spec = EXTRACTED.get(table.name)
    if spec is not None:
        content = ", ".join(column for column in landed_columns(spec) if column not in NOT_CONTENT)
        change(client, filled("hash_rows", table=quoted(table), content=content, orders=of_orders(LISTED)), target)
