"""Verification: the whole chain is read once, in order, and every row that is not as it was sealed is named by its number.

It needs memory for one block of rows, however long the chain is. Adding rows belongs to `sealing`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.audit.chain import ChainKey, Head, Link, digest_of, head_of
from gxy_analytics.governance.audit.rows import stream_links
from gxy_analytics.governance.audit.trust import checkpoint_head

NAMED = 100
"""Problems that are named; the rest is counted."""


@dataclass
class Verdict:
    """What was found. `given_up`: rows up to this one were given up to a checkpoint. `problems`: the first NAMED, in order."""

    rows: int = 0
    given_up: int = 0
    head: Head = field(default_factory=lambda: Head(0, ""))
    problem_count: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.problem_count == 0

    def report(self, problem: str) -> None:
        """Count one more problem, and name it while there is room."""
        self.problem_count += 1
        if len(self.problems) < NAMED:
            self.problems.append(problem)


def verify(client: Client, key: ChainKey, anchors: list[Head]) -> Verdict:
    """Look through the chain. `anchors`: heads that were kept outside the database, whose rows must be there as they were.

    Read the anchors before calling: rows may be added meanwhile.
    """
    walk = _Walk(key, checkpoint_head(client), anchors)
    for link in stream_links(client, walk.given_up + 1):
        walk.step(link)
    walk.end()
    return walk.verdict


class _Walk:
    """One way along the chain: what was seen last, and what must come next."""

    def __init__(self, key: ChainKey, start: Head, anchors: list[Head]) -> None:
        self.given_up = start.sequence
        self.verdict = Verdict(given_up=start.sequence, head=start)
        self._key, self._key_id = key, key.key_id
        self._anchors = {anchor.sequence: {one.hash for one in anchors if one.sequence == anchor.sequence} for anchor in anchors}
        self._before = start
        self._is_sure = True
        """The row before was as sealed: what this one says of it can be held against it."""
        self._own_key_seen = False
        self._foreign = 0

    def step(self, link: Link) -> None:
        """The next row, by its number."""
        if link.sequence <= self._before.sequence:
            self.verdict.report(f"row {link.sequence} is there twice")
            return
        if link.sequence > self._before.sequence + 1:
            self._missing(self._before.sequence + 1, link.sequence - 1)
        self.verdict.rows += 1
        problem = self._problem(link)
        if problem:
            self.verdict.report(f"row {link.sequence} {problem}")
        anchored = self._anchors.get(link.sequence, set())
        if not problem and anchored - {link.hash.decode()}:
            self.verdict.report(f"row {link.sequence} is not the one that was anchored")
        self._before = self.verdict.head = head_of(link)
        self._is_sure = problem is None

    def _missing(self, first: int, last: int) -> None:
        self.verdict.report(f"row {first} is missing" if first == last else f"rows {first} to {last} are missing")
        self._is_sure = False

    def _problem(self, link: Link) -> str | None:
        if digest_of(link) != link.hash:
            return "was altered"
        if self._is_sure and link.previous_hash != self._before.hash.encode():
            return f"does not follow row {self._before.sequence}: one of the two was replaced"
        if link.key_id != self._key_id:
            self._foreign += 1
            return "is sealed with another key than the rows before it" if self._own_key_seen else None
        self._own_key_seen = True
        return None if self._key.mac(link.hash) == link.mac else "was not sealed with the key it names: it was replaced"

    def end(self) -> None:
        """What only the end shows: rows cut off, and rows that no seal of this key vouches for."""
        last = self._before.sequence
        cut = [sequence for sequence in self._anchors if sequence > last]
        if cut:
            self._missing(last + 1, max(cut))
        if self._foreign:
            self.verdict.report(f"{self._foreign} rows are sealed with another master key than this one")
