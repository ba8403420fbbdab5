"""A report holds everything of one person and nothing of anybody else's, exact and escaped, and every report is accounted for."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from report_world import ANNA, BO, HOSTILE, OTHER_ANNA, fill, insert, report
from subject_world import MASTER

from gxy_analytics import cli
from gxy_analytics.governance.privacy_report.letters import OF_OTHERS
from gxy_analytics.governance.privacy_report.report import ReportExistsError, make_report
from gxy_analytics.governance.subjects.subjects import NoSuchSubjectError
from gxy_analytics.governance.suppressions import CUSTOMER, identity_hash, suppress
from gxy_analytics.governance.vault.fingerprints import OtherMasterKeyError
from gxy_analytics.governance.vault.master_key import MissingMasterKeyError
from gxy_analytics.settings import Settings
from gxy_analytics.stack.oltp import EmbeddedPostgres
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from gxy_analytics.warehouse.migrations import migrate
from tests.conftest import free_port

LOADING = ("src", "srcset", "background", "action", "style", "poster", "data")
TABLES = "tenants, customers, categories, products, coupons, orders, order_items, payments, shipments, refunds"
COMMAND = "privacy report --tenant acme --reason ticket"


class Tags(HTMLParser):
    """Every tag of a page, and every attribute that loads or runs something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.loaded: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.loaded |= {name for name, _ in attrs if name in LOADING or name.startswith("on")}
        self.loaded |= {str(value) for name, value in attrs if name == "href" and not str(value).startswith("#")}


