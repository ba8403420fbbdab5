"""The master key: 32 random bytes in a file, from which every tenant's keys are derived.

Reading, generating and deriving belong here; what is signed or encrypted with the keys does not. The key is never in a database.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gxy_analytics.errors import GxyError

KEY_BYTES = 32
OTHERS = 0o077


class MissingMasterKeyError(GxyError):
    """There is no master key file."""


class UnsafeMasterKeyError(GxyError):
    """The master key file can be read by others, or is no key."""


def load_master_key(path: Path, *, create: bool = False) -> bytes:
    """Return the 32 bytes in `path`; with `create`, make the file (mode 0600) when there is none.

    Only the embedded stack creates: elsewhere a fresh key would silently make every pseudonym another one.
    Raises MissingMasterKeyError, and UnsafeMasterKeyError for a file of another length or open to group or others.
    """
    if create and not path.exists():
        _generate(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise MissingMasterKeyError(
            f"There is no master key at {path}: restore it from your backup, or set GXY_MASTER_KEY_FILE "
            "(`gxy up` makes one for the embedded stack)."
        ) from None
    if mode & OTHERS:
        raise UnsafeMasterKeyError(f"The master key {path} is open to others (mode {mode & 0o777:04o}): `chmod 600 {path}`.")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise UnsafeMasterKeyError(
            f"The master key {path} has {len(key)} bytes instead of {KEY_BYTES}: restore it from your backup."
        )
    return key


def derive_tenant_key(master_key: bytes, tenant_id: str, purpose: str) -> bytes:
    """Return the 32-byte key of a tenant for one purpose (HKDF-SHA256, RFC 5869, purpose and tenant in `info`)."""
    info = f"gxy/v1/{purpose}/{tenant_id}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master_key)


def _generate(path: Path) -> None:
    """Write a new key beside `path` and link it there, so that two starts at once agree on one key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            return
    finally:
        aside.unlink()
