"""Who may read /metrics: this host, and the networks of `GXY_METRICS_NETWORKS`. What is shown there belongs to `metrics`.

The port is the public one. A request that a proxy passed on is its client's, not the proxy's: where no proxy of ours says whose
that is, it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import HTTPScope

from ingest_service.client_address import ClientAddresses, Network, is_within, parse_address

FORWARDED_FOR = b"x-forwarded-for"
PASSED_ON = {FORWARDED_FOR, b"forwarded", b"x-real-ip", b"via"}  # a scraper that comes by itself sends none of them


class Scrapers:
    """The clients that may read the metrics."""

    def __init__(self, addresses: ClientAddresses, networks: Sequence[Network]) -> None:
        self._addresses = addresses
        self._networks = tuple(networks)

    def admit(self, scope: HTTPScope) -> bool:
        """Whether the request is one of theirs."""
        client = parse_address(self._addresses.of(scope))
        if client is None or self._came_through_a_stranger(scope):
            return False
        own = parse_address(scope["server"][0]) if scope["server"] else None
        return client.is_loopback or client == own or is_within(client, self._networks)

    def _came_through_a_stranger(self, scope: HTTPScope) -> bool:
        """Whether something passed the request on that does not say for whom, or is no proxy of ours."""
        traces = PASSED_ON.intersection(name for name, _ in scope["headers"])
        if not traces:
            return False
        peer = scope["client"][0] if scope["client"] else ""
        return FORWARDED_FOR not in traces or not self._addresses.is_proxy(peer)
