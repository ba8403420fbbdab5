"""What every tenant keeps for how long: the platform's period, or a shorter one that was chosen for the tenant.

When a period is over belongs to `arithmetic`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.retention.arithmetic import Period, beginning, fewest_days, first_kept_day, longest_days
from gxy_analytics.governance.retention.holds import require_tenant
from gxy_analytics.governance.retention.rules import Rule, rule_named, rules
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql

Choices = Mapping[tuple[str, str], int]
"""Days by (tenant, rule), of tenants that chose."""


class PeriodOutOfBoundsError(GxyError):
    """A period that is shorter than what is computed needs, or longer than the platform keeps anything."""


@dataclass(frozen=True)
class Cutoffs:
    """From which instant on rows are kept, by tenant, and of unknown tenants. Of local dates: midnight UTC of the day."""

    tenants: tuple[str, ...]
    instants: tuple[datetime, ...]
    otherwise: datetime

    def of(self, tenant_id: str) -> datetime:
        return dict(zip(self.tenants, self.instants, strict=True)).get(tenant_id, self.otherwise)


def read_choices(client: Client) -> dict[tuple[str, str], int]:
    """What tenants chose."""
    rows = client.query(read_sql(__package__, "choices.sql")).result_rows
    return {(tenant, rule): int(days) for tenant, rule, days in rows}


def read_zones(client: Client) -> dict[str, str]:
    """The zone of every tenant, as it is now."""
    return {tenant: zone for tenant, zone in client.query(read_sql(__package__, "zones_now.sql")).result_rows}


def period_of(rule: Rule, tenant_id: str, settings: Settings, choices: Choices) -> Period:
    """How long the tenant's rows are kept under this rule."""
    months, days = rule.platform_period(settings)
    chosen = choices.get((tenant_id, rule.name), 0)
    platform = Period(months, days)
    # A choice that is longer than what the platform keeps now was made before the platform kept less.
    return Period(days=chosen) if 0 < chosen <= longest_days(platform) else platform


def cutoffs(rule: Rule, settings: Settings, zones: Mapping[str, str], choices: Choices, now: datetime) -> Cutoffs:
    """The rule's cutoffs at `now`."""
    tenants = tuple(sorted(zones)) or ("",)
    instants = tuple(_cutoff(rule, zones.get(tenant, ""), period_of(rule, tenant, settings, choices), now) for tenant in tenants)
    return Cutoffs(tenants, instants, _cutoff(rule, "", Period(*rule.platform_period(settings)), now))


def _cutoff(rule: Rule, zone: str, period: Period, now: datetime) -> datetime:
    day = first_kept_day(now, zone, period)
    return datetime.combine(day, time(), UTC) if rule.is_dated else beginning(day, zone)


def set_period(client: Client, settings: Settings, tenant_id: str, rule_name: str, days: int, *, actor: str) -> None:
    """Keep the tenant's rows for `days` under this rule; 0 is the platform's period again. The next run acts on it.

    Raises UnknownTenantError, UnknownRuleError and PeriodOutOfBoundsError.
    """
    rule = rule_named(rule_name)
    require_tenant(client, tenant_id)
    choices = read_choices(client)
    require_bounds(rule, settings, days)
    wished = {**choices, (tenant_id, rule_name): days}
    for other in rules():
        if other.at_least and rule_name in (other.name, other.at_least):
            _require_order(other, rule_named(other.at_least), tenant_id, settings, wished)
    details: dict[str, str | int] = {"rule": rule_name, "days": days, "days_before": choices.get((tenant_id, rule_name), 0)}
    record(client, "retention.changed", tenant_id=tenant_id, details=details, actor=actor)
    client.insert(
        "retention_periods",
        [[tenant_id, rule_name, days, actor, datetime.now(UTC)]],
        column_names=["tenant_id", "rule_name", "days", "changed_by", "changed_at"],
        database="governance",
    )


def require_bounds(rule: Rule, settings: Settings, days: int) -> None:
    """Raise PeriodOutOfBoundsError unless a tenant may choose `days` under this rule."""
    if rule.keeper == "engine":
        raise PeriodOutOfBoundsError(f"{rule.name} is kept equally long for every tenant: it holds no person.")
    longest = fewest_days(Period(*rule.platform_period(settings)))
    shortest = min(rule.shortest_days, longest)
    if days and not shortest <= days <= longest:
        raise PeriodOutOfBoundsError(
            f"{rule.name} can be kept for {shortest} to {longest} days, not {days}: with less, marts could not be computed "
            "again after late events; with more, it would be kept longer than the platform keeps it. 0 is the platform's period."
        )


def _require_order(rule: Rule, source: Rule, tenant_id: str, settings: Settings, choices: Choices) -> None:
    own, needed = (period_of(one, tenant_id, settings, choices) for one in (rule, source))
    if longest_days(own) < longest_days(needed):
        raise PeriodOutOfBoundsError(
            f"{rule.name} ({own}) cannot be kept for less time than {source.name} ({needed}), from which it is computed: "
            f"shorten {source.name} first."
        )
