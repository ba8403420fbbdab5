"""Why an erasure stops. Each of these leaves the request `failed`, with its message; `gxy erase retry` goes on from there."""

from __future__ import annotations

from gxy_analytics.errors import GxyError


class ErasureError(GxyError):
    """Base of what makes a request fail."""


class ProportionError(ErasureError):
    """The run would match more of a table than is sensible for one person."""


class HeldError(ErasureError):
    """A legal hold forbids deleting."""


class BooksChangedError(ErasureError):
    """Amounts or orders of the tenant are others after the erasure than before."""


class UnknownTableError(ErasureError):
    """A table that names people is not in the registry: nobody can say that the person is gone."""


class UncountedError(ErasureError):
    """A count could not be taken; unknown is not zero."""


class SurvivorsError(ErasureError):
    """Rows of the person are there again after every attempt."""


class SessionModelError(ErasureError):
    """dbt's model of sessions cannot be had: what others did on the person's browsers could not be counted again."""


class DetachedPartsError(ErasureError):
    """A table has detached parts, which no query looks into."""
