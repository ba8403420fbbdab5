"""The specification on the embedded server: its file `users.d/access.xml`, and the restart that makes it read it.

The engine merges that file into `users.xml`, which holds the administrator and is `warehouse.embedded`'s.
Starting the server again is the stack's: its supervisor does so within about a second, and ingest and loader survive it.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.access.accounts import OURS, Account, wanted_accounts
from gxy_analytics.governance.access.plan import Plan, compare
from gxy_analytics.governance.access.specification import Specification, load_specification
from gxy_analytics.governance.access.users_xml import render_users_xml

KINDS = {"profiles": "profile", "quotas": "quota", "users": "user"}


def plan_embedded(
    client: Client, access_xml: Path, specification: Specification, accounts: list[Account], started: datetime
) -> Plan:
    """Return the difference between the file and the specification; a file newer than the server calls for a restart.

    `started`: when the server started, UTC.
    """
    wanted = objects_of(render_users_xml(specification, accounts))
    live = objects_of(access_xml.read_text()) if access_xml.exists() else {}
    users = _users(client)
    ours = {name.removeprefix("user ") for name in {*wanted, *live} if name.startswith("user ")}
    unread = access_xml.exists() and datetime.fromtimestamp(access_xml.stat().st_mtime, UTC) > started
    return compare(wanted, live, users - ours, restarts=unread or wanted != live)


def write_embedded(access_xml: Path, specification: Specification, accounts: list[Account]) -> None:
    """Write the file whole or not at all, for its owner only: it holds hashes of passwords."""
    access_xml.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = access_xml.with_name(f".{access_xml.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(render_users_xml(specification, accounts))
    aside.replace(access_xml)


def takes_away(client: Client, access_xml: Path, plan: Plan) -> bool:
    """Whether the server still gives more than its file since `plan` was written: a login, a right or a password of before.

    What only opens something can wait.
    """
    written = objects_of(access_xml.read_text())
    return bool(plan.changed) or any(OURS.fullmatch(name) and f"user {name}" not in written for name in _users(client))


def write_first(access_xml: Path, master_key: bytes) -> bool:
    """Before the first start of a server: the users of the service roles, so that it need not start again to know them.

    Returns whether the file was written; one that is there is left as it is.
    """
    if access_xml.exists():
        return False
    specification = load_specification()
    write_embedded(access_xml, specification, wanted_accounts(specification, master_key, [], {}))
    return True


def native_port(access_xml: Path) -> int | None:
    """The native port of the server that the file belongs to, from the `config.xml` beside its directory."""
    config = access_xml.parent.parent / "config.xml"
    port = ElementTree.parse(config).findtext("tcp_port") if config.exists() else None  # noqa: S314 - our own file
    return int(port) if port else None


def objects_of(text: str) -> dict[str, str]:
    """The objects of such a file, each as canonical XML, by name: `user tenant_aurora`, `profile gxy_tenant`."""
    root = ElementTree.fromstring(text)  # noqa: S314 - our own file
    return {
        f"{kind} {element.tag}": ElementTree.canonicalize(ElementTree.tostring(element, encoding="unicode"), strip_text=True)
        for section, kind in KINDS.items()
        for element in root.findall(f"{section}/*")
    }


def _users(client: Client) -> set[str]:
    return {str(name) for (name,) in client.query("select name from system.users").result_rows}
