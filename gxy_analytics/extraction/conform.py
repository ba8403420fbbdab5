"""A batch of a source as the rows ClickHouse will hold: tenants by slug, customers by pseudonym, no personal value left.

Rows that do not fit their contract are taken out and named. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from gxy_analytics.contracts.table_spec import SEALED, Check, Column, Null, Pii, TableSpec
from gxy_analytics.extraction.columns import DEFAULTS, REASONS, convert, failed_check
from gxy_analytics.extraction.queries import DELETED, KEY, TENANT
from gxy_analytics.governance.ip import truncate_ip
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms

UNKNOWN_TENANT = "names no tenant that was extracted"
RENAMED = "differs from the slug this tenant was first extracted under: a slug is an identity and cannot change"


@dataclass(frozen=True)
class Reject:
    """One reason a row does not fit; never its value. `tenant_id` is empty when the row names no known tenant."""

    tenant_id: str
    row_key: str
    column: str
    reason: str


@dataclass(frozen=True)
class Conformed:
    """Rows that fit (`landed`: ClickHouse's columns; `personal`: what the vault seals, row by row), and why others do not."""

    landed: pa.Table
    personal: list[dict[str, str | None]]
    rejects: list[Reject]


class Conformer:
    """Conforms the batches of one table. `slugs` are the known tenants by the backend's id."""

    def __init__(self, spec: TableSpec, slugs: Mapping[int, str], pseudonyms: Pseudonyms) -> None:
        self.spec = spec
        self.slugs = slugs
        self.pseudonyms = pseudonyms

    def conform(self, batch: pa.RecordBatch) -> Conformed:
        """Judge and convert one batch of `queries.select_rows`."""
        tenants = self._tenants(batch)
        bad: list[tuple[str, str, pa.Array]] = []
        if self.spec.tenant == "tenant_id":
            bad.append(("tenant_id", UNKNOWN_TENANT, pc.is_null(tenants)))
        values: dict[str, pa.Array] = {}
        for i, column in enumerate(self.spec.columns):
            if column.name:
                values[column.name], found = self._column(column, batch.column(f"c{i}"), tenants)
                bad += [(column.source, reason, mask) for reason, mask in found]
        if self.spec.tenant == "id":
            bad.append(("slug", RENAMED, self._renamed(batch, values["tenant_id"])))
        else:
            values = {"tenant_id": tenants, **values}
        values["is_deleted"] = pc.equal(batch.column(DELETED).cast(pa.int64()), 1)
        return self._split(batch, pa.table(values), bad)

    def _tenants(self, batch: pa.RecordBatch) -> pa.Array:
        return pa.array([self.slugs.get(tenant) for tenant in batch.column(TENANT).to_pylist()], pa.string())

    def _renamed(self, batch: pa.RecordBatch, slugs: pa.Array) -> pa.Array:
        return pc.fill_null(pc.not_equal(self._tenants(batch), slugs), False)

    def _column(self, column: Column, array: pa.Array, tenants: pa.Array) -> tuple[pa.Array, list[tuple[str, pa.Array]]]:
        """The converted column, and for each reason which rows it is bad for."""
        if column.pii is Pii.PSEUDONYM:
            converted = self._pids(array, tenants)
        elif column.pii is Pii.TRUNCATE_IP:
            converted = pa.array([truncate_ip(ip) if ip else "" for ip in array.to_pylist()], pa.string())
        else:
            converted = convert(array, column.type)
        bad = []
        if column.pii not in SEALED:
            bad.append((REASONS[column.type], pc.and_(pc.is_valid(array), pc.is_null(converted))))
        if column.check is not Check.NONE:
            bad.append((f"is not {column.check.value}", failed_check(converted, column.check)))
        if column.null is Null.REJECT:
            bad.append((f"is missing: no such row in {column.join}" if column.join else "is null", pc.is_null(array)))
        if column.null is Null.DEFAULT:
            converted = pc.fill_null(converted, DEFAULTS[column.type])
        return converted, bad

    def _pids(self, array: pa.Array, tenants: pa.Array) -> pa.Array:
        pairs = zip(tenants.to_pylist(), array.to_pylist(), strict=True)
        name = self.pseudonyms.customer_pid
        # A row without a tenant is rejected for that; it must not look as if its customer were at fault.
        return pa.array([None if key is None else name(slug, key) if slug else "" for slug, key in pairs], pa.string())

    def _split(self, batch: pa.RecordBatch, table: pa.Table, bad: list[tuple[str, str, pa.Array]]) -> Conformed:
        fits = pa.repeat(pa.scalar(True), batch.num_rows)
        rejects: list[Reject] = []
        for column, reason, mask in bad:
            if pc.any(mask).as_py():
                fits = pc.and_not(fits, mask)
                rejects += self._rejects(batch, column, reason, mask)
        personal: list[dict[str, str | None]] = []
        if self.spec.vault:
            texts = {c.source: batch.column(f"c{i}").filter(fits).to_pylist() for i, c in self._sealed()}
            personal = [dict(zip(texts, row, strict=True)) for row in zip(*texts.values(), strict=True)]
        return Conformed(table.filter(fits), personal, rejects)

    def _sealed(self) -> list[tuple[int, Column]]:
        return [(i, column) for i, column in enumerate(self.spec.columns) if column.pii in SEALED]

    def _rejects(self, batch: pa.RecordBatch, column: str, reason: str, mask: pa.Array) -> list[Reject]:
        tenants = batch.column(TENANT).filter(mask).to_pylist()
        keys = batch.column(KEY).filter(mask).to_pylist()
        return [Reject(self.slugs.get(t, ""), str(k), column, reason) for t, k in zip(tenants, keys, strict=True)]
