"""Files and directories that are on the disk, whole, when a call returns: a crash or a power cut leaves the old or the new.

Spool segments, which are written piece by piece, belong to `ingest_service.spool`.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PRIVATE = 0o600


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of `path`, for its owner alone; file and directory are on the disk when this returns."""
    aside = _write_aside(path, content)
    try:
        aside.replace(path)
    except OSError:
        aside.unlink()
        raise
    sync_directory(path.parent)


def create_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` unless something is there: two starts at once agree on one file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = _write_aside(path, content)
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        return
    finally:
        aside.unlink()
    sync_directory(path.parent)


def make_directory(directory: Path) -> None:
    """Make it, with its parents, so that it survives a power cut: what is synced inside a directory that is gone is gone."""
    missing = [path for path in directory.parents if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for path in [directory, *missing]:
        sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """fsync the directory, so that a created or renamed entry survives a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_aside(path: Path, content: bytes) -> Path:
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return aside
