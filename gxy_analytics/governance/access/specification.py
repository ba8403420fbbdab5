"""The access specification as typed values: reading `specification.toml` and refusing one that makes no sense.

What it says is in the `.toml`; how a server is told is in `users_xml` and `server_sql`.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import msgspec

from gxy_analytics.errors import GxyError

NAME = re.compile(r"[a-z][a-z0-9_]*")
TABLE = re.compile(r"[a-z][a-z0-9_]*\.([a-z][a-z0-9_]*|\*|[a-z_]+\*)")
PRIVILEGE = re.compile(r"[A-Z]+( [A-Z]+)*")
ELSEWHERE = {
    "TABLE ENGINE": re.compile(r"[A-Z][A-Za-z]+"),
    **dict.fromkeys(("CREATE TEMPORARY TABLE", "SHOW TABLES", "SHOW COLUMNS"), re.compile(r"\*\.\*")),
}
"""Privileges that are not on tables, and what they are on: engines, and everything (what is temporary is in no database; that
there is a table, and what its columns are called, may be seen of all)."""
LOOKS_EVERYWHERE = "scanner"
"""This role reads every table to find what must not be there: that opens none for anybody's work."""

Value = int | str


class SpecificationError(GxyError):
    """The access specification contradicts itself; it is part of the program, so this is a defect."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rows a tenant's user sees of every policed table."""

    column: str
    condition: str
    user_prefix: str


class Grant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`privileges` on each table of `on` (`database.table`, `database.*`, `database.prefix*`), all columns or those of `columns`.

    A privilege of ELSEWHERE stands alone, and `on` is what it says there.
    """

    privileges: tuple[str, ...]
    on: tuple[str, ...]
    columns: tuple[str, ...] = ()


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one kind of user may do. `policed` tables may be read under the row policy."""

    description: str
    profile: str
    quota: str | None = None
    grants: tuple[Grant, ...] = ()
    policed: tuple[str, ...] = ()

    @property
    def all_grants(self) -> tuple[Grant, ...]:
        """The grants, with reading the policed tables among them."""
        return (*self.grants, Grant(("SELECT",), self.policed)) if self.policed else self.grants


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Limits of a user within an interval of `seconds`; None limits nothing."""

    seconds: int
    queries: int | None = None
    errors: int | None = None
    result_rows: int | None = None
    read_rows: int | None = None
    execution_time: int | None = None

    def limits(self) -> dict[str, int]:
        """The limits there are, by ClickHouse's name."""
        given = msgspec.structs.asdict(self)
        return {name: value for name, value in given.items() if name != "seconds" and value is not None}


class Changeable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be set under a profile that is read only: `freely` any value, `within` by profile one between two numbers."""

    freely: tuple[str, ...] = ()
    within: dict[str, dict[str, tuple[int, int]]] = {}


class Specification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is said about access. `profiles`: setting to its constant value; `unreachable`: table to the reason."""

    policy: Policy
    roles: dict[str, Role]
    profiles: dict[str, dict[str, Value]]
    quotas: dict[str, Quota]
    changeable: Changeable = Changeable()
    unreachable: dict[str, str] = {}

    @property
    def policed(self) -> tuple[str, ...]:
        """The tables under the row policy, in order."""
        return tuple(sorted({table for role in self.roles.values() for table in role.policed}))

    def is_granted(self, table: str) -> bool:
        """Whether any role works with the table, granted by its name or as one of its database."""
        names = {table, f"{table.split('.')[0]}.*"}
        working = [role for name, role in self.roles.items() if name != LOOKS_EVERYWHERE]
        return any(names & set(grant.on) for role in working for grant in role.all_grants)

    def changeable_in(self, profile: str) -> dict[str, tuple[int, int] | None]:
        """What a profile's users may set, by name: between two numbers, or None for anything. Nothing unless it is read only."""
        if self.profiles[profile].get("readonly") != 1:
            return {}
        return {**dict.fromkeys(self.changeable.freely), **self.changeable.within.get(profile, {})}

    def constants_of(self, profile: str) -> dict[str, Value]:
        """The settings of a profile that its users cannot change."""
        return {name: value for name, value in self.profiles[profile].items() if name not in self.changeable_in(profile)}

    @property
    def service_roles(self) -> tuple[str, ...]:
        """Roles with one account of their own, in order; a tenant's role has an account a tenant."""
        return tuple(sorted(name for name, role in self.roles.items() if not role.policed))


def load_specification() -> Specification:
    """Return the specification of this version. Raises SpecificationError."""
    return read_specification(files(__package__).joinpath("specification.toml").read_text())


def read_specification(text: str) -> Specification:
    """Parse and check a specification. Raises SpecificationError naming the first thing that cannot be."""
    try:
        specification = msgspec.toml.decode(text, type=Specification)
    except msgspec.DecodeError as error:
        raise SpecificationError(f"The access specification cannot be read: {error}; mend specification.toml.") from error
    for complaint in _complaints(specification):
        raise SpecificationError(f"The access specification is wrong: {complaint}; mend specification.toml.")
    return specification


def _complaints(specification: Specification) -> list[str]:
    found = [complaint for name, role in specification.roles.items() for complaint in _of_role(specification, name, role)]
    names = [*specification.roles, *specification.profiles, *specification.quotas]
    names += [setting for profile in specification.profiles.values() for setting in profile]
    names += [*specification.changeable.freely, *(name for limits in specification.changeable.within.values() for name in limits)]
    found += [f"'{name}' is no name" for name in names if not NAME.fullmatch(name)]
    found += [f"'{table}' is no table" for table in specification.unreachable if not TABLE.fullmatch(table)]
    found += [f"{table} is unreachable and granted" for table in specification.unreachable if specification.is_granted(table)]
    return found


def _of_role(specification: Specification, name: str, role: Role) -> list[str]:
    found = []
    if role.profile not in specification.profiles:
        found.append(f"role {name} has profile '{role.profile}', which is not there")
    if role.quota is not None and role.quota not in specification.quotas:
        found.append(f"role {name} has quota '{role.quota}', which is not there")
    if role.policed and role.grants:
        found.append(f"role {name} has grants beside its policed tables, which no policy would cover")
    for grant in role.all_grants:
        pattern = ELSEWHERE.get(grant.privileges[0], TABLE) if len(grant.privileges) == 1 else TABLE
        found += [f"role {name}: '{table}' is no table" for table in grant.on if not pattern.fullmatch(table)]
        found += [f"role {name}: '{word}' is no privilege" for word in grant.privileges if not PRIVILEGE.fullmatch(word)]
        found += [f"role {name}: '{column}' is no column" for column in grant.columns if not NAME.fullmatch(column)]
    found += [f"role {name}: {table} is policed whole databases at a time" for table in role.policed if table.endswith("*")]
    return found


def literal(value: Any) -> str:
    """A setting's or a limit's value as SQL: digits, or a quoted word. Raises SpecificationError for anything else."""
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_]*", value):
        return f"'{value}'"
    raise SpecificationError(f"The access specification is wrong: {value!r} is no value; mend specification.toml.")
