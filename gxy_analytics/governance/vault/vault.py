"""The vault's cryptography: personal values sealed under a key of their customer's, and that key wrapped under the master key.

AES-256-GCM throughout, a fresh nonce each. A row is bound to its tenant, table and key, a customer's key to its tenant and
subject: what is moved elsewhere does not open. Which values are personal is said in `contracts.oltp`; the tables are in `pii`.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.vault.key_file import KEY_BYTES
from gxy_analytics.governance.vault.master_key import KeyRing, derive_tenant_key

NONCE_BYTES = 12
KEY_ID_BYTES = 8
WRAP_PURPOSE = "vault-key"
ROW_WRAP_PURPOSE = "vault-wrap"  # of rows from before there were keys a customer
TEXT_PURPOSE = "vault-text"
HASH_PURPOSE = "vault-content"

PersonalValues = Mapping[str, str | None]


class VaultError(GxyError):
    """A sealed row does not open: other key, other tenant, table or row, or altered."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A row of `pii.keys`: the key of one subject, which is a customer_pid, or `order:<id>` for an order of a guest."""

    tenant_id: str
    subject: str
    key_id: str
    wrapped_key: str
    key_version: int


@dataclass(frozen=True, slots=True)
class DataKey:
    """A subject's key. A batch holds thousands: the bytes alone, for a cipher takes 2 KB."""

    key_id: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed row lies: `pii.<table>`, under this key of a tenant."""

    tenant_id: str
    table: str
    row_key: str

    def bound(self, key_id: str) -> bytes:
        """What the ciphertext is bound to."""
        return _joined("gxy/v2/row", self.tenant_id, self.table, self.row_key, key_id)

    @property
    def name(self) -> str:
        """The row inside its tenant."""
        return self.row_key if self.table == "customers" else f"order:{self.row_key}"


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row of the vault with the key it needs. `key` is None where it is destroyed; `row_key_wrapped` is of older rows."""

    place: Place
    ciphertext: str
    key: WrappedKey | None
    row_key_wrapped: str = ""


def sealed_row(tenant_id: str, table: str, row: Mapping[str, Any]) -> SealedRow:
    """A row as the queries of the vault give it: row_key, row_key_wrapped, ciphertext, and its key, empty where there is none."""
    key = WrappedKey(tenant_id, row["subject"], row["key_id"], row["wrapped_key"], row["key_version"])
    place = Place(tenant_id, table, str(row["row_key"]))
    return SealedRow(place, row["ciphertext"], key if key.wrapped_key else None, row["row_key_wrapped"])


