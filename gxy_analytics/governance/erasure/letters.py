"""Dead letters that name the person: each one of the tenant is opened and looked through, for its row tells but some of its ids.

A letter is found by a browser's id, an e-mail address, or a customer id whose pseudonym is the person's; also inside base64. What
a letter's row says of its subjects only saves opening it: of some letters it says that they are too many to name.
"""

from __future__ import annotations

from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.sql import SYNC
from gxy_analytics.governance.erasure.target import Target
from gxy_analytics.governance.letter_names import named_in_readings, readings
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.governance.vault.master_key import KeyRing
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.warehouse.client import read_sql

AT_ONCE = 5000
"""Ids in one statement: 32 characters each."""


def hide_letters(client: Client, target: Target, keys: KeyRing) -> int:
    """Delete the dead letters that name the person; return how many there were."""
    found = find_letters(client, target, keys)
    for start in range(0, len(found), AT_ONCE):
        parameters = {"tenant_id": target.tenant_id, "rejected_ids": found[start : start + AT_ONCE]}
        client.command(read_sql(__package__, "delete_letters.sql"), parameters=parameters, settings=SYNC)
    return len(found)


def find_letters(client: Client, target: Target, keys: KeyRing) -> list[str]:
    """Ids of the dead letters, received up to the request, that name the person. Raises VaultError, UnknownKeyVersionError."""
    wanted = {*target.customer_hashes(), *target.anonymous_hashes()}
    sought = _Sought(target, tuple(text.lower() for text in (*target.anonymous_ids, *target.texts) if text), Pseudonyms(keys))
    seal, found = LetterSeal(keys), []
    formats = {"rejected_id": "string", "raw": "bytes", "subjects": "string"}
    with client.query_row_block_stream(
        read_sql(__package__, "letters.sql"), parameters=target.parameters(), column_formats=formats
    ) as stream:
        for block in stream:
            for rejected_id, version, raw, event_id, detail, headers, subjects in block:
                kept = LetterContent(raw, detail, headers)
                if not wanted.isdisjoint(subjects) or sought.is_named_in(
                    event_id, _opened(seal, target, rejected_id, version, kept)
                ):
                    found.append(rejected_id)
    return found


def _opened(seal: LetterSeal, target: Target, rejected_id: str, version: int, kept: LetterContent) -> LetterContent:
    return seal.open(target.tenant_id, rejected_id, version, kept.raw) if version else kept


@dataclass(frozen=True)
class _Sought:
    """Whom a text must name to be found."""

    target: Target
    texts: tuple[str, ...]
    names: Pseudonyms

    def is_named_in(self, event_id: str, content: LetterContent) -> bool:
        """Whether anything that is kept of the letter names the person."""
        kept = (content.raw.decode(errors="replace"), content.detail, event_id, *content.headers.values())
        readable = [one for text in kept for one in readings(text, loosely=True)]
        if any(sought in one for one in map(str.lower, readable) for sought in self.texts):
            return True
        named = named_in_readings(readable, content.headers, loosely=True)
        if not named.browsers.isdisjoint(self.target.anonymous_ids):
            return True
        pids = self.target.customer_pids
        return any(one in pids or self.names.customer_pid(self.target.tenant_id, one) in pids for one in named.customers)
