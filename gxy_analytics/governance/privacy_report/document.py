"""report.json: everything, streamed row by row, so that a person with a million events takes no more memory than one with ten.

The page for reading is `page`. docs/how-to/answer-an-access-request.md explains the keys; a change of theirs is a new version.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO

from gxy_analytics.governance.privacy_report.catalogue import HeldTable, texts, unsearched
from gxy_analytics.governance.privacy_report.head import Head
from gxy_analytics.governance.privacy_report.rows import Row

SCHEMA = "gxy.privacy-report"
VERSION = 1
KEYS = {
    "schema": "Name of this format",
    "schema_version": "Grows when a key changes its meaning",
    "keys": "This list",
    "report_id": "Number of this report",
    "made_at": "When it was made",
    "timezone": "IANA zone of every time below, each with its offset from UTC",
    "shop": "The shop that answers for the data",
    "subject": "Whom it is about: how she was found, and every identifier her rows were looked for by",
    "rights": "What she may ask for next",
    "purposes": "What the data is for",
    "sources": "Where it comes from",
    "recipients": "Who gets to see it",
    "not_searched": "Where data of hers may be and cannot be looked up by a person",
    "products": "Names of the products in the orders, by product_id",
    "tables": "Every table that holds her: what it is, why, from where, how long, its columns, its rows without empty values",
    "rows": "Number of rows by table: a file that ends without it is not whole",
}


def write_document(file: TextIO, head: Head, tables: Iterable[tuple[HeldTable, Iterator[Row]]]) -> dict[str, int]:
    """Write the whole document. Returns the number of rows by table."""
    counts: dict[str, int] = {}
    file.write("{\n")
    for key, value in _front(head).items():
        file.write(f"{json.dumps(key)}: {_dump(value)},\n")
    file.write('"tables": [')
    for table, rows in tables:
        file.write("\n" if not counts else ",\n")
        counts[table.name] = _write_table(file, table, rows, head.periods)
    file.write(f'\n],\n"rows": {_dump(counts)}\n}}\n')
    return counts


def _write_table(file: TextIO, table: HeldTable, rows: Iterator[Row], periods: Mapping[str, str]) -> int:
    head = _dump(_described(table, periods))
    file.write(f'{head[:-1]}, "rows": [')
    count = 0
    for count, row in enumerate(rows, 1):
        file.write("\n" if count == 1 else ",\n")
        file.write(_dump(row))
    file.write("]}")
    return count


def _front(head: Head) -> dict[str, Any]:
    said = texts()
    shop, subject = head.shop, head.subject
    return {
        "schema": SCHEMA,
        "schema_version": VERSION,
        "keys": KEYS,
        "report_id": str(head.report_id),
        "made_at": head.made_at.astimezone(shop.zone).isoformat(timespec="milliseconds"),
        "timezone": shop.zone.key,
        "shop": {"tenant_id": shop.tenant_id, "name": shop.name, "country": shop.country},
        "subject": {
            "found_by": head.found_by,
            "customer_pids": subject.customer_pids,
            "anonymous_ids": subject.anonymous_ids,
            "shared_ids": subject.shared_ids,
            "tombstones": head.tombstones,
        },
        "rights": list(said["rights"].values()),
        "purposes": said["purposes"],
        "sources": said["sources"],
        "recipients": said["recipients"],
        "not_searched": not_searched(head.periods),
        "products": {str(product_id): {"name": name, "sku": sku} for product_id, (name, sku) in head.products.items()},
    }


def not_searched(periods: Mapping[str, str]) -> list[dict[str, str]]:
    """Places that cannot be searched by person, with how long they keep what is there."""
    return [
        {
            "place": place,
            "title": said["title"],
            "what": said["what"],
            "kept": said["kept"].format(period=periods.get(said.get("kept_rule", ""), "")),
        }
        for place, said in unsearched().items()
    ]


def _described(table: HeldTable, periods: Mapping[str, str]) -> dict[str, Any]:
    said = table.explained
    return {
        "table": table.name,
        "section": said.section,
        "title": said.title,
        "what": said.what,
        "source": said.source,
        "purposes": said.purposes,
        "kept": said.kept_text(periods),
        "after_erasure": said.erasure,
        "basis": said.basis,
        "columns": {column.name: {"type": column.type, "meaning": column.comment} for column in table.shown},
        "left_out": said.omit,
    }


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
