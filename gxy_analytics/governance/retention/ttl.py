"""TTLs of the engine: only on tables in which no hold can matter. What can be held is deleted by the job, and by nothing else.

The engine asks nobody before it drops a part: a TTL on a table that names people would delete what is under a legal hold, and
could not write down which days lost their events, or how many.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.retention.rules import Rule, rules
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql


def apply_ttls(client: Client, settings: Settings) -> None:
    """Give every table the TTL it should have, or none. Whole parts are dropped, nothing is rewritten. Idempotent."""
    for rule in rules():
        place = {"database": rule.database, "table": rule.table_name}
        rows = client.query(read_sql(__package__, "created_as.sql"), parameters=place).result_rows
        if not rows:
            continue
        created = rows[0][0]
        if rule.keeper == "job" and "\nTTL " in created:
            client.command(read_sql(__package__, "remove_ttl.sql"), parameters=place)
        elif rule.keeper == "engine" and wanted_ttl(rule, settings) not in " ".join(created.split()):
            client.command(read_sql(__package__, "drop_whole_parts.sql"), parameters=place)
            statement = read_sql(__package__, "modify_ttl.sql").replace("/* ttl */", wanted_ttl(rule, settings))
            client.command(statement, parameters=place)


def wanted_ttl(rule: Rule, settings: Settings) -> str:
    """The rule's TTL, as the server shows it: a bound number would be shown with its type, and never be found again."""
    months, days = rule.platform_period(settings)
    interval = f"toIntervalMonth({months})" if months else f"toIntervalDay({days})"
    return f"TTL toDateTime({rule.column}) + {interval}"