def peak_memory() -> int:
    """Most that this process had in memory since it was last asked to forget, in bytes."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    """A server of this file's own: what is only read is filled once."""
    server = EmbeddedClickHouse(tmp_path_factory.mktemp("clickhouse"), "test-password", free_port(), free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def shop(server: EmbeddedClickHouse, oltp_server: EmbeddedPostgres) -> Iterator[Client]:
    """Both shops, for tests that only read."""
    with connect(server.url, purpose="tests") as client, psycopg.connect(oltp_server.url, autocommit=True) as oltp:
        oltp.execute(f"truncate {TABLES} restart identity cascade")
        migrate(client, Settings())
        fill(client, oltp, Settings(oltp_url=oltp_server.url))
        yield client


@pytest.fixture
def fresh_shop(clickhouse: Client, oltp: psycopg.Connection, settings: Settings) -> Client:
    """The same, for tests that change it."""
    fill(clickhouse, oltp, settings)
    return clickhouse


@pytest.fixture
def settings(tmp_path: Path, server: EmbeddedClickHouse, oltp_server: EmbeddedPostgres) -> Settings:
    return Settings(data_dir=tmp_path / "gxy", clickhouse_url=server.url, oltp_url=oltp_server.url)


@pytest.fixture
def anna(shop: Client, settings: Settings, tmp_path: Path) -> dict[str, Any]:
    """Anna's report.json."""
    return json.loads(report(shop, settings, tmp_path / "out", email="Anna@Example.com").json_file.read_text())


def rows(document: dict[str, Any], table: str) -> list[dict[str, Any]]:
    (found,) = [one["rows"] for one in document["tables"] if one["table"] == table]
    return found


def test_all_of_hers_is_in_it_from_the_vault_to_the_marts(anna: dict[str, Any]) -> None:
    counts = {name: count for name, count in anna["rows"].items() if count}
    assert counts.pop("governance.audit_entries") >= 2, "her profile and her orders were opened for this report"
    assert counts == {
        "pii.customers": 1,
        "pii.keys": 1,
        "raw.oltp_customers": 1,
        "raw.oltp_orders": 2,
        "pii.orders": 1,
        "raw.oltp_order_items": 1,
        "raw.oltp_payments": 1,
        "raw.oltp_shipments": 1,
        "raw.oltp_refunds": 1,
        "raw.events": 4,
        "raw.events_rejected": 2,
        "marts.fct_sessions": 3,
        "marts.dim_customers": 1,
    }
    assert {table["table"]: len(table["rows"]) for table in anna["tables"]} == anna["rows"]
    profile = rows(anna, "pii.customers")[0]
    assert (profile["email"], profile["phone"], profile["birth_date"]) == ("anna@example.com", "+49 30 hers", "1990-05-01")
    assert rows(anna, "pii.orders")[0]["ip_address"] == "203.0.113.77"
    assert {row["session_id"] for row in rows(anna, "marts.fct_sessions")} == {"hers-signed-in", "hers-before", "hers-by-pid"}


def test_nothing_of_anybody_elses_is_in_either_file(shop: Client, settings: Settings, tmp_path: Path) -> None:
    """Neither Bo's nor the guest's of her shop, nor those of her namesake of another shop with the same address and browser."""
    made = report(shop, settings, tmp_path, customer_id=1)
    document = json.loads(made.json_file.read_text())
    assert document["subject"]["shared_ids"] == ["theirs-kiosk"]
    for text in (made.json_file.read_text(), made.html_file.read_text()):
        assert "hers-1" in text
        assert set(re.findall(r"theirs[\w-]*", text)) == {"theirs-kiosk"}
        for other in (BO, OTHER_ANNA, "198.51.100", "192.0.2", "33.33", "umbra"):
            assert other not in text
    assert [row["customer_pid"] for row in rows(document, "raw.events") if row["anonymous_id"] == "theirs-kiosk"] == [ANNA]


def test_a_namesake_of_another_shop_gets_her_own(shop: Client, settings: Settings, tmp_path: Path) -> None:
    text = report(shop, settings, tmp_path, "umbra", email="anna@example.com").json_file.read_text()
    assert "theirsumbra" in text and "theirs-umbra-visit" in text
    assert not {"hersname", "hers-1", ANNA, "theirs-bos"} & set(re.findall(r"[\w-]+", text))


def test_amounts_are_exact_decimals_and_times_have_the_shops_zone_and_offset(anna: dict[str, Any]) -> None:
    winter, summer = rows(anna, "raw.oltp_orders")
    assert (winter["subtotal"], winter["grand_total"], winter["tax_total"]) == ("1159.8000", "1154.6000", "0.0000")
    assert (winter["placed_at"], summer["placed_at"]) == ("2026-03-01T11:00:00.000+01:00", "2026-07-02T00:30:00.000+02:00")
    assert rows(anna, "raw.oltp_customers")[0]["created_at"] == "2025-02-01T00:30:00.000+01:00"
    assert anna["timezone"] == "Europe/Berlin"
    added = next(row for row in rows(anna, "raw.events") if row["name"] == "product_added")
    assert added["items"] == [{"product_id": "1", "name": "hersboot", "price": "79.9000", "quantity": 2, "position": 0}]
    assert (added["cart_value"], added["properties"]) == ("79.9000", {"hers": "note", "n": 1.5})
    assert anna["products"] == {"1": {"name": "hersboot", "sku": "B-1"}}


def test_dead_letters_are_opened_for_her_unless_they_name_somebody_else_too(anna: dict[str, Any]) -> None:
    letters = {row["raw"]: row for row in rows(anna, "raw.events_rejected")}
    assert set(letters) == {'{"anonymous_id": "hers-phone", "name": "hersletter"', OF_OTHERS}
    hers = letters['{"anonymous_id": "hers-phone", "name": "hersletter"']
    assert (hers["detail"], hers["headers"]) == ("not JSON", {"x": "hersheader"})
    assert not {"detail", "headers", "subjects"} & set(letters[OF_OTHERS])


def test_every_key_and_every_column_is_explained_and_no_sealed_form_is_in_it(anna: dict[str, Any]) -> None:
    assert set(anna) == set(anna["keys"])
    assert (anna["schema"], anna["schema_version"]) == ("gxy.privacy-report", 1)
    for table in anna["tables"]:
        opened = {"email", "phone", "first_name", "last_name", "birth_date", "ip_address", "items"}
        for row in table["rows"]:
            assert set(row) <= set(table["columns"]) | (opened if table["table"][:4] in ("pii.", "raw.") else set())
            assert not {"wrapped_key", "ciphertext", "content_hash"} & set(row)


def test_a_hostile_title_breaks_out_of_nothing(shop: Client, settings: Settings, tmp_path: Path) -> None:
    made = report(shop, settings, tmp_path, customer_id=1)
    page = made.html_file.read_text()
    assert "hers&lt;/script&gt;&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    told = rows(json.loads(made.json_file.read_text()), "raw.events")
    assert HOSTILE in {row.get("page_title") for row in told}

    parser = Tags()
    parser.feed(page)
    assert not parser.found & {"script", "img", "link", "iframe", "object", "form", "svg"}
    assert parser.loaded == set()
    assert "default-src &#x27;none&#x27;" in page


def test_the_files_are_for_their_owner_alone_and_are_not_written_over(shop: Client, settings: Settings, tmp_path: Path) -> None:
    made = report(shop, settings, tmp_path / "new", customer_id=1)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (made.json_file, made.html_file, tmp_path / "new")]
    assert modes == [0o600, 0o600, 0o700]
    with pytest.raises(ReportExistsError):
        report(shop, settings, tmp_path / "new", customer_id=1)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["report.html", "report.json"]


