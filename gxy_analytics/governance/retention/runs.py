"""governance.retention_runs: written before rows go and when they are gone, so that a run that was killed is counted once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.retention.periods import Cutoffs
from gxy_analytics.governance.retention.plan import RulePlan, parameters, place, statement
from gxy_analytics.governance.retention.protection import Protection
from gxy_analytics.governance.retention.rules import Rule, rules
from gxy_analytics.warehouse.client import read_sql

COLUMNS = (
    "tenant_id",
    "rule_name",
    "partition_id",
    "run_id",
    "cutoff",
    "rows",
    "held",
    "events",
    "bytes",
    "first_at",
    "last_at",
    "began_at",
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY = Protection(frozenset(), frozenset(), ())
MUTATION_SECONDS = 600
"""How long a deletion that a killed run left to the server is waited for."""

State = Literal["begun", "done"]


class RetentionBusyError(GxyError):
    """The server still carries out an earlier deletion."""


@dataclass(frozen=True)
class Run:
    """What one run deletes, or has deleted, of a tenant in one partition."""

    tenant_id: str
    rule_name: str
    partition_id: str
    run_id: UUID
    cutoff: datetime
    rows: int
    held: int
    events: int
    bytes: int
    first_at: datetime
    last_at: datetime
    began_at: datetime


def begin(client: Client, planned: RulePlan, run_id: UUID) -> list[Run]:
    """Write down what is to go."""
    now = datetime.now(UTC)
    runs = [
        Run(
            tenant_id=over.tenant_id,
            rule_name=over.rule.name,
            partition_id=over.partition_id,
            run_id=run_id,
            cutoff=planned.cutoffs.of(over.tenant_id),
            rows=over.rows,
            held=over.held,
            events=over.events,
            bytes=over.bytes,
            first_at=over.first_at or EPOCH,
            last_at=over.last_at or EPOCH,
            began_at=now,
        )
        for over in planned.going
    ]
    _write(client, runs, "begun")
    return runs


def finish(client: Client, runs: Iterable[Run]) -> None:
    """Write down that it is gone."""
    _write(client, list(runs), "done")


def settle(client: Client) -> list[Run]:
    """Finish the books of runs that were killed: what of theirs went, by what is still there. Raises RetentionBusyError."""
    by_name = {rule.name: rule for rule in rules()}
    rows = client.query(read_sql(__package__, "begun_runs.sql")).result_rows
    settled = [_settled(client, by_name[run.rule_name], run) for run in map(_read, rows) if run.rule_name in by_name]
    _write(client, settled, "done")
    return settled


def wait_for_mutations(client: Client, rule: Rule) -> None:
    """Wait until the server has carried out what it was asked for on the rule's table. Raises RetentionBusyError."""
    deadline = time.monotonic() + MUTATION_SECONDS
    while client.query(read_sql(__package__, "running_mutations.sql"), parameters=place(rule)).first_row[0]:
        if time.monotonic() > deadline:
            raise RetentionBusyError(
                f"{rule.table} has been changing for {MUTATION_SECONDS} s: see system.mutations, and run this again after it."
            )
        time.sleep(0.2)


def _settled(client: Client, rule: Rule, run: Run) -> Run:
    """Holds placed since do not matter here: all rows as old are counted, and those held then are known."""
    wait_for_mutations(client, rule)
    limits = Cutoffs((run.tenant_id,), (run.cutoff,), EPOCH)
    found = client.query(statement(rule, "over.sql"), parameters=parameters(rule, limits, NOBODY)).named_results()
    left = [row for row in found if (row["tenant"], row["partition_id"]) == (run.tenant_id, run.partition_id)]
    rows_left, events_left = (sum(int(row[name]) for row in left) for name in ("rows", "events"))
    held_events = run.held if rule.events == "rows" else 0
    gone = max(run.rows + run.held - rows_left, 0)
    return replace(
        run, rows=gone, events=max(run.events + held_events - events_left, 0), bytes=run.bytes * gone // max(run.rows, 1)
    )


def _read(row: tuple[object, ...]) -> Run:
    named = dict(zip(COLUMNS, row, strict=True))
    instants = {name: value.replace(tzinfo=UTC) for name, value in named.items() if isinstance(value, datetime)}
    return Run(**{**named, **instants})  # type: ignore[arg-type]


def _write(client: Client, runs: list[Run], state: State) -> None:
    if runs:
        now = datetime.now(UTC)
        rows = [[*(getattr(run, column) for column in COLUMNS), state, now] for run in runs]
        client.insert("retention_runs", rows, column_names=[*COLUMNS, "state", "changed_at"], database="governance")
