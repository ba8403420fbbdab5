"""The master key: a root that pseudonyms are derived from, and one or two wrap keys that customers' keys are wrapped under.

Reading, generating and deriving belong here; the file's format to `key_file`, another wrap key to `rotation`, what is signed
or encrypted with the keys to their users. The keys are never in a database.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gxy_analytics.durable_files import create_file
from gxy_analytics.errors import GxyError
from gxy_analytics.governance.vault.key_file import KEY_BYTES, WrapKey, decode_keys
from gxy_analytics.settings import Settings

OTHERS = 0o077
Identity = tuple[int, int, int]


class MissingMasterKeyError(GxyError):
    """There is no master key file, or it cannot be read."""


class UnsafeMasterKeyError(GxyError):
    """The master key can be read by others, is no key, or is given twice."""


class UnknownKeyVersionError(GxyError):
    """Something is wrapped under a key that the key file does not hold."""


class KeyRing:
    """The keys of one installation. `source` is their file; one that came from the environment, or a test's, never changes."""

    def __init__(
        self, root: bytes, wrap_keys: tuple[WrapKey, ...], source: Path | None = None, seen: Identity | None = None
    ) -> None:
        self.root = root
        self.wrap_keys = wrap_keys
        self.source = source
        self._seen = seen

    @classmethod
    def of(cls, keys: KeyRing | bytes) -> KeyRing:
        """The ring itself, or that of 32 bytes."""
        return keys if isinstance(keys, KeyRing) else cls(keys, (WrapKey(1, keys),))

    @property
    def active(self) -> WrapKey:
        """The key that wraps."""
        return self.wrap_keys[-1]

    def wrap_key(self, version: int) -> bytes:
        """The wrap key of that version; the file is read again for one that is not known. Raises UnknownKeyVersionError."""
        for one in self.wrap_keys:
            if one.version == version:
                return one.key
        if self.refresh():
            return self.wrap_key(version)
        known = ", ".join(str(one.version) for one in self.wrap_keys)
        raise UnknownKeyVersionError(
            f"Something is wrapped under version {version} of the wrap key, and the key file holds version {known}: "
            "copy the current key file here, or restore it from your backup."
        )

    def refresh(self) -> bool:
        """Take over what the file says now; whether it was replaced since. Raises as `load_key_ring`."""
        if self.source is None or _is_still(self.source, self._seen):
            return False
        ring = _read(self.source)
        if ring.root != self.root:
            raise UnsafeMasterKeyError(
                f"The master key {self.source} was replaced by one of another root: restore it from your backup and start again."
            )
        self.wrap_keys, self._seen = ring.wrap_keys, ring._seen
        return True


def load_key_ring(settings: Settings, *, create: bool = False) -> KeyRing:
    """Return the keys from GXY_MASTER_KEY (base64), or from the key file; with `create`, make the file when there is none.

    Raises MissingMasterKeyError, and UnsafeMasterKeyError for what is no key, a file open to others, and both at once.
    """
    if settings.master_key is None:
        return _load_file(settings.master_key_path, create=create)
    if settings.master_key_file is not None:
        raise UnsafeMasterKeyError("GXY_MASTER_KEY and GXY_MASTER_KEY_FILE are both set: which one counts? Unset the other.")
    try:
        root, wrap_keys = decode_keys(base64.b64decode(settings.master_key, validate=True))
    except (binascii.Error, ValueError):
        raise UnsafeMasterKeyError(
            "GXY_MASTER_KEY is no key: set it to what is in the key file in base64, such as `base64 -w0 master.key` prints it."
        ) from None
    return KeyRing(root, wrap_keys)


def load_master_key(path: Path, *, create: bool = False) -> bytes:
    """Return the root in the key file at `path`: all that pseudonyms, passwords and fingerprints are derived from.

    Only the embedded stack creates: elsewhere a fresh key would silently make every pseudonym another one.
    Raises MissingMasterKeyError, and UnsafeMasterKeyError for a file that is no key or open to group or others.
    """
    return _load_file(path, create=create).root


def derive_tenant_key(master_key: bytes, tenant_id: str, purpose: str, length: int = KEY_BYTES) -> bytes:
    """Return a tenant's key for one purpose, `length` bytes (HKDF-SHA256, RFC 5869, purpose and tenant in `info`)."""
    info = f"gxy/v1/{purpose}/{tenant_id}".encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(master_key)


def _load_file(path: Path, *, create: bool) -> KeyRing:
    if create and not path.exists():
        create_file(path, secrets.token_bytes(KEY_BYTES))
    return _read(path)


def _read(path: Path) -> KeyRing:
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise MissingMasterKeyError(
            f"There is no master key at {path}: restore it from your backup, or set GXY_MASTER_KEY_FILE "
            "(`gxy up` makes one for the embedded stack)."
        ) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    if facts.st_mode & OTHERS:
        mode = f"{facts.st_mode & 0o777:04o}"
        raise UnsafeMasterKeyError(f"The master key {path} is open to others (mode {mode}): `chmod 600 {path}`.")
    try:
        root, wrap_keys = decode_keys(path.read_bytes(), datetime.fromtimestamp(facts.st_mtime, UTC))
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError as error:
        raise UnsafeMasterKeyError(f"The master key {path} {error}: restore it from your backup.") from None
    return KeyRing(root, wrap_keys, path, _identity(facts))


def _unreadable(path: Path, error: OSError) -> MissingMasterKeyError:
    return MissingMasterKeyError(
        f"The master key {path} cannot be read ({error.strerror}): give the file to the user who runs this, or set "
        "GXY_MASTER_KEY_FILE to where it is."
    )


def _is_still(path: Path, seen: Identity | None) -> bool:
    """Whether the file is the one that was read. One that is gone is left alone: what was read of it still holds."""
    try:
        return _identity(path.stat()) == seen
    except FileNotFoundError:
        return True


def _identity(facts: os.stat_result) -> Identity:
    return facts.st_ino, facts.st_mtime_ns, facts.st_size
