"""The protocols side by side, in batches of 10: what the door takes, what the loader makes of it. Part of `benchmarks.ingest`."""

from __future__ import annotations

import time

from benchmarks.ingest_stack import PROTOCOLS, IngestStack, generate
from benchmarks.load import Result

BATCH = 10
SECONDS = 4.0
ROUNDS = 2  # taken in turn, so that a slow spell of the machine meets every protocol
BAR_RATIO = 0.7
DRAIN_SECONDS = 90.0


def compare_protocols(stack: IngestStack, connections: int) -> list[tuple[str, bool]]:
    """Print a table with ratios to the native protocol of the same run; the bars as (text, holds)."""
    taken: dict[str, list[tuple[Result, float]]] = {protocol: [] for protocol in PROTOCOLS}
    for _ in range(ROUNDS):
        for protocol in PROTOCOLS:
            before = stack.loaded()
            result = generate(stack.protocol_plan(protocol, BATCH, connections, SECONDS))
            started = time.monotonic()
            backlog = before + result.events - stack.loaded()
            while (left := before + result.events - stack.loaded()) > 0 and time.monotonic() - started < DRAIN_SECONDS:
                time.sleep(0.05)
            drained = (backlog - left) / max(time.monotonic() - started, 0.001)
            taken[protocol].append((result, drained))
    rates = {protocol: max(one.events / one.seconds for one, _ in found) for protocol, found in taken.items()}
    print(f"\nProtocols in batches of {BATCH}, {connections} connections, closed loop; the better of {ROUNDS} rounds")
    print(" ".join(f"{column:>14}" for column in ("protocol", "events/s", "p99 ms", "failed", "loader events/s", "ratio")))
    for protocol, found in taken.items():
        best = max(found, key=lambda one: one[0].events / one[0].seconds)[0]
        failed = sum(one.failures for one, _ in found)
        drained = max(drained for _, drained in found)
        cells = (protocol, f"{rates[protocol]:,.0f}", f"{best.p99_ms:.1f}", f"{failed}", f"{drained:,.0f}")
        print(" ".join(f"{cell:>14}" for cell in (*cells, f"{rates[protocol] / rates['native']:.2f}x")))
        if failed:
            print(f"  {protocol}: the last failure was {best.last_failure!r}")
    return [
        (
            f"{protocol} {rates[protocol] / rates['native']:.2f}x of native >= {BAR_RATIO}x",
            rates[protocol] >= BAR_RATIO * rates["native"],
        )
        for protocol in PROTOCOLS
        if protocol != "native"
    ]
