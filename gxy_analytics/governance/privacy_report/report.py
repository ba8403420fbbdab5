"""Making a report: find the person, write everything held about her into two private files, and account for it.

`gxy privacy report` and the read API call `make_report`; what is in the files belongs to `document` and `page`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.privacy_report.catalogue import HeldTable, held_tables
from gxy_analytics.governance.privacy_report.digest import Digest
from gxy_analytics.governance.privacy_report.document import write_document
from gxy_analytics.governance.privacy_report.head import SHORT, Head, read_head
from gxy_analytics.governance.privacy_report.letters import TABLE as LETTERS
from gxy_analytics.governance.privacy_report.letters import address_hashes, opened_letter
from gxy_analytics.governance.privacy_report.page import render_page
from gxy_analytics.governance.privacy_report.rows import Identities, Row, stream_rows
from gxy_analytics.governance.subjects.subjects import find_subject
from gxy_analytics.governance.vault.letters import LetterSeal
from gxy_analytics.governance.vault.master_key import KeyRing, load_key_ring
from gxy_analytics.governance.vault.reader import Values, VaultReader
from gxy_analytics.settings import Settings

ACTION = "privacy.report"
JSON, PAGE = "report.json", "report.html"
VAULT_KEYS = {"pii.customers": "customer_pid", "pii.orders": "order_id"}
"""Tables of the vault, and the column that names their rows."""


class ReportExistsError(GxyError):
    """There is a report in that directory already."""


@dataclass(frozen=True)
class MadeReport:
    """A report that was made: where it is, whom it is about by pseudonym, and how many rows of each table are in it."""

    report_id: str
    tenant_id: str
    customer_pids: tuple[str, ...]
    anonymous_ids: tuple[str, ...]
    shared_ids: tuple[str, ...]
    json_file: Path
    html_file: Path
    rows: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def make_report(
    client: Client,
    settings: Settings,
    tenant_id: str,
    directory: Path,
    *,
    customer_id: str | int | None = None,
    email: str | None = None,
    customer_pid: str | None = None,
    anonymous_id: str | None = None,
    reason: str,
) -> MadeReport:
    """Write report.json and report.html (mode 0600) into `directory`, which is made where it is missing (mode 0700).

    The person is named by exactly one identity, as in `find_subject`. The audit row is written when the files are whole and
    before they get their names; when anything fails there is no file. Raises NoSuchSubjectError, InvalidSubjectError,
    ReportExistsError, and the errors of the master key and of the vault.
    """
    master_key = load_key_ring(settings)
    identities = {"customer_id": customer_id, "email": email, "customer_pid": customer_pid, "anonymous_id": anonymous_id}
    subject = find_subject(
        client,
        master_key,
        tenant_id,
        customer_id=customer_id,
        email=email,
        customer_pid=customer_pid,
        anonymous_id=anonymous_id,
        reason=reason,
        include_erased=True,
    )
    head = read_head(client, settings, subject, next(field for field, value in identities.items() if value is not None))
    opened, seal = _open_vault(client, master_key, head, reason), LetterSeal(master_key)
    with _private(directory / JSON) as document, _private(directory / PAGE) as page:
        digest = Digest(head)
        tables = held_tables(client)
        found_by = head.found(address_hashes(seal, tenant_id, opened.get("pii.customers", {}).values()))
        rows = ((table, digest.watch(table, _rows(client, table, found_by, head, opened, seal))) for table in tables)
        counts = write_document(document, head, rows)
        page.write(render_page(head, tables, counts, digest))
        _account(client, head, reason, counts)
    return MadeReport(
        report_id=str(head.report_id),
        tenant_id=tenant_id,
        customer_pids=subject.customer_pids,
        anonymous_ids=subject.anonymous_ids,
        shared_ids=subject.shared_ids,
        json_file=directory / JSON,
        html_file=directory / PAGE,
        rows=counts,
    )


def _open_vault(client: Client, master_key: KeyRing, head: Head, reason: str) -> dict[str, dict[str, Values]]:
    """Personal values by table and key, as text. Raises VaultError."""
    pids, tenant_id = head.subject.customer_pids, head.subject.tenant_id
    if not pids:
        return {}
    reader = VaultReader(client, master_key)
    orders = reader.orders(tenant_id, pids=pids, reason=reason)
    return {
        "pii.customers": reader.customers(tenant_id, pids, reason=reason),
        "pii.orders": {str(order_id): values for order_id, values in orders.items()},
    }


def _rows(
    client: Client, table: HeldTable, who: Identities, head: Head, opened: dict[str, dict[str, Values]], seal: LetterSeal
) -> Iterator[Row]:
    """The person's rows of the table; those of the vault, and dead letters, with what they hold in the clear."""
    key = VAULT_KEYS.get(table.name, "")
    for row in stream_rows(client, table, who, head.shop.zone):
        if table.name == LETTERS:
            yield opened_letter(seal, who.tenant_id, row, who.hashes)
            continue
        values = opened.get(table.name, {}).get(str(row.get(key)), {})
        yield row | {name: value for name, value in values.items() if value is not None}


def _account(client: Client, head: Head, reason: str, counts: dict[str, int]) -> None:
    """One audit row a pseudonym; for somebody without one, of the browser."""
    subject = head.subject
    for identity in head.hashes[: len(subject.customer_pids) or 1]:
        record(
            client,
            ACTION,
            tenant_id=subject.tenant_id,
            subject=identity[:SHORT],
            reason=reason,
            rows=sum(counts.values()),
            details={"report_id": str(head.report_id), "tables": len(counts), "found_by": head.found_by},
        )


@contextmanager
def _private(path: Path) -> Iterator[TextIO]:
    """A file for this user alone. It gets its name when all went well, and is gone when not. Raises ReportExistsError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        raise ReportExistsError(f"{path} is there already: name another directory, or delete it.")
    aside = path.with_name(f".{path.name}.part")
    aside.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            yield file
        aside.rename(path)
    finally:
        aside.unlink(missing_ok=True)
