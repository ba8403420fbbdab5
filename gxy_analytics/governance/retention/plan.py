"""What is over: by rule, tenant and partition, counted and not touched. Deleting it belongs to `apply`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.retention.periods import Choices, Cutoffs, cutoffs, read_choices, read_zones
from gxy_analytics.governance.retention.protection import Protection, is_held, read_protection
from gxy_analytics.governance.retention.rules import Rule, rules
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql

CONDITIONS = {"": "is_older.sql", "events": "is_older.sql", "days": "is_past_frozen.sql"}
EVENTS = {"": "toUInt64(0)", "rows": "toUInt64(1)"}
"""What a row is in the ledger's count; any other value names the column that says so."""


@dataclass(frozen=True)
class Over:
    """Rows of one tenant in one partition whose time is over. `held` more are as old and kept by a hold; `bytes` are a share."""

    rule: Rule
    tenant_id: str
    partition_id: str
    rows: int
    held: int
    events: int
    bytes: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True)
class RulePlan:
    """What is over under one rule, and the parts of which nothing stays."""

    rule: Rule
    over: tuple[Over, ...]
    whole_parts: tuple[str, ...]
    cutoffs: Cutoffs

    @property
    def going(self) -> tuple[Over, ...]:
        return tuple(over for over in self.over if over.rows)

    @property
    def rows(self) -> int:
        return sum(over.rows for over in self.over)

    @property
    def held(self) -> int:
        return sum(over.held for over in self.over)


@dataclass(frozen=True)
class World:
    """What all rules are judged by, read once."""

    settings: Settings
    zones: dict[str, str]
    choices: Choices
    protection: Protection
    now: datetime


def read_world(client: Client, settings: Settings, now: datetime) -> World:
    """Read tenants, choices and holds."""
    return World(settings, read_zones(client), read_choices(client), read_protection(client), now)


def plan(client: Client, settings: Settings, now: datetime, *, tenant_id: str | None = None) -> list[RulePlan]:
    """What the job would delete at `now`; of one tenant when it is named. Rules whose table is not built yet have nothing."""
    world = read_world(client, settings, now)
    return [plan_rule(client, world, rule, tenant_id) for rule in rules() if rule.keeper == "job"]


def plan_rule(client: Client, world: World, rule: Rule, tenant_id: str | None = None) -> RulePlan:
    """What is over under one rule."""
    limits = cutoffs(rule, world.settings, world.zones, world.choices, world.now)
    parts = {
        name: (rows, size)
        for name, rows, size in client.query(read_sql(__package__, "parts.sql"), parameters=place(rule)).result_rows
    }
    if not parts:
        return RulePlan(rule, (), (), limits)
    found = client.query(statement(rule, "over.sql"), parameters=parameters(rule, limits, world.protection)).named_results()
    rows = [row for row in found if tenant_id in (None, row["tenant"])]
    return RulePlan(rule, tuple(_by_partition(rule, rows, parts)), _whole(rule, rows, parts), limits)


def statement(rule: Rule, name: str) -> str:
    """One of the statements of this package, for the rule: its parts are files and constants of `defaults.toml`."""
    conditions = [read_sql(__package__, CONDITIONS[rule.together]).strip()]
    if rule.together == "events":
        conditions.append(read_sql(__package__, "is_frozen.sql").strip())
    if rule.columns:
        conditions.append("(" + " or ".join(f"notEmpty({column})" for column in rule.columns) + ")")
    return (
        read_sql(__package__, name)
        .replace("/* is_over */", "\n    and ".join(conditions))
        .replace("/* is_held */", is_held())
        .replace("/* events */", EVENTS.get(rule.events, rule.events))
        .replace("/* emptied */", ", ".join(f"{column} = ''" for column in rule.columns))
    )


def place(rule: Rule) -> dict[str, Any]:
    """The parameters that name the rule's table."""
    return {"database": rule.database, "table": rule.table_name}


def parameters(rule: Rule, limits: Cutoffs, protection: Protection) -> dict[str, Any]:
    """Everything that the statements of this package bind."""
    return {
        **place(rule),
        "column": rule.column,
        "tenants": list(limits.tenants),
        "cutoffs": [_text(instant) for instant in limits.instants],
        "otherwise": _text(limits.otherwise),
        **protection.parameters(rule),
    }


def _by_partition(rule: Rule, rows: Sequence[dict[str, Any]], parts: dict[str, tuple[int, int]]) -> Iterable[Over]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["tenant"], row["partition_id"]), []).append(row)
    for (tenant, partition), group in groups.items():
        sizes = [row["rows"] * parts[row["part"]][1] // max(parts[row["part"]][0], 1) for row in group if row["part"] in parts]
        firsts = [_utc(row["first_at"]) for row in group if row["first_at"]]
        lasts = [_utc(row["last_at"]) for row in group if row["last_at"]]
        counts = {name: sum(int(row[name]) for row in group) for name in ("rows", "held", "events")}
        yield Over(
            rule,
            tenant,
            partition,
            **counts,
            bytes=sum(sizes),
            first_at=min(firsts, default=None),
            last_at=max(lasts, default=None),
        )


def _whole(rule: Rule, rows: Sequence[dict[str, Any]], parts: dict[str, tuple[int, int]]) -> tuple[str, ...]:
    """Parts of which every row goes. Not partitions: what was inserted meanwhile lies in another part, and is not dropped."""
    if rule.what != "delete":
        return ()
    going: dict[str, int] = {}
    for row in rows:
        going[row["part"]] = going.get(row["part"], 0) + int(row["rows"])
    return tuple(sorted(part for part, count in going.items() if part in parts and parts[part][0] == count))


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC)


def _text(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
