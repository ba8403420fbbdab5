"""Sealing the personal values of a batch into `pii`: only those whose content is new, told by a keyed hash without decrypting.

The cryptography is in `governance.vault`; which columns are personal is in `contracts.oltp`.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template
from typing import Any

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.table_spec import TableSpec, VaultTable
from gxy_analytics.governance.vault import Vault
from gxy_analytics.warehouse.client import read_sql

VERSION = pa.timestamp("ms", "UTC")


class VaultWriter:
    """Writes one table's personal values. `session` is that of the `Landing`, whose batch lies in `landing`."""

    def __init__(self, client: Client, spec: TableSpec, table: VaultTable, vault: Vault, session: dict[str, Any]) -> None:
        self.client = client
        self.spec = spec
        self.table = table
        self.vault = vault
        self._session = session
        self._names = {
            "target": f"pii.{table.table}",
            "key": table.key,
            "columns": ", ".join(("tenant_id", table.key, *(("customer_pid",) if table.has_customer else ()))),
        }
        self._run("create_sealing.sql")

    def write(self, rows: pa.Table, personal: Sequence[dict[str, str | None]]) -> int:
        """Seal what is new among `personal`, which is parallel to `rows`. Returns the number of versions written."""
        tenants, keys = rows["tenant_id"].to_pylist(), rows[self.table.key].to_pylist()
        subjects = [self._subject(key) for key in keys]
        hashes = [self.vault.content_hash(*row) for row in zip(tenants, subjects, personal, strict=True)]
        batch = pa.table(
            {
                "position": pa.array(range(len(keys)), pa.uint32()),
                "tenant_id": rows["tenant_id"],
                self.table.key: rows[self.table.key],
                "content_hash": pa.array(hashes, pa.string()),
                "is_deleted": rows["is_deleted"],
            }
        )
        self._run("empty_sealing.sql")
        self.client.insert_arrow("sealing", batch, settings=self._session)
        new = self.client.query_arrow(self._sql("find_unsealed.sql"), settings=self._session)
        if not new.num_rows:
            return 0
        positions = new["position"].to_pylist()
        sealed = [self.vault.seal(tenants[i], subjects[i], personal[i]) for i in positions]
        columns = {
            "tenant_id": rows["tenant_id"].take(positions),
            self.table.key: rows[self.table.key].take(positions),
            "wrapped_key": pa.array([row.wrapped_key for row in sealed]),
            "ciphertext": pa.array([row.ciphertext for row in sealed]),
            "content_hash": pa.array([row.content_hash for row in sealed]),
            "is_deleted": rows["is_deleted"].take(positions),
            "changed_at": new["version"].cast(pa.timestamp("ms")).cast(VERSION),
        }
        if self.table.has_customer:
            columns["customer_pid"] = rows["customer_pid"].take(positions)
        self.client.insert_arrow(self.table.table, pa.table(columns), database="pii")
        return len(positions)

    def bury(self) -> None:
        """Shred the rows of the keys in `buried`: without its wrapped key a row can never be opened again."""
        self._run("shred_buried.sql")

    def close(self) -> None:
        """Drop the temporary table."""
        self._run("drop_sealing.sql")

    def _subject(self, key: str | int) -> str:
        return str(key) if self.table.key == "customer_pid" else f"order:{key}"

    def _sql(self, name: str) -> str:
        return Template(read_sql(__package__, name)).substitute(self._names)

    def _run(self, name: str) -> None:
        self.client.command(self._sql(name), settings=self._session)
