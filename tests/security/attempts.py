"""What a tenant's user tries against one table or the server, as data: the statement, and what would be a success.

Running them is `test_adversary`'s; the statements are made from the catalogue, so that a new table is attacked as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from target import SECRET, Answer

Verdict = Callable[[Answer], bool]
"""Whether the attempt failed, as it should."""

DENIED = {497, 164, 452, 291, 115, 392, 344, 48, 723}
"""ACCESS_DENIED, READONLY, SETTING_CONSTRAINT_VIOLATION, DATABASE_ACCESS_DENIED, UNKNOWN_SETTING and the like."""
SIDE_CHANNELS = {395, 153}
"""FUNCTION_THROW_IF_VALUE_IS_NON_ZERO and ILLEGAL_DIVISION: an error that a hidden row would raise."""


@dataclass(frozen=True)
class Attempt:
    """One thing tried. `failed(answer)` says that nothing was gained."""

    name: str
    sql: str
    failed: Verdict
    settings: dict[str, str] = field(default_factory=dict)


def refused(answer: Answer) -> bool:
    """The server would not do it."""
    return answer.code in DENIED


def errs(answer: Answer) -> bool:
    """It did not work; which error depends on what the server was built with."""
    return answer.code != 0


def hides(victim: str) -> Verdict:
    """Refused, or answered without anything of the victim's. For statements that do not name the victim themselves."""
    return lambda answer: SECRET not in answer.text and victim not in answer.text


def says(*values: object) -> Verdict:
    """Refused, or answered with exactly one of these."""
    wanted = {str(value) for value in values}
    return lambda answer: refused(answer) or (answer.code == 0 and answer.value in wanted)


def silent(answer: Answer) -> bool:
    """Answered or refused, but not failed in the way that a hidden row would make it fail."""
    return answer.code not in SIDE_CHANNELS and (answer.code == 0 or answer.code in DENIED)


def reads(table: str, own_rows: int, own: str, victim: str) -> Iterator[Attempt]:
    """Seeing and counting rows of a table that the tenant may read in part."""
    database, name = table.split(".")
    hidden, counted = hides(victim), says(own_rows)
    yield Attempt("select", f"select * from {table}", hidden)
    yield Attempt("select order", f"select * from {table} order by tenant_id desc limit 50", hidden)
    yield Attempt("tenants", f"select distinct tenant_id from {table}", hidden)
    yield Attempt("group array", f"select groupUniqArray(tenant_id) from {table}", hidden)
    yield Attempt("min max", f"select min(tenant_id), max(tenant_id) from {table}", hidden)
    yield Attempt("count", f"select count() from {table}", counted)
    yield Attempt("trivial count", f"select count() from {table}", counted, {"optimize_trivial_count_query": "1"})
    yield Attempt("count by projection", f"select count() from {table}", counted, {"optimize_use_implicit_projections": "1"})
    yield Attempt("approximate count", f"select count() from {table}", counted, {"optimize_trivial_approximate_count_query": "1"})
    yield Attempt("count of the victim", f"select count() from {table} where tenant_id = '{victim}'", says(0))
    yield Attempt("count of others", f"select count() from {table} where tenant_id != '{own}'", says(0))
    yield Attempt("prewhere", f"select count() from {table} prewhere tenant_id = '{victim}'", says(0))
    yield Attempt("or true", f"select count() from {table} where tenant_id = '{victim}' or 1", counted)
    yield Attempt("having", f"select count() from {table} group by tenant_id having tenant_id = '{victim}'", says(""))
    yield Attempt("qualify", f"select tenant_id from {table} qualify row_number() over (order by tenant_id desc) < 5", hidden)
    yield Attempt("window", f"select max(tenant_id) over () from {table} limit 1", hidden)
    yield Attempt("subquery", f"select count() from (select * from {table}) where tenant_id = '{victim}'", says(0))
    yield Attempt("scalar subquery", f"select (select max(tenant_id) from {table})", hidden)
    yield Attempt("in subquery", f"select '{victim}' in (select tenant_id from {table})", says(0))
    yield Attempt("exists", f"select exists(select 1 from {table} where tenant_id = '{victim}')", says(0))
    yield Attempt("with", f"with all as (select * from {table}) select tenant_id from all order by 1 desc limit 1", hidden)
    yield Attempt("union", f"select tenant_id from {table} union distinct select tenant_id from {table}", hidden)
    yield Attempt(
        "join", f"select count() from (select '{victim}' as tenant_id) as t inner join {table} using (tenant_id)", says(0)
    )
    yield Attempt(
        "right join", f"select tenant_id from (select 'x' as tenant_id) as t right join {table} using (tenant_id) limit 5", hidden
    )
    yield Attempt("cross join", f"select count() from numbers(1) as n, {table} as t where t.tenant_id = '{victim}'", says(0))
    yield Attempt("array join", f"select distinct one from {table} array join [tenant_id] as one", hidden)
    yield Attempt("final", f"select distinct tenant_id from {table} final", hidden)
    yield Attempt("sample", f"select count() from {table} sample 1", lambda a: a.code == 141 or counted(a))
    yield Attempt("view()", f"select count() from view(select * from {table} where tenant_id = '{victim}')", says(0))
    yield Attempt("merge()", f"select count() from merge('{database}', '^{name}$') where tenant_id = '{victim}'", says(0))
    yield Attempt("virtual columns", f"select distinct _table, _part, tenant_id from {table}", hidden)
    yield Attempt("virtual count", f"select count(_part) from {table}", counted)
    yield Attempt("deleted rows, in the text", f"select count() from {table} settings apply_deleted_mask = 0", refused)
    yield Attempt("deleted rows, in the URL", f"select count() from {table}", refused, {"apply_deleted_mask": "0"})
    yield Attempt("cache of others", f"select * from {table} settings query_cache_share_between_users = 1", refused)
    yield Attempt("own filter", f"select count() from {table}", counted, {"additional_table_filters": f"{{'{table}': '1 or 1'}}"})
    yield Attempt("explain actions", f"explain actions = 1 select * from {table}", hidden)
    yield Attempt("explain plan", f"explain plan indexes = 1 select count() from {table}", hidden)
    yield Attempt("explain ast", f"explain query tree select count() from {table}", hidden)


