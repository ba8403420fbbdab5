"""The loader's process: `python -m ingest_service.loader`. SIGTERM and SIGINT finish the batch in hand and exit.

Only starting and ending belongs here.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
from contextlib import suppress
from threading import Event as Flag
from types import FrameType
from typing import NoReturn

import lmdb

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.settings import Settings, load_settings
from ingest_service import logs
from ingest_service.loader.loader import Loader
from ingest_service.loader.sink import StoppedError

GRACE_SECONDS = 5.0  # for the batch in hand; a hanging ClickHouse does not hold the exit up longer


class WithoutPandas:
    """An import hook: pyarrow imports pandas when it is installed, which costs a start 1.6 s and 40 MiB for nothing."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Refuse pandas; everything else is for the next finder."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def main() -> None:
    """Load until told to stop; exit code 0 on a signal, 1 with one line when it cannot work at all."""
    stop = Flag()
    _end_on_signals(stop)
    # Rows are made of lists and flat structs without cycles; walking them again and again took a third of the time.
    gc.disable()
    sys.meta_path.insert(0, WithoutPandas())
    try:
        settings = load_settings()
    except GxyError as error:
        sys.exit(f"loader: {error}")
    logs.setup(settings.log_format)
    logs.say(logging.INFO, "loader_started")
    try:
        _load(settings, stop)
    except StoppedError:
        pass  # by the alarm, while it was already ending
    except GxyError as error:
        _give_up(settings, str(error))
    except (OSError, lmdb.Error) as error:
        _give_up(settings, f"{error}. Nothing is lost: mend the disk that it names and start the loader again.")
    logs.say(logging.INFO, "loader_stopped")


def _give_up(settings: Settings, why: str) -> NoReturn:
    """One line, exit code 1."""
    if settings.log_format != "json":
        sys.exit(f"loader: {why}")
    logs.say(logging.CRITICAL, "loader_failed", message=why)
    sys.exit(1)


def _load(settings: Settings, stop: Flag) -> None:
    pseudonyms = Pseudonyms(load_key_ring(settings))
    loader = Loader(settings, pseudonyms, stop)
    try:
        with suppress(StoppedError):
            loader.run()
        loader.status.end()
    finally:
        loader.close()


def _end_on_signals(stop: Flag) -> None:
    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise StoppedError("stopped while ClickHouse did not answer: the batch in hand goes on after the next start.")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    signal.signal(signal.SIGALRM, give_up)


if __name__ == "__main__":
    main()
