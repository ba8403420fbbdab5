"""What the log of queries becomes: who read what, each read once, and nothing of what was asked for in the clear."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from gxy_analytics.governance.access.accounts import wanted_accounts
from gxy_analytics.governance.access.embedded import write_embedded
from gxy_analytics.governance.access.specification import load_specification
from gxy_analytics.governance.audit.chain import ChainKey
from gxy_analytics.governance.audit.harvest import harvest
from gxy_analytics.governance.audit.listing import list_acts
from gxy_analytics.governance.audit.record import record
from gxy_analytics.governance.audit.sealing import seal
from gxy_analytics.governance.audit.verification import verify
from gxy_analytics.governance.scanner.scan import scan_warehouse
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse, access_file
from gxy_analytics.warehouse.migrations import migrate
from tests.conftest import free_port

MASTER = bytes(range(32))
PERSON = "jo.doe@mail.example"
CUSTOMER = "customer-4711"
SALES = "marts.sales_daily"
VAULT = "pii.customers"


@dataclass
class World:
    """A server with every account, its administrator's client, and what was harvested of what they did there."""

    server: EmbeddedClickHouse
    admin: Client
    passwords: dict[str, str]
    data_dir: Path

    def ask(self, user: str, sql: str, purpose: str | None = None, query_id: str | None = None) -> None:
        """Run one statement as a user of the warehouse; what it answers, a refusal too, is not looked at."""
        address = f"127.0.0.1:{self.server.http_port}"
        url = self.server.url if user == "gxy" else f"http://{user}:{self.passwords[user]}@{address}"
        settings = {"query_id": query_id} if query_id else {}
        with connect(url, purpose=purpose or "") as client, suppress(ClickHouseError):
            client.raw_query(sql, settings=settings)

    def harvest(self) -> None:
        """Harvest as if the hour were over."""
        self.admin.command("system flush logs query_log")
        harvest(self.admin, datetime.now(UTC) + timedelta(hours=2))

    def acts(self, actor: str, action: str = "") -> list[dict[str, Any]]:
        return list_acts(self.admin, actor=actor, action=action, limit=1000)

    def chain(self) -> list[tuple[Any, ...]]:
        """The sealed acts of everybody but the administrator, who goes on working."""
        return list(self.admin.query("select * from governance.audit where actor != 'gxy' order by sequence").result_rows)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = EmbeddedClickHouse(tmp_path_factory.mktemp("harvest"), "test-password", free_port(), free_port())
    accounts = wanted_accounts(load_specification(), MASTER, ["aurora", "boreal"], {})
    write_embedded(access_file(server.directory), load_specification(), accounts)
    server.start()
    with connect(server.url, purpose="migrate") as admin:
        migrate(admin, Settings())
        admin.command(f"create table {SALES} (tenant_id String, currency String) engine = MergeTree order by tenant_id")
        admin.command(f"insert into {SALES} values ('aurora', 'EUR'), ('aurora', 'USD'), ('boreal', 'EUR')")
        passwords = {account.name: account.password for account in accounts}
        world = World(server, admin, passwords, tmp_path_factory.mktemp("data"))
        act(world)
        world.harvest()
        seal(admin, MASTER, world.data_dir)
        yield world
    server.stop()


