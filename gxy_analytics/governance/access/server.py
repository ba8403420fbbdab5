"""The specification on a full ClickHouse server: reading what is live with SHOW ACCESS, and running what it still needs.

What the statements are belongs to `server_sql`, comparing spellings to `statements`. Objects of others are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.access.accounts import OURS, TENANT_ROLE, Account
from gxy_analytics.governance.access.plan import Plan, compare
from gxy_analytics.governance.access.server_sql import PREFIX, ROLE_PREFIX, altering, render_account, render_objects
from gxy_analytics.governance.access.specification import Specification
from gxy_analytics.governance.access.statements import objects_of
from gxy_analytics.warehouse.client import read_sql

TENANTS_ROLE = f"{ROLE_PREFIX}{TENANT_ROLE}"
DROPS = {
    "user": "DROP USER IF EXISTS",
    "policy": "DROP ROW POLICY IF EXISTS",
    "quota": "DROP QUOTA IF EXISTS",
    "role": "DROP ROLE IF EXISTS",
    "profile": "DROP SETTINGS PROFILE IF EXISTS",
}
"""What is removed, in an order that leaves nothing open: who may log in goes first."""


def wanted_statements(specification: Specification, accounts: Iterable[Account], operator: str) -> dict[str, list[str]]:
    """Return the statements of every object, by name; `operator` is the account that applies them and keeps seeing every row."""
    objects = render_objects(specification, operator)
    return objects | {f"user {account.name}": render_account(account) for account in accounts}


def plan_server(client: Client, specification: Specification, accounts: list[Account], operator: str) -> Plan:
    """Return the difference between the server and the specification. Needs the privilege SHOW ACCESS."""
    shown = [str(line) for (line,) in client.query("show access").result_rows]
    applied = dict(client.query(read_sql(__package__, "applied.sql")).result_rows)
    return compare_server(shown, applied, specification, accounts, operator)


def compare_server(
    shown: Iterable[str], applied: dict[str, str], specification: Specification, accounts: list[Account], operator: str
) -> Plan:
    """`plan_server` over what SHOW ACCESS printed, and the fingerprints of passwords by user as last applied."""
    statements = wanted_statements(specification, accounts, operator)
    wanted = objects_of(line for lines in statements.values() for line in lines)
    wanted |= {f"user {one.name}": wanted[f"user {one.name}"] | {f"PASSWORD {one.fingerprint}"} for one in accounts}
    live = objects_of(shown)
    ours = {name: facts for name, facts in live.items() if is_ours(name)}
    passwords = {f"user {user}": f"PASSWORD {fingerprint}" for user, fingerprint in applied.items()}
    ours = {name: facts | {passwords[name]} if name in passwords else facts for name, facts in ours.items()}
    others = {name.removeprefix("user ") for name in live if name.startswith("user ") and name not in ours}
    return compare({name: wanted[name] for name in statements}, ours, others)


def apply_server(client: Client, plan: Plan, specification: Specification, accounts: list[Account], operator: str) -> None:
    """Run the plan: what is removed first, users last. A stop in between leaves less open, not more."""
    statements = wanted_statements(specification, accounts, operator)
    for statement in steps(plan, statements):
        client.command(statement)
    given = [
        [account.name, account.fingerprint] for account in accounts if f"user {account.name}" in {*plan.added, *plan.changed}
    ]
    if given:
        client.insert("access_applied", given, column_names=["user_name", "fingerprint"], database="governance")


def steps(plan: Plan, statements: dict[str, list[str]]) -> Iterator[str]:
    """What `apply_server` runs, in order. `statements`: as `wanted_statements` gives them."""
    for kind, drop in DROPS.items():
        yield from (f"{drop} {_named(name)}" for name in plan.removed if name.startswith(f"{kind} "))
    for name, made in statements.items():
        if name in plan.changed and name.startswith(("role ", "profile ")):
            yield from altering(made)
        elif name in {*plan.added, *plan.changed}:
            yield from made


def is_ours(name: str) -> bool:
    """Whether an object bears our mark: gxy_ before it, or for a user also tenant_."""
    kind, called = name.split(" ", 1)
    return bool(OURS.fullmatch(called)) if kind == "user" else called.startswith(PREFIX)


def _named(name: str) -> str:
    """The object's name in SQL. `is_ours` and SHOW ACCESS leave nothing in it but names, which are quoted all the same."""
    called, _, table = name.split(" ", 1)[1].partition(" on ")
    return f"`{called}`" + (" ON " + ".".join(f"`{part}`" for part in re.split(r"\.", table)) if table else "")