def test_a_table_that_nobody_explained_is_in_it_all_the_same(shop: Client, settings: Settings, tmp_path: Path) -> None:
    columns = "tenant_id String, customer_pid String, score Float64, at DateTime64(3, 'UTC')"
    shop.command(f"create table features.fraud_scores ({columns}) engine MergeTree order by tenant_id")
    shop.command("create table features.fraud_scores__aside as features.fraud_scores")
    insert(shop, "features.fraud_scores", [[tenant, who, 0.5, "2026-03-01 12:00:00"] for tenant, who in
                                           (("acme", ANNA), ("acme", BO), ("umbra", ANNA))])  # fmt: skip
    try:
        document = json.loads(report(shop, settings, tmp_path, customer_id=1).json_file.read_text())
    finally:
        shop.command("drop table features.fraud_scores")
        shop.command("drop table features.fraud_scores__aside")
    at = "2026-03-01T13:00:00.000+01:00"
    assert rows(document, "features.fraud_scores") == [{"tenant_id": "acme", "customer_pid": ANNA, "score": 0.5, "at": at}]
    assert "features.fraud_scores__aside" not in document["rows"]


def test_every_report_is_an_act_with_a_hash_for_a_name_and_the_next_report_shows_it(
    fresh_shop: Client, settings: Settings, tmp_path: Path
) -> None:
    made = report(fresh_shop, settings, tmp_path / "first", email="anna@example.com")
    acts = fresh_shop.query(
        "select tenant_id, subject, reason, rows from governance.audit_entries where action = 'privacy.report'"
    ).result_rows
    assert acts == [("acme", identity_hash("acme", CUSTOMER, ANNA)[:16], "ticket 7", made.total)]
    again = json.loads(report(fresh_shop, settings, tmp_path / "second", customer_pid=ANNA).json_file.read_text())
    shown = rows(again, "governance.audit_entries")
    assert [act["action"] for act in shown].count("privacy.report") == 1
    assert not {"actor", "origin", "reason", "program"} & {name for act in shown for name in act}


