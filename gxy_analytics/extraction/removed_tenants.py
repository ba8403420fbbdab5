"""Tenants that were removed from the platform: whatever the backend still lists of them is not read.

Removing a tenant, and readmitting one, belongs to `governance.lifecycle`.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.extraction.source import Source
from gxy_analytics.warehouse.client import read_sql

EVERY_SLUG = "select id, slug from tenants"


def find_skipped(source: Source, client: Client) -> dict[int, str]:
    """Return slug by the backend's tenants.id, of every tenant of the backend that is being or was removed.

    Found by slug as much as by id: the backend may have made it anew. The backend is asked only when there was a removal.
    """
    removed = dict(client.query(read_sql(__package__, "removed_tenants.sql")).result_rows)
    if not removed:
        return {}
    ids = {oltp_id: slug for slug, oltp_id in removed.items() if oltp_id}
    skipped = {}
    for batch in source.stream(EVERY_SLUG):
        for oltp_id, slug in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if slug in removed or oltp_id in ids:
                skipped[oltp_id] = ids.get(oltp_id, slug)
    # A tenant's own row may be gone from the backend before its other rows are.
    return ids | skipped
