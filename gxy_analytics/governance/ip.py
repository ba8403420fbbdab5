"""Truncating IP addresses: all of an address that may leave the vault. Where addresses come from is not known here."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network

IPV4_BITS, IPV6_BITS = 24, 48


@lru_cache(maxsize=65536)
def truncate_ip(address: str) -> str:
    """Return the network address of the /24 (IPv4) or /48 (IPv6) `address` is in; empty when it is no address.

    A prefix length or zone index is ignored; an IPv4 address mapped into IPv6 counts as IPv4.
    """
    try:
        parsed = ip_address(address.strip().split("/")[0].split("%")[0])
    except ValueError:
        return ""
    if not isinstance(parsed, IPv4Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = IPV4_BITS if isinstance(parsed, IPv4Address) else IPV6_BITS
    return str(ip_network((parsed, bits), strict=False).network_address)
