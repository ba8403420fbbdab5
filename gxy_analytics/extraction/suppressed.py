"""Rows of suppressed people on their way into the warehouse: the backend still has them, and they are not brought back.

A customer's row becomes a stub where there is one, and is left out where there is none. Orders placed up to the request keep
their amounts under a tombstone, payments of those orders lose the card's fingerprint. Orders placed later are the customer's own.
Who is suppressed is in `governance.suppressions`; what was landed before the request belongs to `governance.erasure`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.oltp import CUSTOMERS, ORDERS, PAYMENTS
from gxy_analytics.contracts.table_spec import Null, TableSpec
from gxy_analytics.extraction.columns import DEFAULTS
from gxy_analytics.extraction.conform import Conformed, Reject
from gxy_analytics.governance.suppressions import load
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.warehouse.beside import beside
from gxy_analytics.warehouse.client import read_sql

# When a row of a customer's happened: up to the request it is hers no more.
HAPPENED_AT = {CUSTOMERS.source: "created_at", ORDERS.source: "placed_at"}
# What of an order says where its customer lives.
ORDER_ATTRIBUTES = ("ip_truncated", "shipping_city", "shipping_postal_code")
PAYMENT_ATTRIBUTES = ("card_fingerprint",)
PIDS_A_QUERY = 500  # 32 KiB of parameters
Covered = dict[int, str]  # row of a batch -> the tombstone for it


@dataclass(frozen=True)
class Kept:
    """What may be written of a batch: rows to land, and those of them whose personal values are sealed (row by row)."""

    landed: pa.Table
    sealed: pa.Table
    personal: Sequence[dict[str, str | None]]
    rejects: Sequence[Reject]


class SuppressedRows:
    """Judges the batches of one table by the list as it is when the extraction begins."""

    def __init__(self, client: Client, spec: TableSpec, pseudonyms: Pseudonyms) -> None:
        self._client = client
        self._spec = spec
        self._pseudonyms = pseudonyms
        self._listed = load(client)
        self._tenants = pa.array(sorted(self._listed.tenants), pa.string())

    def keep(self, conformed: Conformed) -> Kept:
        """The batch as it may be written. Tenants without suppressed people cost one look-up a batch."""
        landed = conformed.landed
        rejects = [reject for reject in conformed.rejects if not self._names_suppressed(reject)]
        rows = self._rows_of_listed_tenants(landed)
        if rows and self._spec is PAYMENTS:
            landed = _emptied(landed, self._of_tombstoned_orders(landed, rows), PAYMENT_ATTRIBUTES)
        happened_at = HAPPENED_AT.get(self._spec.source)
        covered = self._covered(landed, rows, happened_at) if rows and happened_at else {}
        if rows and self._spec is ORDERS:
            covered |= self._unowned(landed, rows)
        if not covered:
            return Kept(landed, landed, conformed.personal, rejects)
        others = [row for row in range(landed.num_rows) if row not in covered]
        personal = [conformed.personal[row] for row in others]
        plain = landed.take(pa.array(others, pa.int64()))
        if self._spec is ORDERS:
            return Kept(_under_tombstones(landed, covered), plain, personal, rejects)
        stubs = self._stubs(landed.take(pa.array(sorted(covered), pa.int64())))
        return Kept(pa.concat_tables([plain, stubs]), plain, personal, rejects)

    def _rows_of_listed_tenants(self, landed: pa.Table) -> list[int]:
        if not len(self._tenants) or "tenant_id" not in landed.column_names:
            return []
        rows: list[int] = pc.indices_nonzero(pc.is_in(landed["tenant_id"], value_set=self._tenants)).to_pylist()
        return rows

    def _covered(self, landed: pa.Table, rows: Sequence[int], happened_at: str) -> Covered:
        """Rows whose customer is suppressed for what happened then."""
        few = landed.select(["tenant_id", "customer_pid", happened_at]).take(pa.array(rows, pa.int64()))
        tenants, pids = few["tenant_id"].to_pylist(), few["customer_pid"].to_pylist()
        instants = few[happened_at].cast(pa.int64()).to_pylist()
        covered: Covered = {}
        for row, tenant_id, pid, microseconds in zip(rows, tenants, pids, instants, strict=True):
            # Rounded up: an instant within the last millisecond is after it, as it is for ClickHouse.
            tombstone = self._listed.tenants[tenant_id].tombstone(pid, -(-microseconds // 1000)) if pid else None
            if tombstone is not None:
                covered[row] = tombstone
        return covered

    def _unowned(self, orders: pa.Table, rows: Sequence[int]) -> Covered:
        """Orders that have a tombstone here and no customer in the backend any more: what they say is still the person's."""
        few = orders.select(["tenant_id", "order_id", "customer_pid"]).take(pa.array(rows, pa.int64())).to_pylist()
        covered: Covered = {}
        for row, order in zip(rows, few, strict=True):
            tombstone = None if order["customer_pid"] else self._tombstones.get((order["tenant_id"], order["order_id"]))
            if tombstone is not None:
                covered[row] = tombstone
        return covered

    def _stubs(self, rows: pa.Table) -> pa.Table:
        """The rows without a value but their keys, deleted; only those that there is something to write over."""
        keys = list(zip(rows["tenant_id"].to_pylist(), rows["customer_pid"].to_pylist(), strict=True))
        present = set(self._landed_keys(keys))
        rows = rows.take(pa.array([row for row, key in enumerate(keys) if key in present], pa.int64()))
        for column in self._spec.landed:
            if column.name not in ("tenant_id", "customer_pid"):
                kind = rows.schema.field(column.name).type
                value = pa.scalar(None, kind) if column.null is Null.KEEP else DEFAULTS[column.type].cast(kind)
                rows = _replaced(rows, column.name, pa.repeat(value, rows.num_rows))
        return _replaced(rows, "is_deleted", pa.repeat(pa.scalar(True), rows.num_rows))

    def _landed_keys(self, keys: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        for start in range(0, len(keys), PIDS_A_QUERY):
            some = keys[start : start + PIDS_A_QUERY]
            tenants = {"tenants": sorted({tenant for tenant, _ in some})}
            pids = beside(pids=(pid for _, pid in some))
            sql = read_sql(__package__, "landed_customers.sql")
            yield from self._client.query(sql, parameters=tenants, external_data=pids).result_rows

    def _names_suppressed(self, reject: Reject) -> bool:
        """A customer's row that does not fit is recorded with the backend's id of the customer."""
        listed = self._listed.of(reject.tenant_id) if self._spec is CUSTOMERS else None
        return listed is not None and listed.names(self._pseudonyms.customer_pid(reject.tenant_id, reject.row_key))

    def _of_tombstoned_orders(self, landed: pa.Table, rows: Sequence[int]) -> set[int]:
        orders = zip(landed["tenant_id"].to_pylist(), landed["order_id"].to_pylist(), strict=True)
        among = set(rows)
        return {row for row, order in enumerate(orders) if row in among and order in self._tombstones}

    @cached_property
    def _tombstones(self) -> dict[tuple[str, int], str]:
        """Of the orders that have one."""
        found = self._client.query(read_sql(__package__, "tombstoned_orders.sql")).result_rows
        return {(tenant_id, order_id): tombstone for tenant_id, order_id, tombstone in found}


def suppressed_pids(client: Client) -> Callable[[str, str], bool]:
    """Whether a customer (tenant id, pid) is suppressed, and so has no live row in the warehouse whatever the backend has."""
    listed = load(client)

    def is_suppressed(tenant_id: str, pid: str) -> bool:
        found = listed.of(tenant_id)
        return found is not None and found.names(pid)

    return is_suppressed


def _under_tombstones(orders: pa.Table, covered: Covered) -> pa.Table:
    pids = orders["customer_pid"].to_pylist()
    for row, tombstone in covered.items():
        pids[row] = tombstone
    named = _replaced(orders, "customer_pid", pa.array(pids, orders.schema.field("customer_pid").type))
    return _emptied(named, set(covered), ORDER_ATTRIBUTES)


def _emptied(table: pa.Table, rows: set[int], columns: Sequence[str]) -> pa.Table:
    """The table with these columns empty in these rows."""
    if not rows:
        return table
    mask = pa.array([row in rows for row in range(table.num_rows)])
    for name in columns:
        table = _replaced(table, name, pc.if_else(mask, pa.scalar("", table.schema.field(name).type), table[name]))
    return table


def _replaced(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), values)
