"""One person's rows of one table, streamed: exact amounts, times in the shop's zone, empty values left out.

Which tables there are belongs to `catalogue`, what becomes of the rows to `document` and `digest`.
"""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.privacy_report.catalogue import Column, HeldTable, UnsearchableTableError
from gxy_analytics.governance.subjects.subjects import CUSTOMER
from gxy_analytics.warehouse.beside import beside
from gxy_analytics.warehouse.client import read_sql

SETTINGS = {
    "output_format_json_quote_decimals": 1,
    "output_format_decimal_trailing_zeros": 1,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_validate_utf8": 1,
    "date_time_output_format": "iso",
    "max_threads": 2,
    "max_block_size": 8_192,
    "optimize_read_in_order": 0,  # merging hundreds of daily parts row by row holds a buffer for every column of each
    "max_bytes_before_external_sort": 200_000_000,
    "wait_end_of_query": 1,  # an error is a status, not a broken line at the end
}
NOTHING: tuple[Any, ...] = ("", None, [], {})
CHUNK = 1 << 18
SAFE_INTEGER = 2**53
"""Above it other readers of JSON round (RFC 8259 §6): such a number becomes a text."""
JSON_TEXT = ("properties", "traits", "report")
HEX = "hex(raw) as raw"
"""Of a dead letter: sealed bytes are no text."""
BY_CUSTOMER = "customer_pid in (select id from customers)"
BY_BROWSER = {
    "anonymous_id": "anonymous_id in (select id from browsers)",
    "previous_id": "previous_id in (select id from browsers)",
    "network_id": "network_id in (select id from browsers)",
    # Without a browser's id the pseudonym stands in its place.
    "visitor_id": "visitor_id in (select id from browsers) or visitor_id in (select id from customers)",
}
BY_HASH = {
    "subjects": "hasAny(subjects, (select groupArray(toFixedString(id, 64)) from hashes where length(id) = 64))",
    "identity_hash": "toString(identity_hash) in (select id from hashes)",
    "subject_hash": "toString(subject_hash) in (select id from hashes)",
    "subject": "subject in (select id from hashes)",
}
BY_OTHER = {"order": "order_id", "request": "request_id", "key": "subject"}
"""Ways that are in `by_<way>.sql`, with the column that they need."""
Row = dict[str, Any]


class BrokenAnswerError(GxyError):
    """The database's answer ended early."""


@dataclass(frozen=True)
class Identities:
    """What a person's rows are found by. `customers`: pseudonyms, and what stands for them in orders kept after an erasure."""

    tenant_id: str
    customers: tuple[str, ...]
    browsers: tuple[str, ...]
    hashes: tuple[str, ...]


def stream_rows(client: Client, table: HeldTable, who: Identities, zone: ZoneInfo) -> Iterator[Row]:
    """Yield the rows of the person as JSON-ready dicts. Raises UnsearchableTableError, BrokenAnswerError."""
    sql = Template(read_sql(__package__, "held_rows.sql")).substitute(
        columns=", ".join(_selected(table, column) for column in table.shown),
        table=table.quoted,
        final="final" if "Replacing" in table.engine else "",
        condition=_condition(table),
        order=quote_identifier(table.explained.order) if table.has(table.explained.order) else "tuple()",
    )
    bound = {"tenant_id": who.tenant_id}
    lists = beside(customers=who.customers, browsers=who.browsers, hashes=who.hashes)
    shape = _shape(table.shown, zone)
    with client.raw_stream(sql, parameters=bound, settings=SETTINGS, fmt="JSONCompactEachRow", external_data=lists) as answer:
        for line in _lines(answer):
            try:
                read = json.loads(line)
            except ValueError:
                raise BrokenAnswerError(f"The rows of {table.name} could not all be read: make the report again.") from None
            yield shape(read)


def _selected(table: HeldTable, column: Column) -> str:
    return HEX if column.name == "raw" and table.has("seal_version") else quote_identifier(column.name)


def _lines(answer: io.IOBase) -> Iterator[bytes]:
    rest = b""
    while chunk := answer.read(CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _condition(table: HeldTable) -> str:
    """Where the person's rows are: every way of `by` that the table has a column for."""
    ways = []
    for way in table.explained.by:
        if way == "customer" and table.has(CUSTOMER):
            ways.append(BY_CUSTOMER)
        elif way == "browser":
            ways += [sql for column, sql in BY_BROWSER.items() if table.has(column)]
        elif way in BY_OTHER and table.has(BY_OTHER[way]):
            ways.append(read_sql(__package__, f"by_{way}.sql"))
        elif way in BY_HASH and table.has(way):
            ways.append(BY_HASH[way])
    if not ways:
        raise UnsearchableTableError(
            f"{table.name} is said to hold people by {', '.join(table.explained.by)} and has no such column: correct tables.toml."
        )
    return " or ".join(ways)


def _shape(columns: tuple[Column, ...], zone: ZoneInfo) -> Callable[[list[Any]], Row]:
    """What turns a row as the server writes it into one of the report."""
    readers: dict[str, Callable[[Any], Any]] = {}
    for column in columns:
        if "DateTime" in column.type:
            readers[column.name] = lambda value: _local(value, zone)
        elif "Int64" in column.type or "128" in column.type or "256" in column.type:
            readers[column.name] = _whole
        elif column.name in JSON_TEXT:
            readers[column.name] = _opened

    names = [column.name for column in columns]
    has_groups = any("." in name for name in names)

    def shape(values: list[Any]) -> Row:
        given = ((name, value) for name, value in zip(names, values, strict=True) if value not in NOTHING)
        row = {name: readers[name](value) if name in readers else value for name, value in given}
        return _nested(row) if has_groups else row

    return shape


def _local(value: Any, zone: ZoneInfo) -> Any:
    """An instant in the shop's zone with its offset, such as 2026-03-01T11:00:00.000+01:00."""
    if not isinstance(value, str):
        return value
    instant = datetime.fromisoformat(value)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(zone).isoformat(timespec="milliseconds")


def _whole(value: Any) -> Any:
    return str(value) if isinstance(value, int) and abs(value) > SAFE_INTEGER else value


def _opened(value: Any) -> Any:
    """JSON that is kept as text."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _nested(row: Row) -> Row:
    """`items.name`, `items.price` and so on, which are parallel lists, as one list `items` of objects."""
    groups: dict[str, Row] = defaultdict(dict)
    plain: Row = {}
    for name, value in row.items():
        group, dot, member = name.partition(".")
        if dot and isinstance(value, list):
            groups[group][member] = value
            plain.setdefault(group, None)
        else:
            plain[name] = value
    for group, members in groups.items():
        count = max(map(len, members.values()))
        plain[group] = [
            {member: values[i] for member, values in members.items() if i < len(values) and values[i] not in ("", None)}
            for i in range(count)
        ]
    return plain
