"""What the loader counts beside its ledger: warnings, clock skew, sizes and times of batches. Kept in the status file.

The ledger's own sums are exact and live in `state`; these go on after a restart from the last picture, at most a second old.
"""

from __future__ import annotations

import re
from bisect import bisect_left

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

MAX_CODES = 100  # distinct warnings; what comes after them is counted together
OTHER = "other"
CODE = re.compile(r"[a-z][a-z_]{0,40}(:(/[a-z_]{1,40}|/\*){0,4})?")
INDEX = re.compile(r"/[0-9]+(?=/|$)")

BATCH_EVENTS = (10.0, 100.0, 1_000.0, 5_000.0, 10_000.0, 15_000.0, 20_000.0, 50_000.0)
BATCH_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)
SKEW_SECONDS = (0.0, 60.0, 300.0, 3_600.0, 86_400.0, 604_800.0)


class Tally(msgspec.Struct):
    """A histogram: `counts[i]` observations are at most `bounds[i]` and over the bound before; the last are over all."""

    bounds: tuple[float, ...]
    counts: list[int]
    sum: float = 0.0

    @classmethod
    def empty(cls, bounds: tuple[float, ...]) -> Tally:
        return cls(bounds, [0] * (len(bounds) + 1))

    @property
    def count(self) -> int:
        return sum(self.counts)

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def observe_column(self, values: pa.ChunkedArray) -> None:
        """Count every value of a column at once."""
        before = 0
        for position, bound in enumerate(self.bounds):
            upto = pc.sum(pc.less_equal(values, pa.scalar(bound, values.type)), min_count=0).as_py()
            self.counts[position] += upto - before
            before = upto
        self.counts[-1] += len(values) - values.null_count - before
        self.sum += pc.sum(values, min_count=0).as_py()


class Tallies(msgspec.Struct):
    """All of them. Seconds are seconds; warnings are events by code."""

    batch_events: Tally = msgspec.field(default_factory=lambda: Tally.empty(BATCH_EVENTS))
    batch_seconds: Tally = msgspec.field(default_factory=lambda: Tally.empty(BATCH_SECONDS))
    insert_seconds: Tally = msgspec.field(default_factory=lambda: Tally.empty(BATCH_SECONDS))
    skew_seconds: Tally = msgspec.field(default_factory=lambda: Tally.empty(SKEW_SECONDS))
    warnings: dict[str, int] = msgspec.field(default_factory=dict)

    def add_events(self, events: pa.Table) -> None:
        """Count the warnings and the clock skew of a loaded batch."""
        self.skew_seconds.observe_column(pc.divide(pc.abs(events.column("skew_ms").cast(pa.float64())), 1000.0))
        if "warnings" not in events.column_names:  # a column that says nothing is left out
            return
        for found in pc.value_counts(pc.list_flatten(events.column("warnings"))).to_pylist():
            self.warn(found["values"], found["counts"])

    def warn(self, code: str, count: int) -> None:
        """Count a warning under a name that nobody outside chooses."""
        name = bounded(code)
        if name not in self.warnings and len(self.warnings) >= MAX_CODES:
            name = OTHER
        self.warnings[name] = self.warnings.get(name, 0) + count


def bounded(code: str) -> str:
    """A warning's code without positions in lists; of one that is not in our alphabet what stands before the colon."""
    name = INDEX.sub("/*", code)
    if CODE.fullmatch(name):
        return name
    kind = name.split(":", 1)[0]
    return kind if CODE.fullmatch(kind) else OTHER
