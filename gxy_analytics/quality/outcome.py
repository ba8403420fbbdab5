"""What a check found: passed or not, one sentence that says what differs, where, and the remedy, and the numbers behind it.

How it is shown belongs to the graph.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SHOWN = 5
"""Differences that a description spells out; the rest is counted, and `differences` in the metadata holds up to a hundred."""


@dataclass(frozen=True)
class Outcome:
    """The result of one check. `numbers` are small values or lists of rows."""

    passed: bool
    description: str
    numbers: dict[str, int | str | list[str]] = field(default_factory=dict)


def passed(description: str, **numbers: int | str) -> Outcome:
    """A check that holds; `description` says what was compared."""
    return Outcome(True, description, dict(numbers))


def failed(what: str, differences: list[str], remedy: str, **numbers: int | str) -> Outcome:
    """A check that does not hold: `what` is wrong, at these places, and what to do about it."""
    shown = "; ".join(differences[:SHOWN])
    more = f"; and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
    return Outcome(False, f"{what}: {shown}{more}. {remedy}", {**numbers, "differences": differences[:100]})
