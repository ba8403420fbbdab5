"""Who is meant: a person of one tenant, found by any of her identities, with all the ids she is known by here.

What is then shown, suppressed or erased belongs to the callers. No error names the person, and no query does in its text or
parameters: ids go beside it. They are compared as they stand, so that primary keys prune; a hash of every row is 0.4 µs each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import Template
from typing import Any

from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.normalisation import normalise_email
from gxy_analytics.governance.suppressions import Kind, identity_hash
from gxy_analytics.governance.vault.fingerprints import check_master_key, fingerprints
from gxy_analytics.governance.vault.master_key import KeyRing
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.governance.vault.reader import VaultReader
from gxy_analytics.warehouse.beside import beside
from gxy_analytics.warehouse.client import read_sql

DATABASES = ("pii", "raw", "staging", "marts", "features")
CUSTOMER = "customer_pid"
BROWSERS = ("anonymous_id", "previous_id", "network_id", "visitor_id")
"""Columns that hold a browser's id. A `visitor_id` without one is the customer_pid, which is no browser."""
PID = re.compile(r"[0-9a-f]{64}")
IDENTITIES = ("customer_id", "email", "customer_pid", "anonymous_id")


class InvalidSubjectError(GxyError):
    """What should name a person cannot: none or several identities, or one of another form."""


class NoSuchSubjectError(GxyError):
    """Nothing is held about such a person, or the identity is not one person's alone."""


@dataclass(frozen=True)
class Subject:
    """A person of a tenant: her pseudonyms (several where one e-mail has several accounts) and her browsers.

    `shared_ids` are browsers that other customers used as well: what they did is hers only where her pseudonym stands.
    """

    tenant_id: str
    customer_pids: tuple[str, ...]
    anonymous_ids: tuple[str, ...]
    shared_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class PersonTable:
    """A table that has a tenant, and the columns of it that name a customer or a browser."""

    database: str
    table: str
    columns: frozenset[str]

    @property
    def quoted(self) -> str:
        """database.table for a query."""
        return f"{quote_identifier(self.database)}.{quote_identifier(self.table)}"


def find_subject(
    client: Client,
    master_key: KeyRing | bytes,
    tenant_id: str,
    *,
    customer_id: str | int | None = None,
    email: str | None = None,
    customer_pid: str | None = None,
    anonymous_id: str | None = None,
    reason: str,
    include_erased: bool = False,
) -> Subject:
    """Return the person that exactly one of the identities names; `customer_id` is the backend's, `reason` goes to the audit.

    A browser that one customer alone used stands for that customer. With `include_erased` somebody is also found of whom nothing
    but an erasure is known. Raises InvalidSubjectError, NoSuchSubjectError (also for a browser that several customers used),
    OtherMasterKeyError and VaultError.
    """
    given = {"customer_id": customer_id, "email": email, "customer_pid": customer_pid, "anonymous_id": anonymous_id}
    field, identity = _only(given)
    if not reason.strip():
        raise InvalidSubjectError("reason is empty: say why this person is looked up, such as a ticket number; it is kept.")
    _check_key(client, master_key, tenant_id)
    finder = _Finder(client, tenant_id, include_erased)
    if field == "anonymous_id":
        pids = finder.customers_of(identity)
        return finder.subject(pids) if pids else Subject(tenant_id, (), (identity,))
    if field == "email":
        pids = tuple(sorted(VaultReader(client, master_key).find_email(tenant_id, identity, reason=reason)))
        if not pids:
            raise _nobody(tenant_id, field)
        return finder.subject(pids)
    pid = Pseudonyms(master_key).customer_pid(tenant_id, identity) if field == "customer_id" else identity
    if not finder.is_known(CUSTOMER, pid):
        raise _nobody(tenant_id, field)
    return finder.subject((pid,))


def person_tables(client: Client) -> list[PersonTable]:
    """Every table of the warehouse that names a customer or a browser of a tenant, as the catalogue has it now."""
    bound = {"databases": list(DATABASES), "names": [CUSTOMER, *BROWSERS]}
    rows = client.query(read_sql(__package__, "tables.sql"), parameters=bound).result_rows
    return [PersonTable(database, table, frozenset(names)) for database, table, names in rows]


