"""From a read request to a durable record and its answer: what every protocol's route shares.

Parsing belongs to `protocols`; who may send, and how much, to `auth`, `origins`, `quotas` and `backpressure`.
"""

from __future__ import annotations

import time

from litestar.types import HTTPScope

from gxy_analytics.governance.tenants.ingest_policy import Grant
from gxy_analytics.settings import Settings
from ingest_service.answers import RefusalError
from ingest_service.auth import KeyRegistry
from ingest_service.backpressure import BODY_BUDGET_BYTES, ByteBudget, SpoolFill, Watermarks
from ingest_service.client_address import ClientAddresses, parse_networks
from ingest_service.inflate import Inflater
from ingest_service.metrics import IngestMetrics
from ingest_service.origins import check_origin
from ingest_service.privacy import Treatment, treat
from ingest_service.quotas import Quotas
from ingest_service.request import Headers, kept_headers
from ingest_service.salts import DailySalts
from ingest_service.spool.group_commit import GroupCommit
from ingest_service.spool.record import RecordFlags, SpoolRecord
from ingest_service.spool.writer import SpoolUnavailableError, make_frame

RETRY_AFTER_SECONDS = 10  # rudder-sdk-node drops a batch after its third retry: half a minute for a restart or a disk


class Intake:
    """One worker's way from HTTP to its spool. `commits` is set while the worker runs; `draining` from SIGTERM on."""

    def __init__(self, settings: Settings, keys: KeyRegistry, metrics: IngestMetrics) -> None:
        self.max_body_bytes = settings.max_body_bytes
        self.keys = keys
        self.metrics = metrics
        self.addresses = ClientAddresses(parse_networks("GXY_TRUSTED_PROXIES", settings.trusted_proxies))
        self.quotas = Quotas(settings)
        self.watermarks = Watermarks(SpoolFill(settings).measure)
        self.inflater = Inflater(settings.max_body_bytes)
        self.bodies = ByteBudget(max(BODY_BUDGET_BYTES, 2 * settings.max_body_bytes))
        self.salts = DailySalts(settings.data_dir / "ingest" / "salts.json")
        self.commits: GroupCommit | None = None
        self.draining = False
        self.in_flight = 0

    async def admit(self, scope: HTTPScope, headers: Headers, key: str | bytes | None) -> Grant:
        """What the key allows. Raises RefusalError: 401 and 403 for whom it is not, 429 over a quota, 503."""
        grant = await self.keys.grant_of(key)
        check_origin(grant, headers.get(b"origin"))
        self.watermarks.check(grant.tenant_id)
        self.quotas.check(grant)
        return grant

    async def store(
        self,
        scope: HTTPScope,
        headers: Headers,
        grant: Grant,
        protocol: str,
        body: bytes,
        notes: dict[str, str],
        flags: RecordFlags = RecordFlags.NONE,
    ) -> None:
        """Return once the request is durable. Raises RefusalError (503) when it cannot be made so now."""
        treated = self._treat(scope, headers, grant, notes)
        kept = kept_headers(headers) | treated.notes
        record = SpoolRecord(time.time_ns(), grant.tenant_id, protocol, treated.address, kept, body, int(flags))
        if self.commits is None:
            raise RefusalError(503, "starting", "this worker is not ready yet: retry.", retry_after=RETRY_AFTER_SECONDS)
        try:
            await self.commits.append(make_frame(record))
        except SpoolUnavailableError as error:
            raise RefusalError(503, "spool_unavailable", str(error), retry_after=RETRY_AFTER_SECONDS) from error
        self.watermarks.shares.add(grant.tenant_id, len(body))

    def _treat(self, scope: HTTPScope, headers: Headers, grant: Grant, notes: dict[str, str]) -> Treatment:
        try:
            return treat(grant, headers, self.addresses.of(scope), notes, self.salts)
        except OSError as error:
            raise RefusalError(
                503,
                "salt_unavailable",
                "the secret of the day cannot be read or made now: retry.",
                retry_after=RETRY_AFTER_SECONDS,
            ) from error

    async def is_ready(self) -> bool:
        """Whether this worker should get traffic: its spool is writable and it is not stopping. ClickHouse is not asked."""
        return not self.draining and self.commits is not None and await self.commits.is_writable()
