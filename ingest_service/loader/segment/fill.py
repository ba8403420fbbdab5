"""Reading an object of a call by its layout: values into fields, the rest as it came, a warning for what was not as it should be.

Nothing here knows what the fields mean.
"""

from __future__ import annotations

from typing import Any

from ingest_service.loader.coercion import UNREADABLE
from ingest_service.loader.segment.layouts import Layout
from ingest_service.loader.segment.readers import Reader

Given = dict[str, Any]


class Filled:
    """What was read: fields by part, `rest` by name, `warnings`. A plain class: one is made for each object of each call."""

    __slots__ = ("parts", "rest", "warnings")

    def __init__(self) -> None:
        self.parts: dict[str, Given] = {}
        self.rest: Given = {}
        self.warnings: list[str] = []


def fill(given: Given, layout: Layout, pointer: str, into: Filled) -> None:
    """Read `given`, which stands at `pointer` of the call. Null and empty text count as not said."""
    targets, parts, rest = layout.targets, into.parts, into.rest
    for name, value in given.items():
        kind = type(value)
        if value is None or (kind is str and not value):
            continue
        target = targets.get(name)
        if target is None:
            rest[name] = value
            continue
        part, field, reader = target
        if kind is str and len(value) <= reader.max_chars:  # most of all values: a call saved
            found = value
        else:
            found = read(name, value, reader, pointer, into.warnings)
            if found is UNREADABLE:
                rest[name] = value
                continue
        if part in parts:
            parts[part][field] = found
        else:
            parts[part] = {field: found}
    if rest and layout.aliases:
        _take_aliases(layout, pointer, into)


def _take_aliases(layout: Layout, pointer: str, into: Filled) -> None:
    rest = into.rest
    for alias, name in layout.aliases:
        if alias not in rest:
            continue
        part, field, reader = layout.targets[name]
        known = into.parts.setdefault(part, {})
        if field in known:
            continue
        found = read(alias, rest[alias], reader, pointer, into.warnings)
        if found is not UNREADABLE:
            known[field] = found
            del rest[alias]


def read(name: str, value: Any, reader: Reader, pointer: str, warnings: list[str]) -> Any:
    """One value, or UNREADABLE, with a warning where it is not as it should be."""
    found = reader.read(value)
    if found is UNREADABLE:
        warnings.append(f"invalid:{pointer}/{name}")
    elif type(value) not in reader.plain:
        warnings.append(f"coerced:{pointer}/{name}")
    return found
