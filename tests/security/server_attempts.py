"""What a user tries against the server as a whole: sources outside, settings, system tables, other users, the server itself.

Attempts against tables are in `attempts`.
"""

from __future__ import annotations

from collections.abc import Iterator

from attempts import Attempt, errs, hides, refused

from gxy_analytics.governance.access.specification import Specification

SOURCES = (
    "file('/etc/passwd', LineAsString)",
    "file('../users.xml', LineAsString)",
    "fileCluster('default', '/etc/passwd', LineAsString)",
    "url('http://127.0.0.1:{port}/?query=select+1', LineAsString)",
    "url('file:///etc/passwd', LineAsString)",
    "urlCluster('default', 'http://127.0.0.1:{port}/', LineAsString)",
    "s3('http://127.0.0.1:{port}/x', 'CSV', 'a String')",
    "gcs('http://127.0.0.1:{port}/x', 'CSV', 'a String')",
    "hdfs('hdfs://127.0.0.1:1/x', 'CSV', 'a String')",
    "azureBlobStorage('http://127.0.0.1:1/', 'c', 'x', 'n', 'k', 'CSV', 'auto', 'a String')",
    "remote('127.0.0.1:{native}', system.one, 'default', '')",
    "remote('127.0.0.1:{native}', marts.sales_daily, 'gxy', '')",
    "mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "mongodb('127.0.0.1:1', 'd', 't', 'u', 'p', 'a String')",
    "redis('127.0.0.1:1', 'k', 'k String')",
    "sqlite('/tmp/x.db', 't')",
    "odbc('DSN=x', 'd', 't')",
    "jdbc('x', 'd', 't')",
    "executable('cat /etc/passwd', LineAsString, 'a String')",
    "iceberg('http://127.0.0.1:1/x')",
    "deltaLake('http://127.0.0.1:1/x')",
    "hudi('http://127.0.0.1:1/x')",
    "input('a String')",
)
STATEMENTS = (
    "create user stolen identified with no_password",
    "create role stolen",
    "grant all on *.* to {user}",
    "grant center_control to {user}",
    "set role all except none",
    "set default role all to {user}",
    "alter user {user} settings readonly = 0",
    "alter user tenant_{victim} identified with no_password",
    "drop user tenant_{victim}",
    "drop quota gxy_tenant",
    "create quota stolen for interval 1 hour no limits to {user}",
    "create settings profile stolen settings readonly = 0",
    "show grants for tenant_{victim}",
    "show create user tenant_{victim}",
    "show create user gxy",
    "show access",
    "show users",
    "show row policies",
    "execute as tenant_{victim} select 1",
    "execute as gxy select 1",
    "kill query where 1",
    "kill query where user = 'tenant_{victim}' sync",
    "kill mutation where 1",
    "system flush logs",
    "system reload config",
    "system reload users",
    "system shutdown",
    "system drop query cache",
    "system drop mark cache",
    "system stop merges",
    "system stop listen http",
    "system start listen http",
    "create database stolen",
    "drop database marts",
    "use governance",
    "show tables from governance",
    "show tables from pii",
    "show databases like 'pii'",
    "create function stolen as (x) -> x",
    "create named collection stolen as a = 1",
    "create dictionary stolen (a UInt64) primary key a source(null()) layout(flat()) lifetime(1)",
    "create table marts.stolen (a UInt8) engine = Memory",
    "create table marts.stolen (a UInt8) engine = Buffer(marts, sales_daily, 1, 1, 1, 1, 1, 1, 1)",
    "create table marts.stolen engine = Merge(marts, '.*')",
    "create temporary table stolen (a UInt8)",
    "create workload stolen",
    "attach table marts.stolen",
    "backup database marts to Disk('default', 'x')",
    "restore database marts from Disk('default', 'x')",
    "select dictGet('marts.dim_products', 'name', 1)",
    "select joinGet('marts.dim_products', 'name', 1)",
    "select addressToLine(1)",
    "select demangle(addressToSymbol(1)) settings allow_introspection_functions = 1",
    "select 1 as x format Template settings format_template_row = '/etc/passwd'",
    "select 1 as x format Template settings format_template_resultset = '/etc/passwd'",
    "select 1 as x format Protobuf settings format_schema = '/etc/passwd:X'",
    "select 1 as x format Protobuf settings output_format_schema = '/tmp/stolen.proto'",
    "select * from '/etc/passwd'",
    "select * from default.`/etc/passwd`",
    "describe table file('/etc/passwd')",
    "select * from eval('select 1') settings allow_experimental_eval_table_function = 1, max_execution_time = 0",
    "select getServerSetting('users_to_ignore_early_memory_limit_check')",
    "select * from system.user_processes",
    "set readonly = 0",
    "set profile = 'default'",
    "set profile = 'gxy_service'",
)
"""Each is refused, or an error, or an answer without anything of the victim's: `mostly` says which."""
FILES = (
    "select file({file})",
    "select file({file}, 'none')",
    "select `file`({file})",
    "select {file} as path, file(path)",
    "select arrayMap(x -> file(x), [{file}])",
    "select arrayMap(file, [{file}])",
    "select * apply(file) from (select {file} as x)",
    "select * apply(x -> file(x)) from (select {file} as x)",
    "select * from view(select file({file}) as x)",
    "select * from viewIfPermitted(select file({file}) as x else null('x String'))",
    "select 1 where file({file}) != ''",
    "select 1 order by file({file})",
    "select 1 group by file({file})",
    "select 1 limit 1 by file({file})",
    "select throwIf(position(file({file}), 'clickhouse') > 0)",
    "select * from numbers(length(file({file})))",
    "select * from values('x String', (file({file})))",
    "select sum(length(file({file}))) over ()",
    "with (select file({file})) as x select x",
    "select * from system.one settings additional_table_filters = {'system.one': 'throwIf(length(file({escaped})) > 0) = 0'}",
    "select 1 settings additional_result_filter = 'throwIf(length(file({escaped})) > 0) = 0'",
)
"""Ways to the scalar function that, in the embedded engine, reads any file for any user where it is not closed."""
HARMLESS = (
    "set role",
    "set profile",
    "system stop merges",
    "show databases",
    "show tables",
    "show users",
    "show row policies",
    "use ",
)
"""May be answered: with what the tenant may know, which is checked, or with nothing done.

Merges of tables without the right are not stopped, and another profile leaves the constants; both are tested by themselves.
"""


