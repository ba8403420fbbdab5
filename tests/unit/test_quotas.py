"""Token buckets: the rate holds in the long run, a pause earns a burst, a refusal names when it is worth coming back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from gxy_analytics.settings import Settings
from ingest_service.answers import RefusalError
from ingest_service.quotas import MAX_RETRY_SECONDS, MIN_RETRY_SECONDS, Quotas, TokenBucket, spread


class Clock:
    """Seconds that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def quotas(clock: Clock, **settings: Any) -> Quotas:
    return Quotas(Settings(**settings), clock, chance=lambda: 0.5)


def tenant(tenant_id: str = "acme", **policy: Any) -> Grant:
    return Grant(tenant_id, policy=IngestPolicy(**policy))


def refusal(held: Quotas, grant: Grant) -> RefusalError:
    with pytest.raises(RefusalError) as refused:
        held.check(grant)
    return refused.value


def test_without_a_quota_nothing_is_limited() -> None:
    held = quotas(Clock())
    for _ in range(100):
        held.check(tenant())
        held.charge(tenant(), 10**9, 10**12)


def test_a_tenant_may_send_a_burst_and_then_its_rate() -> None:
    clock = Clock()
    held, grant = quotas(clock), tenant(events_per_second=10, events_burst=50)
    for _ in range(5):
        held.charge(grant, 10, 1000)
    error = refusal(held, grant)
    assert (error.status, error.refusal.code) == (429, "over_events_quota")
    clock.now += 1
    held.check(grant)
    held.charge(grant, 10, 1000)
    assert refusal(held, grant)


def test_a_long_pause_earns_one_burst_and_not_more() -> None:
    clock = Clock()
    held, grant = quotas(clock), tenant(events_per_second=10, events_burst=50)
    held.charge(grant, 50, 0)
    clock.now += 86_400
    held.charge(grant, 50, 0)
    assert refusal(held, grant)


def test_one_tenant_over_its_quota_leaves_the_others_alone() -> None:
    held = quotas(Clock(), ingest_events_per_second=10)
    held.charge(tenant("loud"), 1000, 0)
    assert refusal(held, tenant("loud"))
    held.check(tenant("quiet"))


def test_bytes_announced_count_while_a_body_is_read_and_are_given_back() -> None:
    held, grant = quotas(Clock()), tenant(bytes_per_second=100, bytes_burst=1000)
    held.reserve(grant, 1000)
    assert refusal(held, grant).refusal.code == "over_bytes_quota"
    held.reserve(grant, -1000)
    held.check(grant)


def test_a_body_that_was_overtaken_by_others_is_refused_and_charges_nothing() -> None:
    held, grant = quotas(Clock()), tenant(events_per_second=1, events_burst=10, bytes_per_second=1000)
    held.check(grant)
    held.charge(grant, 100, 10)
    before = held._quotas["acme"].bytes.level  # type: ignore[union-attr]
    with pytest.raises(RefusalError):
        held.charge(grant, 1, 10)
    assert held._quotas["acme"].bytes.level == before  # type: ignore[union-attr]


def test_one_request_over_the_whole_burst_passes_once_and_is_paid_for_afterwards() -> None:
    clock = Clock()
    held, grant = quotas(clock), tenant(bytes_per_second=100, bytes_burst=100)
    held.charge(grant, 1, 2_000)
    assert refusal(held, grant).retry_after == pytest.approx(1.5 * 19, abs=2)
    clock.now += 18.9
    assert refusal(held, grant)
    clock.now += 0.2
    held.check(grant)


def test_a_worker_has_its_share_of_the_quota() -> None:
    held, grant = quotas(Clock(), ingest_workers=4), tenant(events_per_second=100, events_burst=400)
    held.charge(grant, 99, 0)
    held.check(grant)
    held.charge(grant, 1, 0)
    assert refusal(held, grant)


def test_the_tenants_own_quota_wins_over_the_services_default() -> None:
    held = quotas(Clock(), ingest_events_per_second=1)
    held.charge(tenant("acme", events_per_second=1000), 5000, 0)
    held.check(tenant("acme", events_per_second=1000))
    held.charge(tenant("other"), 10, 0)
    assert refusal(held, tenant("other"))


def test_a_policy_read_anew_without_a_change_keeps_what_is_owed_and_a_changed_one_counts_at_once() -> None:
    held = quotas(Clock())
    held.charge(tenant(events_per_second=1, events_burst=10), 10, 0)
    assert refusal(held, tenant(events_per_second=1, events_burst=10))
    held.check(tenant(events_per_second=1, events_burst=20))


@given(st.floats(0, 1e6), st.floats(0, 1, exclude_max=True))
def test_retry_after_is_five_to_sixty_seconds_and_not_before_the_quota_is_back(wait: float, chance: float) -> None:
    later = spread(wait, chance)
    assert MIN_RETRY_SECONDS <= later <= MAX_RETRY_SECONDS
    assert later >= min(wait, 55)


def test_clients_refused_together_do_not_return_together() -> None:
    assert {spread(0, chance / 100) for chance in range(100)} == set(range(5, 11))
    assert len({spread(20, chance / 100) for chance in range(100)}) > 15


@given(
    st.floats(0.1, 1000),
    st.floats(1, 1000),
    st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 200)), min_size=1, max_size=60),
)
def test_over_any_time_no_more_is_taken_than_burst_and_rate_and_one_request_allow(
    rate: float, burst: float, requests: list[tuple[float, float]]
) -> None:
    now = taken = 0.0
    bucket = TokenBucket(rate, burst, now)
    for pause, amount in requests:
        now += pause
        wait = bucket.wait(now)
        assert (wait == 0) == (bucket.level > 0)
        if not wait:
            bucket.charge(amount)
            taken += amount
    largest = max(amount for _, amount in requests)
    assert taken <= burst + rate * now + largest + 1e-6


@given(st.floats(0.1, 1000), st.floats(1, 1000), st.floats(1, 10_000))
def test_after_the_time_it_names_a_bucket_gives_again(rate: float, burst: float, amount: float) -> None:
    bucket = TokenBucket(rate, burst, 0)
    bucket.charge(burst + amount)
    wait = bucket.wait(0)
    assert wait > 0
    assert bucket.wait(wait) == 0


def test_a_clock_that_stands_still_or_steps_back_gives_nothing() -> None:
    bucket = TokenBucket(10, 10, 100)
    bucket.charge(10)
    assert bucket.wait(100) > 0
    assert bucket.wait(50) > 0
