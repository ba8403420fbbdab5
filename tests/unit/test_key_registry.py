"""Write keys: never a 401 for a key that exists, an end within seconds for one that does not, no ClickHouse on an event's way."""

from __future__ import annotations

import asyncio
import hashlib
import json
import stat
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from ingest_service import auth
from ingest_service.answers import RefusalError
from ingest_service.auth import KeyRegistry, KeysUnavailableError


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class Store:
    """Stands in for ClickHouse's table of keys, and counts who asks."""

    def __init__(self, **keys: str) -> None:
        self.keys = {hashed(key): Grant(tenant) for key, tenant in keys.items()}
        self.is_down = False
        self.reads = 0

    def load(self) -> dict[str, Grant]:
        self.reads += 1
        if self.is_down:
            raise KeysUnavailableError("down")
        return dict(self.keys)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(_coroutine(scenario), 20))


async def _coroutine(scenario: Callable[[], Awaitable[None]]) -> None:
    await scenario()


async def status_of(registry: KeyRegistry, key: str | None) -> int:
    with pytest.raises(RefusalError) as refused:
        await registry.grant_of(key)
    return refused.value.status


def test_a_key_names_its_tenant_and_an_unknown_or_missing_one_is_401(tmp_path: Path) -> None:
    async def scenario() -> None:
        registry = KeyRegistry(Store(k1="acme", k2="globex").load, tmp_path / "keys.json")
        assert (await registry.grant_of("k1")).tenant_id == "acme"
        assert (await registry.grant_of(b"k2")).tenant_id == "globex"
        assert await status_of(registry, "k3") == 401
        assert await status_of(registry, None) == 401
        assert await status_of(registry, "kä\udce4".encode("utf-8", "surrogateescape").decode("latin-1")) == 401

    run(scenario)


def test_a_key_made_a_moment_ago_works_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store(k1="acme")
        registry = KeyRegistry(store.load, tmp_path / "keys.json")
        assert (await registry.grant_of("k1")).tenant_id == "acme"
        store.keys[hashed("new")] = Grant("globex")
        assert (await registry.grant_of("new")).tenant_id == "globex"

    run(scenario)


def test_many_unknown_keys_at_once_ask_clickhouse_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store(k1="acme")
        registry = KeyRegistry(store.load, tmp_path / "keys.json")
        await asyncio.gather(*(status_of(registry, f"wrong-{number}") for number in range(50)))
        assert store.reads <= 2

    run(scenario)


