"""The specification as SQL for a full ClickHouse server: profiles, quotas, roles, grants, row policies, users.

Names and values come from `specification` and `accounts`, which check them; every statement is read by the real parser in a test.
Which statements a server still needs belongs to `plan`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.access.accounts import Account
from gxy_analytics.governance.access.specification import Grant, Quota, Role, Specification, Value, literal

PREFIX = "gxy_"
"""Before the names of roles, profiles, quotas and policies, so that ours are told from others'."""
ROLE_PREFIX = "gxy_role_"
"""Roles need another one: the account of a role is `gxy_<role>`, and a server tells users from roles by name alone."""
STAFF_CONDITION = "1"
SEALED = "__whole_table"
"""A column that no table has, revoked from who reads a policed table: no query misses it, and who asks for the whole is refused.

`mergeTreeAnalyzeIndexes` does, which knows no policy and would show any tenant's keys.
"""
OPERATOR = re.compile(r"[A-Za-z0-9_.@-]+")


class UnsafeOperatorError(GxyError):
    """The account that applies the specification has a name that is not written into SQL."""


ADVICE = """\
<!-- config.d/access.xml of a full server: what nobody was granted or policed for is refused instead of shown. -->
<clickhouse>
    <enable_webterminal>false</enable_webterminal>
    <query_log>
        <enable_user_query_log>false</enable_user_query_log>
    </query_log>
    <access_control_improvements>
        <users_without_row_policies_can_read_rows>false</users_without_row_policies_can_read_rows>
        <throw_on_unmatched_row_policies>true</throw_on_unmatched_row_policies>
        <on_cluster_queries_require_cluster_grant>true</on_cluster_queries_require_cluster_grant>
        <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
        <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
        <table_engines_require_grant>true</table_engines_require_grant>
        <settings_constraints_replace_previous>true</settings_constraints_replace_previous>
    </access_control_improvements>
</clickhouse>
"""


def grant_statements(role: Role, to: str = "") -> Iterator[str]:
    """GRANT for each table of each grant, and what seals a policed one; without `to` nobody is named, as in `users.xml`."""
    receiver, loser = (f" TO {to}", f" FROM {to}") if to else ("", "")
    for grant in role.grants:
        for table in grant.on:
            yield f"GRANT {_privileges(grant)} ON {table}{receiver}"
    for table in role.policed:
        yield f"GRANT SELECT, SHOW COLUMNS ON {table}{receiver}"
        yield f"REVOKE SELECT({SEALED}) ON {table}{loser}"


def render_objects(specification: Specification, operator: str) -> dict[str, list[str]]:
    """Return what the server should have beside users: the statements that make each object, by its name, in order.

    `operator`: the account of the platform's own processes there, which must see every row. Raises UnsafeOperatorError.
    """
    if not OPERATOR.fullmatch(operator):
        raise UnsafeOperatorError(f"'{operator}' cannot be written into a row policy: connect with another account's name.")
    objects: dict[str, list[str]] = {}
    for name, settings in sorted(specification.profiles.items()):
        values = ", ".join(_settings(settings, specification.changeable_in(name)))
        objects[f"profile {PREFIX}{name}"] = [f"CREATE SETTINGS PROFILE {PREFIX}{name} SETTINGS {values}"]
    for name, role in sorted(specification.roles.items()):
        made = f"CREATE ROLE {ROLE_PREFIX}{name} SETTINGS PROFILE '{PREFIX}{role.profile}'"
        objects[f"role {ROLE_PREFIX}{name}"] = [made, *grant_statements(role, f"{ROLE_PREFIX}{name}")]
    for name, quota in sorted(specification.quotas.items()):
        objects[f"quota {PREFIX}{name}"] = [_quota(name, quota, specification)]
    for table in specification.policed:
        objects.update(_policies(table, specification, operator))
    return objects


def render_account(account: Account) -> list[str]:
    """The statements that make one user."""
    user = f"`{account.name}`"
    return [
        f"CREATE USER OR REPLACE {user} IDENTIFIED WITH sha256_hash BY '{account.sha256}' HOST ANY",
        f"GRANT {ROLE_PREFIX}{account.role} TO {user}",
    ]


def altering(statements: list[str]) -> list[str]:
    """What brings a role or profile that is there to `statements`: altered, since one made anew is another to who refers to it.

    A role loses everything first, so that it is left with less, not with more, when this stops in between.
    """
    made, *grants = statements
    words = made.split()
    kind, name = ("ROLE", words[2]) if words[1] == "ROLE" else ("SETTINGS PROFILE", words[3])
    revoked = [f"REVOKE ALL ON *.* FROM {name}"] if kind == "ROLE" else []
    return [made.replace("CREATE ", "ALTER ", 1), *revoked, *grants]


def render_script(specification: Specification, accounts: Iterable[Account], operator: str) -> str:
    """Everything as one script, for a reader or for `clickhouse-client`."""
    statements = [line for lines in render_objects(specification, operator).values() for line in lines]
    statements += [line for account in accounts for line in render_account(account)]
    return "".join(f"{statement};\n" for statement in statements)


def _settings(settings: dict[str, Value], changeable: dict[str, tuple[int, int] | None]) -> Iterator[str]:
    """A profile's settings with what may be done to each: nothing, or what `changeable` says."""
    for name in [*settings, *(name for name in changeable if name not in settings)]:
        limits = changeable.get(name)
        value = f" = {literal(settings[name])}" if name in settings else ""
        bounds = f" MIN {literal(limits[0])} MAX {literal(limits[1])}" if limits else ""
        yield f"{name}{value}{bounds} {'CHANGEABLE_IN_READONLY' if name in changeable else 'CONST'}"


def _policies(table: str, specification: Specification, operator: str) -> Iterator[tuple[str, list[str]]]:
    """Three policies of a table: tenants see their rows, and never more whatever else permits; staff sees all.

    With a policy on a table, a user whom no policy names sees nothing of it, so that everybody else is named.
    """
    tenants = ", ".join(f"{ROLE_PREFIX}{name}" for name, role in sorted(specification.roles.items()) if table in role.policed)
    others = ", ".join([*(f"{ROLE_PREFIX}{name}" for name in specification.service_roles), f"`{operator}`"])
    condition = specification.policy.condition
    named = {
        "tenant": f"AS PERMISSIVE FOR SELECT USING {condition} TO {tenants}",
        "tenant_only": f"AS RESTRICTIVE FOR SELECT USING {condition} TO {tenants}",
        "staff": f"AS PERMISSIVE FOR SELECT USING {STAFF_CONDITION} TO {others}",
    }
    for name, rule in named.items():
        yield f"policy {PREFIX}{name} on {table}", [f"CREATE ROW POLICY OR REPLACE {PREFIX}{name} ON {table} {rule}"]


def _quota(name: str, quota: Quota, specification: Specification) -> str:
    roles = ", ".join(f"{ROLE_PREFIX}{role}" for role, of in sorted(specification.roles.items()) if of.quota == name)
    limits = ", ".join(f"{limit} = {literal(value)}" for limit, value in quota.limits().items())
    interval = f"FOR INTERVAL {literal(quota.seconds)} second MAX {limits}"
    return f"CREATE QUOTA OR REPLACE {PREFIX}{name} KEYED BY user_name {interval} TO {roles}"


def _privileges(grant: Grant) -> str:
    columns = f"({', '.join(grant.columns)})" if grant.columns else ""
    return ", ".join(f"{privilege}{columns}" for privilege in grant.privileges)
