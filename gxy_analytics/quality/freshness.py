"""Whether a mart has the newest day that it could have, by the data in it: a backfill of an old day makes no table fresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from clickhouse_connect.driver.client import Client

from gxy_analytics.quality.outcome import Outcome, failed, passed
from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.partitions import last_closed_day

REMEDY = "Build the missing days (`gxy materialize --from DAY --to DAY`), and see why the nightly run did not."


def check_newest_day(client: Client, database: str, table: str, sources: Sequence[str], now: datetime) -> Outcome:
    """Whether the newest day of `database.table` is at least the newest closed one for which rows of raw's `sources` arrived."""
    closed = last_closed_day(now)
    parameters = {"sources": list(sources), "closed": closed, "database": database, "table": table}
    arrived, newest = client.query(read_sql("gxy_analytics.quality", "newest_days.sql"), parameters=parameters).first_row
    if newest >= arrived:
        return passed(f"the newest day is {newest}", newest_day=str(newest), newest_closed_day_with_rows=str(arrived))
    text = f"its newest day is {newest}, but rows have arrived for {arrived}, which has ended in every zone"
    return failed(f"{database}.{table} is behind", [text], REMEDY, newest_day=str(newest))
