"""Taking batches of one table through conforming, suppression, sealing and landing, and counting what happened to them.

Which batches are read is decided in `extract`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from gxy_analytics.contracts.table_spec import ColumnType, TableSpec
from gxy_analytics.extraction.columns import convert
from gxy_analytics.extraction.conform import Conformer
from gxy_analytics.extraction.landing import Landed, Landing
from gxy_analytics.extraction.queries import CHANGED
from gxy_analytics.extraction.rejects import write_rejects
from gxy_analytics.extraction.suppressed import SuppressedRows
from gxy_analytics.extraction.vaulting import VaultWriter
from gxy_analytics.governance.vault.master_key import KeyRing
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.governance.vault.vault import Vault
from gxy_analytics.interruptions import SessionLostError


class Loader:
    """One table's way into the warehouse during one extraction, which began at `started_at` (ClickHouse's clock)."""

    def __init__(
        self, client: Client, spec: TableSpec, slugs: Mapping[int, str], master_key: KeyRing | bytes, started_at: datetime
    ) -> None:
        self.client = client
        self.spec = spec
        self.started_at = started_at
        self.pseudonyms = Pseudonyms(master_key)
        self.rows_read = self.rows_changed = self.rows_deleted = 0
        self.newest: datetime | None = None
        self.landing = Landing(client, spec)
        self._conformer = Conformer(spec, slugs, self.pseudonyms)
        self._suppressed = SuppressedRows(client, spec, self.pseudonyms)
        self._vault = VaultWriter(client, spec, spec.vault, Vault(master_key), self.landing.session) if spec.vault else None

    def load(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Write what is new of the batches; rows that do not fit are recorded and left out.

        The vault comes first: a crash in between leaves a sealed value without a row, never a row without its value.
        """
        for batch in batches:
            self.rows_read += batch.num_rows
            self._see(batch)
            kept = self._suppressed.keep(self._conformer.conform(batch))
            write_rejects(self.client, self.spec, kept.rejects, self.started_at)
            if self._vault and kept.sealed.num_rows:
                self._vault.write(kept.sealed, kept.personal)
            if kept.landed.num_rows:
                self._count(self.landing.land(kept.landed))

    def bury(self, keys: Sequence[tuple[str, Any]]) -> None:
        """Write tombstones for keys that are gone from the source, and shred their personal values, but those under a hold.

        The vault comes first: a crash in between leaves a live row, which the next comparison of keys finds again.
        """
        if not keys:
            return
        self.landing.name_buried(keys)
        if self._vault:
            self._vault.bury()
        self._count(self.landing.bury())

    def bury_released(self) -> None:
        """Shred the personal values that a legal hold kept until it was lifted."""
        if self._vault:
            self._vault.bury_released()

    def close(self) -> None:
        """Drop the temporary tables."""
        if self._vault:
            self._vault.close()
        self.landing.close()

    def __enter__(self) -> Loader:
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        """Raises SessionLostError in place of an error that says no more than that the temporary tables are gone."""
        if error is None:
            self.close()
            return
        # A server that does not answer forgets the session by itself, and that it does not answer is not why this failed.
        with suppress(ClickHouseError, HTTPError):
            if isinstance(error, ClickHouseError) and self.landing.is_lost():
                raise SessionLostError(
                    f"ClickHouse started again while {self.spec.source} was extracted, and the temporary tables are gone: "
                    "extract it again. No row is written by half."
                ) from error
            self.close()

    def _count(self, landed: Landed) -> None:
        self.rows_changed += landed.changed
        self.rows_deleted += landed.deleted

    def _see(self, batch: pa.RecordBatch) -> None:
        newest = pc.max(convert(batch.column(CHANGED), ColumnType.INSTANT)).as_py()
        if newest and (self.newest is None or newest > self.newest):
            self.newest = newest.astimezone(UTC)
