"""Asking a slot's writer to seal its live segment, from another process: a file in the slot that names the segment.

When to ask belongs to the loader, sealing to `writer`. An answered question stays: later segments have higher numbers.
"""

from __future__ import annotations

from pathlib import Path

FILE_NAME = "seal"


def ask_to_seal(directory: Path, segment: int) -> None:
    """Ask for the segment of that number, and all before it, to be sealed. Raises OSError."""
    if asked_to_seal(directory) >= segment:
        return
    temporary = directory / f".{FILE_NAME}"
    temporary.write_text(str(segment))
    temporary.rename(directory / FILE_NAME)


def asked_to_seal(directory: Path) -> int:
    """Number of the segment that was asked for last, 0 for none."""
    try:
        return int((directory / FILE_NAME).read_text())
    except FileNotFoundError:
        return 0
