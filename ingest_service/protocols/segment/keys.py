"""Where Segment's and RudderStack's clients put the write key outside of a body. What a key grants belongs to `auth`."""

from __future__ import annotations

import binascii
from base64 import b64decode

from ingest_service.request import Headers


def header_key(headers: Headers) -> bytes | None:
    """The user name of Basic authorization (its colon may be missing), else X-Write-Key. A bearer token is no write key."""
    scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"basic":
        try:
            key = b64decode(given.strip(), validate=True).partition(b":")[0]
        except binascii.Error:
            key = b""
        if key:
            return key
    return headers.get(b"x-write-key") or None
