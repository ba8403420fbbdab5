"""The paths of Segment's and RudderStack's clients, and what kind of call each carries. What a call says belongs to `judge`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

KINDS = frozenset({"track", "page", "screen", "identify", "group", "alias", "merge"})
BATCH = "batch"

_SHORT = {"t": "track", "p": "page", "s": "screen", "i": "identify", "g": "group", "a": "alias", "b": BATCH}  # analytics-next
BEACON_PATH = "/beacon/v1/batch"

ROUTES: Mapping[str, str] = MappingProxyType(
    {f"/v1/{kind}": kind for kind in sorted(KINDS)}
    | {"/v1/batch": BATCH, "/v1/import": BATCH, BEACON_PATH: BATCH}
    | {f"/v1/{letter}": kind for letter, kind in _SHORT.items()}
)
PIXEL_ROUTES: Mapping[str, str] = MappingProxyType({"/pixel/v1/track": "track", "/pixel/v1/page": "page"})

ROUTE_NOTE = "gxy-route"  # the kind of the route: what an event is that does not say it itself
ANONYMOUS_ID_NOTE = "gxy-anonymous-id"  # RudderStack's AnonymousId header, where an event names nobody
