"""What a write key grants, known without asking ClickHouse on the way of an event.

Creating, hashing and revoking keys belongs to `gxy_analytics.governance.tenants.write_keys`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.tenants.ingest_policy import Grant
from ingest_service.answers import RefusalError

logger = logging.getLogger(__name__)

# A revocation is seen within 5 s: the read under way (2 s at most, see `write_keys`), this pause, and a whole read after it.
REFRESH_SECONDS = 1.0
MIN_REFRESH_SECONDS = 0.5  # between two reads, however many unknown keys are tried
MAX_WAITING = 50  # unknown keys that wait for the next read: answering 500 at once held everybody up for 150 ms
MAX_REMEMBERED = 10_000  # hashes of keys that a read did not find
KeyLoader = Callable[[], dict[str, Grant]]  # by hash of the key, blocking; raises KeysUnavailableError

_cache = msgspec.json.Decoder(dict[str, Grant | str])


class KeysUnavailableError(GxyError):
    """ClickHouse cannot be asked for the write keys now."""


class KeyRegistry:
    """Grants by hash of the key: refreshed every second and at once for an unknown key, kept in `cache_file` across restarts.

    While ClickHouse is down the last known keys stay valid, and a key that is not among them gets 503 instead of 401.
    """

    def __init__(self, load: KeyLoader, cache_file: Path) -> None:
        self._load = load
        self._cache_file = cache_file
        self._grants: dict[str, Grant] = {}
        self._is_kept = True
        self._waiting = 0
        self._unknown: set[str] = set()
        self._refreshing: asyncio.Task[None] | None = None
        self._started_at = 0.0
        self._last_read = 0.0, False  # when the last finished read began, whether it succeeded
        self._periodic: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take the keys that were last known here, and begin refreshing them in the background."""
        self._grants = _read_cache(self._cache_file)
        self._periodic = asyncio.get_running_loop().create_task(self._refresh_forever())

    def stop(self) -> None:
        """End the background refresh."""
        if self._periodic:
            self._periodic.cancel()

    def known(self, key: str | bytes) -> Grant | None:
        """What the key allows as far as this process knows, else None."""
        grant = self._grants.get(_hash(key))
        return None if grant and 0 < grant.ends_ms <= time.time() * 1000 else grant

    async def grant_of(self, key: str | bytes | None) -> Grant:
        """What the key allows.

        Raises RefusalError: 401 without a valid key, 403 for a tenant that is suspended, 503 when that cannot be told now.
        """
        grant = await self._find(key)
        if grant.is_suspended:
            raise RefusalError(
                403, "tenant_suspended", "this tenant is suspended, and nothing is taken from it: ask the platform's staff."
            )
        return grant

    async def _find(self, key: str | bytes | None) -> Grant:
        if not key:
            raise RefusalError(401, "missing_write_key", "no write key: send it in X-Write-Key or ?key=.")
        grant = self.known(key)
        if grant is not None:
            return grant
        if _hash(key) not in self._unknown:
            was_read = self._waiting < MAX_WAITING and await self._wait_for_read()
            grant = self.known(key)
            if grant is not None:
                return grant
            if not was_read:
                raise RefusalError(503, "keys_unavailable", "the write key cannot be checked now: retry.", retry_after=5)
            self._remember(_hash(key))
        raise RefusalError(
            401, "unknown_write_key", "this write key is not known, or has ended: `gxy tenant list` shows the valid ones."
        )

    def _remember(self, key_hash: str) -> None:
        """Not to read again for a revoked key that is still sent: keys are random, so one not found is never made later."""
        if len(self._unknown) >= MAX_REMEMBERED:
            self._unknown.clear()
        self._unknown.add(key_hash)

    async def _wait_for_read(self) -> bool:
        self._waiting += 1
        try:
            return await self._refresh_after(time.monotonic())
        finally:
            self._waiting -= 1

    async def _refresh_after(self, instant: float) -> bool:
        """Whether a read that began after `instant` succeeded: so a key made before the request is never refused."""
        while self._last_read[0] < instant:
            pause = self._started_at + MIN_REFRESH_SECONDS - time.monotonic()
            if self._refreshing is None and pause > 0:
                await asyncio.sleep(pause)  # somebody else may have read meanwhile: look again
            else:
                await asyncio.wait({self._refreshing or self._begin_refresh()})
        return self._last_read[1]

    def _begin_refresh(self) -> asyncio.Task[None]:
        self._started_at = time.monotonic()
        self._refreshing = asyncio.get_running_loop().create_task(self._refresh())
        return self._refreshing

    async def _refresh(self) -> None:
        succeeded = False
        try:
            grants = await asyncio.to_thread(self._load)
            succeeded = True
            if grants != self._grants or not self._is_kept:
                self._grants, self._is_kept = grants, False
                await asyncio.to_thread(_write_cache, self._cache_file, grants)
                self._is_kept = True
        except KeysUnavailableError as error:
            logger.warning("write keys were not refreshed: %s", error)
        except OSError as error:
            logger.warning("write keys are not kept for a restart: %s", error)
        finally:
            self._refreshing = None
            self._last_read = self._started_at, succeeded

    async def _refresh_forever(self) -> None:
        while True:
            await self._refresh_after(time.monotonic())
            await asyncio.sleep(REFRESH_SECONDS)


def _hash(key: str | bytes) -> str:
    return hashlib.sha256(key if isinstance(key, bytes) else key.encode()).hexdigest()


def _read_cache(path: Path) -> dict[str, Grant]:
    """What was last known here. A file of the first version named the tenant alone: then the default policy holds."""
    try:
        cached = _cache.decode(path.read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
    return {key_hash: Grant(found) if isinstance(found, str) else found for key_hash, found in cached.items()}


def _write_cache(path: Path, grants: dict[str, Grant]) -> None:
    """Replace the file at once, so that a reader sees the old or the new keys. Hashes and policies only, yet mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.touch(mode=0o600)
    temporary.write_bytes(msgspec.json.encode(grants))
    temporary.replace(path)
