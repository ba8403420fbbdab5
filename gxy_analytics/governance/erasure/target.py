"""Whom a request is about: the ids as they are sealed in the queue, and the hashes that queries find the person's rows by.

Queries get hashes alone: what a query or a mutation says stays in the server's logs. Finding the person belongs to `subjects`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from clickhouse_connect.driver.external import ExternalData

from gxy_analytics.governance.suppressions import ANONYMOUS, CUSTOMER, identity_hash
from gxy_analytics.governance.vault.vault import Vault

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEALED = ("customer_pids", "anonymous_ids", "texts")
PERSON = "person"
"""The table of ids that a query brings along."""


@dataclass(frozen=True)
class Target:
    """A person of a tenant up to an instant. `tombstones` are by pid, and empty before the person is suppressed.

    `texts` are e-mail addresses and the like, by which dead letters are found. `is_hidden` once everything has been hidden: from
    then on what a later order of hers makes is not the request's.
    """

    tenant_id: str
    request_id: UUID
    until: datetime
    customer_pids: tuple[str, ...]
    anonymous_ids: tuple[str, ...]
    texts: tuple[str, ...]
    tombstones: Mapping[str, str]
    is_hidden: bool = False

    @property
    def subject_hash(self) -> str:
        """Identity hash of the first customer, or of the first browser of somebody who never signed in."""
        if self.customer_pids:
            return identity_hash(self.tenant_id, CUSTOMER, min(self.customer_pids))
        return identity_hash(self.tenant_id, ANONYMOUS, min(self.anonymous_ids))

    def with_tombstones(self, tombstones: Mapping[str, str]) -> Target:
        return replace(self, tombstones=tombstones)

    def customer_hashes(self) -> list[str]:
        """Identity hashes of the customers."""
        return [identity_hash(self.tenant_id, CUSTOMER, pid) for pid in self.customer_pids]

    def anonymous_hashes(self) -> list[str]:
        """Identity hashes of the browsers."""
        return [identity_hash(self.tenant_id, ANONYMOUS, one) for one in self.anonymous_ids]

    def parameters(self) -> dict[str, Any]:
        """What the predicates bind; `until_ms` is since the epoch."""
        return {
            "tenant_id": self.tenant_id,
            "request_id": str(self.request_id),
            "until_ms": (self.until - EPOCH) // timedelta(milliseconds=1),
            "is_hidden": self.is_hidden,
        }

    def person(self) -> ExternalData:
        """The hashes as a table PERSON (kind, identity_hash, tombstone) beside a query."""
        tombstones = [self.tombstones.get(pid, "") for pid in self.customer_pids]
        rows = [(CUSTOMER, *row) for row in zip(self.customer_hashes(), tombstones, strict=True)]
        rows += [(ANONYMOUS, hashed, "") for hashed in self.anonymous_hashes()]
        text = "".join("\t".join(row) + "\n" for row in rows)
        structure = ["kind String", "identity_hash String", "tombstone String"]
        return ExternalData(file_name=PERSON, data=text.encode(), fmt="TabSeparated", structure=structure)


def seal(vault: Vault, target: Target) -> str:
    """The ids under the tenant's key, for the queue."""
    ids = json.dumps({name: getattr(target, name) for name in SEALED})
    return vault.seal_text(target.tenant_id, _label(target.request_id), ids)


def unseal(vault: Vault, tenant_id: str, request_id: UUID, until: datetime, sealed: str) -> Target:
    """The person of a request again. Raises VaultError for another master key."""
    ids = json.loads(vault.open_text(tenant_id, _label(request_id), sealed))
    pids, browsers, texts = (tuple(ids[name]) for name in SEALED)
    return Target(tenant_id, request_id, until, pids, browsers, texts, tombstones={})


def _label(request_id: UUID) -> str:
    return f"request:{request_id}"
