"""Recording an act: one row in governance.audit_entries, before the act takes effect. Chaining the rows belongs to `sealing`."""

from __future__ import annotations

import getpass
import json
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.redaction import redact
from gxy_analytics.warehouse.client import read_sql

ACTION = re.compile(r"[a-z]+(\.[a-z_]+)+")
SUBJECT = re.compile(r"([0-9a-f]{16})?")
OWN = "audit."
"""Actions that only the sealer may write: nobody else can say that the chain was cut or begun anew."""


class InvalidActError(GxyError):
    """An act that cannot be recorded as it is; nothing was written."""


def record(
    client: Client,
    action: str,
    *,
    tenant_id: str = "",
    subject: str = "",
    reason: str = "",
    rows: int = 0,
    details: Mapping[str, str | int] | None = None,
    actor: str | None = None,
) -> None:
    """Write one act down, durable when this returns. Call it before the act: what cannot be recorded must not happen.

    `action` is dotted, such as `vault.read`. `subject` is the first 16 hex of the identity's hash, never a plain id. `rows`:
    how many rows or people. `actor` defaults to the account of the operating system; program, host and database user are added.
    E-mail addresses, phone numbers, addresses of the net and cards in `reason` and `details` are blacked out.
    Raises InvalidActError.
    """
    if not ACTION.fullmatch(action) or action.startswith(OWN):
        raise InvalidActError(
            f"'{action}' is no action: name what was done, dotted, such as vault.read; '{OWN}' is the audit's own."
        )
    if not SUBJECT.fullmatch(subject):
        raise InvalidActError("The subject of an act is the first 16 hex of an identity hash: never write a plain id.")
    insert_entry(
        client,
        action,
        tenant_id=tenant_id,
        subject=subject,
        reason=redact(reason),
        rows=rows,
        details=encode_details(details or {}),
        actor=redact(actor or os_user()),
    )


def insert_entry(
    client: Client, action: str, *, tenant_id: str = "", subject: str = "", reason: str, rows: int, details: str, actor: str
) -> None:
    """One row of governance.audit_entries, as given."""
    parameters = {
        "entry_id": str(uuid4()),
        "actor": actor,
        "program": program(client),
        "origin": socket.gethostname(),
        "action": action,
        "tenant_id": tenant_id,
        "subject": subject,
        "reason": reason,
        "rows": rows,
        "details": details,
    }
    client.command(read_sql(__package__, "insert_entry.sql"), parameters=parameters)


def encode_details(details: Mapping[str, str | int]) -> str:
    """A JSON object with its keys in order and its texts blacked out."""
    clean = {name: redact(value) if isinstance(value, str) else value for name, value in details.items()}
    return json.dumps(clean, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def os_user() -> str:
    """The account this process runs as; its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def program(client: Client) -> str:
    """This program's name, and what the client is for."""
    comment = client.get_client_setting("log_comment")
    try:
        purpose = json.loads(comment).get("gxy", "") if comment else ""
    except ValueError:
        purpose = ""
    return f"{Path(sys.argv[0]).name} ({purpose})" if purpose else Path(sys.argv[0]).name
