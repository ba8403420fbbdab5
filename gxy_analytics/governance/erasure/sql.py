"""The statements of this package, with identifiers and predicates of the registry filled in. Values are bound."""

from __future__ import annotations

from string import Template

from gxy_analytics.warehouse.client import read_sql


def filled(name: str, **parts: str) -> str:
    """The text of `<name>.sql` with its `$parts`, which come from constants and the registry."""
    return Template(read_sql(__package__, f"{name}.sql")).substitute(parts)
