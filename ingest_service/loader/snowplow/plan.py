"""Rules over parameters, compiled: parameters are text, so most of them are taken without looking at each.

A page view has 20 of them; one by one they took half of the adapter's time. The rules themselves are in `parameters`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from ingest_service.loader.snowplow.parameters import RARE
from ingest_service.loader.snowplow.readers import text
from ingest_service.loader.snowplow.sketch import PERSONAL_PART, UNUSED_PART, Rule, Rules, Sketch
from ingest_service.protocols.snowplow.parameters import Parameters

APART = frozenset({"item", "properties", PERSONAL_PART})  # only what is said may be in them, in its own way


class Taken(NamedTuple):
    """Parameters that fill fields of one part as they are."""

    part: str
    fields: tuple[str, ...]
    names: tuple[str, ...]


class Plan(NamedTuple):
    """The rules of one type of event: parameters that are taken as they are, those that are read, and all that it has."""

    taken: tuple[Taken, ...]
    read: dict[str, Rule]
    known: frozenset[str]

    def apply(self, sketch: Sketch, told: Parameters) -> dict[str, str]:
        """The same as `Sketch.apply`, for an event of which nothing was read before."""
        parts, get = sketch.parts, told.get
        for part, fields, names in self.taken:
            found = dict(zip(fields, map(get, names), strict=True))
            if part in parts:
                parts[part].update(found)
            else:
                parts[part] = found
        read = self.read
        rest = sketch.apply(read, {name: told[name] for name in read if name in told})
        if told.keys() <= self.known:
            return rest
        return rest | sketch.apply(RARE, {name: value for name, value in told.items() if name not in self.known})


def compile_plan(rules: Rules) -> Plan:
    """The plan of the rules of one type of event."""
    taken: dict[str, list[tuple[str, str]]] = defaultdict(list)
    read: dict[str, Rule] = {}
    for name, rule in rules.items():
        if _is_taken(rule, rules):
            taken[rule.part].append((rule.field, name))
        elif rule.part != UNUSED_PART:
            read[name] = rule
    return Plan(tuple(_taken(part, pairs) for part, pairs in taken.items()), read, frozenset(rules))


def _taken(part: str, pairs: list[tuple[str, str]]) -> Taken:
    fields, names = zip(*pairs, strict=True)
    return Taken(part, fields, names)


def _is_taken(rule: Rule, rules: Rules) -> bool:
    """Whether the rule takes any text as it is, into a field that no other parameter fills."""
    is_alone = sum((other.part, other.field) == (rule.part, rule.field) for other in rules.values()) == 1
    return rule.read is text and is_alone and rule.part not in (*APART, UNUSED_PART)
