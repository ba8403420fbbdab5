"""The errors people see. Each message is one line: the cause, then the remedy.

Raise a subclass named for the cause; `gxy` prints it without a traceback.
"""

from __future__ import annotations


class GxyError(Exception):
    """Base of every error with a cause and a remedy in its message."""


class MissingSettingError(GxyError):
    """A setting that the command cannot do without is absent."""


class InvalidSettingError(GxyError):
    """A setting has a value that it cannot have."""


class SourceUnreachableError(GxyError):
    """A database or service that the work depends on does not answer."""


class SourceRefusedError(SourceUnreachableError):
    """The database answers, and does not let us in or refuses what it is asked."""


class MigrationChangedError(GxyError):
    """An applied migration file has other content than when it was applied."""
