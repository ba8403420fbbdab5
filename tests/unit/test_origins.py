"""The origin allow-list: anchored at both ends, whole labels, and nothing that only looks like a listed shop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy, InvalidPolicyError, normal_origin
from ingest_service.answers import RefusalError
from ingest_service.origins import MAX_ORIGIN_BYTES, check_origin, is_allowed

LISTED = ("https://shop.example", "https://*.shop.example", "http://localhost:5173", "https://*.beta.example:8443")

label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example",
        "HTTPS://Shop.Example",
        "https://www.shop.example",
        "https://a.b.c.shop.example",
        "http://localhost:5173",
        "https://x.beta.example:8443",
    ],
)
def test_a_listed_origin_may_send(origin: str) -> None:
    assert is_allowed(origin.encode(), LISTED)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "https://evilshop.example",
        "https://shop.example.evil.example",
        "https://shop.example:8443",
        "http://shop.example",
        "https://.shop.example",
        "https://a..shop.example",
        "https://evil.example/.shop.example",
        "https://evil.example#.shop.example",
        "https://evil.example?.shop.example",
        "https://user@www.shop.example",
        "https://evil.example\\.shop.example",
        "https://www.shop.example.",
        "https://www.shop.example/",
        "https://www.shop.example https://evil.example",
        "https://*.shop.example",
        "https://\u0430.shop.example",
        "http://localhost",
        "https://beta.example:8443",
        "https://x.beta.example",
        "capacitor://shop.example",
    ],
)
def test_what_only_looks_like_a_listed_origin_may_not(origin: str) -> None:
    assert not is_allowed(origin.encode(), LISTED)


@given(st.lists(label, min_size=1, max_size=5))
def test_a_wildcard_stands_for_whole_labels_at_any_depth(labels: list[str]) -> None:
    host = ".".join(labels)
    assert is_allowed(f"https://{host}.shop.example".encode(), ("https://*.shop.example",))
    assert not is_allowed(f"https://{host}shop.example".encode(), ("https://*.shop.example",))
    assert not is_allowed(f"https://shop.example.{host}".encode(), ("https://*.shop.example",))


@given(st.text(max_size=60))
def test_nothing_but_a_host_below_the_name_passes_a_wildcard(text: str) -> None:
    origin = f"https://{text}.shop.example"
    allowed = is_allowed(origin.encode("utf-8", "surrogatepass"), ("https://*.shop.example",))
    assert not allowed or not set(text) & set("/\\?#@: \t\r\n%")


@given(st.text(max_size=80))
def test_an_origin_that_may_be_listed_matches_itself_as_a_browser_writes_it(text: str) -> None:
    try:
        listed = normal_origin(text)
    except InvalidPolicyError:
        return
    assert normal_origin(listed) == listed
    assert "*" in listed or is_allowed(listed.encode(), (listed,))


def test_a_tenant_without_a_list_takes_any_origin_and_a_request_without_origin_always_passes() -> None:
    check_origin(Grant("acme"), b"https://anything.example")
    check_origin(Grant("acme", policy=IngestPolicy(origins=LISTED)), None)
    check_origin(Grant("acme", is_secret=True, policy=IngestPolicy(origins=LISTED)), None)


@pytest.mark.parametrize("origin", [b"https://evil.example", b"x" * (MAX_ORIGIN_BYTES + 1), b"\xff"])
def test_another_origin_is_403_and_the_message_says_how_to_list_it(origin: bytes) -> None:
    with pytest.raises(RefusalError, match="gxy tenant policy SLUG --origin") as refused:
        check_origin(Grant("acme", policy=IngestPolicy(origins=LISTED)), origin)
    assert (refused.value.status, refused.value.refusal.code) == (403, "origin_not_allowed")


@pytest.mark.parametrize("origin", [b"https://shop.example", b"null", b""])
def test_a_secret_key_that_a_browser_shows_is_403_also_from_a_listed_origin(origin: bytes) -> None:
    with pytest.raises(RefusalError, match="rotate-key SLUG --secret") as refused:
        check_origin(Grant("acme", is_secret=True, policy=IngestPolicy(origins=LISTED)), origin)
    assert (refused.value.status, refused.value.refusal.code) == (403, "secret_key_in_browser")