class _Finder:
    """Looks through every table of one tenant that names people."""

    def __init__(self, client: Client, tenant_id: str, include_erased: bool) -> None:
        self.client = client
        self.tenant_id = tenant_id
        self.include_erased = include_erased
        self.tables = person_tables(client)

    def is_known(self, column: str, identity: str) -> bool:
        """Whether the identity stands in that column of any table."""
        for table in self.tables:
            if column in table.columns:
                sql = _filled("mentions.sql", table=table.quoted, column=quote_identifier(column))
                if self._rows(sql, ids=[identity]):
                    return True
        return self.include_erased and self._was_erased("customer" if column == CUSTOMER else "anonymous", identity)

    def customers_of(self, anonymous_id: str) -> tuple[str, ...]:
        """The customer that used this browser; none when nobody signed in with it. Raises NoSuchSubjectError."""
        sql = _filled("customers.sql", pairs=self._pairs())
        pids = tuple(pid for (pid,) in self._rows(sql, browsers=[anonymous_id]))
        if len(pids) > 1:
            raise NoSuchSubjectError(
                f"anonymous_id is a browser that {len(pids)} customers of tenant '{self.tenant_id}' used: "
                "name the person by customer_id or email."
            )
        if not pids and not any(self.is_known(column, anonymous_id) for column in BROWSERS):
            raise _nobody(self.tenant_id, "anonymous_id")
        return pids

    def subject(self, customer_pids: tuple[str, ...]) -> Subject:
        """These customers with their browsers."""
        sql = _filled("browsers.sql", pairs=self._pairs())
        rows = self._rows(sql, customers=customer_pids)
        own = tuple(anonymous_id for anonymous_id, is_shared in rows if not is_shared)
        shared = tuple(anonymous_id for anonymous_id, is_shared in rows if is_shared)
        return Subject(self.tenant_id, customer_pids, own, shared)

    def _was_erased(self, kind: Kind, identity: str) -> bool:
        hashes = [identity_hash(self.tenant_id, kind, identity)]
        ((found,),) = self._rows(read_sql(__package__, "erased.sql"), hashes=hashes)
        return bool(found)

    def _pairs(self) -> str:
        return " union all ".join(
            _filled("pairs.sql", table=table.quoted, browser=quote_identifier(browser))
            for table in self.tables
            if CUSTOMER in table.columns
            for browser in BROWSERS
            if browser in table.columns
        )

    def _rows(self, sql: str, **ids: Iterable[str]) -> list[tuple[Any, ...]]:
        answer = self.client.query(sql, parameters={"tenant_id": self.tenant_id}, external_data=beside(**ids))
        return [tuple(row) for row in answer.result_rows]


def _only(given: dict[str, str | int | None]) -> tuple[str, str]:
    """The one identity that is given, in the form it is compared in. Raises InvalidSubjectError without its value."""
    named = [(field, str(value).strip()) for field, value in given.items() if value is not None]
    if len(named) != 1:
        raise InvalidSubjectError(f"Name the person by exactly one of {', '.join(IDENTITIES)}; {len(named)} were given.")
    field, identity = named[0]
    if field == "email":
        identity = normalise_email(identity)
        if not identity:
            raise InvalidSubjectError("email is no address: it must have the form name@example.com.")
    elif not identity:
        raise InvalidSubjectError(f"{field} is empty.")
    elif field == CUSTOMER and not PID.fullmatch(identity):
        raise InvalidSubjectError("customer_pid is no pseudonym: it has 64 characters of 0-9 and a-f.")
    return field, identity


def _check_key(client: Client, master_key: KeyRing | bytes, tenant_id: str) -> None:
    """Raise OtherMasterKeyError for another key. A tenant without pseudonyms is not given a fingerprint by being looked at."""
    if tenant_id in fingerprints(client):
        check_master_key(client, master_key, [tenant_id])


def _nobody(tenant_id: str, field: str) -> NoSuchSubjectError:
    return NoSuchSubjectError(
        f"Nobody is known by this {field} in tenant '{tenant_id}': check the tenant and the {field}, or look by another of "
        f"{', '.join(IDENTITIES)}."
    )


def _filled(name: str, **identifiers: str) -> str:
    return Template(read_sql(__package__, name)).substitute(identifiers)
