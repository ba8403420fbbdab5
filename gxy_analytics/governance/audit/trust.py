"""Whether the end of the chain may be built on: it is sealed with this key, and it is what was anchored.

The whole chain is looked through by `verification`.
"""

from __future__ import annotations

from pathlib import Path

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.anchor import anchor_file, read_anchor
from gxy_analytics.governance.audit.chain import EMPTY, Act, ChainKey, Head, Link, digest_of, head_of
from gxy_analytics.governance.audit.own_acts import ANCHORED, head_in, own_act
from gxy_analytics.governance.audit.rows import links_where


class BrokenChainError(GxyError):
    """The end of the chain is not what was sealed. Nothing is added to it."""


class OtherAuditKeyError(GxyError):
    """The master key is not the one that the chain is sealed with."""


def opening(client: Client, key: ChainKey, data_dir: Path) -> tuple[Head, list[Act]]:
    """The head to seal after, and what the sealer has to say there first.

    Raises BrokenChainError, OtherAuditKeyError, UnreadableAnchorError.
    """
    last = _last(client)
    anchor = read_anchor(data_dir)
    head = head_of(last) if last else EMPTY
    if last is not None:
        _check(last, key)
    if anchor is not None:
        check_anchor(client, head, anchor, anchor_file(data_dir))
    elif last is not None:
        return head, [own_act(ANCHORED, "There was no anchor on this host.", head)]
    return head, []


def trusted_last(client: Client, key: ChainKey) -> Link:
    """The last row, when it is sealed as it says. Raises BrokenChainError."""
    last = _last(client)
    if last is None:
        raise BrokenChainError("governance.audit was emptied while it was sealed: restore it from your backup.")
    _check(last, key)
    return last


def check_anchor(client: Client, head: Head, anchor: Head, file: Path) -> None:
    """The anchored row must be there as it was anchored, unless it was given up to a checkpoint. Raises BrokenChainError."""
    remedy = (
        f"Restore governance.audit from your backup. If it is known why and cannot be, move {file} away: "
        "the chain goes on where it ends now, and says so."
    )
    if anchor.sequence > head.sequence:
        cut = f"Rows {head.sequence + 1} to {anchor.sequence} at the end of governance.audit are missing"
        raise BrokenChainError(f"{cut}: nothing was sealed. {remedy}")
    found = links_where(client, "link_at.sql", {"sequence": anchor.sequence})
    through = checkpoint_head(client).sequence
    if anchor.sequence and anchor.sequence > through and not (found and head_of(found[0]) == anchor):
        raise BrokenChainError(
            f"Row {anchor.sequence} of governance.audit is not the one that was anchored: nothing was sealed. {remedy}"
        )


def checkpoint_head(client: Client) -> Head:
    """The head up to which rows were given up; EMPTY when none were. As good as the row that says so, which comes after it."""
    for link in links_where(client, "checkpoint.sql"):
        head = head_in(link.details)
        if head and head.sequence < link.sequence:
            return head
    return EMPTY


def _last(client: Client) -> Link | None:
    found = links_where(client, "head.sql")
    return found[0] if found else None


def _check(last: Link, key: ChainKey) -> None:
    if digest_of(last) == last.hash and last.key_id != key.key_id:
        raise OtherAuditKeyError(
            f"Row {last.sequence} of governance.audit, its last, is sealed with another master key: "
            "restore that key to GXY_MASTER_KEY_FILE. Nothing was sealed."
        )
    if digest_of(last) != last.hash or key.mac(last.hash) != last.mac:
        raise BrokenChainError(
            f"Row {last.sequence} of governance.audit, its last, was not sealed as it is: nothing was sealed after it. "
            "See `gxy audit verify`; restore the table from your backup, or delete the rows that were forged."
        )
