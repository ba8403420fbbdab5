"""The vault's tables, and the one statement that asks for their sealed rows, whichever are meant, with the keys these need.

Asking it, and opening what it gives, belongs to `reader` and the scanner; rows from before keys to `migration`.
"""

from __future__ import annotations

from string import Template
from typing import NamedTuple

from gxy_analytics.warehouse.client import read_sql

TABLES = {
    "customers": {"table": "pii.customers", "key": "customer_pid", "type": "String", "owner": "customer_pid"},
    "orders": {
        "table": "pii.orders",
        "key": "order_id",
        "type": "UInt64",
        "owner": "if(customer_pid = '', concat('order:', toString(order_id)), customer_pid)",
    },
}
"""What is filled into statements: the table, the key of its rows with its type, and whose key seals a row."""


class Which(NamedTuple):
    """Rows of one of TABLES, and the file with their condition."""

    table: str
    condition: str


CUSTOMERS = Which("customers", "which_customers.sql")
CUSTOMERS_AFTER = Which("customers", "which_customers_after.sql")
NEWEST_CUSTOMERS = Which("customers", "which_newest_customers.sql")
ORDERS = Which("orders", "which_orders.sql")


def sealed_rows_sql(which: Which) -> str:
    """The statement; what it binds is in the condition. Ids come beside it, as a table `customers`."""
    condition = read_sql(__package__, which.condition)
    return Template(read_sql(__package__, "sealed_rows.sql")).substitute(TABLES[which.table], which=condition)
