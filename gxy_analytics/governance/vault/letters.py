"""Dead letters sealed: what somebody sent, with the headers and the detail that may quote it, unreadable without the key file.

AES-256-SIV (RFC 5297), for it is deterministic: a batch that is loaded again gives the same bytes, by which ClickHouse knows it.
The key is the tenant's, derived from the wrap key; sealing again after a rotation belongs to `letter_resealing`.
"""

from __future__ import annotations

import hmac
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gxy_analytics.governance.vault.master_key import KeyRing, derive_tenant_key
from gxy_analytics.governance.vault.vault import VaultError

PURPOSE = "dead-letter"
ADDRESS_PURPOSE = "letter-address"
SIV_KEY_BYTES = 64
HEAD_BYTES = 4  # length of the JSON head, big-endian
FAST = 1  # zlib: sealed bytes cannot be compressed later


@dataclass(frozen=True, slots=True)
class LetterContent:
    """What of a dead letter may be personal: as received, why it was refused, and its record's headers."""

    raw: bytes = field(repr=False)
    detail: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class LetterSeal:
    """Seals and opens dead letters. `rejected_id` binds a letter to its row, the tenant to its tenant."""

    def __init__(self, keys: KeyRing | bytes) -> None:
        self.keys = KeyRing.of(keys)
        self._ciphers: dict[tuple[str, int], AESSIV] = {}
        self._address_keys: dict[str, bytes] = {}

    @property
    def version(self) -> int:
        """Of the wrap key that seals now; above 0, which says that a letter is in the clear."""
        return self.keys.active.version

    def seal(self, tenant_id: str, rejected_id: str, content: LetterContent) -> bytes:
        """The content as ciphertext under `version`. The same content of the same letter gives the same bytes."""
        head = json.dumps({"detail": content.detail, "headers": dict(content.headers)}, sort_keys=True).encode()
        text = zlib.compress(len(head).to_bytes(HEAD_BYTES, "big") + head + content.raw, FAST)
        return self._cipher(tenant_id, self.version).encrypt(text, _bound(tenant_id, rejected_id))

    def open(self, tenant_id: str, rejected_id: str, version: int, sealed: bytes) -> LetterContent:
        """The content again. Raises VaultError, UnknownKeyVersionError."""
        try:
            text = zlib.decompress(self._cipher(tenant_id, version).decrypt(sealed, _bound(tenant_id, rejected_id)))
        except (InvalidTag, ValueError, zlib.error):
            raise VaultError(
                f"A dead letter of tenant {tenant_id} does not open: is GXY_MASTER_KEY_FILE the key that it was sealed with?"
            ) from None
        end = HEAD_BYTES + int.from_bytes(text[:HEAD_BYTES], "big")
        head = json.loads(text[HEAD_BYTES:end])
        return LetterContent(text[end:], head["detail"], head["headers"])

    def address_hash(self, tenant_id: str, email: str) -> str:
        """How a letter is found by an e-mail address (normalised) in it: a keyed hash, for an address is easily guessed."""
        key = self._address_keys.get(tenant_id)
        if key is None:
            key = self._address_keys[tenant_id] = derive_tenant_key(self.keys.root, tenant_id, ADDRESS_PURPOSE)
        return hmac.digest(key, email.encode(), "sha256").hex()

    def _cipher(self, tenant_id: str, version: int) -> AESSIV:
        known = self._ciphers.get((tenant_id, version))
        if known is None:
            key = derive_tenant_key(self.keys.wrap_key(version), tenant_id, PURPOSE, SIV_KEY_BYTES)
            known = self._ciphers[tenant_id, version] = AESSIV(key)
        return known


def _bound(tenant_id: str, rejected_id: str) -> list[bytes]:
    return [b"gxy/v1/letter", tenant_id.encode(), rejected_id.encode()]
