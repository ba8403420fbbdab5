"""Truncated addresses: never more than the /24 or /48, and nothing for what is no address."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.governance.ip import truncate_ip


@pytest.mark.parametrize(
    ("address", "truncated"),
    [
        ("203.0.113.77", "203.0.113.0"),
        (" 203.0.113.77/32", "203.0.113.0"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("2001:db8:77:99::1", "2001:db8:77::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("unknown", ""),
        ("203.0.113.777", ""),
    ],
)
def test_addresses_are_cut_to_their_network(address: str, truncated: str) -> None:
    assert truncate_ip(address) == truncated


@given(st.ip_addresses())
def test_the_host_part_is_always_gone(address: IPv4Address | IPv6Address) -> None:
    left = ip_address(truncate_ip(str(address)))
    assert int(left) % 2 ** (8 if left.version == 4 else 80) == 0
