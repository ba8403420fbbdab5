"""Delete what is over: freeze the days, write down what goes, drop whole parts, delete the rest, look for survivors.

What is over belongs to `plan`. Killed anywhere, the next run ends where this one would have.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.retention.frozen import days_to_freeze, freeze, waiting_for_builds
from gxy_analytics.governance.retention.plan import RulePlan, World, parameters, place, plan_rule, read_world, statement
from gxy_analytics.governance.retention.rules import Rule, rules
from gxy_analytics.governance.retention.runs import begin, finish, settle, wait_for_mutations
from gxy_analytics.governance.retention.ttl import apply_ttls
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.single_writer import single_writer

NO_SUCH_PART = "NO_SUCH_DATA_PART"


class SurvivorsError(GxyError):
    """Rows that were to go are still there."""


@dataclass(frozen=True)
class Applied:
    """What went under one rule; `held` rows are as old and kept by a hold. `waits_for`: why nothing went."""

    rule: Rule
    rows: int = 0
    bytes: int = 0
    parts: int = 0
    held: int = 0
    waits_for: str = ""


def apply(client: Client, settings: Settings, now: datetime, run_id: UUID) -> list[Applied]:
    """Delete everything whose time is over at `now`, by rule. No day is built meanwhile.

    Raises SurvivorsError and RetentionBusyError; what went by then is in governance.retention_runs.
    """
    with single_writer(settings.data_dir):
        apply_ttls(client, settings)
        settle(client)
        # Holds are read again before each table.
        return [_apply(client, read_world(client, settings, now), rule, run_id) for rule in rules() if rule.keeper == "job"]


def _apply(client: Client, world: World, rule: Rule, run_id: UUID) -> Applied:
    planned = plan_rule(client, world, rule)
    if not planned.going:
        return Applied(rule, held=planned.held)
    if rule.freezes:
        days = days_to_freeze(client, world, planned)
        late = waiting_for_builds(client, days)
        if late:
            return Applied(
                rule, held=planned.held, waits_for=f"{len(late)} days got rows since they were built, such as {late[0]}"
            )
        freeze(client, days, run_id)
    record(client, "retention.applied", rows=planned.rows, details={"rule": rule.name, "run_id": str(run_id)})
    runs = begin(client, planned, run_id)
    dropped = [part for part in planned.whole_parts if _drop(client, rule, part)]
    _delete_rest(client, world, rule)
    left = plan_rule(client, world, rule)
    if left.rows:
        raise SurvivorsError(
            f"{left.rows} rows of {rule.table} should have gone under {rule.name} and are still there: "
            "run `gxy retention apply` again; if it says the same, see system.mutations."
        )
    finish(client, runs)
    return Applied(rule, planned.rows, sum(run.bytes for run in runs), len(dropped), planned.held)


def _drop(client: Client, rule: Rule, part: str) -> bool:
    """Drop one part as it was counted. A part that was merged meanwhile is not there: its rows are deleted with the rest."""
    try:
        client.command(read_sql(__package__, "drop_part.sql"), parameters={**place(rule), "part": part})
    except DatabaseError as error:
        if NO_SUCH_PART not in str(error):
            raise
        return False
    return True


def _delete_rest(client: Client, world: World, rule: Rule) -> None:
    """Rows that lie in one part with others that stay: one mutation, bounded to their partitions, which rewrites the part."""
    wait_for_mutations(client, rule)
    rest: RulePlan = plan_rule(client, world, rule)
    if rest.going:
        bound = {
            **parameters(rule, rest.cutoffs, world.protection),
            "partitions": sorted({over.partition_id for over in rest.going}),
        }
        name = "null_columns.sql" if rule.what == "null_columns" else "delete.sql"
        client.command(statement(rule, name), parameters=bound)