def test_no_act_means_no_file(shop: Client, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.command("rename table governance.audit_entries to governance.audit_elsewhere")
    try:
        with pytest.raises(Exception, match="audit_entries"):
            report(shop, settings, tmp_path / "out", customer_id=1)
    finally:
        shop.command("rename table governance.audit_elsewhere to governance.audit_entries")
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_without_the_right_master_key_there_is_no_report(shop: Client, settings: Settings, tmp_path: Path) -> None:
    key = settings.master_key_path
    with pytest.raises(MissingMasterKeyError):
        make_report(shop, settings, "acme", tmp_path / "out", customer_id=1, reason="a test")
    key.parent.mkdir(parents=True)
    key.touch(mode=0o600)
    key.write_bytes(MASTER[::-1])
    with pytest.raises(OtherMasterKeyError):
        make_report(shop, settings, "acme", tmp_path / "out", customer_pid=ANNA, reason="a test")
    assert not (tmp_path / "out").exists()


def test_orders_kept_after_an_erasure_are_still_told_to_whom_they_belonged(
    fresh_shop: Client, settings: Settings, tmp_path: Path
) -> None:
    request = uuid4()
    now = datetime.now(UTC)
    tombstone = suppress(fresh_shop, "acme", customer_pids=[ANNA], anonymous_ids=[], until=now, request_id=request)[ANNA]
    for table in ("raw.events", "raw.oltp_customers", "pii.customers", "pii.orders", "marts.fct_sessions", "marts.dim_customers"):
        fresh_shop.command(f"delete from {table} where customer_pid = '{ANNA}'")
    hers = f"customer_pid = '{tombstone}' where customer_pid = '{ANNA}'"
    fresh_shop.command(f"alter table raw.oltp_orders update {hers} settings mutations_sync = 2")
    with pytest.raises(NoSuchSubjectError):
        report(fresh_shop, settings, tmp_path / "email", email="anna@example.com")
    document = json.loads(report(fresh_shop, settings, tmp_path / "id", customer_id=1).json_file.read_text())
    assert document["subject"]["tombstones"] == [tombstone]
    assert [row["number"] for row in rows(document, "raw.oltp_orders")] == ["hers-1", "hers-2"]
    assert len(rows(document, "governance.suppressions")) == 1
    assert document["rows"]["pii.customers"] == document["rows"]["raw.oltp_customers"] == 0


def test_a_person_with_many_events_and_browsers_takes_no_more_memory(
    fresh_shop: Client, settings: Settings, tmp_path: Path
) -> None:
    """15,000 browsers are more than a parameter takes; the rows are never in memory together."""
    fresh_shop.command(
        "insert into raw.events (tenant_id, event_id, anonymous_id, customer_pid, name, event_time, received_at, page_title) "
        f"select 'acme', generateUUIDv4(), concat('hers-', toString(number % 15000)), '{ANNA}', 'page_viewed', "
        "toDateTime64('2026-03-02 00:00:00', 3, 'UTC') + intDiv(number, 100), now64(3), repeat('x', 2000) from numbers(20000)"
    )
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_memory()
    made = report(fresh_shop, settings, tmp_path, customer_id=1)
    grown = peak_memory() - before
    assert made.rows["raw.events"] == 20_004
    assert made.json_file.stat().st_size > 45_000_000
    assert grown < 30_000_000
    assert made.html_file.stat().st_size < 1_000_000
    with made.json_file.open() as lines:
        times = [line[line.index('"event_time": ') :][:40] for line in lines if '"event_time": "' in line]
    assert times == sorted(times)


@pytest.fixture
def gxy(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command line as `gxy` does; returns exit code and what was printed."""
    for name, value in settings.as_env().items():
        monkeypatch.setenv(name, value)

    def run(words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["gxy", *words.split()])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_the_command_writes_both_files_and_says_where(shop: Client, settings: Settings, tmp_path: Path, gxy: Any) -> None:
    report(shop, settings, tmp_path / "key", customer_id=1)
    code, said, _ = gxy(f"{COMMAND} --customer-id 1 --out {tmp_path / 'out'} --json")
    told = json.loads(said)
    assert code == 0
    assert (told["rows"]["raw.events"], told["customer_pids"]) == (4, [ANNA])
    assert (tmp_path / "out" / "report.html").exists() and Path(told["json_file"]).exists()
    assert "anna" not in said.lower()


def test_an_unknown_person_is_one_line_and_exit_code_1(shop: Client, settings: Settings, tmp_path: Path, gxy: Any) -> None:
    report(shop, settings, tmp_path / "key", customer_id=1)
    code, said, error = gxy(f"{COMMAND} --email nobody@example.com --out {tmp_path / 'out'}")
    assert (code, said) == (1, "")
    assert error.count("\n") == 1 and "Nobody is known by this email in tenant 'acme'" in error and "nobody@" not in error
    assert not (tmp_path / "out").exists()


def test_an_address_can_be_typed_where_no_list_of_processes_shows_it(shop: Client, settings: Settings, tmp_path: Path) -> None:
    report(shop, settings, tmp_path / "key", customer_id=1)
    out = tmp_path / "out"
    words = [*COMMAND.split(), "--out", str(out), "--email"]
    done = CliRunner(env=settings.as_env()).invoke(cli.gxy, words, input="anna@example.com\n", catch_exceptions=False)
    assert done.exit_code == 0 and (out / "report.json").exists()
