"""Pseudonyms of the customers seen lately: one HMAC a customer and not one an event."""

from __future__ import annotations

from gxy_analytics.governance.vault.pseudonyms import Pseudonyms

MAX_CACHED = 200_000


class CustomerNames:
    """A bounded cache over `Pseudonyms`; emptied when full."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._known: dict[tuple[str, str], str] = {}

    def pid(self, tenant_id: str, user_id: str) -> str:
        """The customer's pseudonym."""
        known = self._known.get((tenant_id, user_id))
        if known is None:
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            known = self._known[tenant_id, user_id] = self._pseudonyms.customer_pid(tenant_id, user_id)
        return known
