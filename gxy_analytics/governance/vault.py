"""The vault's cryptography: personal values sealed row by row (the tables are in `pii`).

Envelope: AES-256-GCM under a data key of the row's own, which is wrapped under the tenant's key; both bind tenant and subject,
so that a row moved to another tenant or customer does not open. Which values are personal is said in `contracts.oltp`.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.master_key import KEY_BYTES, derive_tenant_key

NONCE_BYTES = 12
WRAP_PURPOSE = "vault-wrap"
HASH_PURPOSE = "vault-content"

PersonalValues = Mapping[str, str | None]


class VaultError(GxyError):
    """A sealed row does not open: other key, other tenant or subject, or altered."""


@dataclass(frozen=True, slots=True)
class SealedRow:
    """What the `pii` tables hold of one subject. All three are empty when there is nothing to keep."""

    wrapped_key: str
    ciphertext: str
    content_hash: str


class Vault:
    """Seals and opens personal values. `subject` names the row inside its tenant: a customer_pid, or `order:<id>`."""

    def __init__(self, master_key: bytes) -> None:
        self._master_key = master_key
        self._keys: dict[tuple[str, str], bytes] = {}
        self._ciphers: dict[str, AESGCM] = {}

    def content_hash(self, tenant_id: str, subject: str, values: PersonalValues) -> str:
        """Keyed hash of the values, 64 hex characters; empty when every value is None. Tells a change without decrypting."""
        if not any(value is not None for value in values.values()):
            return ""
        text = subject.encode() + b"\x00" + _encode(values)
        return hmac.digest(self._key(tenant_id, HASH_PURPOSE), text, "sha256").hex()

    def seal(self, tenant_id: str, subject: str, values: PersonalValues) -> SealedRow:
        """Encrypt `values` under a fresh data key."""
        content_hash = self.content_hash(tenant_id, subject, values)
        if not content_hash:
            return SealedRow("", "", "")
        data_key = secrets.token_bytes(KEY_BYTES)
        bound = _bound(tenant_id, subject)
        return SealedRow(
            wrapped_key=_encrypt(self._cipher(tenant_id), data_key, bound),
            ciphertext=_encrypt(AESGCM(data_key), _encode(values), bound),
            content_hash=content_hash,
        )

    def open(self, tenant_id: str, subject: str, wrapped_key: str, ciphertext: str) -> dict[str, str | None]:
        """Decrypt a sealed row. Raises VaultError; a shredded row (no wrapped key) is an empty dict."""
        if not wrapped_key:
            return {}
        bound = _bound(tenant_id, subject)
        try:
            data_key = _decrypt(self._cipher(tenant_id), wrapped_key, bound)
            opened: dict[str, str | None] = json.loads(_decrypt(AESGCM(data_key), ciphertext, bound))
        except (InvalidTag, ValueError):
            raise VaultError(
                f"A sealed row of tenant {tenant_id} does not open: check that GXY_MASTER_KEY_FILE is the key it was sealed with."
            ) from None
        return opened

    def _key(self, tenant_id: str, purpose: str) -> bytes:
        known = self._keys.get((tenant_id, purpose))
        if known is None:
            known = self._keys[tenant_id, purpose] = derive_tenant_key(self._master_key, tenant_id, purpose)
        return known

    def _cipher(self, tenant_id: str) -> AESGCM:
        known = self._ciphers.get(tenant_id)
        if known is None:
            known = self._ciphers[tenant_id] = AESGCM(self._key(tenant_id, WRAP_PURPOSE))
        return known


def _bound(tenant_id: str, subject: str) -> bytes:
    return f"gxy/v1\x00{tenant_id}\x00{subject}".encode()


def _encode(values: PersonalValues) -> bytes:
    return json.dumps(dict(values), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _encrypt(cipher: AESGCM, text: bytes, bound: bytes) -> str:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return base64.b64encode(nonce + cipher.encrypt(nonce, text, bound)).decode()


def _decrypt(cipher: AESGCM, sealed: str, bound: bytes) -> bytes:
    raw = base64.b64decode(sealed, validate=True)
    return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound)
