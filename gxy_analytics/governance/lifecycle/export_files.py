"""Files of an export: written by the server's own formats or row by row, read back, described. Which tables is `export`'s."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql

Format = Literal["parquet", "csv", "jsonl"]
SERVER_FORMATS = {"parquet": "Parquet", "csv": "CSVWithNames", "jsonl": "JSONEachRow"}
CHUNK_BYTES = 1 << 20
ROWS_AT_ONCE = 20_000
LONGEST_FIELD = 1 << 31  # `properties` of an event has no bound of its own
# FINAL where a table has versions; row groups that neither side holds more than one of.
SETTINGS = {"final": 1, "output_format_parquet_row_group_size": 100_000, "output_format_json_quote_64bit_integers": 0}

Row = Mapping[str, str | int | None]


def open_private(path: Path) -> int:
    """A descriptor of a new file that its owner alone may read."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def write_table(client: Client, path: Path, form: Format, *, database: str, table: str, tenant_id: str) -> None:
    """Stream the tenant's rows of one table into `path`, in the server's own rendering of the format."""
    bound = {"database": database, "table": table, "tenant_id": tenant_id}
    sql = read_sql(__package__, "export_rows.sql")
    stream = client.raw_stream(sql, parameters=bound, settings=SETTINGS, fmt=SERVER_FORMATS[form])
    try:
        with os.fdopen(open_private(path), "wb") as file:
            while chunk := stream.read(CHUNK_BYTES):
                file.write(chunk)
    finally:
        stream.close()


def write_rows(path: Path, form: Format, names: list[str], rows: Iterable[Row]) -> None:
    """Write rows of texts and numbers, ROWS_AT_ONCE held at a time. `names`: columns in order; the first is the key."""
    remaining = iter(rows)
    with os.fdopen(open_private(path), "wb") as file:
        writer = None
        if form == "csv":
            file.write((",".join(f'"{name}"' for name in names) + "\n").encode())
        while (some := list(islice(remaining, ROWS_AT_ONCE))) or (form == "parquet" and writer is None):
            if form == "parquet":
                batch = pa.table({name: pa.array([row.get(name) for row in some], _type(name)) for name in names})
                writer = writer or pq.ParquetWriter(file, batch.schema)
                writer.write_table(batch)
            else:
                file.writelines(_lines(form, names, some))
        if writer:
            writer.close()


def describe(path: Path, form: Format) -> dict[str, Any]:
    """Rows (as a reader of the format counts them), bytes and SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return {"file": path.name, "rows": count_file(path, form), "bytes": path.stat().st_size, "sha256": digest.hexdigest()}


def count_file(path: Path, form: Format) -> int:
    """Rows of the file, read back in bounded memory."""
    if form == "parquet":
        return int(pq.ParquetFile(path).metadata.num_rows)
    with path.open(newline="") as file:
        if form == "jsonl":
            return sum(1 for _ in file)
        csv.field_size_limit(LONGEST_FIELD)
        return sum(1 for _ in csv.reader(file)) - 1


def _type(name: str) -> pa.DataType:
    return pa.uint64() if name == "order_id" else pa.string()


def _lines(form: Format, names: list[str], rows: list[Row]) -> Iterator[bytes]:
    for row in rows:
        if form == "jsonl":
            yield (json.dumps({name: row.get(name) for name in names}, ensure_ascii=False) + "\n").encode()
        else:
            yield (",".join(_csv(row.get(name)) for name in names) + "\n").encode()


def _csv(value: str | int | None) -> str:
    """As the server writes it: texts quoted, NULL as \\N."""
    if value is None:
        return "\\N"
    return str(value) if isinstance(value, int) else '"' + value.replace('"', '""') + '"'
