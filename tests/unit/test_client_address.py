"""The client's address behind proxies: the rightmost hop that is none of ours, whatever the client wrote before it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_service.client_address import MAX_HOPS, ClientAddresses, InvalidNetworkError, parse_address, parse_networks

TRUSTED = parse_networks("GXY_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.1.7,2001:db8::/32")
behind = ClientAddresses(TRUSTED)

ours = st.ip_addresses(network=ip_network("10.0.0.0/8")).map(str) | st.ip_addresses(network=ip_network("2001:db8::/32")).map(str)
anybody = st.ip_addresses().filter(lambda address: not any(address.version == n.version and address in n for n in TRUSTED))
# Not those that would be read as another address: IPv4 mapped into IPv6 may be one of ours.
strangers = anybody.filter(lambda address: getattr(address, "ipv4_mapped", None) is None).map(str)


def scope(peer: str, *forwarded: str, **other: str) -> Any:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in other.items()]
    return {"client": (peer, 1234), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.1.1.1", "203.0.113.7", "203.0.113.7"),
        ("10.1.1.1", "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        ("10.1.1.1", "6.6.6.6, 203.0.113.7, 10.2.2.2, 192.168.1.7", "203.0.113.7"),
        ("203.0.113.9", "6.6.6.6", "203.0.113.9"),
        ("10.1.1.1", "", "10.1.1.1"),
        ("10.1.1.1", "10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ("10.1.1.1", "203.0.113.7:4711", "203.0.113.7"),
        ("10.1.1.1", "[2a00:1450::1]:443", "2a00:1450::1"),
        ("10.1.1.1", "2a00:1450::1", "2a00:1450::1"),
        ("10.1.1.1", '"[2a00:1450::1]"', "2a00:1450::1"),
        ("10.1.1.1", "fe80::1%eth0", "fe80::1"),
        ("10.1.1.1", "::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:10.1.1.1", "203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "203.0.113.7,,", "203.0.113.7"),
        ("10.1.1.1", "6.6.6.6, unknown", ""),
        ("10.1.1.1", "6.6.6.6, _hidden, 10.2.2.2", ""),
        ("10.1.1.1", "6.6.6.6, " + "9" * 200, ""),
        ("", "203.0.113.7", ""),
        ("unix:", "203.0.113.7", "unix:"),
    ],
)
def test_the_rightmost_untrusted_hop_is_the_client(peer: str, forwarded: str, client: str) -> None:
    assert behind.of(scope(peer, *([forwarded] if forwarded else []))) == client


def test_without_trusted_proxies_no_header_is_believed() -> None:
    sent = scope("203.0.113.9", "6.6.6.6", x_real_ip="6.6.6.6", forwarded="for=6.6.6.6")
    assert ClientAddresses(()).of(sent) == "203.0.113.9"
    assert behind.of(scope("10.1.1.1", x_real_ip="6.6.6.6", forwarded="for=6.6.6.6")) == "10.1.1.1"


def test_a_header_sent_twice_is_read_as_one_list() -> None:
    assert behind.of(scope("10.1.1.1", "6.6.6.6", "203.0.113.7, 10.2.2.2")) == "203.0.113.7"


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=300), strangers, st.lists(ours, max_size=5))
def test_whatever_a_client_writes_its_own_address_stays_what_our_proxy_saw(lie: str, client: str, hops: list[str]) -> None:
    seen = [lie, client, *hops]
    assert ip_address(behind.of(scope("10.1.1.1", ", ".join(seen)))) == ip_address(client)
    assert ip_address(behind.of(scope("10.1.1.1", *seen))) == ip_address(client)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=300), strangers)
def test_a_peer_that_is_no_proxy_of_ours_cannot_say_who_it_is(lie: str, peer: str) -> None:
    assert behind.of(scope(peer, lie)) == peer


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=300))
def test_any_text_in_the_header_gives_an_address_or_nothing(text: str) -> None:
    client = behind.of(scope("10.1.1.1", text))
    assert client == "" or ip_address(client)


def test_a_list_of_proxies_without_end_is_read_to_a_bound() -> None:
    forwarded = ", ".join(["203.0.113.7", *["10.2.2.2"] * MAX_HOPS])
    assert behind.of(scope("10.1.1.1", forwarded)) == "10.2.2.2"


@given(st.ip_addresses(), st.integers(0, 65535))
def test_an_address_is_read_with_and_without_port(address: Any, port: int) -> None:
    written = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
    assert parse_address(written) == parse_address(str(address)) is not None


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "localhost", "10.0.0.0-10.0.0.9"])
def test_a_proxy_list_that_is_none_is_an_error_with_a_remedy(text: str) -> None:
    with pytest.raises(InvalidNetworkError, match=r"GXY_TRUSTED_PROXIES.*list CIDRs"):
        parse_networks("GXY_TRUSTED_PROXIES", f"10.0.0.0/8,{text}")


def test_an_empty_list_trusts_nobody() -> None:
    assert parse_networks("GXY_TRUSTED_PROXIES", " , ") == parse_networks("GXY_TRUSTED_PROXIES", None) == ()
