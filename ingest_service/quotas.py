"""How much a tenant may send: token buckets in events and in bytes, one pair a tenant and worker.

Quotas of the service as a whole (its disk, its memory) belong to `backpressure`. A quota is divided by the number of workers:
the kernel spreads connections over them, so a tenant with few connections may meet its share sooner than its quota.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable

from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from gxy_analytics.settings import Settings
from ingest_service.answers import RefusalError

BURST_SECONDS = 10  # of the rate, where no burst is set
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 5, 60  # what the clients honour without losing events

Clock = Callable[[], float]


class TokenBucket:
    """Fills at `rate` a second up to `burst`. It is charged after the fact, so it may owe: nothing is taken until that is repaid.

    So one request larger than the burst still passes, and the rate holds in the long run. O(1), no timer.
    """

    __slots__ = ("burst", "level", "rate", "updated_at")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self.level = burst
        self.updated_at = now

    def wait(self, now: float) -> float:
        """Seconds until something may be taken; 0 now."""
        self.level = min(self.burst, self.level + self.rate * max(0.0, now - self.updated_at))
        self.updated_at = now
        return 0.0 if self.level > 0 else -self.level / self.rate + 1 / self.rate

    def charge(self, amount: float) -> None:
        """Take `amount`; what was taken too much is given back with a negative one."""
        self.level -= amount


class Quota:
    """The buckets of one tenant; None where nothing limits it."""

    __slots__ = ("bytes", "events", "policy")

    def __init__(self, policy: IngestPolicy, events: TokenBucket | None, size: TokenBucket | None) -> None:
        self.policy = policy
        self.events = events
        self.bytes = size


class Quotas:
    """The quotas of all tenants, as far as this worker met them. Times are of a monotonic clock."""

    def __init__(self, settings: Settings, clock: Clock = time.monotonic, chance: Callable[[], float] = random.random) -> None:
        self._default = settings.ingest_events_per_second, settings.ingest_bytes_per_second
        self._has_default = any(self._default)
        self._share = 1 / settings.ingest_workers
        self._clock = clock
        self._chance = chance
        self._quotas: dict[str, Quota] = {}

    def check(self, grant: Grant) -> None:
        """Before a body is read. Raises RefusalError (429) when the tenant is over a quota."""
        if self._is_unlimited(grant.policy):
            return
        quota = self._quota(grant)
        now = self._clock()
        if quota.events and (wait := quota.events.wait(now)):
            raise self._over("events", wait)
        if quota.bytes and (wait := quota.bytes.wait(now)):
            raise self._over("bytes", wait)

    def reserve(self, grant: Grant, size: int) -> None:
        """Charge the bytes a body announces while it is read, so that the tenant's others see them; negative: give them back."""
        if self._is_unlimited(grant.policy):
            return
        quota = self._quota(grant)
        if quota.bytes:
            quota.bytes.charge(size)

    def charge(self, grant: Grant, events: int, size: int) -> None:
        """Charge a body that was understood: its events, and its bytes as stored.

        Raises RefusalError (429), then nothing is charged: others came while it was read, and the quota is used up.
        """
        if self._is_unlimited(grant.policy):
            return
        self.check(grant)
        quota = self._quota(grant)
        if quota.events:
            quota.events.charge(events)
        if quota.bytes:
            quota.bytes.charge(size)

    def _is_unlimited(self, policy: IngestPolicy) -> bool:
        """Whether nothing is to be counted: most tenants are asked four times a request."""
        return not (self._has_default or policy.events_per_second or policy.bytes_per_second)

    def _quota(self, grant: Grant) -> Quota:
        quota = self._quotas.get(grant.tenant_id)
        if quota is None or (quota.policy is not grant.policy and quota.policy != grant.policy):
            quota = self._quotas[grant.tenant_id] = self._made(grant.policy)
        quota.policy = grant.policy  # equal, maybe newly read: the next request compares by identity again
        return quota

    def _made(self, policy: IngestPolicy) -> Quota:
        events = self._bucket(policy.events_per_second or self._default[0], policy.events_burst)
        return Quota(policy, events, self._bucket(policy.bytes_per_second or self._default[1], policy.bytes_burst))

    def _bucket(self, rate: int, burst: int) -> TokenBucket | None:
        if not rate:
            return None
        return TokenBucket(rate * self._share, (burst or rate * BURST_SECONDS) * self._share, self._clock())

    def _over(self, unit: str, wait: float) -> RefusalError:
        message = f"this tenant's quota of {unit} is used up: send the same again after Retry-After seconds."
        return RefusalError(429, f"over_{unit}_quota", message, retry_after=spread(wait, self._chance()))


def spread(wait: float, chance: float) -> int:
    """Retry-After in whole seconds, MIN_RETRY_SECONDS to MAX_RETRY_SECONDS: not before `wait`, and not all clients together.

    `chance` is uniform in [0, 1).
    """
    soonest = min(max(wait, MIN_RETRY_SECONDS), MAX_RETRY_SECONDS - MIN_RETRY_SECONDS)
    latest = min(2 * soonest, MAX_RETRY_SECONDS)
    return math.ceil(soonest + (latest - soonest) * chance)
