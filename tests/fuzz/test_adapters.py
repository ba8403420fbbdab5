"""Whatever a tracker sends is stored, rejected with a reason, or refused with a 4xx: by door and loader of every protocol.

`pytest -m slow tests/fuzz` runs 210,000 inputs. What must hold of each is in `fuzz_world`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz_inputs import make_input
from fuzz_world import FuzzWorld
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest_service.processes import look_at_process

PROTOCOLS = ("native", "snowplow", "segment")
BATCH = 100  # inputs of one example: preparing a batch costs 3 ms, each input of it a tenth
QUICK, SLOW = 2_000, 70_000  # inputs a protocol
GROWTH_MIB = (
    250  # of this process over all inputs of a protocol: the loader's caches fill, and are bounded; a batch's peak is over
)

seeds = st.integers(0, 2**63)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuzzWorld]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
        yield FuzzWorld(tmp_path_factory.mktemp("fuzz"))


def resident_mib() -> float:
    """What this process holds now."""
    look = look_at_process(os.getpid())
    assert look
    return look.resident_bytes / 2**20


def fuzz(world: FuzzWorld, protocol: str, inputs: int) -> None:
    """Check that many inputs, a batch an example. A failing example names its one input."""

    @settings(
        max_examples=inputs // BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(seeds)
    def run(seed: int) -> None:
        world.check([make_input(protocol, seed + number) for number in range(BATCH)])

    world.counts.clear()
    run()
    print(f"\n{protocol}: {dict(sorted(world.counts.items()))}")  # noqa: T201 - the numbers of a long run
    assert world.counts["inputs"] >= inputs
    assert world.counts["200 stored"] > inputs / 4, "mutations spare too few requests"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_input_is_stored_rejected_with_a_reason_or_refused(world: FuzzWorld, protocol: str) -> None:
    fuzz(world, protocol, QUICK)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_input_of_many_thousand_is_lost_or_ends_the_loader(world: FuzzWorld, protocol: str) -> None:
    before = resident_mib()
    fuzz(world, protocol, SLOW)
    assert resident_mib() - before < GROWTH_MIB


def test_a_seed_is_always_the_same_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """At another time too: gzip writes the clock into what it packs unless told otherwise."""
    made = {protocol: [make_input(protocol, seed) for seed in range(50)] for protocol in PROTOCOLS}
    monkeypatch.setattr("time.time", lambda: 0.0)
    for protocol in PROTOCOLS:
        assert made[protocol] == [make_input(protocol, seed) for seed in range(50)]


def test_the_inputs_are_broken_in_all_ways_but_not_all_of_them(tmp_path: Path) -> None:
    bodies = [make_input("native", seed).body for seed in range(2_000)]
    assert any(b"NaN" in body for body in bodies)
    assert any(b"\\ud83d" in body for body in bodies)
    assert any(b"[" * 900 in body for body in bodies)
    assert any(not body.isascii() for body in bodies)
    assert len(set(bodies)) > 1_900
