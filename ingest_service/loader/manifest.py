"""The batch manifest: what a batch is, fsynced before its first row is tried. Its last line may be half in ClickHouse.

Tokens name rows for ever, so a batch is never cut anew: the line holds its bounds, its instant and a digest of every split.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from gxy_analytics.durable_files import make_directory, sync_directory

ROTATE_BYTES = 4 << 20


class Split(msgspec.Struct, frozen=True):
    """One insert: the rows of `table` in `partition`. `digest` is xxh3-64 of their Arrow bytes, hex."""

    table: str
    partition: str
    rows: int
    digest: str


class BatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """One batch: the records at byte offsets `first` to `last` of a segment; `end` is the offset after the last of them."""

    slot: str
    segment: int
    first: int
    last: int
    end: int
    loaded_ms: int
    splits: list[Split]

    @property
    def batch_id(self) -> str:
        """`<node>-<slot>:<segment>:<first>-<last>`."""
        return f"{self.slot}:{self.segment}:{self.first}-{self.last}"

    def token(self, split: Split) -> str:
        """The insert's deduplication token. The digest makes it never the same for other rows, also when a spool starts anew."""
        return f"{self.batch_id}:{split.table}:{split.partition}:{split.digest}"


class Manifest:
    """The append-only file of batch lines. Batches are worked off one at a time, so only the last line can be unfinished."""

    def __init__(self, path: Path) -> None:
        make_directory(path.parent)
        self.path = path

    def write(self, line: BatchLine) -> None:
        """Append the line and make it durable. The old file is kept once, as `<name>.1`."""
        if self.path.exists() and self.path.stat().st_size > ROTATE_BYTES:
            self.path.rename(self.path.with_suffix(self.path.suffix + ".1"))
        is_new = not self.path.exists()
        with self.path.open("ab") as file:
            # A torn line of an earlier crash must not swallow this one.
            file.write((b"" if is_new else b"\n") + msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_directory(self.path.parent)

    def last(self) -> BatchLine | None:
        """The last whole line. A torn one was never acted upon."""
        if not self.path.exists():
            return None
        for line in reversed(self.path.read_bytes().split(b"\n")):
            try:
                return msgspec.json.decode(line, type=BatchLine)
            except msgspec.MsgspecError:
                continue
        return None
