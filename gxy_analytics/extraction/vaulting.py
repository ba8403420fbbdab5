"""Sealing the personal values of a batch into `pii`: only those whose content is new, told by a keyed hash without decrypting.

The cryptography is in `governance.vault`, destroying keys in `governance.vault.customer_keys`; which columns are personal is in
`contracts.oltp`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from string import Template
from typing import Any

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.table_spec import TableSpec, VaultTable
from gxy_analytics.governance.retention.protection import is_held, read_customer_protection
from gxy_analytics.governance.vault.customer_keys import destroy_keys, insert_keys
from gxy_analytics.governance.vault.vault import DataKey, Place, Vault, WrappedKey
from gxy_analytics.warehouse.client import read_sql

VERSION = pa.timestamp("ms", "UTC")
Subject = tuple[str, str]


class VaultWriter:
    """Writes one table's personal values. `session` is that of the `Landing`, whose batch lies in `landing`."""

    def __init__(self, client: Client, spec: TableSpec, table: VaultTable, vault: Vault, session: dict[str, Any]) -> None:
        self.client = client
        self.spec = spec
        self.table = table
        self.vault = vault
        self._session = session
        self._columns = ("tenant_id", table.key, *(("customer_pid",) if table.has_customer else ()))
        self._names = {
            "target": f"pii.{table.table}",
            "key": table.key,
            "owner": "customer_pid",
            "columns": ", ".join(self._columns),
            "subject": f"concat('order:', toString({table.key}))" if table.has_customer else table.key,
            "raw": f"raw.{spec.target}",
            "held": is_held(),
        }
        self._run("create_sealing.sql")

    def write(self, rows: pa.Table, personal: Sequence[dict[str, str | None]]) -> int:
        """Seal what is new among `personal`, which is parallel to `rows`. Returns the number of versions written.

        Keys come first: a crash in between leaves a key that seals nothing, never a row without its key.
        """
        tenants = rows["tenant_id"].to_pylist()
        places = [
            Place(tenant, self.table.table, str(key))
            for tenant, key in zip(tenants, rows[self.table.key].to_pylist(), strict=True)
        ]
        subjects = list(zip(tenants, self._subjects(rows, places), strict=True))
        hashes = [
            self.vault.content_hash(place.tenant_id, place.name, values) for place, values in zip(places, personal, strict=True)
        ]
        new = self._find_unsealed(rows, subjects, hashes)
        if not new.num_rows:
            return 0
        positions = new["position"].to_pylist()
        keys = self._keys([subjects[i] for i in positions if hashes[i]])
        sealed = [keys[subjects[i]] if hashes[i] else None for i in positions]
        columns = {
            **{name: rows[name].take(positions) for name in self._columns},
            "wrapped_key": pa.repeat("", len(positions)),
            "ciphertext": pa.array(
                [self.vault.seal(places[i], key, personal[i]) if key else "" for i, key in zip(positions, sealed, strict=True)]
            ),
            "key_id": pa.array([key.key_id if key else "" for key in sealed]),
            "content_hash": pa.array([hashes[i] for i in positions]),
            "is_deleted": rows["is_deleted"].take(positions),
            "changed_at": new["version"].cast(pa.timestamp("ms")).cast(VERSION),
        }
        self.client.insert_arrow(self.table.table, pa.table(columns), database="pii")
        return len(positions)

    def bury(self) -> None:
        """Blank the rows of the keys in `buried`, and destroy the keys of the customers, or the guests' orders, among them.

        With a customer's key go the values of her orders: what the backend deleted for good is not to be had here. What a legal
        hold keeps stays as it is, for `bury_released`.
        """
        held = read_customer_protection(self.client)
        self._run("shred_buried.sql", held.of_people("customer_pid"))
        sql = self._sql("find_buried_keys.sql")
        gone = self.client.query(sql, parameters=held.of_people("subject"), settings=self._session).result_rows
        for tenant_id, some in groupby(gone, key=itemgetter(0)):
            destroy_keys(self.client, tenant_id, [subject for _, subject in some])

    def bury_released(self) -> None:
        """Bury what went from the source under a legal hold that was lifted since."""
        self._run("empty_buried.sql")
        self._run("find_released.sql")
        self.bury()

    def close(self) -> None:
        """Drop the temporary table."""
        self._run("drop_sealing.sql")

    def _subjects(self, rows: pa.Table, places: Sequence[Place]) -> list[str]:
        """Whose key seals each row: the customer's, of a guest's order the order's own."""
        customers = rows["customer_pid"].to_pylist()
        return [pid or place.name for pid, place in zip(customers, places, strict=True)]

    def _find_unsealed(self, rows: pa.Table, subjects: Sequence[Subject], hashes: Sequence[str]) -> pa.Table:
        batch = {
            "position": pa.array(range(rows.num_rows), pa.uint32()),
            **{name: rows[name] for name in self._columns},
            "subject": pa.array([subject for _, subject in subjects], pa.string()),
            "content_hash": pa.array(hashes, pa.string()),
            "is_deleted": rows["is_deleted"],
        }
        self._run("empty_sealing.sql")
        self.client.insert_arrow("sealing", pa.table(batch), settings=self._session)
        return self.client.query_arrow(self._sql("find_unsealed.sql"), settings=self._session)

    def _keys(self, subjects: Sequence[Subject]) -> dict[Subject, DataKey]:
        """A key for each subject: the one it has, or a new one, which is stored before anything is sealed with it."""
        if not subjects:
            return {}
        self.vault.keys.refresh()
        stored = self.client.query(self._sql("find_keys.sql"), settings=self._session).result_rows
        known = {(row[0], row[1]): WrappedKey(*row) for row in stored}
        made: list[WrappedKey] = []
        keys: dict[Subject, DataKey] = {}
        for subject in subjects:
            if subject in keys:
                continue
            if subject in known:
                keys[subject] = self.vault.unwrap(known[subject])
            else:
                wrapped, keys[subject] = self.vault.new_key(*subject)
                made.append(wrapped)
        insert_keys(self.client, made)
        return keys

    def _sql(self, name: str) -> str:
        return Template(read_sql(__package__, name)).substitute(self._names)

    def _run(self, name: str, parameters: dict[str, object] | None = None) -> None:
        self.client.command(self._sql(name), parameters=parameters, settings=self._session)
