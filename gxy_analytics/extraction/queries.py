"""The queries extraction asks of a source, made from a `TableSpec`: every identifier is a constant of the registry.

Values are parameters, never text. How a database spells a parameter or a cast is asked of the `Source`.
"""

from __future__ import annotations

from gxy_analytics.contracts.table_spec import SEALED, Column, ColumnType, TableSpec
from gxy_analytics.extraction.source import EXCLUDED, Source

# A bucket of the key-set comparison: keys with the same `key - mod(key, BUCKET_KEYS)`.
BUCKET_KEYS = 65_536
# Two keys and tenants are mixed modulo a prime, so that sums stay within 64 bits in every database.
PRIME = 2_147_483_647
TENANT_FACTOR = 7919

TENANT, KEY, CHANGED, DELETED = "row_tenant", "row_key", "row_changed", "row_deleted"
EVERY_ROW = "1 = 1"


def select_rows(spec: TableSpec, source: Source, condition: str) -> str:
    """Rows that meet `condition`: TENANT, KEY, CHANGED, DELETED (0 or 1), then the spec's columns in order as c0, c1, …"""
    updated, created = (_column(source, "t", name) for name in spec.changed_at)
    wanted = [
        f"{_column(source, 't', spec.tenant)} as {TENANT}",
        f"{_column(source, 't', spec.key)} as {KEY}",
        f"coalesce({updated}, {created}) as {CHANGED}",
        f"{_is_deleted(spec, source)} as {DELETED}",
        *(f"{_value(source, column)} as c{i}" for i, column in enumerate(spec.columns)),
    ]
    return " ".join(["select", ", ".join(wanted), _from(spec, source), "where", condition])


def changed_since(spec: TableSpec, source: Source, table: str = "t") -> str:
    """Condition: the row, or that of a joined `table`, changed at or after parameter `since`. Indexes on the columns serve."""
    updated, created = (_column(source, table, name) for name in spec.changed_at)
    since = source.instant("since")
    return f"({updated} >= {since} or ({updated} is null and {created} >= {since}))"


def has_key(spec: TableSpec, source: Source) -> str:
    """Condition: the key is in parameter `keys`."""
    return source.is_among(_column(source, "t", spec.key), "keys")


def select_key_sums(spec: TableSpec, source: Source) -> str:
    """Of the rows that are not soft-deleted, by bucket in order: bucket, number of keys, sum of their mixes."""
    key = _column(source, "t", spec.key)
    tenant = f"coalesce({_column(source, 't', spec.tenant)}, 0)"
    mix = f"mod(mod({key}, {PRIME}) * mod(mod({key}, {PRIME}) + {tenant} * {TENANT_FACTOR}, {PRIME}), {PRIME})"
    bucket = f"{key} - mod({key}, {BUCKET_KEYS})"
    wanted = f"{source.as_integer(bucket)} as bucket, count(*) as row_count, {source.as_integer(f'sum({mix})')} as mixes"
    return " ".join(["select", wanted, _from_alone(spec, source), "where", _is_live(spec, source), "group by 1 order by 1"])


def select_keys(spec: TableSpec, source: Source, *, in_bucket: bool) -> str:
    """TENANT, KEY, DELETED of every row; with `in_bucket`, of the bucket that starts at parameter `bucket`."""
    key = _column(source, "t", spec.key)
    wanted = f"{_column(source, 't', spec.tenant)} as {TENANT}, {key} as {KEY}, {_is_deleted(spec, source)} as {DELETED}"
    low = source.integer("bucket")
    condition = f"{key} >= {low} and {key} < {low} + {BUCKET_KEYS}" if in_bucket else EVERY_ROW
    return " ".join(["select", wanted, _from_alone(spec, source), "where", condition])


def _value(source: Source, column: Column) -> str:
    expression = _column(source, column.join or "t", column.source)
    is_text = column.type in (ColumnType.TEXT, ColumnType.CODE) or column.pii in SEALED
    return source.as_text(expression) if is_text else expression


def _is_deleted(spec: TableSpec, source: Source) -> str:
    return f"case when {_is_live(spec, source)} then 0 else 1 end"


def _is_live(spec: TableSpec, source: Source) -> str:
    return f"{_column(source, 't', spec.deleted_at)} is null" if spec.deleted_at else EVERY_ROW


def _from_alone(spec: TableSpec, source: Source) -> str:
    table = source.quote(spec.source)
    if not source.excluded:
        return f"from {table} t"
    is_excluded = source.is_among(f"coalesce({source.quote(spec.tenant)}, 0)", EXCLUDED)
    return " ".join(["from (select * from", table, "where not", is_excluded, ") t"])


def _from(spec: TableSpec, source: Source) -> str:
    joins = (
        f"left join {source.quote(join.table)} on {_column(source, join.table, 'id')} = {_column(source, 't', join.on)}"
        for join in spec.joins
    )
    return " ".join([_from_alone(spec, source), *joins])


def _column(source: Source, table: str, name: str) -> str:
    return f"{source.quote(table) if table != 't' else 't'}.{source.quote(name)}"
