"""All event types by name, and the registry's own version. What is generated from them belongs to the modules beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gxy_analytics.contracts.event_types.browsing import BROWSING
from gxy_analytics.contracts.event_types.commerce import COMMERCE
from gxy_analytics.contracts.event_types.event_type import EventType
from gxy_analytics.contracts.event_types.people import PEOPLE

VERSION = 1  # of the registry: raised with any change of a rule or of the native event's fields
CUSTOM_PREFIX = "custom:"  # of names that are a shop's own: any fields, no warning
GROUPS: Mapping[str, tuple[EventType, ...]] = MappingProxyType(
    {"Looking around": BROWSING, "Cart, checkout, order": COMMERCE, "People": PEOPLE}
)
EVENT_TYPES: Mapping[str, EventType] = MappingProxyType({one.name: one for group in GROUPS.values() for one in group})


def is_custom(name: str) -> bool:
    """Whether the name is a shop's own, `custom:` and something."""
    return name.startswith(CUSTOM_PREFIX) and len(name) > len(CUSTOM_PREFIX)
