"""Passwords that the embedded stack makes for itself, each in a file of mode 0600 below `<data_dir>/secrets`.

The master key is a secret too, but governance's: `gxy_analytics.governance.vault.master_key`.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from gxy_analytics.errors import GxyError

CLICKHOUSE_ADMIN_PASSWORD = "clickhouse_admin_password"  # noqa: S105


class DataDirectoryError(GxyError):
    """A directory of the stack's state cannot be made."""


def make_private(directory: Path) -> None:
    """Make `directory` for its owner only, unless it is there. Raises DataDirectoryError."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataDirectoryError(
            f"{directory} cannot be made ({error.strerror}): choose another --data-dir (GXY_DATA_DIR), "
            "or get the right to write there."
        ) from error


def read_or_create_password(secrets_dir: Path, name: str) -> str:
    """Return the password in `secrets_dir/name`, generated (192 random bits, URL-safe) when there is none."""
    make_private(secrets_dir)
    path = secrets_dir / name
    if not path.exists():
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()
