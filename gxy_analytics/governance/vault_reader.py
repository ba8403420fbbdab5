"""Reading the vault: the one place besides the scanner where sealed values are opened, and every reading is an audit row.

Who may ask for what is decided by the callers (access reports, exports, erasure); sealing belongs to `extraction.vaulting`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.normalisation import normalise_email
from gxy_analytics.governance.vault import Vault
from gxy_analytics.warehouse.client import read_sql

PACKAGE = "gxy_analytics.governance"
ACTION = "vault.read"
KEYS_AT_ONCE = 500  # in one query: a pseudonym is 64 characters of its URL
ROWS_AT_ONCE = 20_000  # sealed rows held while a tenant is searched, about 10 MB
MUTATION = {"mutations_sync": 2}

Values = dict[str, str | None]
Item = TypeVar("Item")


class MissingReasonError(GxyError):
    """Nobody opens the vault without saying why."""


class VaultReader:
    """Opens personal values of customers and orders. Every call writes one audit row, before anything is opened."""

    def __init__(self, client: Client, master_key: bytes) -> None:
        self._client = client
        self._vault = Vault(master_key)

    def customers(self, tenant_id: str, pids: Iterable[str], *, reason: str) -> dict[str, Values]:
        """Personal values by customer_pid. Customers that the vault does not have, or whose key is destroyed, are left out.

        Raises MissingReasonError, and VaultError when a row does not open.
        """
        sealed = [row for keys in chunks(pids, KEYS_AT_ONCE) for row in self._rows("vault_customers.sql", tenant_id, keys=keys)]
        self._record(tenant_id, reason, len(sealed), "customers")
        return {row[0]: opened for row in sealed if (opened := self._open(tenant_id, str(row[0]), row))}

    def orders(
        self, tenant_id: str, *, order_ids: Iterable[int] = (), pids: Iterable[str] = (), reason: str
    ) -> dict[int, Values]:
        """Personal values by order_id, of the orders named and of all orders of the customers named. Raises as `customers`."""
        asked: list[dict[str, Any]] = [{"order_ids": ids, "pids": []} for ids in chunks(order_ids, KEYS_AT_ONCE)]
        asked += [{"order_ids": [], "pids": own} for own in chunks(pids, KEYS_AT_ONCE)]
        sealed = {row[0]: row for bound in asked for row in self._rows("vault_orders.sql", tenant_id, **bound)}
        self._record(tenant_id, reason, len(sealed), "orders")
        return {key: opened for key, row in sealed.items() if (opened := self._open(tenant_id, f"order:{key}", row))}

    def find_email(self, tenant_id: str, email: str, *, reason: str) -> list[str]:
        """customer_pids whose address is `email`, both normalised. Opens every customer of the tenant: about 10 µs each.

        Nothing that finds an address without opening is stored. Raises as `customers`.
        """
        wanted = normalise_email(email)
        ((people,),) = self._client.query(
            read_sql(PACKAGE, "vault_count_customers.sql"), parameters={"tenant_id": tenant_id}
        ).result_rows
        self._record(tenant_id, reason, people, "find_email")
        return [pid for pid, values in self._all_customers(tenant_id) if wanted and _email(values) == wanted]

    def _all_customers(self, tenant_id: str) -> Iterator[tuple[str, Values]]:
        after = ""
        while rows := self._rows("vault_customers_after.sql", tenant_id, after=after, rows=ROWS_AT_ONCE):
            for row in rows:
                yield row[0], self._open(tenant_id, row[0], row)
            after = rows[-1][0]

    def _rows(self, name: str, tenant_id: str, **bound: Any) -> list[tuple[Any, ...]]:
        found = self._client.query(read_sql(PACKAGE, name), parameters={"tenant_id": tenant_id, **bound})
        return [tuple(row) for row in found.result_rows]

    def _open(self, tenant_id: str, subject: str, row: tuple[Any, ...]) -> Values:
        _, wrapped_key, ciphertext = row
        return self._vault.open(tenant_id, subject, wrapped_key, ciphertext)

    def _record(self, tenant_id: str, reason: str, rows: int, what: str) -> None:
        if not reason.strip():
            raise MissingReasonError("No reason: say why the vault is opened, such as a ticket number; it is kept.")
        record(self._client, ACTION, tenant_id=tenant_id, reason=reason, rows=rows, details={"what": what})


def shred(client: Client, tenant_id: str, pids: Iterable[str]) -> None:
    """Destroy the keys of these customers, for good: nothing that was sealed of them, or of their orders, can be opened again.

    Returns when no active part holds a key of theirs. Asked again it changes nothing.
    """
    for some in chunks(pids, KEYS_AT_ONCE):
        parameters = {"tenant_id": tenant_id, "pids": some}
        for name in ("vault_shred_customers.sql", "vault_shred_orders.sql"):
            client.command(read_sql(PACKAGE, name), parameters=parameters, settings=MUTATION)


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items, at most `size` at a time."""
    remaining = iter(items)
    while some := list(islice(remaining, size)):
        yield some


def _email(values: Values) -> str:
    return normalise_email(values.get("email") or "")
