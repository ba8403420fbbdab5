"""`python -m benchmarks.ingest`: durable events a second, beside the same events posted straight to ClickHouse.

Both in the same run, on the same machine as the load generator and the loader. Prints a table and PASS or FAIL against
each bar; exit code 1 when one fails. The processes belong to `ingest_stack`, sending to `load`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.ingest_protocols import compare_protocols
from benchmarks.ingest_stack import IngestStack, generate, running_stack
from benchmarks.load import Result

BATCHES = (1, 10, 50)
CONNECTIONS = 128
PEAK_SECONDS = 5.0
BASELINE_SECONDS = 4.0
PACED_SECONDS = 12.0
DISK_SECONDS = 5.0
SYNC_BYTES = 20_000
PACED_BATCH = 50

BASELINE = "ClickHouse, JSONEachRow, async_insert=1, wait_for_async_insert=1, fsync_after_insert=1"

BAR_REQUESTS = 5_000
BAR_EVENTS = 40_000
BAR_P99_MS = 60.0
BAR_RSS_MIB = 300.0
BAR_LAG_SECONDS = 10.0
CATCH_UP_SECONDS = 60.0  # given up after this


def main() -> int:
    """Measure, print, and judge."""
    argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="gxy-bench-") as directory, running_stack(Path(directory)) as stack:
        print(disk_alone(Path(directory) / "disk"))
        generate(stack.native_plan(1, 8, 1.0))  # warm: imports, first segment, first insert
        wait_loaded(stack, stack.loaded())
        before = settled(stack)
        paced = generate(stack.native_plan(PACED_BATCH, CONNECTIONS, PACED_SECONDS, BAR_EVENTS / PACED_BATCH))
        lag = wait_loaded(stack, before + paced.events)
        print(f"at {rate(paced.events, paced)} for {paced.seconds:.0f} s the loader was done {shown(lag)} after the end")

        peaks = {batch: generate(stack.native_plan(batch, CONNECTIONS, PEAK_SECONDS)) for batch in BATCHES}
        rss = stack.worker_peak_mib()
        total = before + paced.events + sum(peak.events for peak in peaks.values())
        backlog = total - stack.loaded()
        drained = wait_loaded(stack, total)
        print(f"after the peaks below {backlog:,} events were waiting; the loader was done {shown(drained)} later")

        baselines = {batch: generate(stack.baseline_plan(batch, CONNECTIONS, BASELINE_SECONDS)) for batch in BATCHES}
        print_table(peaks, baselines)
        return judge(peaks, rss, lag, compare_protocols(stack, CONNECTIONS))


def disk_alone(path: Path) -> str:
    """What the disk does with nothing else on it: no answer can come sooner than its sync."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    os.pwrite(descriptor, bytes(32 << 20), 0)
    os.fsync(descriptor)
    waits: list[float] = []
    ends = time.perf_counter() + DISK_SECONDS
    while (started := time.perf_counter()) < ends:
        os.pwrite(descriptor, bytes(SYNC_BYTES), len(waits) * SYNC_BYTES % (31 << 20))
        os.fdatasync(descriptor)
        waits.append((time.perf_counter() - started) * 1e3)
    os.close(descriptor)
    waits.sort()
    stalls = sum(wait > BAR_P99_MS for wait in waits)
    return (
        f"the disk alone, {SYNC_BYTES // 1000} kB and fdatasync in a loop for {DISK_SECONDS:.0f} s: "
        f"p50 {waits[len(waits) // 2]:.1f} ms, worst {waits[-1]:.0f} ms, {stalls} of {len(waits):,} over {BAR_P99_MS:.0f} ms"
    )


def settled(stack: IngestStack) -> int:
    """Number of loaded events once it does not change any more."""
    seen = -1
    while (now := stack.loaded()) != seen:
        seen = now
        time.sleep(1.5)
    return seen


def wait_loaded(stack: IngestStack, expected: int) -> float | None:
    """Seconds until `expected` events are in raw.events, None when they do not come within CATCH_UP_SECONDS."""
    started = time.monotonic()
    while time.monotonic() - started < CATCH_UP_SECONDS:
        if stack.loaded() >= expected:
            return time.monotonic() - started
        time.sleep(0.1)
    return None


def print_table(peaks: dict[int, Result], baselines: dict[int, Result]) -> None:
    """One line a batch size; the ratio is ingest over baseline."""
    print(f"\n{CONNECTIONS} connections, closed loop. Baseline, same run: {BASELINE}")
    columns = "batch", "requests/s", "events/s", "p50 ms", "p99 ms", "failed", "base events/s", "base p50", "base p99", "ratio"
    print(" ".join(f"{column:>13}" for column in columns))
    for batch, peak in peaks.items():
        base = baselines[batch]
        ratio = (peak.events / peak.seconds) / (base.events / base.seconds) if base.events else float("inf")
        cells = (
            f"{batch}",
            f"{peak.requests / peak.seconds:,.0f}",
            f"{peak.events / peak.seconds:,.0f}",
            f"{peak.p50_ms:.1f}",
            f"{peak.p99_ms:.1f}",
            f"{peak.failures}",
            f"{base.events / base.seconds:,.0f}",
            f"{base.p50_ms:.1f}",
            f"{base.p99_ms:.1f}",
            f"{ratio:.1f}x",
        )
        print(" ".join(f"{cell:>13}" for cell in cells))
        for name, result in (("ingest", peak), ("baseline", base)):
            if result.failures:
                print(f"  {name}: {result.failures} failed, the last with {result.last_failure!r}")


def judge(peaks: dict[int, Result], rss: float, lag: float | None, protocols: list[tuple[str, bool]]) -> int:
    """Print each bar; 0 when all hold."""
    single = peaks[1].requests / peaks[1].seconds
    events = max(peak.events / peak.seconds for peak in peaks.values())
    failures = sum(peak.failures for peak in peaks.values())
    p99 = peaks[1].p99_ms
    paced = f"after {PACED_SECONDS:.0f} s at {BAR_EVENTS:,} events/s"
    bars = [
        (f"{single:,.0f} requests/s of one event >= {BAR_REQUESTS:,}", single >= BAR_REQUESTS),
        (f"{events:,.0f} events/s in batches >= {BAR_EVENTS:,}", events >= BAR_EVENTS),
        (f"p99 {p99:.1f} ms at {CONNECTIONS} connections <= {BAR_P99_MS:.0f} ms", p99 <= BAR_P99_MS),
        (f"peak resident size {rss:.0f} MiB a worker <= {BAR_RSS_MIB:.0f} MiB", rss <= BAR_RSS_MIB),
        (f"loader lag 0 {shown(lag)} {paced} <= {BAR_LAG_SECONDS:.0f} s", lag is not None and lag <= BAR_LAG_SECONDS),
        (f"{failures} requests failed", failures == 0),
        *protocols,
    ]
    print()
    for text, holds in bars:
        print(f"{'PASS' if holds else 'FAIL'}  {text}")
    return 0 if all(holds for _, holds in bars) else 1


def rate(number: int, result: Result) -> str:
    return f"{number / result.seconds:,.0f} events/s"


def shown(seconds: float | None) -> str:
    return f"{seconds:.1f} s" if seconds is not None else f"not within {CATCH_UP_SECONDS:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
