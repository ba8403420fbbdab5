"""Iglu's names of schemas: vendor and name of `iglu:vendor/name/jsonschema/1-0-0`. Versions of one model are read alike."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from gxy_analytics.contracts.event_types.registry import CUSTOM_PREFIX
from gxy_analytics.contracts.events import MAX_ID_LENGTH

OWN = "com.snowplowanalytics.snowplow"
ECOMMERCE = f"{OWN}.ecommerce"
GXY = "com.gxy"  # of our own tracker
MAX_URI = 500

_URI = re.compile(r"iglu:([A-Za-z0-9_.-]+)/([A-Za-z0-9_-]+)/[a-zA-Z0-9_-]+/[0-9]+-[0-9]+-[0-9]+")


class SchemaName(NamedTuple):
    """Whose schema, and which."""

    vendor: str
    name: str


@lru_cache(maxsize=4096)
def parse_uri(uri: str) -> SchemaName | None:
    """Vendor and name; None for what is no Iglu URI."""
    found = _URI.fullmatch(uri) if len(uri) <= MAX_URI else None
    return SchemaName(found[1], found[2]) if found else None


def custom(name: str) -> str:
    """The canonical name of an event that is a shop's own."""
    return f"{CUSTOM_PREFIX}{name}"[:MAX_ID_LENGTH]
