"""Less common SQL against one table, as data: set operators, dictionaries of a part, hints, virtual columns, plans that run.

The common ones are in `attempts`.
"""

from __future__ import annotations

from collections.abc import Iterator

from attempts import SIDE_CHANNELS, Attempt, Verdict, hides

HIDDEN: dict[str, str] = {
    "merge by many names": "select distinct tenant_id from merge(REGEXP('marts|pii|raw'), '{name}|customers')",
    "rollup": "select tenant_id, count() from {table} group by tenant_id with rollup",
    "cube": "select tenant_id, count() from {table} group by tenant_id with cube",
    "totals": "select tenant_id, count() from {table} group by tenant_id with totals",
    "grouping sets": "select tenant_id from {table} group by grouping sets ((tenant_id), ())",
    "limit by": "select tenant_id from {table} limit 1 by tenant_id",
    "paste join": "select tenant_id from (select 1) as a paste join (select tenant_id from {table} order by 1 desc limit 1) as b",
    "columns()": "select columns('tenant') from {table} order by 1 desc limit 1",
    "apply": "select * apply(toString) from {table} order by tenant_id desc limit 3",
    "whole rows": "select arrayMax(groupUniqArray(toString(tuple(*)))) from {table}",
    "from first": "from {table} select max(tenant_id)",
    "granule by number": "select max(tenant_id) from {table} where _part_granule_offset >= 0",
    "keys of a part's dictionary": "select distinct lowCardinalityKeys(tenant_id) from {table}",
    "state of an aggregate": "select finalizeAggregation(groupUniqArrayState(tenant_id)) from {table}",
    "arg max": "select argMax(tenant_id, cityHash64(tenant_id)), anyLast(tenant_id), topK(9)(tenant_id) from {table}",
    "lead over rows": "select leadInFrame(tenant_id, 1, 'x') over (order by tenant_id desc) from {table} limit 5",
    "neighbour": "select neighbor(tenant_id, 1) from {table} limit 5 settings allow_deprecated_error_prone_window_functions = 1",
    "scalar of another scope": "with (select groupUniqArray(tenant_id) from {table}) as t select t",
    "plan that is run": "explain analyze select * from {table}",
    "plan as JSON": "explain json = 1, actions = 1 select * from {table}",
    "plan of the others": "explain indexes = 1, projections = 1 select * from {table} where tenant_id > '{own}'",
    "into a file": "select * from {table} into outfile '{file}'",
    "into a file and here": "select * from {table} into outfile '{file}' append and stdout",
    "profile of the pipeline": "select distinct tenant_id from {table} settings profile = 'gxy_service'",
}
"""Refused, or answered without anything of the victim's. What they say of how much was read is named in the reference."""
COUNTED: dict[str, tuple[str, str]] = {
    "merge of all databases": ("select countIf({named}) from merge(REGEXP('.*'), '^{name}$')", "0"),
    "recursive": (
        "with recursive r as (select tenant_id from {table} union all select 'x' from r where 0) select countIf({named}) from r",
        "0",
    ),
    "intersect": ("select count() from (select '{victim}' intersect select tenant_id from {table})", "0"),
    "except": ("select count() from (select '{victim}' except select tenant_id from {table})", "1"),
    "semi join": ("select count() from {one} semi left join {table} using (tenant_id)", "0"),
    "anti join": ("select count() from {one} anti left join {table} using (tenant_id)", "1"),
    "any join": ("select count() from {one} any inner join {table} using (tenant_id)", "0"),
    "correlated": ("select ifNull((select count() from {table} as t where t.tenant_id = one.tenant_id), 0) from {one}", "0"),
    "global in": ("select '{victim}' global in (select tenant_id from {table})", "0"),
    "has": ("select has((select groupUniqArray(tenant_id) from {table}), '{victim}')", "0"),
    "index hint": ("select countIf({named}) from {table} where indexHint({named})", "0"),
    "index hint, negated": ("select countIf({named}) from {table} where not indexHint({named})", "0"),
    "key that must be used": ("select count() from {table} where {named} settings force_primary_key = 1", "0"),
    "deleted rows by their column": ("select countIf(_row_exists = 0) from {table}", "0"),
    "rows of a part by number": ("select countIf({named}) from {table} where _part_offset < 100000", "0"),
    "sample by offset": ("select countIf({named}) from {table} sample 1/2 offset 1/2", "0"),
    "fill": ("select count() from (select tenant_id from {table} where {named} order by tenant_id with fill)", "0"),
    "block numbers": ("select count(_block_number) from {table}", "{own_rows}"),
}
"""An error, or exactly this number."""
RIGHT_JOIN = "select max(tenant_id) from {other} right join {table} using (tenant_id)"
SET: dict[str, tuple[str, dict[str, str]]] = {
    "extremes": ("select max(tenant_id) from {table}", {"extremes": "1"}),
    "filter made at run time": (RIGHT_JOIN, {"enable_join_runtime_filters": "1"}),
    "merge join": (RIGHT_JOIN, {"join_algorithm": "full_sorting_merge"}),
    "replicas": ("select max(tenant_id) from {table}", {"enable_parallel_replicas": "1", "max_parallel_replicas": "3"}),
    "another database": ("select max(tenant_id) from {name}", {"database": "marts"}),
    "result filter": ("select max(tenant_id) from {table}", {"additional_result_filter": "1 or 1"}),
    "identifier as a parameter": ("select max(tenant_id) from {{t:Identifier}}", {"param_t": "{table}"}),
    "closed table as a parameter": ("select * from pii.{{t:Identifier}}", {"param_t": "customers"}),
    "injection by a parameter": ("select max(tenant_id) from {table} where tenant_id = {{t:String}}", {"param_t": "x' or '1"}),
    "format by the URL": ("select max(tenant_id) from {table}", {"default_format": "Template"}),
    "own block size": ("select max(tenant_id) from {table}", {"max_block_size": "1", "preferred_block_size_bytes": "0"}),
}
"""With settings from outside; nothing of the victim's in the answer."""


