"""governance.audit and its intake as rows of bytes: reading them, and adding links. What a link must be is in `chain`."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from string import Template
from typing import Any
from uuid import UUID

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.audit.chain import Act, Link
from gxy_analytics.warehouse.client import read_sql

AS_BYTES = {"String": "bytes"}
"""A text that is no UTF-8 would arrive as hex, and be taken for the text of these digits."""
BLOCK_ROWS = 20_000
COLUMNS = (
    "sequence",
    "entry_id",
    "occurred_at",
    "recorded_at",
    "db_user",
    "actor",
    "program",
    "origin",
    "action",
    "tenant_id",
    "subject",
    "reason",
    "rows",
    "details",
    "sealed_at",
    "previous_hash",
    "hash",
    "key_id",
    "mac",
)


def stream_links(client: Client, first: int) -> Iterator[Link]:
    """The rows from sequence `first` on, in order, a block at a time."""
    parameters = {"first": first}
    sql = read_sql(__package__, "links.sql")
    settings = {"max_block_size": BLOCK_ROWS, "optimize_read_in_order": 1, "max_threads": 1}
    with client.query_row_block_stream(sql, parameters=parameters, query_formats=AS_BYTES, settings=settings) as blocks:
        for block in blocks:
            yield from map(Link._make, block)


def links_where(client: Client, name: str, parameters: Mapping[str, Any] | None = None) -> list[Link]:
    """The rows whose sequence the `.sql` file `name` selects, in order; of several with one sequence any."""
    sql = Template(read_sql(__package__, "links_in.sql")).substitute(sequences=read_sql(__package__, name))
    found = client.query(sql, parameters=dict(parameters or {}), query_formats=AS_BYTES)
    return [Link._make(row) for row in found.result_rows]


def stream_pending(client: Client, size: int) -> Iterator[list[Act]]:
    """Acts of the intake that are not in the chain, as they were recorded, each once, in blocks of up to `size` rows."""
    sql = read_sql(__package__, "pending.sql")
    with client.query_row_block_stream(sql, query_formats=AS_BYTES, settings={"max_block_size": size}) as blocks:
        for block in blocks:
            acts = [Act._make(row) for row in block]
            yield from (acts[start : start + size] for start in range(0, len(acts), size))


def insert_links(client: Client, links: list[Link], token: str) -> None:
    """Add the rows in one part, all or none; nothing when a block of the same token was added before."""
    client.raw_insert(
        "governance.audit",
        COLUMNS,
        b"".join(map(_binary, links)),
        fmt="RowBinary",
        settings={
            "insert_deduplication_token": token,
            "insert_deduplicate": 1,
            "async_insert": 0,
            "max_partitions_per_insert_block": 1,
        },
    )


def _binary(link: Link) -> bytes:
    """RowBinary, in the order of COLUMNS."""
    values: tuple[int | bytes, ...] = link
    return b"".join(_value(name, value) for name, value in zip(Link._fields, values, strict=True))


def _value(name: str, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return struct.pack("<q" if name.endswith("_us") else "<Q", value)
    if name == "entry_id":
        packed = UUID(value.decode()).bytes
        return packed[7::-1] + packed[:7:-1]
    return _varint(len(value)) + value


def _varint(number: int) -> bytes:
    """LEB128, as RowBinary writes lengths."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
