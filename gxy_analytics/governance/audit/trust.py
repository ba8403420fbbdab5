"""Whether the end of the chain may be built on: it is sealed with this key, and it is what was anchored.

The whole chain is looked through by `verification`.
"""

from __future__ import annotations

from pathlib import Path

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.anchor import anchor_file, read_anchor
from gxy_analytics.governance.audit.chain import EMPTY, Act, ChainKey, Head, Link, digest_of, head_of
from gxy_analytics.governance.audit.own_acts import ANCHORED, REKEYED, head_in, own_act
from gxy_analytics.governance.audit.rows import links_where
from gxy_analytics.governance.key_fingerprints import check_master_key
from gxy_analytics.warehouse.client import read_sql


class BrokenChainError(GxyError):
    """The end of the chain is not what was sealed. Nothing is added to it."""


class OtherAuditKeyError(GxyError):
    """The chain is sealed with another key, and nothing shows that it ends where it should."""


def opening(client: Client, key: ChainKey, master_key: bytes, data_dir: Path) -> tuple[Head, list[Act]]:
    """The head to seal after, and what the sealer has to say there first.

    Raises BrokenChainError, OtherAuditKeyError, OtherMasterKeyError.
    """
    last = _last(client)
    head = head_of(last) if last else EMPTY
    anchor = read_anchor(data_dir)
    if last is not None:
        _check(last, key)
    if anchor is not None:
        check_anchor(client, head, anchor, anchor_file(data_dir))
    own = []
    if last is not None and anchor is None:
        own.append(own_act(ANCHORED, "There was no anchor on this host.", head))
    if last is not None and last.key_id != key.key_id:
        _check_new_key(client, master_key, head, anchor)
        own.append(own_act(REKEYED, "The master key is another one.", head))
    return head, own


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
    is_ours = last.key_id == key.key_id
    if digest_of(last) != last.hash or (is_ours and key.mac(last.hash) != last.mac):
        raise BrokenChainError(
            f"Row {last.sequence} of governance.audit, its last, was not sealed as it is: nothing was sealed after it. "
            "See `gxy audit verify`; restore the table from your backup, or delete the rows that were forged."
        )


def _check_new_key(client: Client, master_key: bytes, head: Head, anchor: Head | None) -> None:
    """Another key may go on where the chain ends as anchored, and where the tenants know the master key."""
    tenants = [tenant_id for tenant_id, _ in client.query(read_sql("gxy_analytics.governance", "tenant_keys.sql")).result_rows]
    check_master_key(client, master_key, tenants)
    if anchor != head:
        raise OtherAuditKeyError(
            "governance.audit is sealed with another master key, and does not end where it was anchored: restore that key to "
            "GXY_MASTER_KEY_FILE and run `gxy audit seal` once, then put the new key back."
        )
