"""Sealing: what lies in the intake becomes the next rows of the chain. One sealer at a time, also when several are started.

On one host the anchor's lock sees to that. Across hosts the database does: a block is inserted under a token made from the head
it follows, so that of two blocks after one head the second is dropped, and its sealer begins again after the first. A sealer
that is killed leaves a block whole or not at all; what it did not seal is still in the intake.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.anchor import one_sealer, write_anchor
from gxy_analytics.governance.audit.chain import Act, ChainKey, Head, Link, head_of, link_after
from gxy_analytics.governance.audit.own_acts import disarmed, now_us
from gxy_analytics.governance.audit.rows import insert_links, links_where, stream_pending
from gxy_analytics.governance.audit.trust import opening, trusted_last
from gxy_analytics.warehouse.client import read_sql

BATCH_ROWS = 20_000
ATTEMPTS = 5
"""A token may be spent by rows that were restored from a backup or deleted since: then the next is tried."""


class NotSealedError(GxyError):
    """The database accepts rows and does not keep them."""


@dataclass(frozen=True)
class Sealed:
    """What one call added, and the chain's head after it."""

    rows: int
    head: Head


def seal(client: Client, master_key: bytes, data_dir: Path, batch_rows: int = BATCH_ROWS) -> Sealed:
    """Chain everything that lies in the intake, and anchor the head in `data_dir`. Nothing to do is no error.

    Raises BrokenChainError when the end of the chain is not what was sealed and anchored: nothing is built on it, and the acts
    wait in the intake. Raises OtherAuditKeyError for a key that is not the chain's.
    """
    with one_sealer(data_dir):
        sealed = seal_locked(client, ChainKey.of(master_key), data_dir, batch_rows)
        drop_sealed_days(client)
    return sealed


def seal_locked(client: Client, key: ChainKey, data_dir: Path, batch_rows: int = BATCH_ROWS) -> Sealed:
    """`seal` for who holds the lock."""
    head, own = opening(client, key, data_dir)
    rows = 0
    while True:
        for acts in _blocks(client, own, batch_rows):
            added = append(client, key, head, acts)
            if added is None:
                head = head_of(trusted_last(client, key))
                break
            head, own = added, []
            rows += len(acts)
            write_anchor(data_dir, head)
        else:
            return Sealed(rows, head)


def _blocks(client: Client, own: list[Act], size: int) -> Iterator[list[Act]]:
    """What is to be sealed: first what the sealer has to say, then the intake."""
    if own:
        yield own
    for acts in stream_pending(client, size):
        yield [disarmed(act) for act in acts]


def append(client: Client, key: ChainKey, head: Head, acts: list[Act]) -> Head | None:
    """Insert `acts` after `head` and return the new head; None when another sealer was first. Raises NotSealedError."""
    links = _chained(key, head, acts)
    last = links[-1]
    for attempt in range(ATTEMPTS):
        insert_links(client, links, token=f"audit:{head.sequence + 1}:{head.hash}:{attempt}")
        found = links_where(client, "link_at.sql", {"sequence": last.sequence})
        if found and found[0].hash == last.hash:
            return head_of(last)
        if links_where(client, "link_at.sql", {"sequence": links[0].sequence}):
            return None
    raise NotSealedError(
        f"ClickHouse takes rows {head.sequence + 1} to {last.sequence} for the audit and does not keep them: see its log."
    )


def _chained(key: ChainKey, head: Head, acts: list[Act]) -> list[Link]:
    links: list[Link] = []
    sealed_us = now_us()
    for act in acts:
        links.append(link_after(head, act, sealed_us, key))
        head = head_of(links[-1])
    return links


def drop_sealed_days(client: Client) -> None:
    """Drop the days of the intake that nobody writes to any more and that the chain holds whole."""
    for (day,) in client.query(read_sql(__package__, "sealed_days.sql")).result_rows:
        client.command(read_sql(__package__, "drop_day.sql"), parameters={"day": str(day)})
