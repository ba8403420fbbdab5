"""Reading the vault: the one place besides the scanner where sealed values are opened, and every reading is an audit row.

Who may ask for what is decided by the callers (access reports, exports, erasure); sealing belongs to `extraction.vaulting`,
destroying keys to `customer_keys`. Pseudonyms go beside a query: they are personal data too, and its log is kept for weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.normalisation import normalise_email
from gxy_analytics.governance.suppressions import CUSTOMER, identity_hash
from gxy_analytics.governance.vault.customer_keys import chunks
from gxy_analytics.governance.vault.master_key import KeyRing
from gxy_analytics.governance.vault.sealed_rows import CUSTOMERS, CUSTOMERS_AFTER, ORDERS, Which, sealed_rows_sql
from gxy_analytics.governance.vault.vault import SealedRow, Vault, sealed_row
from gxy_analytics.warehouse.beside import beside
from gxy_analytics.warehouse.client import read_sql

ACTION = "vault.read"
SUBJECT_DIGITS = 16  # of a hash, in the audit
ORDERS_AT_ONCE = 500  # in one query: ids of orders are parameters, which end at 128 KiB
ROWS_AT_ONCE = 20_000  # sealed rows held while a tenant is searched, about 10 MB

Values = dict[str, str | None]


class MissingReasonError(GxyError):
    """Nobody opens the vault without saying why."""


class VaultReader:
    """Opens personal values of customers and orders. Every call writes one audit row, before anything is opened."""

    def __init__(self, client: Client, master_key: KeyRing | bytes) -> None:
        self._client = client
        self._vault = Vault(master_key)

    def customers(self, tenant_id: str, pids: Iterable[str], *, reason: str) -> dict[str, Values]:
        """Personal values by customer_pid. Customers that the vault does not have, or whose key is destroyed, are left out.

        Raises MissingReasonError; VaultError and UnknownKeyVersionError when a row does not open.
        """
        asked = list(pids)
        sealed = self._rows(CUSTOMERS, tenant_id, pids=asked)
        self._record(tenant_id, reason, "customers", len(sealed), asked)
        return {row.place.row_key: opened for row in sealed if (opened := self._vault.open(row))}

    def orders(
        self, tenant_id: str, *, order_ids: Iterable[int] = (), pids: Iterable[str] = (), reason: str
    ) -> dict[int, Values]:
        """Personal values by order_id, of the orders named and of all orders of the customers named. Raises as `customers`."""
        owners = list(pids)
        found = self._rows(ORDERS, tenant_id, pids=owners) if owners else []
        for some in chunks(order_ids, ORDERS_AT_ONCE):
            found += self._rows(ORDERS, tenant_id, order_ids=some)
        sealed = {row.place.row_key: row for row in found}
        self._record(tenant_id, reason, "orders", len(sealed), owners)
        return {int(key): opened for key, row in sealed.items() if (opened := self._vault.open(row))}

    def find_email(self, tenant_id: str, email: str, *, reason: str) -> list[str]:
        """customer_pids whose address is `email`, both normalised. Opens every customer of the tenant: about 15 µs each.

        Nothing is stored that finds an address without opening. Raises as `customers`.
        """
        wanted = normalise_email(email)
        parameters = {"tenant_id": tenant_id}
        ((people,),) = self._client.query(read_sql(__package__, "count_customers.sql"), parameters=parameters).result_rows
        self._record(tenant_id, reason, "find_email", people)
        return [pid for pid, values in self._all_customers(tenant_id) if wanted and _email(values) == wanted]

    def _all_customers(self, tenant_id: str) -> Iterator[tuple[str, Values]]:
        after = ""
        while rows := self._rows(CUSTOMERS_AFTER, tenant_id, pids=[after], rows=ROWS_AT_ONCE):
            for row in rows:
                yield row.place.row_key, self._vault.open(row)
            after = rows[-1].place.row_key

    def _rows(self, which: Which, tenant_id: str, *, pids: Sequence[str] = (), **bound: Any) -> list[SealedRow]:
        parameters = {"tenant_id": tenant_id, "order_ids": [], **bound}
        found = self._client.query(sealed_rows_sql(which), parameters=parameters, external_data=beside(customers=pids))
        return [sealed_row(tenant_id, which.table, row) for row in found.named_results()]

    def _record(self, tenant_id: str, reason: str, what: str, rows: int, pids: Sequence[str] = ()) -> None:
        if not reason.strip():
            raise MissingReasonError("No reason: say why the vault is opened, such as a ticket number; it is kept.")
        subject = identity_hash(tenant_id, CUSTOMER, pids[0])[:SUBJECT_DIGITS] if len(pids) == 1 else ""
        record(self._client, ACTION, tenant_id=tenant_id, subject=subject, reason=reason, rows=rows, details={"what": what})


def _email(values: Values) -> str:
    return normalise_email(values.get("email") or "")