def reads_oddly(table: str, own_rows: int, own: str, victim: str) -> Iterator[Attempt]:
    """Seeing and counting by what most people never write."""
    words = {
        "table": table,
        "name": table.split(".")[1],
        "own": own,
        "victim": victim,
        "own_rows": str(own_rows),
        "named": f"tenant_id = '{victim}'",
        "one": f"(select '{victim}' as tenant_id) as one",
        "other": "(select 'x' as tenant_id) as other",
        "file": "/tmp/stolen.tsv",  # noqa: S108
    }
    for name, sql in HIDDEN.items():
        yield Attempt(name, sql.format(**words), hides(victim))
    for name, (sql, wanted) in COUNTED.items():
        yield Attempt(name, sql.format(**words), fails_or_says(wanted.format(**words)))
    for name, (sql, settings) in SET.items():
        given = {key: value.format(**words) for key, value in settings.items()}
        yield Attempt(name, sql.format(**words), hides(victim), given)


def fails_or_says(value: str) -> Verdict:
    """An error of whatever kind, or this answer."""
    return lambda answer: answer.code != 0 or answer.value == value


INFERRING: dict[str, str] = {
    "throwIf": "select throwIf({named}) from {table} format Null",
    "throwIf in prewhere": "select count() from {table} prewhere throwIf({named}) = 0",
    "throwIf by group": "select throwIf({named}) from {table} group by {column} format Null",
    "throwIf, made whole": "select throwIf(materialize({column}) = '{value}') from {table} format Null",
    "division": "select intDiv(1, {column} != '{value}') from {table} format Null",
    "element": "select throwIf(has([{column}], '{value}')) from {table} format Null",
    "keys": "select countIf(throwIf(lowCardinalityKeys({column}) = '{value}')) from {table}",
    "distinct": "select throwIf(identity({column}) = '{value}') from (select distinct {column} from {table}) format Null",
}
PLANNERS: tuple[dict[str, str], ...] = (
    {},
    {"optimize_move_to_prewhere": "0"},
    {"enable_analyzer": "0"},
    {"short_circuit_function_evaluation": "disable"},
)


def infers_by_value(table: str, column: str, value: str) -> Iterator[Attempt]:
    """Learning from an error that somebody else has this value: of a column whose dictionary a part keeps for all tenants.

    With more than one tenant in a part, a function may be computed over the whole dictionary, others' values included.
    """
    named = f"{column} = '{value}'"
    for name, sql in INFERRING.items():
        for settings in PLANNERS:
            statement = sql.format(table=table, column=column, value=value, named=named)
            yield Attempt(name, statement, lambda answer: answer.code not in SIDE_CHANNELS, settings)
