"""A tenant's user, and every other role, against the catalogue: nothing of another tenant is seen, counted, inferred or changed.

More than 150 attempts a table, over HTTP and the native port. What is left to be learned is asserted too, and named in
docs/reference/security.md.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from attempts import Attempt, changes, closed, errors, estimates, infers, reaches, reads, refused
from server_attempts import files, outside, settings, statements, system_tables
from target import DATABASES, OWN, SECRET, SPENDER, VICTIM, Answer, Target

from gxy_analytics.governance.access.specification import load_specification

QUOTA_EXCEEDED = 201
Run = Callable[[Attempt], Answer]
DRIVERS = {
    "the page /play": {
        "add_http_cors_header": "1",
        "enable_http_compression": "1",
        "use_query_cache": "1",
        "enable_reads_from_query_cache": "0",
        "enable_writes_to_query_cache": "1",
        "query_cache_ttl": "600",
        "query_cache_nondeterministic_function_handling": "save",
        "query_cache_system_table_handling": "ignore",
        "extremes": "1",
    },
    "JDBC with a row limit": {"max_result_rows": "500", "result_overflow_mode": "break", "session_timezone": "Europe/Berlin"},
    "Metabase": {"select_sequential_consistency": "1"},
    "Go with a deadline": {"max_execution_time": "30"},
    "Python": {
        "send_progress_in_http_headers": "1",
        "http_headers_progress_interval_ms": "120000",
        "cancel_http_readonly_queries_on_client_close": "1",
        "wait_end_of_query": "1",
        "date_time_input_format": "best_effort",
    },
    "JavaScript": {
        "output_format_json_quote_64bit_integers": "1",
        "date_time_output_format": "iso",
        "log_comment": "a dashboard",
    },
}
"""What tools are known to set without being asked."""


def both_ways(target: Target, user: str) -> dict[str, Run]:
    """The two protocols."""
    return {
        "http": lambda attempt: target.http(user, attempt.sql, attempt.settings),
        "native": lambda attempt: target.native(user, attempt.sql, attempt.settings),
    }


def successes(target: Target, attempts: Iterable[Attempt], user: str | None = None) -> tuple[int, list[str]]:
    """Run each attempt both ways; return how many there were, and each that gained something."""
    found, tried = [], 0
    ways = both_ways(target, user or f"tenant_{target.own}")
    for attempt, (way, run) in itertools.product(attempts, ways.items()):
        tried += 1
        answer = run(attempt)
        if not attempt.failed(answer):
            found.append(f"{way}: {attempt.name}: {attempt.sql} {attempt.settings} -> {answer.code} {answer.text[:200]!r}")
    return tried, found


def checksums(target: Target) -> dict[str, tuple[str, ...]]:
    return {
        f"{database}.{table}": target.rows(f"select count(), sum(cityHash64(*)) from {database}.{table}")[0]
        for database, table in target.rows(
            "select database, name from system.tables where database in "
            f"{DATABASES} and engine like '%MergeTree' and total_rows > 0"
        )
    }


def test_both_tenants_have_rows_in_every_mart(target: Target) -> None:
    """Else the rest of the suite would prove nothing."""
    assert len(target.specification.policed) >= 10
    for table in target.specification.policed:
        assert target.count(table, target.own) > 0, table
        assert target.count(table, target.victim) > 0, table


def test_the_rows_that_tenants_see_add_up_to_each_mart(target: Target) -> None:
    tenants = [account for account in target.accounts.values() if account.tenant_id]
    for table in target.specification.policed:
        seen = [int(target.http(account.name, f"select count() from {table}").value) for account in tenants]
        assert sum(seen) == target.count(table) - unowned(target, table), table
        assert seen == [target.count(table, account.tenant_id) for account in tenants], table


def unowned(target: Target, table: str) -> int:
    """Rows of tenants that have no login."""
    logins = {account.tenant_id for account in target.accounts.values()}
    return sum(
        int(rows) for tenant, rows in target.rows(f"select tenant_id, count() from {table} group by 1") if tenant not in logins
    )


def test_a_tenant_sees_and_counts_only_its_rows_of_every_mart(target: Target) -> None:
    total = 0
    for table in target.specification.policed:
        tried, found = successes(target, reads(table, target.count(table, target.own), target.own, target.victim))
        assert not found, "\n".join(found)
        total += tried
    assert total >= 10 * 2 * 30


def test_a_hidden_row_makes_no_statement_fail(target: Target) -> None:
    for table in target.specification.policed:
        _, found = successes(target, infers(table, target.own, target.victim))
        assert not found, "\n".join(found)


def test_no_message_and_no_estimate_tells_of_a_hidden_row(target: Target) -> None:
    for table in target.specification.policed:
        _, found = successes(target, itertools.chain(errors(table, target.victim), estimates(table, target.victim)))
        assert not found, "\n".join(found)


def test_there_are_more_than_150_distinct_attempts_on_every_mart() -> None:
    """However many marts there are: statements on one, and those on the server, each counted once over both protocols."""
    specification, table = load_specification(), "marts.sales_daily"
    on_a_mart = [*reads(table, 1, OWN, VICTIM), *infers(table, OWN, VICTIM), *errors(table, VICTIM), *estimates(table, VICTIM)]
    on_a_mart += [*reaches(table, "0", VICTIM), *changes(table, OWN, VICTIM)]
    on_the_server = [*outside(1, 2), *files("/etc/passwd"), *statements(f"tenant_{OWN}", VICTIM), *settings(specification)]
    distinct = [{(attempt.sql, str(attempt.settings)) for attempt in made} for made in (on_a_mart, on_the_server)]
    assert len(distinct[0]) >= 110
    assert sum(map(len, distinct)) >= 300


def test_a_side_channel_would_be_seen_by_this_suite(target: Target) -> None:
    """Staff sees the row, and there the same statements do fail."""
    attempts = [attempt for attempt in infers("marts.sales_daily", target.own, target.victim) if not attempt.settings]
    _, found = successes(target, attempts, "gxy_center_control")
    assert len(found) == 2 * len(attempts) >= 14


def test_no_function_and_no_engine_leads_around_the_policy(target: Target) -> None:
    for table in target.specification.policed:
        _, found = successes(target, reaches(table, uuid_of(target, table), target.victim))
        assert not found, "\n".join(found)


def uuid_of(target: Target, table: str) -> str:
    """A tenant may know it: system.tables shows it."""
    sql = f"select uuid from system.tables where concat(database, '.', name) = '{table}'"
    return target.http(f"tenant_{target.own}", sql).value


def test_a_tenant_changes_nothing(target: Target) -> None:
    before = checksums(target)
    for table in target.specification.policed:
        _, found = successes(target, changes(table, target.own, target.victim))
        assert not found, "\n".join(found)
    assert checksums(target) == before


def test_every_other_table_view_and_dictionary_is_closed_to_tenants(target: Target) -> None:
    catalogue = {
        f"{database}.{name}"
        for database, name in target.rows(f"select database, name from system.tables where database in {DATABASES}")
    }
    assert set(target.specification.policed) < catalogue
    kinds = {kind for (kind,) in target.rows(f"select distinct engine from system.tables where database in {DATABASES}")}
    assert {"View", "MaterializedView"} <= kinds
    for table in sorted(catalogue - set(target.specification.policed)):
        _, found = successes(target, closed(table))
        assert not found, "\n".join(found)


def test_files_urls_and_other_servers_are_closed_to_tenants(target: Target) -> None:
    _, found = successes(target, outside(target.http_port, target.native_port))
    assert not found, "\n".join(found)


def test_no_user_but_the_administrator_reads_a_file_of_the_server(target: Target) -> None:
    for path in ("/etc/passwd", "users.xml", "data/user_defined/function_file.sql"):
        for user in (f"tenant_{target.own}", "gxy_center_control", "gxy_pipeline"):
            _, found = successes(target, files(path), user)
            assert not found, "\n".join(found)


def test_a_tenant_administers_nothing(target: Target) -> None:
    _, found = successes(target, statements(f"tenant_{target.own}", target.victim))
    assert not found, "\n".join(found)
    # "system stop merges" was answered: and stopped none.
    target.admin.command("optimize table marts.sales_daily final")


def test_another_profile_leaves_the_constants(target: Target) -> None:
    for profile in ("default", "gxy_service", "gxy_staff"):
        session = {"session_id": f"profile-{profile}"}
        target.http(f"tenant_{target.own}", f"set profile = '{profile}'", session)
        for attempt in settings(target.specification):
            assert refused(target.http(f"tenant_{target.own}", attempt.sql, {**session, **attempt.settings})), attempt


def test_no_constant_of_the_profile_can_be_changed(target: Target) -> None:
    _, found = successes(target, settings(target.specification))
    assert not found, "\n".join(found)


def test_system_tables_tell_nothing_of_other_tenants(target: Target) -> None:
    """The victim works, so that logs, processes and caches have something to tell."""
    target.http(f"tenant_{target.victim}", f"select '{SECRET}', * from marts.sales_daily limit 10")
    target.admin.command("system flush logs")
    names = [name for (name,) in target.rows("select name from system.tables where database = 'system' order by 1")]
    assert len(names) > 80
    # The last two are a user's own: their text names the victim, since the attempts do.
    endless = ("numbers", "zeros", "primes", "user_query_log", "user_query_views_log")
    for name in names:
        if name.startswith("user_query"):
            assert target.http(f"tenant_{target.own}", f"select distinct user from system.{name}").value in (
                "",
                f"tenant_{target.own}",
            )
    attempts = system_tables([name for name in names if not name.startswith(endless)], target.victim)
    _, found = successes(target, attempts)
    assert not found, "\n".join(found)


def test_a_session_of_another_user_cannot_be_entered_and_one_of_ones_own_keeps_the_constants(target: Target) -> None:
    session = {"session_id": "shared-session", "session_timeout": "60"}
    assert target.http(f"tenant_{target.victim}", "set max_block_size = 4321", session).code == 0
    answer = target.http(f"tenant_{target.own}", "select getSetting('max_block_size')", session)
    assert answer.value != "4321"
    assert refused(target.http(f"tenant_{target.own}", "set apply_deleted_mask = 0", session))


def test_another_users_query_cache_answers_nobody(target: Target) -> None:
    sql = "select tenant_id, count() from marts.sales_daily group by 1 settings use_query_cache = 1, query_cache_ttl = 600"
    assert target.victim in target.http(f"tenant_{target.victim}", sql).text
    assert target.http(f"tenant_{target.own}", sql).value.split() == [
        target.own,
        str(target.count("marts.sales_daily", target.own)),
    ]


@pytest.mark.parametrize("sent", DRIVERS.values(), ids=list(DRIVERS))
def test_what_drivers_and_the_servers_page_send_is_taken(target: Target, sent: dict[str, str]) -> None:
    for user in (f"tenant_{target.own}", "gxy_center_control"):
        answer = target.http(user, "select count() from marts.sales_daily", sent)
        assert answer.code == 0, answer


def test_what_is_not_listed_as_changeable_is_refused_setting_by_setting(target: Target) -> None:
    user, listed = f"tenant_{target.own}", target.specification.changeable_in("tenant")
    other = "if(type = 'Bool', toString(value = '0'), if(value = '7', '8', '7'))"
    others = f"select name, {other} from system.settings where not is_obsolete"
    values = dict(line.split("\t") for line in target.http(user, f"{others} format TSVRaw").text.splitlines())
    assert len(values) > 1000
    tried = {
        name: target.http(user, f"select 1 settings {name} = {value}") for name, value in values.items() if name not in listed
    }
    changed = [name for name, answer in tried.items() if answer.code == 0]
    assert not changed


def test_a_wrong_password_is_refused_the_same_for_a_user_that_exists_and_one_that_does_not(target: Target) -> None:
    existing, unknown = (wrong_login(target, name).replace(name, "") for name in (f"tenant_{target.victim}", "tenant_nobody"))
    assert existing == unknown


def wrong_login(target: Target, name: str) -> str:
    request = Request(
        f"http://{target.host}:{target.http_port}/", b"select 1", {"X-ClickHouse-User": name, "X-ClickHouse-Key": "wrong"}
    )
    with pytest.raises(HTTPError) as refusal:
        urlopen(request, timeout=10)  # noqa: S310
    return refusal.value.read().decode()


def test_explain_shows_that_a_mart_is_pruned_by_its_key(target: Target) -> None:
    for table in target.specification.policed:
        plan = target.http(f"tenant_{target.own}", f"explain indexes = 1 select * from {table} format TSVRaw").text
        assert "PrimaryKey" in plan and f"['{target.own}', '{target.own}']" in plan, f"{table}: {plan}"


def test_what_remains_to_be_learned_is_what_the_reference_says(target: Target) -> None:
    """Sizes of whole tables, without any value: total_rows, EXPLAIN's granules and its estimate, the count of rows read."""
    user, table = f"tenant_{target.own}", "marts.sales_daily"
    whole = target.count(table)
    totals = target.http(user, "select total_rows from system.tables where database = 'marts' and name = 'sales_daily'")
    assert totals.value == str(whole)
    estimate = target.http(user, f"explain estimate select * from {table}")
    assert int(estimate.value.split("\t")[3]) <= whole
    assert "Granules:" in target.http(user, f"explain indexes = 1 select * from {table}").text
    assert refused(target.http(user, "select * from system.parts"))
    assert refused(target.http(user, "select * from system.query_log"))


