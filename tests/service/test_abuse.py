"""Abuse of the ingest service, against its real processes: every attack is refused by name, memory stays bounded, others go on.

How much slower others get is measured by `benchmarks.abuse`, not here.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import brotli
import httpx
import msgspec
import pytest
import zstandard
from clickhouse_connect.driver.client import Client
from ingest_process import KEY, IngestProcess, event, until
from raw_http import Reply, chunked, peak_mib, request_head, send

from gxy_analytics.governance.tenants.ingest_policies import change_policy
from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from gxy_analytics.governance.tenants.write_keys import create_write_key, hash_write_key, key_prefix, revoke_key
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.auth import MIN_REFRESH_SECONDS
from ingest_service.request import DISCARD_BYTES
from tests.conftest import free_port

MEMORY_MIB = 400  # of one worker, whatever is sent
LIMIT = 2_000_000
LOUD, SECRET, LISTED = "loud-key", "gxys_secret-key", "listed-key"
QUOTA = 100  # events a second of tenant loud
KEYS = {
    KEY: Grant("acme"),
    LOUD: Grant("loud", policy=IngestPolicy(events_per_second=QUOTA, events_burst=QUOTA)),
    SECRET: Grant("acme", is_secret=True),
    LISTED: Grant("listed", policy=IngestPolicy(origins=("https://shop.example", "https://*.shop.example"))),
}
ZEROS = bytes(1 << 20)


def service(directory: Path, **environment: str) -> IngestProcess:
    """A service that knows KEYS and whose ClickHouse is down."""
    process = IngestProcess(directory, free_port(), **environment)
    grants: dict[str, Any] = {hash_write_key(key): grant for key, grant in KEYS.items()}
    (directory / "ingest" / "keys.json").write_bytes(msgspec.json.encode(grants))
    process.start()
    return process


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestProcess]:
    process = service(tmp_path_factory.mktemp("abuse"))
    yield process
    assert peak_mib(process.workers()) < MEMORY_MIB, "after everything that was done to it"
    process.stop()


def post(ingest: IngestProcess, key: str, *events: dict[str, Any], **headers: str) -> httpx.Response:
    return httpx.post(f"{ingest.url}/v1/events", json={"events": list(events)}, headers={"X-Write-Key": key, **headers})


def head(body: bytes | int, key: str = KEY, **extra: str) -> dict[str, str]:
    return {"X-Write-Key": key, "Content-Length": str(body if isinstance(body, int) else len(body)), **extra}


def large_body(marker: str) -> bytes:
    """A body just below the limit."""
    events = [event(f"{marker}-{number}", properties={"a": "x" * 9_000}) for number in range(LIMIT // 9_200)]
    return json.dumps({"events": events}).encode()


def test_fifty_slow_clients_hold_little_memory_and_nobody_waits_for_them(ingest: IngestProcess) -> None:
    async def dribble(body: bytes) -> AsyncIterator[bytes]:
        for position in range(len(body)):
            yield body[position : position + 1]
            await asyncio.sleep(3 / len(body))

    async def scenario() -> tuple[list[Reply], list[Reply]]:
        body = json.dumps({"events": [event("slow")]}).encode()
        slow = [asyncio.create_task(send(ingest.port, head(body), dribble(body))) for _ in range(50)]
        await asyncio.sleep(0.5)
        quick = [await send(ingest.port, head(body), [body]) for _ in range(20)]
        assert not any(task.done() for task in slow)
        return quick, await asyncio.gather(*slow)

    before = peak_mib(ingest.workers())
    quick, slow = asyncio.run(scenario())
    assert {reply.status for reply in quick + slow} == {200}
    assert peak_mib(ingest.workers()) - before < 20


def test_a_gigabyte_is_refused_when_announced_and_cut_at_the_limit_when_not(ingest: IngestProcess) -> None:
    sent = 0

    def gigabyte() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += len(ZEROS)
            yield ZEROS

    async def scenario() -> list[Reply]:
        announced = await send(ingest.port, head(1000 << 20), gigabyte())
        chunks = await send(ingest.port, {"X-Write-Key": KEY, "Transfer-Encoding": "chunked"}, chunked(gigabyte()))
        return [announced, chunks]

    for reply in asyncio.run(scenario()):
        assert (reply.status, reply.code) == (413, "body_too_large")
    assert sent < 4 * DISCARD_BYTES
    assert peak_mib(ingest.workers()) < MEMORY_MIB


def test_a_client_that_asks_first_need_not_send_its_gigabyte_at_all(ingest: IngestProcess) -> None:
    reply = asyncio.run(send(ingest.port, head(1000 << 20, Expect="100-continue"), []))
    assert (reply.status, reply.code) == (413, "body_too_large")
    assert reply.seconds < 2


def bombs() -> dict[str, bytes]:
    """Less than 2 MB each, and 256 MiB inflated."""
    deflate, br = zlib.compressobj(9, zlib.DEFLATED, 31), brotli.Compressor(quality=1)
    gzipped, brotlied = [], []
    for _ in range(256):
        gzipped.append(deflate.compress(ZEROS))
        brotlied.append(br.process(ZEROS))
    zstd = zstandard.ZstdCompressor().compress(ZEROS * 256)
    return {"gzip": b"".join([*gzipped, deflate.flush()]), "br": b"".join([*brotlied, br.finish()]), "zstd": zstd}


def test_zip_bombs_are_refused_and_never_inflated(ingest: IngestProcess) -> None:
    async def scenario() -> list[Reply]:
        sends = [
            send(ingest.port, head(bomb, **{"Content-Encoding": encoding}), [bomb])
            for encoding, bomb in bombs().items()
            for _ in range(20)
        ]
        return await asyncio.gather(*sends)

    replies = asyncio.run(scenario())
    assert {(reply.status, reply.code) for reply in replies} == {(413, "body_too_large")}
    assert peak_mib(ingest.workers()) < MEMORY_MIB


def test_many_large_bodies_at_once_stay_within_the_memory_and_are_taken_later(ingest: IngestProcess) -> None:
    async def scenario(marker: str) -> list[Reply]:
        body = large_body(marker)
        together = asyncio.Barrier(100)

        async def all_but_the_end() -> AsyncIterator[bytes]:
            yield body[:-10]
            await together.wait()
            yield body[-10:]

        return await asyncio.gather(*(send(ingest.port, head(body), all_but_the_end()) for _ in range(100)))

    replies = asyncio.run(asyncio.wait_for(scenario("together"), 60))
    assert {reply.status for reply in replies} == {200, 503}
    for reply in replies:
        assert reply.status == 200 or (reply.code, reply.headers["retry-after"]) == ("too_busy", "5")
    assert post(ingest, KEY, event("after-the-crowd")).status_code == 200
    assert peak_mib(ingest.workers()) < MEMORY_MIB


def test_heads_without_end_are_cut_and_a_thousand_of_them_fit_the_memory(ingest: IngestProcess) -> None:
    async def scenario() -> int:
        writers = []
        for _ in range(1000):
            _, writer = await asyncio.open_connection("127.0.0.1", ingest.port)
            writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Padding: " + b"a" * 60_000)
            writers.append(writer)
        reader, endless = await asyncio.open_connection("127.0.0.1", ingest.port)
        endless.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Padding: " + b"a" * 100_000)
        status = int((await reader.readuntil(b"\r\n")).split()[1])
        assert post(ingest, KEY, event("beside-the-heads")).status_code == 200
        for writer in [*writers, endless]:
            writer.close()
        return status

    assert asyncio.run(asyncio.wait_for(scenario(), 30)) == 431
    assert peak_mib(ingest.workers()) < MEMORY_MIB


def test_a_tenant_at_twenty_times_its_quota_gets_its_quota_and_another_one_notices_nothing(ingest: IngestProcess) -> None:
    batch = 20
    seconds = 3.0

    async def load(client: httpx.AsyncClient, key: str, rate: float, ends: float) -> list[httpx.Response]:
        replies = []
        numbers = itertools.count()
        while time.monotonic() < ends:
            number = next(numbers)
            events = [event(f"{key}-{number}-{n}") for n in range(batch)]
            replies.append(await client.post("/v1/events", json={"events": events}, headers={"X-Write-Key": key}))
            await asyncio.sleep(1 / rate)
        return replies

    async def scenario() -> tuple[list[httpx.Response], list[httpx.Response], float]:
        async with httpx.AsyncClient(base_url=ingest.url) as client:
            started = time.monotonic()
            ends = started + seconds
            loud = [load(client, LOUD, 2000 / batch / 4, ends) for _ in range(4)]
            *louds, calm = await asyncio.gather(*loud, load(client, KEY, 20, ends))
            return [reply for replies in louds for reply in replies], calm, time.monotonic() - started

    loud, calm, elapsed = asyncio.run(scenario())
    assert {reply.status_code for reply in calm} == {200}
    refused = [reply for reply in loud if reply.status_code != 200]
    assert {(reply.status_code, reply.json()["code"]) for reply in refused} == {(429, "over_events_quota")}
    assert len(refused) > len(loud) / 2
    later = Counter(int(reply.headers["retry-after"]) for reply in refused)
    assert set(later) <= set(range(5, 61))
    assert len(later) > 1, "not all at the same instant"
    taken = (len(loud) - len(refused)) * batch
    assert QUOTA * elapsed / 2 <= taken <= QUOTA + QUOTA * elapsed + batch


def test_a_tenant_over_its_quota_is_refused_before_its_body_is_read(ingest: IngestProcess) -> None:
    events = [event(f"over-{number}") for number in range(5 * QUOTA)]
    while post(ingest, LOUD, *events[:500]).status_code == 200:
        pass
    reply = asyncio.run(send(ingest.port, head(1_000_000, key=LOUD, Expect="100-continue"), []))
    assert (reply.status, reply.code) == (429, "over_events_quota")
    assert reply.seconds < 4


def test_a_secret_key_from_a_browser_is_refused_and_says_to_rotate_it(ingest: IngestProcess) -> None:
    assert post(ingest, SECRET, event("server")).status_code == 200
    refused = post(ingest, SECRET, event("browser"), Origin="https://shop.example")
    assert (refused.status_code, refused.json()["code"]) == (403, "secret_key_in_browser")
    assert "rotate-key" in refused.json()["message"]


def test_only_listed_origins_may_send_and_the_page_can_read_why(ingest: IngestProcess) -> None:
    for origin in ("https://shop.example", "https://www.shop.example"):
        assert post(ingest, LISTED, event("listed"), Origin=origin).status_code == 200
    refused = post(ingest, LISTED, event("evil"), Origin="https://evilshop.example")
    assert (refused.status_code, refused.json()["code"]) == (403, "origin_not_allowed")
    assert refused.headers["access-control-allow-origin"] == "https://evilshop.example"
    assert post(ingest, LISTED, event("app")).status_code == 200


def test_a_forged_address_is_not_believed_and_a_proxys_word_is(tmp_path: Path) -> None:
    process = service(tmp_path, GXY_TRUSTED_PROXIES="127.0.0.0/8,10.0.0.0/8")
    try:
        post(process, KEY, event("forged"), **{"X-Forwarded-For": "6.6.6.6, 203.0.113.77, 10.1.2.3"})
        post(process, KEY, event("garbage"), **{"X-Forwarded-For": "6.6.6.6, unknown"})
        post(process, KEY, event("none"))
        assert [record.ip_truncated for record in process.spooled()] == ["203.0.113.0", "", "127.0.0.0"]
        assert not any(b"6.6.6.6" in path.read_bytes() for path in process.segments())
    finally:
        process.stop()


@pytest.mark.parametrize("setting", ["GXY_TRUSTED_PROXIES", "GXY_METRICS_NETWORKS"])
def test_a_list_of_networks_that_is_none_keeps_the_service_from_starting_with_one_line(tmp_path: Path, setting: str) -> None:
    process = IngestProcess(tmp_path, free_port(), **{setting: "everybody"})
    process.start(wait=False)
    assert process.process.wait(20) == 1
    process.log.close()
    assert f"{setting}: 'everybody' is no network" in (tmp_path / "ingest.log").read_text()


def test_over_the_low_watermark_the_loud_tenant_is_refused_first_and_over_the_high_one_everybody(tmp_path: Path) -> None:
    process = service(tmp_path, GXY_SPOOL_MAX_BYTES=str(int((64 << 20) / 0.87)))
    try:
        for number in range(8):  # of the first second nobody is measured yet
            post(process, KEY, *(event(f"loud-{number}-{n}", properties={"a": "x" * 1000}) for n in range(50)))
        post(process, LISTED, event("quiet"))
        until(lambda: post(process, KEY, event("loud")).status_code == 429, "back-pressure on the loud tenant")
        refused = post(process, KEY, event("loud"))
        assert refused.json()["code"] == "over_fair_share"
        assert 5 <= int(refused.headers["retry-after"]) <= 60
        assert post(process, LISTED, event("quiet")).status_code == 200
        (process.data_dir / "spool" / "local-0" / "ballast").write_bytes(bytes(16 << 20))
        until(lambda: post(process, LISTED, event("quiet")).status_code == 503, "the high watermark")
        assert post(process, LISTED, event("quiet")).json()["code"] == "spool_full"
        (process.data_dir / "spool" / "local-0" / "ballast").unlink()
        until(lambda: post(process, LISTED, event("quiet")).status_code == 200, "room again")
    finally:
        process.stop()


@pytest.fixture(scope="module")
def with_store(tmp_path_factory: pytest.TempPathFactory, clickhouse_server: EmbeddedClickHouse) -> Iterator[IngestProcess]:
    process = IngestProcess(tmp_path_factory.mktemp("keys"), free_port(), clickhouse_url=clickhouse_server.url)
    process.start()
    yield process
    process.stop()


def seconds_until(condition: Any) -> float:
    started = time.monotonic()
    until(condition, "the workers to notice")
    return time.monotonic() - started


def test_a_revoked_key_and_a_changed_policy_count_within_five_seconds_and_without_a_restart(
    with_store: IngestProcess, clickhouse: Client
) -> None:
    kept, leaked = create_write_key(clickhouse, "acme"), create_write_key(clickhouse, "acme")
    assert [post(with_store, key, event("e")).status_code for key in (kept, leaked)] == [200, 200]
    revoke_key(clickhouse, "acme", key_prefix(leaked))
    assert seconds_until(lambda: post(with_store, leaked, event("e")).status_code == 401) < 5
    change_policy(clickhouse, "acme", {"origins": ["https://shop.example"]})
    assert seconds_until(lambda: post(with_store, kept, event("e"), Origin="https://evil.example").status_code == 403) < 5
    assert post(with_store, kept, event("e"), Origin="https://shop.example").status_code == 200


def test_ten_thousand_guessed_keys_are_refused_and_do_not_reach_clickhouse(with_store: IngestProcess, clickhouse: Client) -> None:
    known = create_write_key(clickhouse, "acme")
    assert post(with_store, known, event("e")).status_code == 200
    body = json.dumps({"events": [event("guess")]}).encode()
    guesses = iter(range(10_000))

    async def guess() -> Counter[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", with_store.port)
        statuses: Counter[int] = Counter()
        for number in guesses:
            writer.write(request_head(head(body, key=f"{number:032x}")) + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[16:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length: "))
            await reader.readexactly(length)
            statuses[int(answer.split()[1])] += 1
        writer.close()
        return statuses

    async def scenario() -> tuple[Counter[int], set[int]]:
        guessing = asyncio.gather(*(guess() for _ in range(1500)))
        meanwhile = set()
        while not guessing.done():
            meanwhile.add((await send(with_store.port, head(body, key=known), [body])).status)
            await asyncio.sleep(0.02)
        return sum(await guessing, Counter()), meanwhile

    count = "select count() from system.query_log where type = 'QueryFinish' and log_comment like '%ingest write keys%'"
    clickhouse.command("system flush logs")
    before, started = clickhouse.query(count).first_row[0], time.monotonic()
    statuses, meanwhile = asyncio.run(scenario())
    elapsed = time.monotonic() - started
    clickhouse.command("system flush logs")
    assert statuses.total() == 10_000
    assert (set(statuses), meanwhile) == ({401, 503}, {200}), "503 where more wait to be checked than one read should answer"
    assert clickhouse.query(count).first_row[0] - before <= elapsed / MIN_REFRESH_SECONDS + 3
