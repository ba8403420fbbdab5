"""The books before and after: an erasure that changes an amount, or the number of orders, fails.

Called while no build runs, around what replaces pseudonyms by tombstones.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.errors import BooksChangedError
from gxy_analytics.governance.erasure.predicates import ASKED, of_orders
from gxy_analytics.governance.erasure.sql import ask, filled
from gxy_analytics.governance.erasure.target import Target

BOOKS = {
    "raw.oltp_orders": "books_raw",
    "marts.fct_orders": "books_orders",
    "marts.fct_order_items": "books_items",
    "marts.sales_daily": "books_sales",
}

Books = dict[str, list[dict[str, str]]]


def read_books(client: Client, target: Target, present: set[str]) -> Books:
    """Orders and amounts by table and currency: of the person's orders in raw, of the whole tenant in the marts."""
    return {
        table: _sums(client, filled(name, orders=of_orders(ASKED)), target) for table, name in BOOKS.items() if table in present
    }


def require_same(before: Books, after: Books) -> None:
    """Raise BooksChangedError naming the tables that differ."""
    different = [name for name in before if before[name] != after.get(name)]
    if different:
        raise BooksChangedError(
            f"Orders or amounts in {', '.join(different)} differ before and after the erasure: extract the orders "
            "again and rebuild their days, then `gxy erase retry`; if it fails again, the registry treats a table wrongly."
        )


def _sums(client: Client, sql: str, target: Target) -> list[dict[str, str]]:
    rows = ask(client, sql, target).named_results()
    return [{name: str(value) for name, value in row.items()} for row in rows]