def act(world: World) -> None:
    """What people, tenants and services did in this hour."""
    world.admin.command("system flush logs query_log")
    for _ in range(3):
        world.ask("tenant_aurora", f"select currency from {SALES} where currency != '{PERSON}'", purpose="insights")
    world.ask("tenant_boreal", f"select count() from {SALES} where currency != '{CUSTOMER}'", purpose=PERSON, query_id=PERSON)
    world.ask("tenant_aurora", f"select '{PERSON}', * from {VAULT}")
    for _ in range(2):
        world.ask("gxy_exporter", f"select ciphertext from {VAULT} where customer_pid = '{CUSTOMER}'", query_id="chosen")
    world.ask("gxy_pipeline", f"select content_hash from {VAULT}", purpose="extract")
    for _ in range(5):
        world.ask("gxy_pipeline", f"select count() from {SALES}", purpose="dbt")
        world.ask("gxy_pipeline", "select count() from raw.events", purpose="dbt")
    world.ask("gxy_center_control", f"select count() from {SALES}", purpose="loader")
    for _ in range(4):
        world.ask("gxy_eraser", "select count() from governance.privacy_requests", purpose="erasure queue")
        world.ask("gxy_auditor", "select count() from governance.audit", purpose="audit")
    world.ask("gxy_eraser", f"alter table {SALES} delete where 0", purpose="erase")
    world.ask("gxy", "select count() from raw.oltp_customers")
    world.ask("gxy", f"select count() from merge('pii', 'cust.*') where customer_pid = '{CUSTOMER}'")
    world.ask("gxy", "create user somebody identified by 'secret-password'")
    world.ask("gxy", "alter table governance.audit_entries delete where 0")
    world.ask("gxy", f"select query from system.query_log where query like '%{PERSON}%'")
    remote = f"remote('127.0.0.1:{world.server.tcp_port}', 'marts', 'taken', 'gxy', 'test-password')"
    world.admin.command(f"create table marts.taken as {SALES}")
    world.ask("gxy", f"insert into function {remote} select * from {SALES}")


def test_a_tenants_reads_of_marts_are_one_act_under_its_user(world: World) -> None:
    read = world.acts("tenant_aurora", "data.read")
    assert len(read) == 1
    assert (read[0]["tenant_id"], read[0]["program"], read[0]["rows"], read[0]["origin"]) == (
        "aurora",
        "insights",
        6,
        "127.0.0.0",
    )
    assert read[0]["db_user"] == "gxy", "who wrote the act down is the harvester"
    details = read[0]["details"]
    assert (details["queries"], details["tables"], details["kind"]) == ("3", SALES, "Select")
    other = world.acts("tenant_boreal", "data.read")
    assert [act["program"] for act in other] == ["warehouse"], "what a client says is no purpose of ours"


def test_what_was_refused_is_an_act_too(world: World) -> None:
    refused = world.acts("tenant_aurora", "access.refused")
    assert [act["details"]["failed"] for act in refused] == ["1"]


def test_vault_reads_are_told_one_by_one_even_under_one_query_id(world: World) -> None:
    read = world.acts("gxy_exporter", "vault.query")
    assert len(read) == 2
    assert {act["details"]["tables"] for act in read} == {VAULT}
    assert {act["details"]["sealed_values"] for act in read} == {"read"}


def test_the_pipeline_is_summed_up_but_for_the_vault(world: World) -> None:
    vault = world.acts("gxy_pipeline", "vault.query")
    assert [act["details"]["sealed_values"] for act in vault] == ["not read"]
    summed = [act for act in world.acts("gxy_pipeline", "service.queries") if act["program"] == "dbt"]
    assert len(summed) == 1
    assert summed[0]["details"]["queries"] == "10" and summed[0]["details"]["tables"] == f"{SALES} raw.events"


def test_staff_are_never_summed_up_whatever_they_say_they_are(world: World) -> None:
    assert [act["action"] for act in world.acts("gxy_center_control")] == ["data.read"]


def test_what_the_graph_does_every_minute_is_one_act_an_hour_and_an_erasure_is_told(world: World) -> None:
    erased = {(act["action"], act["program"]): act["details"]["queries"] for act in world.acts("gxy_eraser")}
    assert erased == {("service.queries", "erasure queue"): "4", ("data.changed", "erase"): "1"}
    assert [(act["action"], act["details"]["queries"]) for act in world.acts("gxy_auditor")] == [("service.queries", "4")]


def test_the_administrators_ways_into_the_vault_accounts_audit_and_outside_are_told(world: World) -> None:
    told = {(act["action"], act["details"]["kind"], act["details"].get("tables", "")) for act in world.acts("gxy")}
    assert ("vault.query", "Select", "pii.*") in told
    assert ("access.changed", "Create", "somebody") in told
    assert ("trail.touched", "Alter", "governance.audit_entries") in told
    assert ("data.read", "Select", "system.query_log") in told
    assert ("data.read", "Select", "raw.oltp_customers") in told
    assert any(action == "data.exported" and SALES in tables for action, _, tables in told)


