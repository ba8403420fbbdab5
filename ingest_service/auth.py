"""Which tenant a write key belongs to, known without asking ClickHouse on the way of an event.

Creating, hashing and revoking keys belongs to `gxy_analytics.governance.write_keys`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.ingest_policy import Grant
from ingest_service.answers import RefusalError

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
MIN_REFRESH_SECONDS = 0.5  # unknown keys may ask ClickHouse no more often than this
KeyLoader = Callable[[], dict[str, str]]  # hash -> tenant_id, blocking; raises KeysUnavailableError


class KeysUnavailableError(GxyError):
    """ClickHouse cannot be asked for the write keys now."""


class KeyRegistry:
    """Active keys by hash: refreshed every few seconds and at once for an unknown key, kept in `cache_file` across restarts.

    While ClickHouse is down the last known keys stay valid, and a key that is not among them gets 503 instead of 401.
    """

    def __init__(self, load: KeyLoader, cache_file: Path) -> None:
        self._load = load
        self._cache_file = cache_file
        self._tenants: dict[str, str] = {}
        self._refreshing: asyncio.Task[bool] | None = None
        self._started_at = 0.0
        self._periodic: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take the keys that were last known here, and begin refreshing them in the background."""
        self._tenants = _read_cache(self._cache_file)
        self._periodic = asyncio.get_running_loop().create_task(self._refresh_forever())

    def stop(self) -> None:
        """End the background refresh."""
        if self._periodic:
            self._periodic.cancel()

    def known(self, key: str | bytes) -> Grant | None:
        """What the key allows as far as this process knows, else None."""
        raw = key if isinstance(key, bytes) else key.encode()
        tenant = self._tenants.get(hashlib.sha256(raw).hexdigest())
        return Grant(tenant) if tenant else None

    async def grant_of(self, key: str | bytes | None) -> Grant:
        """What the key allows. Raises RefusalError: 401 without a valid key, 503 when that cannot be told now."""
        if not key:
            raise RefusalError(401, "missing_write_key", "no write key: send it in X-Write-Key or ?key=.")
        grant = self.known(key)
        if grant is not None:
            return grant
        was_read = await self._refresh_after(time.monotonic())
        grant = self.known(key)
        if grant is not None:
            return grant
        if not was_read:
            raise RefusalError(503, "keys_unavailable", "the write key cannot be checked now: retry.", retry_after=5)
        raise RefusalError(
            401, "unknown_write_key", "this write key is not known, or was revoked: `gxy tenant list` shows the valid ones."
        )

    async def _refresh_after(self, instant: float) -> bool:
        """Whether a read that began after `instant` succeeded: so a key made before the request is never refused."""
        while True:
            if self._refreshing is None:
                await asyncio.sleep(max(0.0, self._started_at + MIN_REFRESH_SECONDS - time.monotonic()))
            task = self._refreshing or self._begin_refresh()
            began = self._started_at
            succeeded = await asyncio.shield(task)
            if began >= instant:
                return succeeded

    def _begin_refresh(self) -> asyncio.Task[bool]:
        self._started_at = time.monotonic()
        self._refreshing = asyncio.get_running_loop().create_task(self._refresh())
        return self._refreshing

    async def _refresh(self) -> bool:
        try:
            tenants = await asyncio.to_thread(self._load)
        except KeysUnavailableError as error:
            logger.warning("write keys were not refreshed: %s", error)
            return False
        else:
            if tenants != self._tenants:
                self._tenants = tenants
                await asyncio.to_thread(_write_cache, self._cache_file, tenants)
            return True
        finally:
            self._refreshing = None

    async def _refresh_forever(self) -> None:
        while True:
            if self._refreshing is None:
                self._begin_refresh()
            await asyncio.sleep(REFRESH_SECONDS)


def _read_cache(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def _write_cache(path: Path, tenants: dict[str, str]) -> None:
    """Replace the file at once, so that a reader sees the old or the new keys. Hashes only, yet mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(tenants))
    temporary.replace(path)
