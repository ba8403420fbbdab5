"""Country, region and city of a truncated address, from a MaxMind-format file that the operator provides. Without one: empty.

Truncating belongs to the door; a full address is not known here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import maxminddb

from gxy_analytics.errors import GxyError
from ingest_service.enrich.distinct import Book

SETTING = "GXY_GEO_DATABASE"
Stamp = tuple[int, int, int]


class GeoDatabaseError(GxyError):
    """The geo database cannot be read."""


class Place(NamedTuple):
    """`country` ISO 3166-1 alpha-2, `region` ISO 3166-2, `city` in English. Empty where the file does not say."""

    country: str
    region: str
    city: str


NOWHERE = Place("", "", "")


class Geo:
    """Places by address. Raises GeoDatabaseError when a file is configured and cannot be opened.

    A file that changes (time, size or inode) is opened anew by `refresh`. One that cannot be read then leaves the old one in use,
    one that is damaged inside answers with nothing, and `problem` says why: an update that fails does not stop the loading.
    """

    def __init__(self, path: Path | None) -> None:
        self.problem = ""
        self._told = ""
        self.places: Book[str, Place] = Book(self._look_up)
        self._path = path
        self._reader: maxminddb.Reader | None = None
        self._stamp: Stamp | None = None
        if path is not None:
            self._reader, self._stamp = _open(path)

    @property
    def is_configured(self) -> bool:
        """Whether there is a file at all."""
        return self._path is not None

    def untold_problem(self) -> str:
        """`problem`, the first time that it is asked for; otherwise empty."""
        if self.problem == self._told:
            return ""
        self._told = self.problem
        return self.problem

    def refresh(self) -> None:
        """Use the file that is there now."""
        if self._path is None:
            return
        try:
            if _stamp(self._path) == self._stamp:
                return
            self._reader, self._stamp = _open(self._path)
        except GeoDatabaseError as error:
            self.problem = str(error)
            return
        self.problem = ""
        self.places.clear()

    def _look_up(self, address: str) -> Place:
        if self._reader is None or not address:
            return NOWHERE
        try:
            found = self._reader.get(address)
        except ValueError:  # no address, or IPv6 in a file of IPv4
            return NOWHERE
        except maxminddb.InvalidDatabaseError as error:
            self.problem = f"{SETTING} names {self._path}, which is damaged ({error}): fetch it again, or unset it."
            return NOWHERE
        return place_of(found) if isinstance(found, dict) else NOWHERE


def place_of(record: dict[str, Any]) -> Place:
    """The place in a record of the GeoIP2 City or Country layout."""
    country = _code(record.get("country")) or _code(record.get("registered_country"))
    subdivisions = record.get("subdivisions")
    region = _code(subdivisions[0]) if isinstance(subdivisions, list) and subdivisions else ""
    city = record.get("city")
    names = city.get("names") if isinstance(city, dict) else None
    name = names.get("en") if isinstance(names, dict) else None
    return Place(country, f"{country}-{region}" if country and region else "", name if isinstance(name, str) else "")


def _code(part: object) -> str:
    code = part.get("iso_code") if isinstance(part, dict) else None
    return code if isinstance(code, str) else ""


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError as error:
        raise GeoDatabaseError(
            f"{SETTING} names {path}, which cannot be read ({error.strerror}): put the file there, or unset it."
        ) from error
    return found.st_mtime_ns, found.st_size, found.st_ino


def _open(path: Path) -> tuple[maxminddb.Reader, Stamp]:
    stamp = _stamp(path)
    try:
        return maxminddb.open_database(path), stamp
    except (maxminddb.InvalidDatabaseError, OSError, ValueError) as error:
        raise GeoDatabaseError(
            f"{SETTING} names {path}, which is no MaxMind-format file ({error}): fetch it again, or unset it."
        ) from error
