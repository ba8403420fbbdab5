"""Reading a request: what of it may be kept, and how much of it is read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gxy_analytics.governance.ip import truncate_ip
from ingest_service import request
from ingest_service.answers import ClientGoneError, RefusalError
from ingest_service.backpressure import ByteBudget
from ingest_service.request import Body, kept_headers


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("2001:db8:abcd:12:34:56:78:9a", "2001:db8:abcd::"),
        ("fe80::1%eth0", "fe80::"),
        ("unix:", ""),
        ("", ""),
    ],
)
def test_an_address_is_cut_to_its_network(address: str, kept: str) -> None:
    assert truncate_ip(address) == kept


def test_only_listed_headers_are_kept_and_long_ones_are_cut() -> None:
    headers = {b"user-agent": b"x" * 5000, b"cookie": b"secret", b"authorization": b"secret", b"x-forwarded-for": b"1.2.3.4"}
    assert kept_headers(headers) == {"user-agent": "x" * 1024}


def body_of(
    messages: list[dict[str, Any]],
    limit: int = 10,
    headers: dict[bytes, bytes] | None = None,
    budget: ByteBudget | None = None,
) -> Body:
    pending = iter(messages)

    async def receive() -> Any:
        message = next(pending, None)
        if message is None:
            await asyncio.sleep(60)
        return message

    return Body(headers or {}, receive, limit, budget or ByteBudget(1000))


def read(messages: list[dict[str, Any]], limit: int = 10, headers: dict[bytes, bytes] | None = None) -> bytes:
    return asyncio.run(body_of(messages, limit, headers).read())


def part(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_may_come_in_pieces_up_to_the_limit() -> None:
    assert read([part(b"12345"), part(b"67890", more=False)]) == b"1234567890"


def test_a_body_of_the_declared_length_is_not_waited_for_any_longer() -> None:
    assert read([part(b"12345")], headers={b"content-length": b"5"}) == b"12345"


def test_reading_stops_at_the_limit_and_not_at_the_end() -> None:
    with pytest.raises(RefusalError) as refused:
        read([part(b"123456"), part(b"789012")])
    assert refused.value.status == 413


def test_one_large_piece_is_refused_too() -> None:
    with pytest.raises(RefusalError) as refused:
        read([part(b"12345678901", more=False)])
    assert refused.value.status == 413


def test_a_declared_length_over_the_limit_is_refused_before_reading() -> None:
    with pytest.raises(RefusalError) as refused:
        read([], headers={b"content-length": b"11"})
    assert refused.value.status == 413


def test_a_client_that_is_gone_is_told_apart_from_a_whole_body() -> None:
    with pytest.raises(ClientGoneError):
        read([part(b"123"), {"type": "http.disconnect"}])


def test_a_refused_body_is_read_to_its_end_and_not_beyond_it() -> None:
    async def scenario() -> None:
        messages = [part(b"123456"), part(b"789012"), part(b"3", more=False), part(b"of the next request")]
        body = body_of(messages)
        with pytest.raises(RefusalError):
            await body.read()
        await asyncio.wait_for(body.discard(), 1)
        await asyncio.wait_for(body.discard(), 1)

    asyncio.run(scenario())


def test_a_refused_body_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "DISCARD_BYTES", 20)
    asyncio.run(asyncio.wait_for(body_of([part(b"12345")] * 10).discard(), 1))
    monkeypatch.setattr(request, "DISCARD_SECONDS", 0.05)
    asyncio.run(asyncio.wait_for(body_of([part(b"12345")]).discard(), 1))


def test_a_body_that_dribbles_is_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "BODY_SECONDS", 0.05)
    with pytest.raises(RefusalError) as refused:
        read([part(b"1")])
    assert refused.value.status == 408


def test_a_client_that_sends_no_byte_of_its_body_is_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "BODY_SECONDS", 0.05)
    with pytest.raises(RefusalError) as refused:
        read([], headers={b"content-length": b"5"})
    assert refused.value.status == 408


def test_bodies_being_read_share_one_budget_of_bytes_until_they_are_released() -> None:
    async def scenario() -> None:
        budget = ByteBudget(12)
        first = body_of([part(b"12345"), part(b"678", more=False)], budget=budget)
        assert await first.read() == b"12345678"
        second = body_of([part(b"123"), part(b"456", more=False)], budget=budget)
        with pytest.raises(RefusalError) as refused:
            await second.read()
        assert (refused.value.status, refused.value.retry_after) == (503, 5)
        second.release()
        assert budget.held == 8
        first.release()
        first.release()
        assert budget.held == 0

    asyncio.run(scenario())


def test_a_body_announces_its_length_and_never_more_than_the_limit() -> None:
    announced = [
        body_of([], 10, {b"content-length": length} if length else {}).announced for length in (b"", b"7", b"99999999999")
    ]
    assert announced == [0, 7, 10]


def test_a_client_that_waits_to_be_asked_for_its_body_is_refused_without_asking() -> None:
    async def scenario() -> None:
        body = body_of([], headers={b"content-length": b"11", b"expect": b"100-continue"})
        with pytest.raises(RefusalError):
            await body.read()
        await asyncio.wait_for(body.discard(), 0.5)

    asyncio.run(scenario())
