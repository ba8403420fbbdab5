"""The rules as people see them: what is kept for how long, and why. What they say belongs to `defaults.toml`."""

from __future__ import annotations

from dataclasses import dataclass

from gxy_analytics.governance.retention.periods import Choices, period_of
from gxy_analytics.governance.retention.rules import kept, rules
from gxy_analytics.settings import Settings


@dataclass(frozen=True)
class Shown:
    """One line: a rule or a table that has none. `by`: the job, the engine's TTL, or nothing."""

    name: str
    kept_for: str
    counted_from: str
    by: str
    reason: str


def shown_periods(settings: Settings, tenant_id: str, choices: Choices) -> list[Shown]:
    """What holds for a tenant; for the platform where none is named."""
    of_rules = [
        Shown(
            rule.name,
            str(period_of(rule, tenant_id, settings, choices)) if rule.has_period else "as long as its events",
            rule.column if rule.has_period else "",
            rule.keeper if rule.what == "delete" else f"{rule.keeper}, empties {', '.join(rule.columns)}",
            rule.reason,
        )
        for rule in rules()
    ]
    return of_rules + [Shown(table, "no period", "", "", reason) for table, reason in kept().items()]