def infers(table: str, own: str, victim: str) -> Iterator[Attempt]:
    """Learning of a hidden row from the way a statement fails."""
    named = f"tenant_id = '{victim}'"
    yield Attempt("throwIf", f"select throwIf({named}) from {table} format Null", silent)
    yield Attempt("throwIf in where", f"select count() from {table} where throwIf({named}) = 0", silent)
    yield Attempt("throwIf in prewhere", f"select count() from {table} prewhere throwIf({named}) = 0", silent)
    yield Attempt("throwIf of a value", f"select count() from {table} where throwIf(tenant_id > '{own}') = 0", silent)
    yield Attempt("division", f"select sum(intDiv(1, {named} ? 0 : 1)) from {table}", silent)
    yield Attempt("division in prewhere", f"select count() from {table} prewhere intDiv(1, {named} ? 0 : 1) = 1", silent)
    yield Attempt("throwIf aggregated", f"select throwIf(countIf({named}) > 0) from {table}", silent)
    yield Attempt(
        "throwIf before the policy",
        f"select count() from {table} where throwIf({named}) = 0",
        silent,
        {"optimize_move_to_prewhere": "1", "move_all_conditions_to_prewhere": "1", "enable_multiple_prewhere_read_steps": "0"},
    )
    yield Attempt(
        "throwIf without the key",
        f"select count() from {table} where throwIf(identity(tenant_id) = '{victim}') = 0",
        silent,
        {"use_skip_indexes": "0", "query_plan_enable_optimizations": "0"},
    )
    yield Attempt(
        "throwIf in the old planner", f"select count() from {table} where throwIf({named}) = 0", silent, {"enable_analyzer": "0"}
    )


def errors(table: str, victim: str) -> Iterator[Attempt]:
    """Learning of a hidden row from what a message quotes."""
    hidden = hides(victim)
    yield Attempt("cast error", f"select toUInt64(tenant_id) from {table}", hidden)
    yield Attempt("cast error in where", f"select count() from {table} where toUInt64(tenant_id) = 1", hidden)
    yield Attempt("cast error in prewhere", f"select count() from {table} prewhere toUInt64(tenant_id) = 1", hidden)
    yield Attempt("date error", f"select toDateTime(tenant_id) from {table} order by tenant_id desc", hidden)
    yield Attempt("enum error", f"select cast(tenant_id, 'Enum8(''x'' = 1)') from {table}", hidden)
    yield Attempt("array error", f"select arrayElement([1], toInt64(max(tenant_id))) from {table}", hidden)
    yield Attempt("json error", f"select cast(tenant_id, 'JSON') from {table}", hidden)
    yield Attempt("message of throwIf", f"select throwIf(1, tenant_id) from {table}", hidden)
    yield Attempt("unknown column", f"select tenant_idd from {table}", hidden)
    yield Attempt("unknown table", f"select * from {table}x", hidden)
    yield Attempt("unknown tenant's table", f"select * from {table}_{victim[:4]}", hidden)
    yield Attempt("error with a row limit", f"select * from {table} settings max_rows_to_read = 1", hidden)
    yield Attempt("error of a regular expression", f"select match('x', concat('(', tenant_id)) from {table}", hidden)
    yield Attempt("server's log to the client", f"select count() from {table}", refused, {"send_logs_level": "trace"})


