"""Another wrap key in place of the one in use: into the key file, all wrapped again, and the old one out when nothing needs it.

Where it stands is in the key file and in the rows themselves, so that one that was killed goes on where it was. Pseudonyms hang
on the root, which never changes. Rows from before there were keys a customer are rewritten first, by `migration`.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client

from gxy_analytics.durable_files import PRIVATE, replace_file
from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.vault.customer_keys import key_table
from gxy_analytics.governance.vault.fingerprints import check_master_key, fingerprints
from gxy_analytics.governance.vault.key_file import KEY_BYTES, WrapKey, encode_keys
from gxy_analytics.governance.vault.letter_resealing import seal_letters
from gxy_analytics.governance.vault.master_key import KeyRing
from gxy_analytics.governance.vault.migration import migrate_vault, rows_before_keys
from gxy_analytics.governance.vault.staging import Staging
from gxy_analytics.governance.vault.vault import Vault, WrappedKey
from gxy_analytics.warehouse.client import read_sql

ACTION = "key.rotated"
GRACE = timedelta(hours=1)
"""How long the old key stays beside the new one: longer than a batch that was begun with it takes, the longest query included."""
BATCH_KEYS = 10_000
MAX_PASSES = 10  # writers that still wrap under the old key read the new one before their next batch


class FixedKeyError(GxyError):
    """The key is where nothing can be written: in the environment, or in a file or directory that is read-only."""


class StillInUseError(GxyError):
    """Something is wrapped under the old key, or that cannot be told."""


@dataclass(frozen=True)
class KeyUse:
    """What is wrapped under which version of the wrap key, in all active parts; version 0: in the clear, or from before keys."""

    keys: Counter[int] = field(default_factory=Counter)
    letters: Counter[int] = field(default_factory=Counter)
    rows_before_keys: int = 0

    def under(self, version: int) -> int:
        """Rows that need this version."""
        return self.keys[version] + self.letters[version]

    @property
    def versions(self) -> set[int]:
        """Versions in use."""
        return {version for version, rows in (self.keys + self.letters).items() if rows and version}


@dataclass(frozen=True)
class Rotation:
    """What a run did. `retired` are versions that left the key file; `retires_at` is when the old one may, None when it has."""

    version: int
    rewrapped: int
    letters: int
    migrated: int
    retired: tuple[int, ...]
    retires_at: datetime | None


def key_use(client: Client) -> KeyUse:
    """Count what is wrapped under which version: superseded rows too, for a wrapping that lies on the disk needs its key."""
    keys: Counter[int] = Counter(dict(client.query(read_sql(__package__, "count_key_versions.sql")).result_rows))
    letters: Counter[int] = Counter(dict(client.query(read_sql(__package__, "count_letter_versions.sql")).result_rows))
    return KeyUse(keys, letters, rows_before_keys(client))


def rotate(client: Client, ring: KeyRing, *, now: datetime, grace: timedelta = GRACE, reason: str) -> Rotation:
    """Begin a rotation, or go on with the one that the key file shows: as far as it can go at `now`.

    Everything is wrapped under the new key when this returns. The old one leaves the file in a run that comes `grace` later and
    counts nothing under it. A second run waits for the first: of two new keys one would be written over the other, and what was
    wrapped under that could never be opened.

    Raises FixedKeyError, OtherMasterKeyError, StillInUseError, VaultError, UnknownKeyVersionError.
    """
    if ring.source is None:
        raise FixedKeyError(
            "The key is in GXY_MASTER_KEY, where no new one can be put: write it to a file of mode 0600 "
            "(`base64 -d`), set GXY_MASTER_KEY_FILE instead, and rotate that."
        )
    with _alone(ring.source):
        ring.refresh()
        return _rotate(client, ring, now, grace, reason)


def _rotate(client: Client, ring: KeyRing, now: datetime, grace: timedelta, reason: str) -> Rotation:
    _check_root(client, ring)
    if len(ring.wrap_keys) == 1:
        _add_key(client, ring, now, reason)
    migrated = migrate_vault(client, ring)
    rewrapped, letters = _rewrap_everything(client, ring)
    retires_at = (ring.active.created_at or now) + grace
    if now < retires_at:
        return Rotation(ring.active.version, rewrapped, letters, migrated, (), retires_at)
    return Rotation(ring.active.version, rewrapped, letters, migrated, _retire(client, ring, reason), None)


def rewrap_keys(client: Client, ring: KeyRing) -> int:
    """Wrap every key of `pii.keys` under the newest wrap key, in order and BATCH_KEYS at a time. Returns how many were."""
    with Staging(client, "stage_keys.sql") as staging:
        return _rewrap(client, ring, staging)


def _rewrap(client: Client, ring: KeyRing, staging: Staging) -> int:
    vault, done, after = Vault(ring), 0, ("", "", "")
    while True:
        place = dict(zip(("after_tenant", "after_subject", "after_key"), after, strict=True))
        bound = {"version": ring.active.version, "rows": BATCH_KEYS, **place}
        rows = client.query(read_sql(__package__, "keys_to_rewrap.sql"), parameters=bound).result_rows
        if not rows:
            return done
        staging.put(key_table([vault.rewrap(WrappedKey(*row)) for row in rows]))
        staging.run("put_rewrapped_keys.sql")
        done += len(rows)
        after = rows[-1][:3]


def _check_root(client: Client, ring: KeyRing) -> None:
    """Raise OtherMasterKeyError for a file that is not the one this warehouse was filled with: it would be rotated in vain."""
    check_master_key(client, ring, fingerprints(client))


def _add_key(client: Client, ring: KeyRing, now: datetime, reason: str) -> None:
    """Put a new wrap key beside the one in use."""
    added = WrapKey(ring.active.version + 1, secrets.token_bytes(KEY_BYTES), now)
    record(client, ACTION, reason=reason, details={"step": "begun", "version": added.version})
    _write(ring, (*ring.wrap_keys, added))


def _rewrap_everything(client: Client, ring: KeyRing) -> tuple[int, int]:
    """Keys and letters wrapped again, until nothing is counted under an old version of the file. Raises StillInUseError."""
    old = {one.version for one in ring.wrap_keys[:-1]}
    keys = letters = 0
    for _ in range(MAX_PASSES):
        if not sum(key_use(client).under(version) for version in old):
            return keys, letters
        keys += rewrap_keys(client, ring)
        letters += seal_letters(client, ring)
        client.command(read_sql(__package__, "merge_keys.sql"))
    left = sum(key_use(client).under(version) for version in old)
    if left:
        raise StillInUseError(
            f"{left:,} rows are still wrapped under the old key: something goes on writing them. Put the new key file on every "
            "host that loads or extracts, then run `gxy keys rotate` again."
        )
    return keys, letters


def _retire(client: Client, ring: KeyRing, reason: str) -> tuple[int, ...]:
    """Take the old keys out of the file; nothing is wrapped under them, counted again just before."""
    old = tuple(one.version for one in ring.wrap_keys[:-1])
    left = sum(key_use(client).under(version) for version in old)
    if left:
        raise StillInUseError(f"{left:,} rows are wrapped under the old key again: run `gxy keys rotate` once more.")
    record(client, ACTION, reason=reason, details={"step": "done", "version": ring.active.version})
    _write(ring, (ring.active,))
    return old


@contextmanager
def _alone(key_file: Path) -> Iterator[None]:
    """Nobody else rotates this key file until the block ends. Raises FixedKeyError where no lock can be put beside it."""
    try:
        lock = os.open(key_file.with_name(f".{key_file.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        raise _fixed(key_file, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write(ring: KeyRing, wrap_keys: tuple[WrapKey, ...]) -> None:
    """Put these wrap keys into the ring's file, and into the ring."""
    assert ring.source is not None  # noqa: S101 - `rotate` refuses others
    try:
        replace_file(ring.source, encode_keys(ring.root, wrap_keys))
    except OSError as error:
        raise _fixed(ring.source, error) from None
    ring.refresh()


def _fixed(key_file: Path, error: OSError) -> FixedKeyError:
    return FixedKeyError(
        f"The key file {key_file} cannot be replaced ({error.strerror}): run this where the file and its directory can be "
        "written, then copy the file to where it is read-only."
    )


def age_days(instant: datetime | None, now: datetime) -> int | None:
    """Whole days since then."""
    return (now.astimezone(UTC) - instant).days if instant else None
