"""governance.access_users: which accounts there should be now, and giving one a new password.

Deriving a password belongs to `accounts`; telling the server of it to `embedded` and `server`.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.access.accounts import Account, tenant_user, wanted_accounts
from gxy_analytics.governance.access.specification import Specification
from gxy_analytics.warehouse.client import read_sql


class NoLoginError(GxyError):
    """The tenant is not there, or not active."""


def accounts_now(client: Client, specification: Specification, master_key: bytes) -> list[Account]:
    """Return the accounts the warehouse's tenants call for, by name. A tenant that is not active has none."""
    slugs = [slug for (slug,) in client.query(read_sql(__package__, "active_tenants.sql")).result_rows]
    generations = dict(client.query(read_sql(__package__, "generations.sql")).result_rows)
    return wanted_accounts(specification, master_key, slugs, generations)


def account_of(client: Client, specification: Specification, master_key: bytes, slug: str) -> Account:
    """Return the account of an active tenant. Raises NoLoginError."""
    for account in accounts_now(client, specification, master_key):
        if account.tenant_id == slug:
            return account
    raise NoLoginError(f"There is no active tenant '{slug}', so that it has no login: see `gxy tenant list`.")


def rotate(client: Client, specification: Specification, master_key: bytes, slug: str) -> Account:
    """Give the tenant's user the next password and return the account. Raises NoLoginError.

    The server takes the old one until the specification is applied again.
    """
    account_of(client, specification, master_key, slug)
    client.command(read_sql(__package__, "rotate_user.sql"), parameters={"user_name": tenant_user(specification, slug)})
    return account_of(client, specification, master_key, slug)