def estimates(table: str, victim: str) -> Iterator[Attempt]:
    """Counting hidden rows by what a plan, a statistic or a limit says of them: sizes of granules may show, values not."""
    hidden = hides(victim)
    yield Attempt("estimate", f"explain estimate select * from {table}", hidden)
    # By the key both conditions hold: nothing is left to be read.
    named = f"select * from {table} where tenant_id = '{victim}'"
    nothing: Verdict = lambda answer: refused(answer) or not answer.value or answer.value.endswith("\t0\t0\t0")  # noqa: E731
    yield Attempt("estimate of the victim", f"explain estimate {named}", nothing)
    yield Attempt("pipeline", f"explain pipeline select * from {table}", hidden)
    yield Attempt("syntax", f"explain syntax select * from {table}", hidden)
    yield Attempt("table override", f"explain table override {table} partition by 1", hidden)
    yield Attempt("statistics", f"select * from system.statistics where table = '{table.split('.')[1]}'", hidden)
    limited = f"select count() from {table} where tenant_id = '{victim}' settings max_rows_to_read = 1"
    yield Attempt("rows read of the victim", limited, says(0))


def reaches(table: str, uuid: str, victim: str) -> Iterator[Attempt]:
    """Walking around the grants: functions and engines that read the same bytes another way."""
    database, name = table.split(".")
    hidden = hides(victim)
    for function in (
        f"remote('127.0.0.1', {table})",
        f"remote('127.0.0.1', {table}, 'default', '')",
        f"remoteSecure('127.0.0.1', {table})",
        f"cluster('default', {table})",
        f"clusterAllReplicas('default', {table})",
        f"mergeTreeIndex('{database}', '{name}')",
        f"mergeTreeIndex('{database}', '{name}', with_marks = true)",
        f"mergeTreeProjection('{database}', '{name}', 'p')",
        f"mergeTreeAnalyzeIndexes('{database}', '{name}')",
        f"mergeTreeAnalyzeIndexes('{database}', '{name}', tenant_id = '{victim}')",
        f"mergeTreeAnalyzeIndexesUUID('{uuid}')",
        f"mergeTreeCodecBlockCounts('{database}', '{name}')",
        f"mergeTreeTextIndex('{database}', '{name}', 'i')",
        f"dictionary('{table}')",
        f"loop({table})",
        f"merge('{table}')",
    ):
        failed = hidden if function.startswith("loop") else errs
        yield Attempt(function.split("(")[0], f"select * from {function} limit 20000", failed)
    yield Attempt("loop count", f"select countIf(tenant_id = '{victim}') from (select * from loop({table}) limit 50000)", says(0))


def changes(table: str, own: str, victim: str) -> Iterator[Attempt]:
    """Writing anything anywhere."""
    database, name = table.split(".")
    for sql in (
        f"insert into {table} (tenant_id) values ('{victim}')",
        f"insert into {table} select * from {table}",
        f"alter table {table} delete where tenant_id = '{victim}'",
        f"delete from {table} where tenant_id = '{victim}'",
        f"alter table {table} update tenant_id = '{own}' where tenant_id = '{victim}'",
        f"alter table {table} add column stolen String",
        f"alter table {table} drop partition id '20260310'",
        f"alter table {table} freeze",
        f"truncate table {table}",
        f"drop table {table}",
        f"detach table {table}",
        f"rename table {table} to {table}_stolen",
        f"exchange tables {table} and marts.sales_daily",
        f"optimize table {table} final",
        f"check table {table}",
        f"create view {database}.{name}_stolen as select * from {table}",
        f"create table {database}.{name}_stolen as {table}",
        f"create table {database}.{name}_stolen clone as {table}",
        f"create temporary table stolen as select * from {table}",
        f"create temporary view stolen as select * from {table}",
        f"create materialized view {database}.{name}_stolen engine = Memory populate as select * from {table}",
        f"create row policy stolen on {table} using 1 to all",
        f"drop row policy gxy_tenant on {table}",
        f"grant select on {table} to `tenant_{own}`",
        f"backup table {table} to File('stolen.zip')",
        f"insert into function file('stolen.csv') select * from {table}",
        f"insert into function url('http://127.0.0.1:1/') select * from {table}",
        f"insert into function remote('127.0.0.1', {table}) select * from {table}",
    ):
        failed = errs if "backup" in sql else refused
        yield Attempt(" ".join(sql.split()[:3]), sql, failed)


def closed(table: str) -> Iterator[Attempt]:
    """A table, view, materialized view or dictionary that a tenant may not even know."""
    database, name = table.split(".")
    for sql in (
        f"select * from {table} limit 1",
        f"select count() from {table}",
        f"select 1 from marts.sales_daily where 1 in (select 1 from {table})",
        f"select * from merge('{database}', '^{name}$') limit 1",
        f"select * from loop({table}) limit 1",
        f"select * from mergeTreeIndex('{database}', '{name}')",
        f"show create table {table}",
        f"describe table {table}",
        f"explain estimate select * from {table}",
        f"insert into {table} select * from {table}",
        f"alter table {table} delete where 1",
        f"truncate table {table}",
    ):
        # merge() over nothing that may be read is an error of its own.
        failed = errs if "merge" in sql else refused
        yield Attempt(" ".join(sql.split()[:2]), sql, failed)