def test_no_act_holds_what_was_asked_for(world: World) -> None:
    text = "concat(toString(tuple(*)), ' ')"
    for secret in (PERSON, "jo.doe", CUSTOMER, "secret-password", "127.0.0.1"):
        for table in ("governance.audit", "governance.audit_entries"):
            found = world.admin.query(
                f"select count() from {table} where position({text}, {{secret:String}}) > 0", {"secret": secret}
            )
            assert found.first_row[0] == 0, (secret, table)
    findings = scan_warehouse(world.admin, None).findings
    assert [finding for finding in findings if finding.place.table.startswith("audit")] == []


def test_harvesting_twice_changes_nothing_and_a_lost_watermark_doubles_nothing(world: World) -> None:
    before = world.chain()
    assert len(before) >= 7
    world.harvest()
    seal(world.admin, MASTER, world.data_dir)
    assert world.chain() == before
    world.admin.command("truncate table governance.audit_harvests")
    world.harvest()
    seal(world.admin, MASTER, world.data_dir)
    assert world.chain() == before
    assert verify(world.admin, ChainKey.of(MASTER), []).is_whole


def test_an_hour_is_harvested_when_it_is_over_and_its_log_is_written(world: World) -> None:
    until = world.admin.query("select max(harvested_until) from governance.audit_harvests", query_tz="UTC").first_row[0]
    until = until.replace(tzinfo=UTC)
    assert harvest(world.admin, until + timedelta(minutes=61)).harvested_until is None
    assert harvest(world.admin, until + timedelta(minutes=62)).harvested_until == until + timedelta(hours=1)


def test_emptying_the_log_of_queries_is_the_first_thing_the_new_log_tells(world: World) -> None:
    world.admin.command("truncate table governance.audit_harvests")
    world.ask("gxy", "truncate table system.query_log")
    world.harvest()
    touched = world.acts("gxy", "trail.touched")
    assert "system.query_log" in {act["details"]["tables"] for act in touched}


def test_a_service_may_write_down_and_neither_read_nor_change(world: World) -> None:
    url = f"http://gxy_ingest:{world.passwords['gxy_ingest']}@127.0.0.1:{world.server.http_port}"
    with connect(url, purpose="loader") as ingest:
        record(ingest, "export.made", tenant_id="aurora", reason=f"for {PERSON}", details={"file": "a.csv"})
        for statement in (
            "select * from governance.audit_entries",
            "select * from governance.audit",
            "insert into governance.audit (sequence) values (99)",
            "alter table governance.audit_entries delete where 1",
        ):
            with pytest.raises(DatabaseError, match="ACCESS_DENIED"):
                ingest.command(statement)
    written = [act for act in list_acts(world.admin, action="export.made") if act["db_user"] == "gxy_ingest"]
    assert [(act["reason"], act["details"], act["sequence"]) for act in written] == [("for [removed]", {"file": "a.csv"}, 0)]


def test_a_foretold_entry_id_does_not_push_the_true_act_out(world: World) -> None:
    """Whoever may insert can compute the id of an act to come: it counts for the user who inserted it only."""
    wanted = world.admin.query("select entry_id from governance.audit where actor = 'tenant_boreal' limit 1").first_row[0]
    url = f"http://gxy_ingest:{world.passwords['gxy_ingest']}@127.0.0.1:{world.server.http_port}"
    with connect(url, purpose="loader") as ingest:
        ingest.command(
            "insert into governance.audit_entries (entry_id, action, details) select {id:UUID}, 'data.read', '{}'",
            parameters={"id": str(wanted)},
        )
    seal(world.admin, MASTER, world.data_dir)
    users = world.admin.query("select db_user from governance.audit where entry_id = {id:UUID}", {"id": str(wanted)}).result_rows
    assert sorted(user for (user,) in users) == ["gxy", "gxy_ingest"]


def test_details_are_one_json_object_of_texts(world: World) -> None:
    for (details,) in world.admin.query("select details from governance.audit where actor != 'root'").result_rows:
        assert all(isinstance(value, str) for value in json.loads(details).values())
