"""`python -m benchmarks.abuse [ATTACK ...]`: what attacks on the ingest service cost a tenant that behaves, and in memory.

Each attack is measured beside the same load without it, a moment earlier in the same run: the bars are on the ratio of the two.
The attacks are in `abuse_attacks`, the processes in `ingest_stack`. Exit code 1 when a bar fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.abuse_attacks import ATTACKS
from benchmarks.ingest_stack import IngestStack, generate, running_stack
from benchmarks.load import Result
from gxy_analytics.governance.tenants.ingest_policies import change_policy
from gxy_analytics.governance.tenants.write_keys import create_write_key

ATTACKER = "attacker"
QUOTA = 500  # events a second: a twentieth of what `over_quota` sends
CONNECTIONS = 16
REQUESTS_PER_SECOND = 300.0
SECONDS = 4.0
HEAD_START_SECONDS = 1.0
ROUNDS = 5  # the median ratio counts: one stall of the disk is neither the attack's doing nor the baseline's

BAR_RATIO = 2.0
BAR_RSS_MIB = 400.0


class Round(NamedTuple):
    """The tenant that behaves, without and with the attack; and what the attacker was answered, by status."""

    quiet: Result
    attacked: Result
    answers: dict[str, int]

    @property
    def ratio(self) -> float:
        return self.attacked.p99_ms / self.quiet.p99_ms


def main() -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.abuse", description=__doc__)
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help=f"some of {', '.join(ATTACKS)}")
    chosen = parser.parse_args().attacks or list(ATTACKS)
    if unknown := set(chosen) - set(ATTACKS):
        parser.error(f"no such attack: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="gxy-abuse-") as directory, running_stack(Path(directory)) as stack:
        key = create_write_key(stack.client, ATTACKER)
        change_policy(stack.client, ATTACKER, {"events_per_second": QUOTA})
        measure(stack)  # warm: imports, first segment, first insert
        rounds = {name: [play(stack, name, key) for _ in range(ROUNDS)] for name in chosen}
        rss = stack.worker_peak_mib()
    print_table(rounds)
    return judge(rounds, rss)


def play(stack: IngestStack, name: str, key: str) -> Round:
    """One round of one attack."""
    quiet = measure(stack)
    with attacking(stack, name, key) as process:
        time.sleep(HEAD_START_SECONDS)
        attacked = measure(stack)
        answers = json.loads(process.communicate(timeout=60)[0])
    return Round(quiet, attacked, answers)


def measure(stack: IngestStack) -> Result:
    """The tenant that behaves."""
    return generate(stack.native_plan(1, CONNECTIONS, SECONDS, REQUESTS_PER_SECOND))


@contextmanager
def attacking(stack: IngestStack, name: str, key: str) -> Iterator[subprocess.Popen[bytes]]:
    """The attack in a process of its own, until after the measurement."""
    seconds = HEAD_START_SECONDS + SECONDS + 1.0
    arguments = [name, str(stack.settings.ingest_port), key, str(seconds)]
    with subprocess.Popen([sys.executable, "-m", "benchmarks.abuse_attacks", *arguments], stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def middle(rounds: list[Round]) -> Round:
    """The round with the median ratio."""
    return sorted(rounds, key=lambda found: found.ratio)[len(rounds) // 2]


def print_table(rounds: dict[str, list[Round]]) -> None:
    """One line an attack: its median round, and all ratios."""
    load = f"{REQUESTS_PER_SECOND:.0f} requests/s over {CONNECTIONS} connections"
    print(f"\na tenant that sends {load}, {ROUNDS} rounds of {SECONDS:.0f} s")
    print(f"{'beside':>14} {'p99 ms':>8} {'without':>8} {'ratio':>6}  all ratios; what the attacker was answered")
    for name, played in rounds.items():
        found = middle(played)
        ratios = " ".join(f"{each.ratio:.2f}" for each in played)
        numbers = f"{found.attacked.p99_ms:>8.1f} {found.quiet.p99_ms:>8.1f} {found.ratio:>6.2f}"
        print(f"{name:>14} {numbers}  {ratios}; {found.answers}")


def judge(rounds: dict[str, list[Round]], rss: float) -> int:
    """Print each bar; 0 when all hold."""
    failures = sum(each.attacked.failures + each.quiet.failures for played in rounds.values() for each in played)
    bars = [
        (f"p99 beside {name} {middle(played).ratio:.2f} times that without <= {BAR_RATIO:.0f}", middle(played).ratio <= BAR_RATIO)
        for name, played in rounds.items()
    ]
    bars += [
        (f"peak resident size {rss:.0f} MiB a worker <= {BAR_RSS_MIB:.0f} MiB", rss <= BAR_RSS_MIB),
        (f"{failures} requests of the tenant that behaves failed", failures == 0),
    ]
    print()
    for text, holds in bars:
        print(f"{'PASS' if holds else 'FAIL'}  {text}")
    return 0 if all(holds for _, holds in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
