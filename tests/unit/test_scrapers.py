"""Who may read the metrics: the host and who is listed, by the address that the request is really from."""

from __future__ import annotations

from typing import Any

import pytest

from ingest_service.client_address import ClientAddresses, parse_networks
from ingest_service.scrapers import Scrapers

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what the server says it listens on
NETWORKS = parse_networks("GXY_METRICS_NETWORKS", "10.9.0.0/16")
PROXIES = parse_networks("GXY_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.7")

nobody_listed = Scrapers(ClientAddresses(()), ())
listed = Scrapers(ClientAddresses(()), NETWORKS)
behind_proxies = Scrapers(ClientAddresses(PROXIES), NETWORKS)


def scope(peer: str, server: str = EVERYWHERE, **headers: str) -> Any:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"client": (peer, 4711), "server": (server, 8080), "headers": [(b"host", b"127.0.0.1:8080"), *sent]}


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_the_host_itself_may_without_any_setting(peer: str) -> None:
    assert nobody_listed.admit(scope(peer))


def test_a_host_that_listens_on_one_address_is_itself_on_that_address() -> None:
    assert nobody_listed.admit(scope("10.0.0.5", server="10.0.0.5"))
    assert not nobody_listed.admit(scope("10.0.0.6", server="10.0.0.5"))


@pytest.mark.parametrize("peer", ["203.0.113.9", "10.9.1.1", "192.168.1.1", "2001:db8::1", "", "unix:"])
def test_nobody_else_may_unless_told(peer: str) -> None:
    assert not nobody_listed.admit(scope(peer))


def test_a_listed_network_may_and_its_neighbour_may_not() -> None:
    assert listed.admit(scope("10.9.1.1"))
    assert not listed.admit(scope("10.8.1.1"))


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.9.1.1"])
@pytest.mark.parametrize("trace", ["x_forwarded_for", "forwarded", "x_real_ip", "via"])
def test_what_a_proxy_passes_on_is_not_the_proxys_own(peer: str, trace: str) -> None:
    assert not listed.admit(scope(peer, **{trace: "127.0.0.1"}))


@pytest.mark.parametrize(
    ("forwarded", "admitted"),
    [
        ("203.0.113.9", False),
        ("127.0.0.1, 203.0.113.9", False),
        ("10.9.1.1", True),
        ("203.0.113.9, 10.9.1.1", True),
        ("unknown", False),
    ],
)
def test_a_proxy_of_ours_is_believed_about_whom_it_talked_to(forwarded: str, admitted: bool) -> None:
    assert behind_proxies.admit(scope("10.0.0.7", x_forwarded_for=forwarded)) is admitted


@pytest.mark.parametrize("trace", ["forwarded", "x_real_ip", "via"])
def test_a_proxy_of_ours_that_does_not_say_for_whom_it_asks_gets_nothing(trace: str) -> None:
    assert not behind_proxies.admit(scope("127.0.0.1", **{trace: "203.0.113.9"}))
    assert behind_proxies.admit(scope("127.0.0.1"))
