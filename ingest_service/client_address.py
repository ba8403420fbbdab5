"""Which address a request came from: the peer's, or what proxies of ours say of it in `X-Forwarded-For`, read from the right.

Only a proxy listed in `GXY_TRUSTED_PROXIES` is believed, and only about whom it talked to; the first entry of the header is
whatever the client wrote. Truncating or dropping the address belongs to the policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from litestar.types import HTTPScope

from gxy_analytics.errors import GxyError

MAX_HOPS = 20  # entries looked at: more proxies of our own in a row are a misconfiguration
MAX_ENTRY_CHARACTERS = 100  # the longest address has 45, with brackets, port and zone some more

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class InvalidNetworkError(GxyError):
    """An entry of a setting that is no network."""


def parse_networks(setting: str, text: str | None) -> tuple[Network, ...]:
    """Networks of a comma-separated list of CIDRs and addresses, the value of `setting`. Raises InvalidNetworkError."""
    networks = []
    for entry in filter(None, map(str.strip, (text or "").split(","))):
        try:
            networks.append(ip_network(entry))
        except ValueError as error:
            raise InvalidNetworkError(
                f"{setting}: '{entry}' is no network ({error}): list CIDRs such as 10.0.0.0/8,2001:db8::/32."
            ) from error
    return tuple(networks)


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether one of the networks holds the address."""
    return any(address.version == network.version and address in network for network in networks)


class ClientAddresses:
    """Addresses of clients behind the proxies in `trusted`; with none listed, no header is ever read."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def of(self, scope: HTTPScope) -> str:
        """Address of the client of a request, empty when not known."""
        peer = scope["client"][0] if scope["client"] else ""
        if not self._trusted:
            return peer
        lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        return self.rightmost_untrusted(peer, b",".join(lines).decode("latin-1"))

    def rightmost_untrusted(self, peer: str, forwarded: str) -> str:
        """The nearest hop that is no proxy of ours; where all are, the farthest of them.

        Empty when a proxy of ours names no address (`unknown`, `_hidden`): what stands further left anybody may have written.
        """
        nearest = parse_address(peer)
        if nearest is None or not is_within(nearest, self._trusted):
            return peer
        for entry in _from_the_right(forwarded):
            hop = parse_address(entry) if len(entry) <= MAX_ENTRY_CHARACTERS else None
            if hop is None:
                return ""
            nearest = hop
            if not is_within(hop, self._trusted):
                break
        return str(nearest)

    def is_proxy(self, peer: str) -> bool:
        """Whether the peer of a connection is a proxy of ours."""
        address = parse_address(peer)
        return address is not None and is_within(address, self._trusted)


def _from_the_right(forwarded: str) -> Iterable[str]:
    """Entries of the header, last first, at most MAX_HOPS; one header or several, with or without blanks."""
    entries = forwarded.rsplit(",", MAX_HOPS)[-MAX_HOPS:]
    return (entry for entry in map(str.strip, reversed(entries)) if entry)


@lru_cache(maxsize=65536)
def parse_address(entry: str) -> Address | None:
    """The address of an entry without quotes, brackets, port, zone; IPv4 where it is mapped into IPv6; None for anything else."""
    text = entry.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
