"""The vault's own values as the scanner looks for them: decrypted in memory, compared as salted hashes, forgotten with the scan.

A first name alone is a word like any other (Florence, Rose, Paris): found are first and last name side by side, a phone number as
bare digits, and a column in which most words are names.
"""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.scanner.finding import Finding, Place
from gxy_analytics.governance.scanner.sampling import TextTable, ask
from gxy_analytics.governance.vault.sealed_rows import NEWEST_CUSTOMERS, sealed_rows_sql
from gxy_analytics.governance.vault.vault import Vault, sealed_row

MAX_PEOPLE = 2_000
"""Decrypted in one scan, the newest: 20 µs each."""
MAX_TOKENS = 50_000
MAX_CHARACTERS = 2_000
COLUMN_OF_NAMES = 0.5
"""From this share of names among its words a column is one of names."""
FEWEST_NAMES = 10
FEWEST_DIGITS = 9
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(slots=True)
class People:
    """Hashes of the vault's values, by kind of token, under a salt that lives as long as the scan."""

    salt: str = ""
    count: int = 0
    hashes: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, values: dict[str, str | None]) -> None:
        """Remember one customer's names and phone."""
        first, last = (_WORD.findall((values.get(name) or "").lower()) for name in ("first_name", "last_name"))
        for name in (*first, *last):
            self._remember("word", name)
        for one, other in product({*first[:1], *first[-1:]}, {*last[:1], *last[-1:]}):
            self._remember("pair", f"{one} {other}")
            self._remember("pair", f"{other} {one}")
        digits = re.sub(r"\D", "", values.get("phone") or "").removeprefix("00")
        if len(digits) >= FEWEST_DIGITS:
            self._remember("digits", digits)
            self._remember("digits", f"00{digits}")
        self.count += 1

    def _remember(self, kind: str, token: str) -> None:
        digest = sha256(f"{self.salt}{kind}:{token}".encode()).digest()
        self.hashes[kind].add(int.from_bytes(digest[:8], "little"))


def read_people(client: Client, vault: Vault) -> People:
    """Decrypt at most MAX_PEOPLE customers. Raises VaultError."""
    people = People(salt=secrets.token_hex(16))
    for row in client.query(sealed_rows_sql(NEWEST_CUSTOMERS), parameters={"rows": MAX_PEOPLE}).named_results():
        if values := vault.open(sealed_row(row["tenant_id"], "customers", row)):
            people.add(values)
    return people


def find_people(client: Client, table: TextTable, seed: int, people: People) -> Iterator[Finding]:
    """Columns in whose sample customers of the vault are named."""
    bound = {"salt": people.salt, "tokens": MAX_TOKENS, "characters": MAX_CHARACTERS}
    words: dict[str, list[bool]] = defaultdict(list)
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    first: dict[str, tuple[str, int]] = {}
    for column, kind, hashed, position, rows in ask(client, "tokens.sql", table, seed, bound):
        is_theirs = hashed in people.hashes[kind]
        if kind == "word":
            words[column].append(is_theirs)
        if is_theirs and kind != "word":
            found[column].append((position, rows))
        elif is_theirs:
            first.setdefault(column, (position, rows))
    for column, are_names in words.items():
        if sum(are_names) >= FEWEST_NAMES and sum(are_names) >= COLUMN_OF_NAMES * len(are_names):
            found[column].append(first[column])
    for column, places in found.items():
        yield Finding(
            Place(table.database, table.table, column), "name", sum(rows for _, rows in places), min(place for place, _ in places)
        )