class Vault:
    """Seals and opens personal values with the keys of one installation."""

    def __init__(self, keys: KeyRing | bytes) -> None:
        self.keys = KeyRing.of(keys)
        self._derived: dict[tuple[str, int, str], bytes] = {}
        self._ciphers: dict[tuple[str, int], AESGCM] = {}

    def content_hash(self, tenant_id: str, name: str, values: PersonalValues) -> str:
        """Keyed hash of the values of row `name`, 64 hex characters; empty when every value is None.

        Tells a change without decrypting.
        """
        if not any(value is not None for value in values.values()):
            return ""
        text = name.encode() + b"\x00" + _encode(values)
        return hmac.digest(self._derive(tenant_id, 0, HASH_PURPOSE), text, "sha256").hex()

    def new_key(self, tenant_id: str, subject: str) -> tuple[WrappedKey, DataKey]:
        """A fresh key of the subject: as it is stored, and as it seals."""
        key_id, key = secrets.token_hex(KEY_ID_BYTES), secrets.token_bytes(KEY_BYTES)
        return self._wrap(tenant_id, subject, key_id, key), DataKey(key_id, key)

    def unwrap(self, wrapped: WrappedKey) -> DataKey:
        """The key to seal with. Raises VaultError, UnknownKeyVersionError."""
        return DataKey(wrapped.key_id, self._unwrap(wrapped))

    def rewrap(self, wrapped: WrappedKey) -> WrappedKey:
        """The same key under the newest wrap key. Raises VaultError, UnknownKeyVersionError."""
        return self._wrap(wrapped.tenant_id, wrapped.subject, wrapped.key_id, self._unwrap(wrapped))

    def seal(self, place: Place, key: DataKey, values: PersonalValues) -> str:
        """The values as ciphertext: nonce and AES-256-GCM, base64."""
        return _encrypt(AESGCM(key.key), _encode(values), place.bound(key.key_id))

    def open(self, row: SealedRow) -> dict[str, str | None]:
        """The values of a sealed row; an empty dict when there are none, or its key is destroyed.

        Raises VaultError, UnknownKeyVersionError.
        """
        place = row.place
        try:
            if row.row_key_wrapped:
                bound = _joined("gxy/v1", place.tenant_id, place.name)
                cipher = AESGCM(_decrypt(self._row_cipher(place.tenant_id), row.row_key_wrapped, bound))
            elif row.key and row.ciphertext:
                bound, cipher = place.bound(row.key.key_id), AESGCM(self._unwrap(row.key))
            else:
                return {}
            opened: dict[str, str | None] = json.loads(_decrypt(cipher, row.ciphertext, bound))
        except (InvalidTag, ValueError):
            raise _does_not_open(place.tenant_id) from None
        return opened

    def seal_text(self, tenant_id: str, name: str, text: str) -> str:
        """A text under the tenant's own key, which outlives every customer's: what a request says of whom it is about."""
        return _encrypt(self._text_cipher(tenant_id), text.encode(), _joined("gxy/v2/text", tenant_id, name))

    def open_text(self, tenant_id: str, name: str, sealed: str) -> str:
        """The text again. Raises VaultError."""
        try:
            return _decrypt(self._text_cipher(tenant_id), sealed, _joined("gxy/v2/text", tenant_id, name)).decode()
        except (InvalidTag, ValueError):
            raise _does_not_open(tenant_id) from None

    def _text_cipher(self, tenant_id: str) -> AESGCM:
        return AESGCM(self._derive(tenant_id, 0, TEXT_PURPOSE))

    def _wrap(self, tenant_id: str, subject: str, key_id: str, key: bytes) -> WrappedKey:
        version = self.keys.active.version
        bound = _joined("gxy/v2/key", tenant_id, subject, key_id, str(version))
        return WrappedKey(tenant_id, subject, key_id, _encrypt(self._cipher(tenant_id, version), key, bound), version)

    def _unwrap(self, wrapped: WrappedKey) -> bytes:
        bound = _joined("gxy/v2/key", wrapped.tenant_id, wrapped.subject, wrapped.key_id, str(wrapped.key_version))
        try:
            return _decrypt(self._cipher(wrapped.tenant_id, wrapped.key_version), wrapped.wrapped_key, bound)
        except (InvalidTag, ValueError):
            raise _does_not_open(wrapped.tenant_id) from None

    def _derive(self, tenant_id: str, version: int, purpose: str) -> bytes:
        """A tenant's key; version 0 is the root."""
        known = self._derived.get((tenant_id, version, purpose))
        if known is None:
            master = self.keys.wrap_key(version) if version else self.keys.root
            known = self._derived[tenant_id, version, purpose] = derive_tenant_key(master, tenant_id, purpose)
        return known

    def _cipher(self, tenant_id: str, version: int) -> AESGCM:
        known = self._ciphers.get((tenant_id, version))
        if known is None:
            known = self._ciphers[tenant_id, version] = AESGCM(self._derive(tenant_id, version, WRAP_PURPOSE))
        return known

    def _row_cipher(self, tenant_id: str) -> AESGCM:
        return AESGCM(self._derive(tenant_id, 0, ROW_WRAP_PURPOSE))


def _does_not_open(tenant_id: str) -> VaultError:
    return VaultError(
        f"A sealed row of tenant {tenant_id} does not open: check that GXY_MASTER_KEY_FILE is the key it was sealed with."
    )


def _joined(*parts: str) -> bytes:
    return "\x00".join(parts).encode()


def _encode(values: PersonalValues) -> bytes:
    return json.dumps(dict(values), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _encrypt(cipher: AESGCM, text: bytes, bound: bytes) -> str:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return base64.b64encode(nonce + cipher.encrypt(nonce, text, bound)).decode()


def _decrypt(cipher: AESGCM, sealed: str, bound: bytes) -> bytes:
    raw = base64.b64decode(sealed, validate=True)
    return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound)