def outside(port: int, native: int) -> Iterator[Attempt]:
    """Reading files, URLs and other servers."""
    for source in SOURCES:
        text = source.replace("{port}", str(port)).replace("{native}", str(native))
        yield Attempt(f"source {source.split('(')[0]}", f"select * from {text} limit 1", errs)


def files(path: str) -> Iterator[Attempt]:
    """Reading one file of the server by the scalar function."""
    for template in FILES:
        quoted = f"'{path}'"
        sql = template.replace("{file}", quoted).replace("{escaped}", f"\\'{path}\\'")
        yield Attempt("file()", sql, errs)


def statements(user: str, victim: str) -> Iterator[Attempt]:
    """Administration."""
    for template in STATEMENTS:
        # The victim's user is quoted: its slug may have a dash.
        sql = template.replace("tenant_{victim}'", f"tenant_{victim}'").replace("tenant_{victim}", f"`tenant_{victim}`")
        failed = hides(victim) if template.startswith(HARMLESS) else errs
        yield Attempt(template, sql.replace("{user}", f"`{user}`"), failed)


def settings(specification: Specification, profile: str = "tenant") -> Iterator[Attempt]:
    """Every constant of a profile, and every limit beyond its bounds: in the text, from outside (URL, client), and by SET."""
    beyond = {name: limits[1] for name, limits in specification.changeable.within.get(profile, {}).items()}
    for name, most in beyond.items():
        for other in (most + 1, *((0,) if specification.changeable.within[profile][name][0] else ())):
            yield Attempt(f"{name} in the text", f"select 1 settings {name} = {other}", refused)
            yield Attempt(f"{name} from outside", "select 1", refused, {name: str(other)})
            yield Attempt(f"{name} by set", f"set {name} = {other}", refused)
    for name, value in specification.constants_of(profile).items():
        other = f"x{value}" if isinstance(value, str) else str(0 if value else 1)
        other = {"throw": "break", "none": "trace", "QUERY_START": "EXCEPTION_WHILE_PROCESSING"}.get(str(value), other)
        quoted = f"'{other}'" if isinstance(value, str) else other
        yield Attempt(f"{name} in the text", f"select 1 settings {name} = {quoted}", refused)
        yield Attempt(f"{name} from outside", "select 1", refused, {name: other})
        yield Attempt(f"{name} by set", f"set {name} = {quoted}", refused)


def system_tables(names: list[str], victim: str) -> Iterator[Attempt]:
    """Whatever the server tells about itself: refused, or nothing of the victim's in it."""
    for name in names:
        yield Attempt(f"system.{name}", f"select * from system.{name} limit 5000", hides(victim))
    for name in ("tables", "columns", "key_column_usage", "views"):
        yield Attempt(f"information_schema.{name}", f"select * from information_schema.{name}", hides(victim))
    yield Attempt("processes", "show processlist", hides(victim))
