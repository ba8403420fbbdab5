"""The key file's format. Writing it so that a crash leaves the old file or the new one belongs to `gxy_analytics.durable_files`.

Two forms: exactly 32 bytes, which are root and first wrap key in one; or JSON with the root and one or two wrap keys. What the
keys are for belongs to `master_key`.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

KEY_BYTES = 32
FORMAT = "gxy-key-ring/1"


@dataclass(frozen=True, slots=True)
class WrapKey:
    """A key that customers' keys are wrapped under. Versions count from 1; the highest one wraps, the others only unwrap."""

    version: int
    key: bytes = field(repr=False)
    created_at: datetime | None = None


def encode_keys(root: bytes, wrap_keys: tuple[WrapKey, ...]) -> bytes:
    """The file's content, as text with a line break at its end."""
    rows = [
        {"version": one.version, "key": base64.b64encode(one.key).decode(), "created_at": _written(one.created_at)}
        for one in sorted(wrap_keys, key=lambda one: one.version)
    ]
    ring = {"format": FORMAT, "root": base64.b64encode(root).decode(), "wrap_keys": rows}
    return json.dumps(ring, indent=2).encode() + b"\n"


def decode_keys(content: bytes, written_at: datetime | None = None) -> tuple[bytes, tuple[WrapKey, ...]]:
    """(root, wrap keys, lowest version first) of a file's content; 32 bytes alone are as old as the file (`written_at`).

    Raises ValueError for anything else, without a byte of it in the message.
    """
    if len(content) == KEY_BYTES:
        return content, (WrapKey(1, content, written_at),)
    if not content.lstrip().startswith(b"{"):
        raise ValueError(f"has {len(content)} bytes instead of {KEY_BYTES}")
    try:
        ring = json.loads(content)
        root, wrap_keys = _key(ring["root"]), tuple(_wrap_key(row) for row in ring["wrap_keys"])
        is_known = ring["format"] == FORMAT
    except (KeyError, TypeError, ValueError):
        raise ValueError("is no whole key ring") from None
    versions = [one.version for one in wrap_keys]
    if not is_known or not wrap_keys or versions != sorted(set(versions)) or versions[0] < 1:
        raise ValueError(f"is no key ring of the format {FORMAT}")
    return root, wrap_keys


def _wrap_key(row: dict[str, str | int | None]) -> WrapKey:
    created_at = row["created_at"]
    return WrapKey(
        int(row["version"] or 0),
        _key(row["key"]),
        datetime.fromisoformat(str(created_at)).astimezone(UTC) if created_at else None,
    )


def _key(text: str | int | None) -> bytes:
    key = base64.b64decode(str(text), validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key of {len(key)} bytes")
    return key


def _written(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat(timespec="seconds") if instant else None
