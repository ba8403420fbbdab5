"""One scan: every text column outside `pii`, by its name, by form, and by the values of the vault.

How often it runs and what a finding does belongs to the graph.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.scanner.allowed import is_allowed
from gxy_analytics.governance.scanner.finding import NAMED, Finding, Place, Scan
from gxy_analytics.governance.scanner.kinds import PATTERNS, PERSONAL_COLUMN
from gxy_analytics.governance.scanner.names import People, find_people, read_people
from gxy_analytics.governance.scanner.sampling import TextTable, ask, text_tables
from gxy_analytics.governance.vault.vault import Vault


def scan_warehouse(client: Client, vault: Vault | None) -> Scan:
    """Look at a sample of every table; without a vault not for names. Raises VaultError when the vault does not open."""
    people = read_people(client, vault) if vault else People()
    scan = Scan(people=people.count)
    seed = secrets.randbits(63)
    for table in text_tables(client):
        scan.columns += [Place(table.database, table.table, column) for column in table.columns]
        for finding in _scan_table(client, table, seed, people):
            (scan.allowed if is_allowed(finding) else scan.findings).append(finding)
    scan.findings.sort()
    return scan


def _scan_table(client: Client, table: TextTable, seed: int, people: People) -> Iterator[Finding]:
    for column in table.columns:
        if re.match(PERSONAL_COLUMN, column.rpartition(".")[2].lower()):
            yield Finding(Place(table.database, table.table, column), NAMED, 0, "")
    if not table.rows:
        return
    for column, kind, rows, position in ask(client, "forms.sql", table, seed, dict(PATTERNS)):
        yield Finding(Place(table.database, table.table, column), kind, rows, position)
    if people.count:
        yield from find_people(client, table, seed, people)
