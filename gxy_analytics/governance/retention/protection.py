"""Which rows legal holds keep: of a tenant, or of the people under a hold, in every table that names them.

Placing and lifting holds belongs to `holds`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.retention.holds import list_holds
from gxy_analytics.governance.retention.rules import Rule
from gxy_analytics.warehouse.client import read_sql

COLUMNS = ("first_name", "second_name", "third_name")
"""The parameters of `is_held.sql`: the customer's column, and two at most that name a browser."""


@dataclass(frozen=True)
class Protection:
    """What is held: whole tenants, customers by the hash of their pid, and their browsers as (tenant, id)."""

    tenants: frozenset[str]
    customers: frozenset[tuple[str, str]]
    browsers: tuple[tuple[str, str], ...]

    def parameters(self, rule: Rule) -> dict[str, object]:
        """The parameters of `is_held.sql` for the rule's table.

        Where a table holds people and does not name them (dead letters), a hold on one keeps everything of the tenant.
        """
        tenants_of_held = {tenant for tenant, _ in self.customers}
        nameless = not rule.people and not rule.nobody
        # Without a column that names anybody nothing is compared: any column will do.
        bound = self.of_people(*(rule.people or ("tenant_id",)))
        return {
            **bound,
            "held_tenants": sorted(self.tenants | (tenants_of_held if nameless else set())),
            "tenants_of_held": sorted(tenants_of_held) if rule.people else [],
        }

    def of_people(self, customer: str, *browsers: str) -> dict[str, object]:
        """The parameters of `is_held.sql` for rows that name a customer in one column, and her browsers in two at most."""
        named = (customer, *(browsers or [customer]), *(browsers or [customer]))[: len(COLUMNS)]
        return {
            "held_tenants": sorted(self.tenants),
            "tenants_of_held": sorted({tenant for tenant, _ in self.customers}),
            "held_hashes": sorted({subject_hash for _, subject_hash in self.customers}),
            "held_browsers": list(self.browsers),
            **dict(zip(COLUMNS, named, strict=True)),
        }


def is_held() -> str:
    """The condition that a hold keeps a row, over the parameters of a Protection: the one that says whom a hold binds."""
    return read_sql(__package__, "is_held.sql").strip()


def read_protection(client: Client) -> Protection:
    """What is held now."""
    found = read_customer_protection(client)
    if not found.customers:
        return found
    rows = client.query(read_sql(__package__, "held_browsers.sql")).result_rows
    return replace(found, browsers=tuple((tenant, browser) for tenant, browser in rows))


def read_customer_protection(client: Client) -> Protection:
    """What is held now in tables that name customers and no browsers."""
    holds = list_holds(client)
    customers = frozenset((hold.tenant_id, hold.subject_hash) for hold in holds if hold.subject_hash)
    return Protection(frozenset(hold.tenant_id for hold in holds if not hold.subject_hash), customers, ())
