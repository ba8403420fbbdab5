"""The chain's row: its canonical encoding, its hash, and its seal. Reading and writing rows belongs to `sealing`.

`hash` is SHA-256 over the encoding, which holds the hash of the row before: anybody can check it. `mac` is HMAC-SHA256 over
`hash` with a key derived from the master key: only who has that can make one, and one good `mac` vouches for all rows before.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import NamedTuple

from gxy_analytics.governance.vault.master_key import derive_tenant_key

PURPOSE = "audit-chain"
GENESIS = b"0" * 64
"""`previous_hash` of the first row."""
VERSION = b"gxy-audit/1"
LENGTH_BYTES = 8


class Act(NamedTuple):
    """What is audited, in the order of governance.audit_entries. Times are microseconds since 1970-01-01 UTC.

    Texts are bytes: one that is no UTF-8 must not be mistaken for another.
    """

    entry_id: bytes
    occurred_us: int
    recorded_us: int
    db_user: bytes
    actor: bytes
    program: bytes
    origin: bytes
    action: bytes
    tenant_id: bytes
    subject: bytes
    reason: bytes
    rows: int
    details: bytes


class Link(NamedTuple):
    """A row of governance.audit, in the order of its columns."""

    sequence: int
    entry_id: bytes
    occurred_us: int
    recorded_us: int
    db_user: bytes
    actor: bytes
    program: bytes
    origin: bytes
    action: bytes
    tenant_id: bytes
    subject: bytes
    reason: bytes
    rows: int
    details: bytes
    sealed_us: int
    previous_hash: bytes
    hash: bytes
    key_id: bytes
    mac: bytes


HASHED = Link._fields.index("hash")
"""Every column before it is hashed."""


class Head(NamedTuple):
    """The end of a chain: the last row's number and hash. Vouches for every row up to it."""

    sequence: int
    hash: str


EMPTY = Head(0, GENESIS.decode())


@dataclass(frozen=True)
class ChainKey:
    """The key of `mac`. `key_id` tells one from another and reveals nothing."""

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, master_key: bytes) -> ChainKey:
        return cls(derive_tenant_key(master_key, "", PURPOSE))

    @property
    def key_id(self) -> bytes:
        return hmac.digest(self.key, b"key-id", "sha256").hex()[:16].encode()

    def mac(self, digest: bytes) -> bytes:
        """The seal of a row whose `hash` is `digest`."""
        return hmac.digest(self.key, digest, "sha256").hex().encode()


def encode(values: tuple[int | bytes, ...]) -> bytes:
    """The columns before `hash` as bytes: each as its length and itself, numbers in decimal. No two rows encode alike.

    The number of columns is part of it: a column added later takes another VERSION.
    """
    parts = [VERSION, len(values).to_bytes(LENGTH_BYTES, "big")]
    for value in values:
        text = value if isinstance(value, bytes) else b"%d" % value
        parts.append(len(text).to_bytes(LENGTH_BYTES, "big"))
        parts.append(text)
    return b"".join(parts)


def digest_of(link: Link | tuple[int | bytes, ...]) -> bytes:
    """`hash` as the row's other columns call for it."""
    return hashlib.sha256(encode(link[:HASHED])).hexdigest().encode()


def link_after(head: Head, act: Act, sealed_us: int, key: ChainKey) -> Link:
    """The act as the row after `head`."""
    hashed = (head.sequence + 1, *act, sealed_us, head.hash.encode())
    digest = digest_of(hashed)
    return Link(*hashed, digest, key.key_id, key.mac(digest))


def head_of(link: Link) -> Head:
    """The chain's end, when `link` is the last row."""
    return Head(link.sequence, link.hash.decode(errors="replace"))
