"""The ways in which the shopper's path is told: each client as it comes, and with the options that change what it sends.

Running them belongs to `paths`, what they must all become to `expected`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.clients.browser import BROWSERS, RUDDER_BROWSER, SEGMENT_BROWSER, SNOWPLOW_BROWSER, BrowserClient
from tests.clients.driver import (
    DRIVERS,
    RUDDER_NODE,
    RUDDER_PYTHON,
    SEGMENT_NODE,
    SEGMENT_PYTHON,
    SNOWPLOW_NODE,
    SNOWPLOW_PYTHON,
    Driver,
)
from tests.clients.shopper import expected_names

NUMBER = len(expected_names())
"""Events of the path."""


@dataclass(frozen=True)
class ServerWay:
    """A server's client with these options; the first `repeats` deliveries of each event are answered with an error."""

    client: Driver
    says: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    repeats: int = 0

    @property
    def name(self) -> str:
        return f"{self.client.name} {self.says}".strip()


@dataclass(frozen=True)
class PageWay:
    """A page's client with these options; the shop is on the service's own origin or on another."""

    client: BrowserClient
    says: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    is_same_origin: bool = False
    is_simple: bool = False  # of those requests that a browser sends to anyone without asking first

    @property
    def name(self) -> str:
        return f"{self.client.name} {self.says}".strip()


def kept_alive(client: BrowserClient) -> dict[str, Any]:
    """The client's own option for requests that outlive the page. Segment's is told so by the settings document."""
    return {
        SNOWPLOW_BROWSER.name: {"keepalive": True},
        SEGMENT_BROWSER.name: {},
        RUDDER_BROWSER.name: {"useBeacon": True, "beaconQueueOptions": {"flushQueueInterval": 300}},
    }[client.name]


PLAIN = tuple(ServerWay(driver) for driver in DRIVERS)
STORMS = (
    ServerWay(SNOWPLOW_PYTHON, "five times", {"emitter": {"batch_size": NUMBER}}, repeats=4),
    ServerWay(SEGMENT_NODE, "five times", {"flushAt": NUMBER}, repeats=4),
)
SERVER_WAYS = (
    *PLAIN,
    *STORMS,
    ServerWay(SNOWPLOW_NODE, "by pixel", {"emitter": {"eventMethod": "get"}}),
    ServerWay(SNOWPLOW_NODE, "without base64", {"encodeBase64": False}),
    ServerWay(SNOWPLOW_PYTHON, "by pixel", {"emitter": {"method": "get"}}),
    ServerWay(SNOWPLOW_PYTHON, "without base64", {"encode_base64": False}),
    ServerWay(SEGMENT_PYTHON, "compressed", {"gzip": True}),
    ServerWay(RUDDER_NODE, "not compressed", {"gzip": False}),
    ServerWay(RUDDER_PYTHON, "not compressed", {"gzip": False}),
)
ANOTHER_ORIGIN = tuple(
    PageWay(client, "", kept_alive(client), is_simple="useBeacon" in kept_alive(client)) for client in BROWSERS
)
PAGE_WAYS = (
    *ANOTHER_ORIGIN,
    *(PageWay(client, "on the same origin", kept_alive(client), is_same_origin=True) for client in BROWSERS),
    PageWay(SNOWPLOW_BROWSER, "by pixel", {"eventMethod": "get", "keepalive": True}, is_simple=True),
    PageWay(SNOWPLOW_BROWSER, "on a neutral path", {"eventMethod": "post", "postPath": "/{key}/tp2", "keepalive": True}),
    PageWay(
        SEGMENT_BROWSER,
        "in batches",
        {"integrations": {"Segment.io": {"deliveryStrategy": {"strategy": "batching", "config": {"size": 3, "timeout": 200}}}}},
    ),
    PageWay(RUDDER_BROWSER, "one by one", {}),
)
