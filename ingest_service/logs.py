"""Log lines of the write path: one a line on stderr, as text or JSON, without personal data and never a flood.

What is worth a line is decided where it happens; counting belongs to `metrics`.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Any

OURS = ("ingest_service", "gxy_analytics", "__main__")
BURST = 3  # lines from one place of the code, in
WINDOW_SECONDS = 60.0
MAX_CHARS = 500  # of a foreign message, and of one value
KEPT_FRAMES = 12
# 30 kinds of refusal at BURST a WINDOW are 26 MB a day and worker, however many requests are refused.

Fields = dict[str, Any]


def setup(log_format: str) -> None:
    """Send every log record of this process to stderr in `log_format` (json or text), also what ends it by an exception."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(json_line if log_format == "json" else text_line))
    handler.addFilter(Limit())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR)  # of libraries; that a server does not answer is told by our own lines
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    sys.excepthook = _uncaught


def say(level: int, event: str, /, *, limit_by: str | None = "", **fields: Any) -> None:
    """One line: what happened (snake_case), and numbers or names of ours. Nothing that a client sent may be a field.

    Lines from one caller are limited together, or by `limit_by`; with None not here.
    """
    logging.getLogger("ingest_service").log(level, event, extra={"fields": fields, "limit_by": limit_by}, stacklevel=2)


class Burst:
    """Lets BURST lines a WINDOW pass from one place; the next that passes is told how many did not.

    Places are lines of code and codes of refusals, so that nobody outside can make their number grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._places: dict[Hashable, tuple[float, int]] = {}

    def suppressed(self, place: Hashable) -> int | None:
        """How many lines were left out since the last that passed; None when this one is left out too."""
        now = self._clock()
        began, seen = self._places.get(place, (now, 0))
        before = 0
        if now - began >= WINDOW_SECONDS:
            before, began, seen = max(seen - BURST, 0), now, 0
        self._places[place] = (began, seen + 1)
        return before if seen < BURST else None


class RefusalLog:
    """The lines of refused requests: route and code; no path, address, user agent or key. Limited by code (0.5 µs a refusal)."""

    def __init__(self) -> None:
        self._burst = Burst()

    def note(self, route: str, code: str, status: int) -> None:
        """Write the line, unless there were enough of its code."""
        suppressed = self._burst.suppressed(code)
        if suppressed is not None:
            say(logging.WARNING, "refused", limit_by=None, route=route, status=status, code=code, suppressed=suppressed or None)


class Limit(logging.Filter):
    """Applies a Burst to records, by the line of code that they come from. `limit_by` None: limited already."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._burst = Burst(clock)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        limit_by = getattr(record, "limit_by", "")
        if limit_by is None:
            return True
        suppressed = self._burst.suppressed((record.pathname, record.lineno, limit_by))
        record.suppressed = suppressed
        return suppressed is not None


class LineFormatter(logging.Formatter):
    """A record as one line by `line_of(ts, level, event, fields)`."""

    def __init__(self, line_of: Callable[[str, str, str, Fields], str]) -> None:
        super().__init__()
        self._line_of = line_of

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        event, fields = _content(record)
        if suppressed := getattr(record, "suppressed", 0):
            fields["suppressed"] = suppressed
        if record.exc_info and record.exc_info[0]:
            fields |= describe(record.exc_info[0], record.exc_info[2])
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        return self._line_of(stamp, record.levelname.lower(), event, {"pid": record.process} | fields)


def json_line(stamp: str, level: str, event: str, fields: Fields) -> str:
    """`{"ts", "level", "event", …}`."""
    line = {"ts": stamp, "level": level, "event": event} | {name: value for name, value in fields.items() if value is not None}
    return json.dumps(line, default=str)


def text_line(stamp: str, level: str, event: str, fields: Fields) -> str:
    """`<time> <LEVEL> <event> name=value …`, for people."""
    given = {name: str(value) for name, value in fields.items() if value is not None}
    pairs = [f"{name}={value}" if value.split() == [value] else f"{name}={value!r}" for name, value in given.items()]
    return " ".join([stamp, f"{level.upper():<8}", event, *pairs])


def describe(kind: type[BaseException], trace: TracebackType | None) -> Fields:
    """An exception without its message, which may quote what a client sent: its type, and where it came from."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-KEPT_FRAMES:]]
    return {"error": f"{kind.__module__}.{kind.__qualname__}", "frames": frames}


def _content(record: logging.LogRecord) -> tuple[str, Fields]:
    """Event and fields: of our own records what they say, of a library's its template only, one line of it."""
    fields = getattr(record, "fields", None)
    if fields is not None:
        return getattr(record, "event", record.msg), {name: _short(value) for name, value in fields.items()}
    if record.name.split(".")[0] in OURS:
        return "message", {"logger": record.name, "message": _short(record.getMessage())}
    return "library", {"logger": record.name, "message": _short(str(record.msg).split("\n", 1)[0])}


def _short(value: Any) -> Any:
    return value[:MAX_CHARS] if isinstance(value, str) else value


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("ingest_service").critical("crashed", extra={"fields": {}}, exc_info=(kind, error, trace))
