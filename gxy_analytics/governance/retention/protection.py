"""Which rows legal holds keep: of a tenant, or of the people under a hold, in every table that names them.

Placing and lifting holds belongs to `holds`.
"""

from __future__ import annotations

from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.retention.holds import list_holds
from gxy_analytics.governance.retention.rules import Rule
from gxy_analytics.warehouse.client import read_sql

COLUMNS = ("first_name", "second_name", "third_name")
"""The parameters of `is_held.sql`: as many columns as a table names a person in."""


@dataclass(frozen=True)
class Protection:
    """What is held: whole tenants, tenants of which some customer is, and these customers' identities as (tenant, identity)."""

    tenants: frozenset[str]
    tenants_with_held_people: frozenset[str]
    people: tuple[tuple[str, str], ...]

    def parameters(self, rule: Rule) -> dict[str, object]:
        """The parameters of `is_held.sql` for the rule's table.

        Where a table holds people and does not name them (dead letters), a hold on one keeps everything of the tenant.
        """
        nameless = not rule.people and not rule.nobody
        tenants = self.tenants | (self.tenants_with_held_people if nameless else frozenset())
        named = (rule.people * len(COLUMNS))[: len(COLUMNS)] or ("tenant_id",) * len(COLUMNS)
        people = self.people if rule.people else ()
        return {"held_tenants": sorted(tenants), "held_people": list(people), **dict(zip(COLUMNS, named, strict=True))}


def read_protection(client: Client) -> Protection:
    """What is held now."""
    holds = list_holds(client)
    of_people = frozenset(hold.tenant_id for hold in holds if hold.subject_hash)
    people = client.query(read_sql(__package__, "held_people.sql")).result_rows if of_people else []
    tenants = frozenset(hold.tenant_id for hold in holds if not hold.subject_hash)
    return Protection(tenants, of_people, tuple((tenant, identity) for tenant, identity in people))