def test_unknown_keys_one_after_the_other_ask_clickhouse_twice_a_second(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store(k1="acme")
        registry = KeyRegistry(store.load, tmp_path / "keys.json")
        started = time.monotonic()
        for number in range(4):
            assert await status_of(registry, f"wrong-{number}") == 401
        assert store.reads <= 1 + (time.monotonic() - started) / auth.MIN_REFRESH_SECONDS

    run(scenario)


def test_known_keys_never_ask(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store(k1="acme")
        registry = KeyRegistry(store.load, tmp_path / "keys.json")
        await registry.grant_of("k1")
        reads = store.reads
        for _ in range(100):
            await registry.grant_of("k1")
        assert store.reads == reads

    run(scenario)


def test_a_restart_while_clickhouse_is_down_still_knows_the_keys_and_says_503_for_others(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store(k1="acme")
        await KeyRegistry(store.load, tmp_path / "ingest" / "keys.json").grant_of("k1")
        store.is_down = True
        restarted = KeyRegistry(store.load, tmp_path / "ingest" / "keys.json")
        restarted.start()
        assert (await restarted.grant_of("k1")).tenant_id == "acme"
        assert await status_of(restarted, "other") == 503
        restarted.stop()

    run(scenario)
    file = tmp_path / "ingest" / "keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "k1" not in file.read_text()


def test_a_revoked_key_is_refused_after_the_next_refresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REFRESH_SECONDS", 0.02)

    async def scenario() -> None:
        store = Store(k1="acme")
        registry = KeyRegistry(store.load, tmp_path / "keys.json")
        registry.start()
        assert (await registry.grant_of("k1")).tenant_id == "acme"
        store.keys.clear()
        while registry.known("k1"):
            await asyncio.sleep(0.01)
        assert await status_of(registry, "k1") == 401
        registry.stop()

    run(scenario)


def test_a_damaged_cache_file_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{broken")

    async def scenario() -> None:
        registry = KeyRegistry(Store(k1="acme").load, tmp_path / "keys.json")
        registry.start()
        assert (await registry.grant_of("k1")).tenant_id == "acme"
        registry.stop()

    run(scenario)


def test_among_ten_thousand_guesses_a_key_that_exists_is_never_401_and_clickhouse_is_asked_twice_a_second(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store(k1="acme")
        registry = KeyRegistry(store.load, tmp_path / "keys.json")
        started = time.monotonic()
        guesses = [asyncio.create_task(status_of(registry, f"guess-{number}")) for number in range(10_000)]
        await asyncio.sleep(0)
        store.keys[hashed("new")] = Grant("globex")
        assert await status_of(registry, "new") == 503
        statuses = Counter(await asyncio.gather(*guesses))
        assert statuses == {401: auth.MAX_WAITING, 503: 10_000 - auth.MAX_WAITING}
        assert await registry.grant_of("new") == Grant("globex")
        assert store.reads <= 2 + (time.monotonic() - started) / auth.MIN_REFRESH_SECONDS

    run(scenario)


def test_what_a_key_grants_survives_a_restart_whole(tmp_path: Path) -> None:
    policy = IngestPolicy(origins=("https://shop.example",), events_per_second=7, ip="drop", consent_required=("analytics",))
    grant = Grant("acme", True, policy, 4_102_444_800_000)

    async def scenario() -> None:
        store = Store()
        store.keys[hashed("k1")] = grant
        assert await KeyRegistry(store.load, tmp_path / "keys.json").grant_of("k1") == grant
        store.is_down = True
        restarted = KeyRegistry(store.load, tmp_path / "keys.json")
        restarted.start()
        assert await restarted.grant_of("k1") == grant
        restarted.stop()

    run(scenario)


def test_a_cache_of_the_first_version_grants_the_default_policy(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({hashed("k1"): "acme"}))

    async def scenario() -> None:
        store = Store()
        store.is_down = True
        registry = KeyRegistry(store.load, tmp_path / "keys.json")
        registry.start()
        assert await registry.grant_of("k1") == Grant("acme")
        registry.stop()

    run(scenario)


def test_a_key_ends_when_its_overlap_does_also_while_clickhouse_is_down(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store()
        store.keys[hashed("old")] = Grant("acme", ends_ms=int(time.time() * 1000) + 300)
        registry = KeyRegistry(store.load, tmp_path / "keys.json")
        assert (await registry.grant_of("old")).tenant_id == "acme"
        store.is_down = True
        await asyncio.sleep(0.35)
        assert registry.known("old") is None

    run(scenario)


def test_a_read_that_breaks_in_an_unforeseen_way_does_not_end_the_refreshing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REFRESH_SECONDS", 0.02)

    async def scenario() -> None:
        store = Store(k1="acme")
        broken = [ValueError("no table"), ValueError("no table")]

        def load() -> dict[str, Grant]:
            if broken:
                raise broken.pop()
            return store.load()

        registry = KeyRegistry(load, tmp_path / "keys.json")
        registry.start()
        while not registry.known("k1"):
            await asyncio.sleep(0.01)
        registry.stop()

    run(scenario)


def test_a_disk_that_is_full_keeps_no_key_from_being_known_and_the_cache_is_written_once_it_has_room(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store(k1="acme")
        (tmp_path / "ingest").write_text("a file where the directory should be")
        registry = KeyRegistry(store.load, tmp_path / "ingest" / "keys.json")
        assert await registry.grant_of("k1") == Grant("acme")
        (tmp_path / "ingest").unlink()
        assert await status_of(registry, "k2") == 401
        assert (tmp_path / "ingest" / "keys.json").exists()

    run(scenario)


def test_a_key_that_was_not_found_is_refused_at_once_when_it_is_sent_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store(k1="acme")
        registry = KeyRegistry(store.load, tmp_path / "keys.json")
        assert await status_of(registry, "revoked") == 401
        reads = store.reads
        statuses = await asyncio.gather(*(status_of(registry, "revoked") for _ in range(2 * auth.MAX_WAITING)))
        assert (set(statuses), store.reads) == ({401}, reads)
        store.keys[hashed("revoked")] = Grant("acme")
        await status_of(registry, "another")
        assert await registry.grant_of("revoked") == Grant("acme"), "what a read finds wins over what was remembered"

    run(scenario)


def test_guesses_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "MAX_REMEMBERED", 10)

    async def scenario() -> None:
        registry = KeyRegistry(Store(k1="acme").load, tmp_path / "keys.json")
        await asyncio.gather(*(status_of(registry, f"guess-{number}") for number in range(45)))
        assert len(registry._unknown) <= 10

    run(scenario)
