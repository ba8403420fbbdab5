"""The secret of the day, from which cookieless visitors get their pseudonym; forgotten a day later, so that nobody can go back.

Shared by the workers of a host through a file. What is hashed with it belongs to `privacy`.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

SALT_BYTES = 32
KEPT = timedelta(days=1)  # a request that began before midnight


def today() -> date:
    """The day in UTC."""
    return datetime.now(UTC).date()


class DailySalts:
    """Salts by UTC day. The first worker that needs one makes it; the file has mode 0600 and holds two days at most."""

    def __init__(self, path: Path, clock: Callable[[], date] = today) -> None:
        self._path = path
        self._clock = clock
        self._current: tuple[date, bytes] | None = None

    def current(self) -> bytes:
        """The salt of this day. Reads a file once a day and worker. Raises OSError."""
        day = self._clock()
        if self._current is None or self._current[0] != day:
            self._current = day, self._read_or_make(day)
        return self._current[1]

    def _read_or_make(self, day: date) -> bytes:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            known: dict[str, str] = {}
            with suppress(ValueError):  # a power cut in the middle of writing it: a new secret costs no event
                known = json.loads(file.read() or "{}")
            oldest = (day - KEPT).isoformat()
            kept = {name: salt for name, salt in known.items() if name >= oldest}
            kept.setdefault(day.isoformat(), secrets.token_hex(SALT_BYTES))
            if kept != known:
                file.seek(0)
                file.truncate()
                file.write(json.dumps(kept))
                file.flush()
                os.fdatasync(file.fileno())
            return bytes.fromhex(kept[day.isoformat()])
