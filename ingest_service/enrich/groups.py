"""Which columns of raw.events can be worked out again from which stored ones: one group a rule.

What needs more than stored columns is not here: the search term (its address is not stored), header anomalies, the rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingest_service.enrich.bots import RATE
from ingest_service.enrich.enrich import AGENT_COLUMNS, GEO_COLUMNS, REFERRER_COLUMNS, Enrichment

LOOKUP = "raw.enrichment_lookup"
TEXT, TEXTS = "String", "Array(String)"
CLICK_ID = "arrayFirst(name -> mapContains(click_ids, name), {click_ids:Array(String)})"


@dataclass(frozen=True)
class Group:
    """Columns that one rule fills.

    `inputs` are SQL expressions over raw.events by name, `answer` gives a row of `answers` (name and type) for a row of them, and
    `columns` are the SQL of each column's new value, where `{name}` stands for the look-up of that answer.
    """

    name: str
    inputs: dict[str, str]
    answers: dict[str, str]
    columns: dict[str, str]
    answer: Callable[[Enrichment, tuple[str, ...]], tuple[Any, ...]]

    @property
    def assignments(self) -> dict[str, str]:
        """The SQL of each column's new value."""
        found = {name: self.look_up(name) for name in self.answers}
        return {column: value.format(**found) for column, value in self.columns.items()}

    def look_up(self, answer: str) -> str:
        """SQL of an answer for a row; empty or 0 for a row that is not in the look-up."""
        return f"joinGet('{LOOKUP}', '{answer}', {', '.join(self.inputs.values())})"


def _plain(columns: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    return dict.fromkeys(columns, TEXT), {column: f"{{{column}}}" for column in columns}


def _channel(rules: Enrichment, row: tuple[str, ...]) -> tuple[str]:
    referrer, page_host, click_id, *campaign = row
    return (rules.channel(campaign, click_id, rules.referrer(referrer, page_host)._replace(term="")),)


_AGENT_INPUTS = {name: name for name in ("user_agent", "platform", "tracker_version")}
_PAGE_INPUTS = {name: name for name in ("page_referrer", "page_host")}
_CAMPAIGN_INPUTS = {name: name for name in ("campaign_source", "campaign_medium", "campaign_name")}
_REASONS = f"arrayConcat({{reasons}}, arrayFilter(one -> one = '{RATE}' or startsWith(one, 'header:'), bot_reasons))"

GROUPS: dict[str, Group] = {
    group.name: group
    for group in (
        Group("ua", _AGENT_INPUTS, *_plain(AGENT_COLUMNS), lambda rules, row: rules.agent(*row)[0]),
        Group("referrer", _PAGE_INPUTS, *_plain(REFERRER_COLUMNS[:2]), lambda rules, row: rules.referrer(*row)[:2]),
        Group("channel", {**_PAGE_INPUTS, "click_id": CLICK_ID, **_CAMPAIGN_INPUTS}, *_plain(("channel",)), _channel),
        Group(
            "bot",
            _AGENT_INPUTS,
            {"reasons": TEXTS},
            {"is_bot": f"notEmpty({_REASONS})", "bot_reasons": _REASONS},
            lambda rules, row: (list(rules.agent(*row)[1]),),
        ),
        Group("geo", {"ip_truncated": "ip_truncated"}, *_plain(GEO_COLUMNS), lambda rules, row: rules.geo.places[row[0]]),
    )
}
