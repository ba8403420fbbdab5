"""What a worker refuses to protect the host: the spool's disk by watermarks, its memory by a budget of bytes in bodies.

A tenant's own quota belongs to `quotas`; a disk that fails while it is written belongs to `spool.writer`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gxy_analytics.settings import Settings
from ingest_service.answers import RefusalError
from ingest_service.quotas import Clock, spread

logger = logging.getLogger(__name__)

LOW_WATERMARK, HIGH_WATERMARK = 0.7, 0.9
MEASURE_SECONDS = 1.0
HALF_LIFE_SECONDS = 30.0  # of the bytes that a tenant sent: a minute of silence makes it a small sender again
FORGOTTEN_BYTES = 64.0  # less than one event: whoever weighs that little sent nothing for minutes
LENIENCE = 1.0  # at the low watermark a tenant may send this much more than its fair share; at the high one nothing more
BODY_BUDGET_BYTES = 32 << 20  # of bodies being read or stored at once; each is copied about four times on its way to the disk


class SpoolFill:
    """How full the spool is: its bytes on disk over what it may take, which is `spool_max_bytes` and what the disk has left."""

    def __init__(self, settings: Settings) -> None:
        self._directory = settings.spool_dir
        self._most = settings.spool_max_bytes

    def measure(self) -> float:
        """0 to 1 (over 1 beyond the maximum). Blocking: one stat a file of the spool."""
        used = bytes_below(self._directory)
        try:
            disk = os.statvfs(self._directory)
        except FileNotFoundError:
            return 0.0
        room = used + disk.f_bavail * disk.f_frsize
        return used / max(1, min(self._most or room, room))


def bytes_below(directory: Path) -> int:
    """Bytes that the files of all slots take on disk, preallocated ones included."""
    total = 0
    with suppress(FileNotFoundError):
        for slot in os.scandir(directory):
            total += _bytes_in(slot) if slot.is_dir() else 0
    return total


def _bytes_in(slot: os.DirEntry[str]) -> int:
    total = 0
    with suppress(FileNotFoundError):  # the loader deletes what it has loaded
        for file in os.scandir(slot):
            total += file.stat().st_blocks * 512
    return total


class FairShare:
    """Who sent how much lately, by tenant: bytes whose weight halves every HALF_LIFE_SECONDS."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock()
        self._weights: dict[str, float] = {}  # bytes, worth more the later they came: all are divided by one factor when read
        self._total = 0.0

    def add(self, tenant_id: str, size: int) -> None:
        """The tenant sent so many bytes now."""
        weight = size * self._factor()
        self._weights[tenant_id] = self._weights.get(tenant_id, 0.0) + weight
        self._total += weight

    def times_fair(self, tenant_id: str) -> float:
        """The tenant's bytes over those of an equal share among all who sent lately; 0 for one that did not."""
        if not self._total:
            return 0.0
        return self._weights.get(tenant_id, 0.0) * len(self._weights) / self._total

    def forget(self) -> None:
        """Drop those that hardly sent, and bring the weights back to bytes. To be called every second or so."""
        factor = self._factor()
        kept = {tenant: weight / factor for tenant, weight in self._weights.items() if weight > FORGOTTEN_BYTES * factor}
        self._weights, self._total, self._since = kept, sum(kept.values()), self._clock()

    def _factor(self) -> float:
        return float(2 ** ((self._clock() - self._since) / HALF_LIFE_SECONDS))


class Watermarks:
    """Refuses by how full the spool is: over the low mark those who send more than their share, over the high mark everybody."""

    def __init__(
        self, measure: Callable[[], float], clock: Clock = time.monotonic, chance: Callable[[], float] = random.random
    ) -> None:
        self._measure = measure
        self._chance = chance
        self._watching: asyncio.Task[None] | None = None
        self.shares = FairShare(clock)
        self.fill = 0.0

    def start(self) -> None:
        """Measure now and then every MEASURE_SECONDS, in a thread."""
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    def stop(self) -> None:
        """End measuring."""
        if self._watching:
            self._watching.cancel()

    def check(self, tenant_id: str) -> None:
        """Raises RefusalError: 503 `spool_full`, 429 `over_fair_share`."""
        if self.fill < LOW_WATERMARK:
            return
        if self.fill >= HIGH_WATERMARK:
            raise RefusalError(
                503,
                "spool_full",
                "the spool is full until the loader has caught up: send the same again.",
                retry_after=self._later(),
            )
        left = (HIGH_WATERMARK - self.fill) / (HIGH_WATERMARK - LOW_WATERMARK)
        if self.shares.times_fair(tenant_id) > 1 + LENIENCE * left:
            message = (
                "the spool fills up and this tenant sends more than its share: send the same again after Retry-After seconds."
            )
            raise RefusalError(429, "over_fair_share", message, retry_after=self._later())

    def _later(self) -> int:
        return spread(0, self._chance())

    async def _watch(self) -> None:
        while True:
            try:
                self.fill = await asyncio.to_thread(self._measure)
            except OSError as error:  # a disk that fails is refused by the spool itself, as soon as it is written
                logger.warning("the spool could not be measured: %s", error)
            self.shares.forget()
            await asyncio.sleep(MEASURE_SECONDS)


class ByteBudget:
    """Bytes of bodies that one worker holds at once, over all its requests; charged as they arrive: slow clients hold little."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    def hold(self, size: int) -> None:
        """Raises RefusalError (503) when too much is held already; then nothing is added."""
        if self.held + size > self.limit:
            raise RefusalError(503, "too_busy", "this worker holds too many bodies at once: send the same again.", retry_after=5)
        self.held += size

    def release(self, size: int) -> None:
        """What was held is not any more."""
        self.held -= size
