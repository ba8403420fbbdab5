"""The rules of `defaults.toml`: what is kept for how long. What tenants chose differently belongs to `periods`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import Settings


class UnknownRuleError(GxyError):
    """A name that no rule has."""


@dataclass(frozen=True)
class Rule:
    """One rule; the head of `defaults.toml` says what the fields mean."""

    name: str
    column: str
    reason: str
    table: str
    what: Literal["delete", "null_columns"] = "delete"
    columns: tuple[str, ...] = ()
    keeper: Literal["job", "engine"] = "job"
    days: int = 0
    months: int = 0
    setting: str = ""
    shortest_days: int = 0
    at_least: str = ""
    together: Literal["", "events", "days"] = ""
    people: tuple[str, ...] = ()
    nobody: bool = False
    freezes: str = ""
    events: str = ""

    @property
    def database(self) -> str:
        return self.table.split(".")[0]

    @property
    def table_name(self) -> str:
        return self.table.split(".")[1]

    @property
    def is_dated(self) -> bool:
        """Whether ages count from a local date, not from an instant."""
        return self.column == "local_date"

    @property
    def has_period(self) -> bool:
        """False where rows go with the events that they were computed from."""
        return self.together != "days"

    def platform_period(self, settings: Settings) -> tuple[int, int]:
        """The platform's period as (months, days); one of them is 0."""
        return (0, int(getattr(settings, self.setting))) if self.setting else (self.months, self.days)


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order in which they are applied: what freezes days before what goes with them."""
    return tuple(_rule(**entry) for entry in _data()["rule"])


@cache
def kept() -> dict[str, str]:
    """The tables that have no period, with the reason."""
    return {table: entry["reason"] for entry in _data()["kept"] for table in entry["tables"]}


def rule_named(name: str) -> Rule:
    """The rule with a period of that name. Raises UnknownRuleError."""
    found = next((rule for rule in rules() if rule.name == name and rule.has_period), None)
    if found is None:
        names = ", ".join(rule.name for rule in rules() if rule.has_period and rule.keeper == "job")
        raise UnknownRuleError(f"{name!r} has no period: these have one: {names}.")
    return found


def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("defaults.toml").read_text())


def _rule(*, name: str, table: str = "", **fields: Any) -> Rule:
    plain: dict[str, Any] = {
        ("together" if key == "with" else key): tuple(v) if isinstance(v, list) else v for key, v in fields.items()
    }
    return Rule(name=name, table=table or name, **plain)
