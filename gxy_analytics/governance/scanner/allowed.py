"""Places where something has the form of personal data and is none, or is known to be there: each with a sentence why.

A line here is a decision. What is found anywhere else fails the check.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from gxy_analytics.governance.scanner.finding import NAMED, Finding


@dataclass(frozen=True, slots=True)
class Allowed:
    """`kinds` are allowed in the columns that `pattern` (database.table.column, with `*`) names."""

    pattern: str
    kinds: frozenset[str]
    why: str


ALLOWED = (
    Allowed("*.*.user_agent", frozenset({"ip"}), "Version numbers of browsers have four parts, as in `rv 11.2.3.4`."),
    Allowed("*.*.*_version", frozenset({"ip"}), "A version of four parts looks like an address."),
    Allowed("governance.ingest_policies.ip", frozenset({NAMED}), "What a tenant chose: `truncate` or `drop`."),
    Allowed("*.*.page_host", frozenset({"ip"}), "The shop's own server, where it has no name."),
)


def is_allowed(finding: Finding) -> bool:
    """Whether a line of ALLOWED names this place and kind."""
    place = str(finding.place)
    return any(finding.kind in line.kinds and fnmatchcase(place, line.pattern) for line in ALLOWED)
