"""Retirement: rows older than they must be kept are given up, up to a checkpoint that the chain itself holds.

A TTL would make holes that nobody could tell from tampering. The checkpoint is sealed first and says up to which row, and with
which hash, rows may be missing; then they are deleted. A kill in between leaves rows that the next call deletes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.audit.anchor import one_sealer, write_anchor
from gxy_analytics.governance.audit.chain import ChainKey, Head, head_of
from gxy_analytics.governance.audit.own_acts import CHECKPOINT, own_act
from gxy_analytics.governance.audit.rows import links_where
from gxy_analytics.governance.audit.sealing import append, drop_sealed_days, seal_locked
from gxy_analytics.governance.audit.trust import checkpoint_head
from gxy_analytics.warehouse.client import read_sql

KEPT = timedelta(days=6 * 365 + 2)
"""Rows are kept so long at least: six years cover the limitation periods of what is proven with them."""
STEP = timedelta(days=30)
"""A checkpoint is worth a row when it gives up a month or more."""


def retire(client: Client, master_key: bytes, data_dir: Path, now: datetime, kept: timedelta = KEPT) -> int:
    """Give up the rows that were sealed more than `kept` before `now`; return how many were deleted. Raises BrokenChainError."""
    before = now.astimezone(UTC) - kept
    with one_sealer(data_dir):
        key = ChainKey.of(master_key)
        head = seal_locked(client, key, data_dir).head
        # What is given up must not lie in the intake any more, where it would look as if it was never sealed.
        drop_sealed_days(client)
        last = _last_before(client, before)
        given_up = checkpoint_head(client)
        if last and last.sequence > given_up.sequence and _is_due(client, given_up, before):
            reason = f"Rows sealed before {before:%Y-%m-%d} are no longer kept."
            made = append(client, key, head, [own_act(CHECKPOINT, reason, last)])
            if made is None:
                return 0
            write_anchor(data_dir, made)
        return _delete(client, checkpoint_head(client))


def _last_before(client: Client, before: datetime) -> Head | None:
    """The last row before the first that must be kept; never the chain's last one."""
    found = links_where(client, "last_before.sql", {"before": before})
    return head_of(found[0]) if found else None


def _is_due(client: Client, given_up: Head, before: datetime) -> bool:
    oldest = links_where(client, "link_at.sql", {"sequence": given_up.sequence + 1})
    return bool(oldest) and datetime.fromtimestamp(oldest[0].sealed_us / 1e6, UTC) <= before - STEP


def _delete(client: Client, through: Head) -> int:
    """Delete the rows up to a checkpoint, their bytes with them; return how many there were."""
    parameters = {"through": through.sequence}
    rows = int(client.query(read_sql(__package__, "count_through.sql"), parameters=parameters).first_row[0])
    if rows:
        client.command(read_sql(__package__, "delete_through.sql"), parameters=parameters)
    return rows
