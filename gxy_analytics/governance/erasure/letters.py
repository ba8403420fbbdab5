"""Dead letters that name the person: each body of the tenant is looked through here, for no column says whose it is.

A body is found by a browser's id, an e-mail address, or a customer id whose pseudonym is the person's; also inside base64.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.erasure.target import Target
from gxy_analytics.governance.erasure.treatments import SYNC
from gxy_analytics.governance.pseudonyms import Pseudonyms
from gxy_analytics.warehouse.client import read_sql

USER = re.compile(r"""["']?\b(?:user_?id|uid|customer_?id|previous_?id)["']?\s*[:=]\s*["']?([^"'&,}\s]{1,256})""", re.IGNORECASE)
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}")
AT_ONCE = 5000
"""Ids in one statement: 32 characters each."""


def hide_letters(client: Client, target: Target, pseudonyms: Pseudonyms) -> int:
    """Delete the dead letters that name the person; return how many there were."""
    found = find_letters(client, target, pseudonyms)
    for start in range(0, len(found), AT_ONCE):
        parameters = {"tenant_id": target.tenant_id, "rejected_ids": found[start : start + AT_ONCE]}
        client.command(read_sql(__package__, "delete_letters.sql"), parameters=parameters, settings=SYNC)
    return len(found)


def find_letters(client: Client, target: Target, pseudonyms: Pseudonyms) -> list[str]:
    """Ids of the dead letters, received up to the request, that name the person."""
    bound = target.parameters()
    parameters = {"tenant_id": target.tenant_id, "until_ms": bound["until_ms"]}
    texts = tuple(text.lower() for text in (*target.anonymous_ids, *target.texts) if text)
    found = []
    stream = client.query_row_block_stream(
        read_sql(__package__, "letters.sql"), parameters=parameters, column_formats={"rejected_id": "string"}
    )
    with stream:
        for block in stream:
            found += [row[0] for row in block if _names(row[1], texts, target, pseudonyms)]
    return found


def _names(body: str, texts: tuple[str, ...], target: Target, pseudonyms: Pseudonyms) -> bool:
    for readable in _readings(body):
        lowered = readable.lower()
        if any(text in lowered for text in texts):
            return True
        users = set(USER.findall(readable))
        if any(
            user in target.customer_pids or pseudonyms.customer_pid(target.tenant_id, user) in target.customer_pids
            for user in users
        ):
            return True
    return False


def _readings(body: str) -> Iterator[str]:
    """The body as it is, without percent signs, without the backslashes of JSON in JSON, and what is base64 in it."""
    yield body
    if "%" in body:
        yield unquote(body)
    if '\\"' in body:
        yield body.replace("\\", "")
    for token in BASE64.findall(body):
        try:
            yield base64.b64decode(token.translate(str.maketrans("-_", "+/")) + "=" * (-len(token) % 4)).decode(errors="ignore")
        except (binascii.Error, ValueError):
            continue
