"""Apply `ddl/*.sql` in order, once each, and keep the TTLs as the rules of retention say.

What the tables are is in the `.sql` files; tables that dbt owns are not migrated here.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

from clickhouse_connect.driver.client import Client

from gxy_analytics.errors import MigrationChangedError
from gxy_analytics.governance.retention.ttl import apply_ttls
from gxy_analytics.settings import Settings

VERSION_TABLE = """
create table if not exists governance.schema_migrations
(
    version UInt32,
    name String,
    checksum FixedString(64) comment 'SHA-256 of the file, lower-case hex',
    applied_at DateTime64(3, 'UTC') default now64(3)
)
engine = MergeTree
order by version
comment 'Applied schema files'
"""


@dataclass(frozen=True)
class Migration:
    """One schema file: `<version>_<name>.sql`."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def statements(self) -> list[str]:
        """The file's statements, without their semicolons and comment lines."""
        code = "\n".join(line for line in self.sql.splitlines() if not line.lstrip().startswith("--"))
        return [statement.strip() for statement in re.split(r";\s*(?:\n|$)", code) if statement.strip()]


def load_migrations() -> list[Migration]:
    """Return the schema files in version order."""
    found = []
    for path in files("gxy_analytics.warehouse").joinpath("ddl").iterdir():
        matched = re.fullmatch(r"(\d{4})_(\w+)\.sql", path.name)
        if matched:
            found.append(Migration(int(matched[1]), matched[2], path.read_text()))
    return sorted(found, key=lambda migration: migration.version)


def migrate(client: Client, settings: Settings, migrations: list[Migration] | None = None) -> list[Migration]:
    """Apply what is not applied yet; return what was applied now. A second call changes nothing.

    Raises MigrationChangedError when an applied file has other content: history is never edited, add a file.
    """
    client.command("create database if not exists governance")
    client.command(VERSION_TABLE)
    applied = dict(client.query("select version, checksum from governance.schema_migrations").result_rows)
    done = []
    for migration in migrations if migrations is not None else load_migrations():
        known = applied.get(migration.version)
        if known is None:
            _apply(client, migration)
            done.append(migration)
        elif _text(known) != migration.checksum:
            raise MigrationChangedError(
                f"{migration.version:04}_{migration.name}.sql changed after it was applied: "
                "restore it and put the change in a new file."
            )
    apply_ttls(client, settings)
    return done


def _apply(client: Client, migration: Migration) -> None:
    for statement in migration.statements():
        client.command(statement)
    client.insert(
        "schema_migrations",
        [[migration.version, migration.name, migration.checksum]],
        column_names=["version", "name", "checksum"],
        database="governance",
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
