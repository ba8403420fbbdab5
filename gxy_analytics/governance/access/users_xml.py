"""The specification as the embedded server reads it: an XML file merged into its `users.xml`.

That engine has no roles, users or policies in SQL. What is said is `specification`'s; writing the file belongs to `embedded`.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gxy_analytics.governance.access.accounts import Account
from gxy_analytics.governance.access.server_sql import grant_statements
from gxy_analytics.governance.access.specification import Quota, Role, Specification, Value

PREFIX = "gxy_"
"""Before the names of profiles and quotas: `default` is the server's own."""
UNLIMITED = "default"


def render_users_xml(specification: Specification, accounts: Iterable[Account]) -> str:
    """Return the file's text: profiles, quotas, and users with grants and row filters. Elements escape what they hold."""
    root = Element("clickhouse")
    profiles = SubElement(root, "profiles")
    for name, settings in sorted(specification.profiles.items()):
        _profile(SubElement(profiles, f"{PREFIX}{name}"), settings, specification.changeable_in(name))
    quotas = SubElement(root, "quotas")
    for name, quota in sorted(specification.quotas.items()):
        _quota(SubElement(quotas, f"{PREFIX}{name}"), quota)
    users = SubElement(root, "users")
    for account in accounts:
        _user(SubElement(users, account.name), account, specification)
    indent(root, "    ")
    return tostring(root, encoding="unicode") + "\n"


def _profile(parent: Element, settings: dict[str, Value], changeable: dict[str, tuple[int, int] | None]) -> None:
    for name, value in settings.items():
        _text(parent, name, value)
    constraints = SubElement(parent, "constraints")
    for name in (name for name in settings if name not in changeable):
        SubElement(SubElement(constraints, name), "const")
    for name, limits in changeable.items():
        constraint = SubElement(constraints, name)
        SubElement(constraint, "changeable_in_readonly")
        for bound, value in zip(("min", "max"), limits or (), strict=False):
            _text(constraint, bound, value)


def _quota(parent: Element, quota: Quota) -> None:
    interval = SubElement(parent, "interval")
    _text(interval, "duration", quota.seconds)
    for name, limit in quota.limits().items():
        _text(interval, name, limit)


def _user(parent: Element, account: Account, specification: Specification) -> None:
    role = specification.roles[account.role]
    _text(parent, "password_sha256_hex", account.sha256)
    _text(SubElement(parent, "networks"), "ip", "::/0")
    _text(parent, "profile", f"{PREFIX}{role.profile}")
    _text(parent, "quota", f"{PREFIX}{role.quota}" if role.quota else UNLIMITED)
    grants = SubElement(parent, "grants")
    for statement in grant_statements(role):
        _text(grants, "query", statement)
    if role.policed:
        _filters(SubElement(parent, "databases"), role, specification.policy.condition)


def _filters(parent: Element, role: Role, condition: str) -> None:
    databases: dict[str, Element] = {}
    for qualified in role.policed:
        database, table = qualified.split(".")
        if database not in databases:
            databases[database] = SubElement(parent, database)
        _text(SubElement(databases[database], table), "filter", condition)


def _text(parent: Element, name: str, value: Value) -> None:
    SubElement(parent, name).text = str(value)
