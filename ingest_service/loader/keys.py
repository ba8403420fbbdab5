"""Whether the master key is the one that tenants are known by, asked once a tenant and before anything of it is written.

Which fingerprint belongs to which key is decided in `governance.key_fingerprints`.
"""

from __future__ import annotations

from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from ingest_service.loader.sink import Sink


class KeyCheck:
    """Remembers the tenants that were found right, so that a batch of known ones asks nothing."""

    def __init__(self, pseudonyms: Pseudonyms, sink: Sink) -> None:
        self._pseudonyms = pseudonyms
        self._sink = sink
        self._right: set[str] = set()

    def check(self, tenant_ids: set[str]) -> None:
        """Return when all of them are known by this key. Raises OtherMasterKeyError; StoppedError as `Sink.ask` does."""
        new = tenant_ids - self._right
        if new:
            self._sink.ask(lambda client: self._pseudonyms.check(client, sorted(new)))
            self._right |= new
