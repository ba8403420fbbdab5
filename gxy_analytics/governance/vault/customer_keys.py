"""pii.keys: storing customers' keys, and destroying them. Making and wrapping a key belongs to `vault`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.suppressions import CUSTOMER, identity_hash
from gxy_analytics.governance.vault.vault import WrappedKey
from gxy_analytics.warehouse.beside import beside
from gxy_analytics.warehouse.client import read_sql

SUBJECTS_AT_ONCE = 500  # in one statement: a hash is 64 characters of its URL
UNTIL_DONE = {"mutations_sync": 2}
Item = TypeVar("Item")


def insert_keys(client: Client, keys: Sequence[WrappedKey]) -> None:
    """Store these new keys."""
    if keys:
        client.insert_arrow("keys", key_table(keys), database="pii")


def key_table(keys: Sequence[WrappedKey]) -> pa.Table:
    """The keys as rows of pii.keys; the server says when they changed."""
    columns = ("tenant_id", "subject", "key_id", "wrapped_key")
    return pa.table(
        {name: pa.array([getattr(key, name) for key in keys], pa.string()) for name in columns}
        | {"key_version": pa.array([key.key_version for key in keys], pa.uint32())}
    )


def count_keys(client: Client, tenant_id: str, subjects: Iterable[str]) -> int:
    """Rows of pii.keys about these subjects in any active part: superseded wrappings and rows marked deleted count too."""
    sql, bound = read_sql(__package__, "count_keys.sql"), {"tenant_id": tenant_id}
    asked = client.query(sql, parameters=bound, settings={"apply_deleted_mask": 0}, external_data=beside(customers=subjects))
    return int(asked.result_rows[0][0])


def destroy_keys(client: Client, tenant_id: str, subjects: Iterable[str]) -> None:
    """Destroy the keys of these subjects for good; returns when no active part holds one. Asked again it changes nothing.

    Parts are rewritten without the rows: those of before are deleted from the disk `old_parts_lifetime` seconds later. What the
    mutation leaves behind names the subjects by their hashes.
    """
    for some in chunks(subjects, SUBJECTS_AT_ONCE):
        if count_keys(client, tenant_id, some):
            hashes = [identity_hash(tenant_id, CUSTOMER, subject) for subject in some]
            parameters = {"tenant_id": tenant_id, "hashes": hashes}
            client.command(read_sql(__package__, "destroy_keys.sql"), parameters=parameters, settings=UNTIL_DONE)


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items, at most `size` at a time."""
    remaining = iter(items)
    while some := list(islice(remaining, size)):
        yield some
