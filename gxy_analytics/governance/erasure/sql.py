"""The statements of this package: identifiers and predicates of the registry filled in, values bound, and how they are sent.

Which rows a predicate means belongs to `predicates`.
"""

from __future__ import annotations

from string import Template
from typing import Any

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.query import QueryResult

from gxy_analytics.governance.erasure.target import Target
from gxy_analytics.warehouse.client import read_sql

SYNC = {"mutations_sync": 2, "lightweight_deletes_sync": 2, "allow_nondeterministic_mutations": 1}
"""Return when the mutation is done, on every replica. The ids it looks up are the same on each."""


def filled(name: str, **parts: str) -> str:
    """The text of `<name>.sql` with its `$parts`, which come from constants and the registry."""
    return Template(read_sql(__package__, f"{name}.sql")).substitute(parts)


def ask(client: Client, sql: str, target: Target) -> QueryResult:
    """Answer a query whose predicates say ASKED: it brings the person's ids along, any number of them."""
    return client.query(sql, parameters=target.parameters(), external_data=target.person())


def change(client: Client, sql: str, target: Target, **settings: Any) -> None:
    """Run a statement whose predicates say LISTED, to its end. The person must be on the suppression list."""
    client.command(sql, parameters=target.parameters(), settings=SYNC | settings)