@pytest.mark.skipif("GXY_SECURITY_URL" in os.environ, reason="it would use up the quota of a real tenant")
def test_a_tenant_that_used_up_its_quota_is_refused_and_no_other_tenant_is(target: Target) -> None:
    user, quota, limits = f"tenant_{SPENDER}", target.specification.quotas["tenant"], target.specification.profiles["tenant"]
    most, probe = int(limits["max_result_rows"]), "select count() from marts.sales_daily"
    assert target.http(user, probe).value == "0"
    target.spend(user, f"select number from numbers({most}) format Null", (quota.result_rows or 0) // most + 1)
    assert target.http(user, probe).code == QUOTA_EXCEEDED
    assert target.native(user, probe).code == QUOTA_EXCEEDED
    for other in (target.own, target.victim):
        assert target.http(f"tenant_{other}", probe).value == str(target.count("marts.sales_daily", other))


@pytest.mark.skipif("GXY_SECURITY_URL" in os.environ, reason="it would use up the quota of a real tenant")
def test_a_tenants_load_does_not_stop_another(target: Target) -> None:
    heavy = "select count() from numbers_mt(100000000000)"
    assert target.http(f"tenant_{target.own}", heavy, {"max_rows_to_read": "0"}).code in (164, 452)
    began = time.monotonic()
    assert target.http(f"tenant_{target.own}", heavy).code == 158
    assert time.monotonic() - began < 60
    assert target.http(f"tenant_{target.victim}", "select 1").value == "1"
