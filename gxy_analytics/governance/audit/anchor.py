"""The anchor: the chain's head in a file of the data directory, outside the database that it vouches for.

Whoever rewrites the database cannot make rows at its end unseen while the file is out of reach. What follows from a difference
is said by `sealing` and `verification`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gxy_analytics.durable_files import replace_file
from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.chain import Head
from gxy_analytics.warehouse.single_writer import exclusive

FILE = Path("audit/head.json")
HASH = re.compile(r"[0-9a-f]{64}")


class UnreadableAnchorError(GxyError):
    """The anchor file is no anchor."""


def anchor_file(data_dir: Path) -> Path:
    """Where the anchor of a stack lies."""
    return data_dir / FILE


def read_anchor(data_dir: Path) -> Head | None:
    """The head as it was last sealed from here; None when none was. Raises UnreadableAnchorError."""
    file = anchor_file(data_dir)
    try:
        found = json.loads(file.read_text())
        head = Head(int(found["sequence"]), str(found["hash"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableAnchorError(f"The anchor of the audit {file} cannot be read: restore it from your backup.") from error
    # The head of nothing is never written: who puts it here wants the end of the chain unwatched.
    if head.sequence < 1 or not HASH.fullmatch(head.hash):
        raise UnreadableAnchorError(f"The anchor of the audit {file} is the head of nothing: restore it from your backup.")
    return head


def write_anchor(data_dir: Path, head: Head) -> None:
    """Put `head` in the place of the anchor, whole or not at all, on disk when this returns."""
    file = anchor_file(data_dir)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(file, json.dumps(head._asdict()).encode())


@contextmanager
def one_sealer(data_dir: Path) -> Iterator[None]:
    """Wait until no other process of this stack seals. The kernel lets go of it when a process dies."""
    lock_file = anchor_file(data_dir).with_name("seal.lock")
    lock_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with exclusive(lock_file):
        yield
