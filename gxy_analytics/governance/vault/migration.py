"""Rows of the vault from before each customer had a key, rewritten under hers. Everybody reads both forms meanwhile.

Rows whose content changes are rewritten by extraction anyway; this does it for the rest, so that destroying a key is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import Template
from typing import Any

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.vault.customer_keys import insert_keys
from gxy_analytics.governance.vault.master_key import KeyRing
from gxy_analytics.governance.vault.sealed_rows import TABLES
from gxy_analytics.governance.vault.staging import Staging
from gxy_analytics.governance.vault.vault import DataKey, Vault, WrappedKey, sealed_row
from gxy_analytics.warehouse.client import read_sql

ROWS = 10_000  # at a time
Subject = tuple[str, str]


def migrate_vault(client: Client, ring: KeyRing) -> int:
    """Rewrite every row of `pii` that still has a key of its own; returns how many were.

    No active part has such a row when this returns. Run twice, or killed and run again, it is the same. Raises VaultError.
    """
    done = 0
    for table, identifiers in TABLES.items():
        with Staging(client, "stage_rows.sql", **identifiers) as staging:
            done += _migrate(client, Vault(ring), table, staging)
            if _count_before_keys(client, table):
                staging.run("merge_rows.sql")
    return done


def _migrate(client: Client, vault: Vault, table: str, staging: Staging) -> int:
    done, after = 0, {"after_tenant": "", "after_row": "" if table == "customers" else 0}
    while True:
        rows = list(client.query(_filled("rows_before_keys.sql", table), parameters={**after, "rows": ROWS}).named_results())
        if not rows:
            return done
        staging.put(_sealed_again(client, vault, table, rows))
        staging.run("put_rows.sql")
        done += len(rows)
        after = {"after_tenant": rows[-1]["tenant_id"], "after_row": rows[-1]["row_key"]}


def rows_before_keys(client: Client) -> int:
    """Rows of `pii` that still have a key of their own, replaced ones too."""
    return sum(_count_before_keys(client, table) for table in TABLES)


def _count_before_keys(client: Client, table: str) -> int:
    return int(client.query(_filled("count_rows_before_keys.sql", table)).result_rows[0][0])


def _filled(name: str, table: str) -> str:
    return Template(read_sql(__package__, name)).substitute(TABLES[table])


def _sealed_again(client: Client, vault: Vault, table: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
    keys = _keys(client, vault, rows)
    key_of = [keys[row["tenant_id"], row["subject"]] for row in rows]
    opened = [sealed_row(row["tenant_id"], table, row) for row in rows]
    sealed = [vault.seal(row.place, key, vault.open(row)) for row, key in zip(opened, key_of, strict=True)]
    return pa.table(
        {
            "tenant_id": pa.array([row["tenant_id"] for row in rows], pa.string()),
            "row_key": pa.array([row["row_key"] for row in rows]),
            "row_key_wrapped": pa.array([row["row_key_wrapped"] for row in rows], pa.string()),
            "ciphertext": pa.array(sealed, pa.string()),
            "key_id": pa.array([key.key_id for key in key_of], pa.string()),
        }
    )


def _keys(client: Client, vault: Vault, rows: Sequence[dict[str, Any]]) -> dict[Subject, DataKey]:
    """A key for each row's subject: the one it has, or a new one, stored first."""
    keys: dict[Subject, DataKey] = {}
    made: list[WrappedKey] = []
    for row in rows:
        subject = row["tenant_id"], row["subject"]
        if subject in keys:
            continue
        if row["wrapped_key"]:
            keys[subject] = vault.unwrap(WrappedKey(*subject, row["key_id"], row["wrapped_key"], row["key_version"]))
        else:
            wrapped, keys[subject] = vault.new_key(*subject)
            made.append(wrapped)
    insert_keys(client, made)
    return keys
