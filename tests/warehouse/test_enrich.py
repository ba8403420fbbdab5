"""Enrichment from the spool into ClickHouse, and worked out again there: the same rules give the same columns."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from click.testing import CliRunner
from loader_world import PSEUDONYMS, LoaderWorld, event, iso
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.commands import ingest
from ingest_service.enrich.enrich import Enrichment
from ingest_service.enrich.geo import GeoDatabaseError
from ingest_service.enrich.groups import GROUPS, LOOKUP
from ingest_service.enrich.recompute import recompute
from ingest_service.loader.loader import Loader
from ingest_service.spool.record import RecordFlags
from ingest_service.spool.writer import Spool, make_frame
from tests.conftest import SHARED_DATA

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"  # fmt: skip  # noqa: E501
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BROWSER = {"user-agent": CHROME, "accept-language": "de", "origin": "https://shop.example"}
SHOP = "https://www.shop.example/p/1"
BERLIN = {"country": {"iso_code": "DE"}, "subdivisions": [{"iso_code": "BE"}], "city": {"names": {"en": "Berlin"}}}
ALL = list(GROUPS.values())
ENRICHED = (
    "device_class, browser_name, browser_version, os_name, os_version, referrer_medium, referrer_source, channel, "
    "country, region, city, is_bot, bot_reasons"
)


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    with connect(clickhouse_server.url, purpose="tests") as client:
        client.command("truncate table raw.events")
        yield LoaderWorld(tmp_path, clickhouse_server.url, client)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("geo") / "city.mmdb"
    writer = MMDBWriter(6, "GeoIP2-City", languages=["en"], ipv4_compatible=True)
    writer.insert_network(IPSet(["192.0.2.0/24"]), BERLIN)
    writer.to_db_file(str(path))
    return path


def load(world: LoaderWorld, database: Path | None = None) -> None:
    """Load everything that is in the spool with this geo database."""
    loader = Loader(world.settings.model_copy(update={"geo_database": database}), PSEUDONYMS, Flag())
    try:
        while loader.step():
            pass
    finally:
        loader.close()


def visit(url: str = SHOP, referrer: str = "", **fields: Any) -> dict[str, Any]:
    return event(page={"url": url, "referrer": referrer}, client={"platform": "web"}, **fields)


def days() -> tuple[date, date]:
    today = datetime.now(UTC).date()
    return today.fromordinal(today.toordinal() - 3), today


def test_an_event_is_stored_with_everything_that_its_request_tells(world: LoaderWorld, database: Path) -> None:
    world.spool([visit(f"{SHOP}?gclid=abc", "https://www.google.com/search?q=red+shoes")], headers=BROWSER)
    load(world, database)
    assert world.one(f"{ENRICHED}, referrer_term, page_referrer") == {
        "device_class": "desktop",
        "browser_name": "Chrome",
        "browser_version": "126.0.0",
        "os_name": "Windows",
        "os_version": "10",
        "referrer_medium": "search",
        "referrer_source": "Google",
        "referrer_term": "red shoes",
        "page_referrer": "https://www.google.com/search",
        "channel": "Paid Search",
        "country": "DE",
        "region": "DE-BE",
        "city": "Berlin",
        "is_bot": False,
        "bot_reasons": [],
    }


@pytest.mark.parametrize(
    ("headers", "reasons", "device"),
    [
        (BROWSER, [], "desktop"),
        ({"user-agent": GOOGLEBOT, "accept-language": "en"}, ["crawler:search-engine"], "bot"),
        ({"user-agent": CHROME}, ["header:no_accept_language"], "desktop"),
        ({"accept-language": "de"}, ["header:no_user_agent"], ""),
        (BROWSER | {"sec-ch-ua-platform": '"Linux"'}, ["header:client_hints"], "desktop"),
        ({}, [], ""),
    ],
)
def test_a_bot_is_marked_with_its_reasons_and_stored(
    world: LoaderWorld, headers: dict[str, str], reasons: list[str], device: str
) -> None:
    world.spool([visit()], headers=headers)
    load(world)
    assert world.one("is_bot, bot_reasons, device_class") == {
        "is_bot": bool(reasons),
        "bot_reasons": reasons,
        "device_class": device,
    }


def test_a_server_is_no_bot_by_platform_tracker_or_secret_key(world: LoaderWorld) -> None:
    requests = {"user-agent": "python-requests/2.34.2"}
    world.spool([event(client={"platform": "srv"})], headers=requests)
    world.spool([event(client={"platform": "web", "tracker_version": "py-1.1.0"})], headers=requests)
    world.spool([visit()], headers={"user-agent": CHROME}, flags=RecordFlags.TRUSTED)
    load(world)
    assert world.rows("is_bot, bot_reasons") == [(False, [])] * 3


def test_recorded_server_clients_are_no_bots(world: LoaderWorld) -> None:
    recordings = SHARED_DATA / "wire" / "rec.jsonl"
    if not recordings.exists():
        pytest.skip("the recorded requests are not here")
    sent = 0
    for recorded in map(json.loads, recordings.read_text().splitlines()):
        agent = recorded["h"].get("User-Agent", recorded["h"].get("user-agent", ""))
        protocol = next(
            (name for part, name in (("/tp2", "snowplow"), ("/batch", "segment")) if recorded["p"].endswith(part)), ""
        )
        if protocol and agent.startswith(("python-requests", "analytics-python", "node", "analytics-node")):
            world.spool(recorded["b"].encode(), protocol=protocol, headers={"user-agent": agent, "accept-language": "*"})
            sent += 1
    load(world)
    found = world.rows("protocol, platform, tracker_version, bot_reasons")
    assert sent > 5
    assert {row[0] for row in found} == {"segment", "snowplow"}
    assert [row for row in found if row[-1]] == []


def test_a_visitor_with_hundreds_of_events_in_a_minute_is_marked(world: LoaderWorld) -> None:
    minute = time.time() // 60 * 60 - 120
    hasty = [event(anonymous_id="robot", time=iso(minute + number / 10)) for number in range(300)]
    world.spool([*hasty, event(anonymous_id="reader", time=iso(minute))], headers=BROWSER)
    load(world)
    assert world.rows("anonymous_id, bot_reasons") == [("reader", []), *[("robot", ["rate"])] * 300]


def test_a_missing_geo_database_stops_the_loader_with_the_name_of_the_setting(world: LoaderWorld, tmp_path: Path) -> None:
    with pytest.raises(GeoDatabaseError, match="GXY_GEO_DATABASE"):
        Loader(world.settings.model_copy(update={"geo_database": tmp_path / "none.mmdb"}), PSEUDONYMS, Flag())


def assorted(world: LoaderWorld) -> None:
    """Events of every kind of input, on two days."""
    yesterday = iso(time.time() - 86_400)
    pages = [
        visit(f"{SHOP}?utm_source=news&utm_medium=email&utm_campaign=x"),
        visit(f"{SHOP}?fbclid=1&gclid=2", time=yesterday),
        visit(SHOP, "https://t.co/x"),
        visit(SHOP, "https://t.co/x", time=yesterday),
        visit(SHOP, "https://mail.google.com/mail/u/0/?q=a#inbox"),
        visit(SHOP, "https://www.perplexity.ai/search?q=shoes", time=yesterday),
        visit(SHOP, "https://shop.example/cart"),
        visit(SHOP, "https://blog.example/post?id=1"),
        visit(SHOP, "not a url"),
        event(campaign={"source": "google", "click_ids": {"dclid": "1", "wbraid": "2"}}),
        event(client={"platform": "mob"}),
    ]
    frames = []
    for number, headers in enumerate((BROWSER, {"user-agent": GOOGLEBOT}, {"user-agent": CHROME}, {"user-agent": IPHONE}, {})):
        own = [page | {"event_id": f"{number}{page['event_id']}"} for page in pages]
        frames.append(make_frame(world.record(own, headers=headers)))
    writer = Spool(world.slot)  # one batch: each of its own would be a part to rewrite
    writer.append(frames)
    writer.close()


def test_working_out_again_what_the_loader_just_wrote_changes_nothing(world: LoaderWorld, database: Path) -> None:
    assorted(world)
    load(world, database)
    found = recompute(world.client, Enrichment(database), days(), ALL)
    assert {one.group for one in found} == set(GROUPS)
    assert len({one.day for one in found}) == 2
    assert [one for one in found if any(one.columns.values())] == []


def spoil(world: LoaderWorld) -> None:
    """As if the rules had said something else when the events were loaded."""
    world.client.command(
        "alter table raw.events update device_class = 'old', browser_name = 'old', browser_version = 'old', os_name = 'old', "
        "os_version = 'old', referrer_medium = 'old', referrer_source = 'old', channel = 'old', country = 'XX', region = 'old', "
        "city = 'old', is_bot = true, bot_reasons = ['crawler:old', 'header:client_hints', 'rate'] where true",
        settings={"mutations_sync": 1},
    )


def test_every_column_is_worked_out_again_and_reasons_of_headers_and_rate_are_kept(world: LoaderWorld, database: Path) -> None:
    assorted(world)
    load(world, database)
    key = "client_event_id"
    others = ENRICHED.replace(", is_bot, bot_reasons", "")
    before = world.rows(f"{key}, {others}")
    said = world.rows(f"{key}, arrayFilter(one -> not startsWith(one, 'header:'), bot_reasons)")
    spoil(world)
    found = recompute(world.client, Enrichment(database), days(), ALL)
    assert world.rows(f"{key}, {others}") == before
    assert world.rows(f"{key}, bot_reasons") == [(name, [*own, "header:client_hints", "rate"]) for name, own in said]
    assert sum(one.columns.get("channel", 0) for one in found) == len(before) == 55
    again = recompute(world.client, Enrichment(database), days(), ALL)
    assert not any(rows for one in again for rows in one.columns.values())
    assert world.client.command(f"exists table {LOOKUP}") == 0


def test_only_the_days_the_tenant_and_the_columns_that_are_asked_for_change(world: LoaderWorld) -> None:
    other = LoaderWorld(world.data_dir, world.clickhouse_url, world.client)
    assorted(world)
    other.spool([visit(SHOP, "https://t.co/x")], headers=BROWSER)
    load(world)
    spoil(world)
    today = days()[1]
    recompute(world.client, Enrichment(), (today, today), [GROUPS["channel"]], tenant=world.tenant_id)
    assert other.one("channel, device_class") == {"channel": "old", "device_class": "old"}
    kept = world.rows("distinct toDate(event_time) = today(), channel = 'old', device_class = 'old'", order="all")
    assert kept == [(False, True, True), (True, False, True)]


def test_events_that_arrive_meanwhile_stay_as_the_loader_wrote_them(world: LoaderWorld) -> None:
    world.spool([visit()], headers=BROWSER)
    load(world)
    spoil(world)
    ua = GROUPS["ua"]

    def slowly(rules: Enrichment, row: tuple[str, ...]) -> tuple[Any, ...]:
        world.spool([visit(SHOP, event_id="late")], headers={"user-agent": IPHONE, "accept-language": "de"})
        load(world)
        return ua.answer(rules, row)

    recompute(world.client, Enrichment(), days(), [replace(ua, answer=slowly)])
    assert sorted(world.rows("device_class, os_name")) == [("desktop", "Windows"), ("mobile", "iOS")]


def test_what_a_killed_run_left_behind_is_in_nobodys_way(world: LoaderWorld) -> None:
    world.spool([visit()], headers=BROWSER)
    load(world)
    spoil(world)
    world.client.command(f"create table {LOOKUP} (a String) engine = Memory")
    world.client.command(
        f"alter table raw.events update channel = joinGet('{LOOKUP}', 'channel', page_host) where true",
        settings={"mutations_sync": 0, "validate_mutation_query": 0},
    )
    recompute(world.client, Enrichment(), days(), [GROUPS["channel"]])
    assert world.one("channel") == {"channel": "Direct"}
    assert world.client.command("select count() from system.mutations where table = 'events' and not is_done") == 0


def test_the_command_prints_what_changed_and_what_to_build_again(
    world: LoaderWorld, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GXY_DATA_DIR", str(world.data_dir))
    monkeypatch.setenv("GXY_CLICKHOUSE_URL", world.clickhouse_url)
    world.spool([visit()], headers=BROWSER)
    load(world)
    spoil(world)
    window = ["--from", "2026-01-01", "--to", str(days()[1])]
    text = CliRunner().invoke(ingest, ["enrich", *window, "--only", "ua, channel"], catch_exceptions=False)
    assert "1 rows: channel" in text.output
    assert "gxy materialize --from 2025-12-31 --to" in text.output
    monkeypatch.setenv("GXY_GEO_DATABASE", str(database))
    printed = CliRunner().invoke(ingest, ["enrich", *window, "--json"], catch_exceptions=False)
    changed = json.loads(printed.output)["changed"]
    assert (changed["city"], changed["is_bot"], changed["referrer_medium"], changed["channel"]) == (1, 0, 1, 0)
    nothing = CliRunner().invoke(ingest, ["enrich", *window], catch_exceptions=False)
    assert "Nothing differed, nothing was written." in nothing.output


def test_places_are_left_alone_without_a_database(world: LoaderWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GXY_DATA_DIR", str(world.data_dir))
    monkeypatch.setenv("GXY_CLICKHOUSE_URL", world.clickhouse_url)
    world.spool([visit()], headers=BROWSER)
    load(world)
    spoil(world)
    window = ["--from", "2026-01-01", "--to", str(days()[1])]
    CliRunner().invoke(ingest, ["enrich", *window], catch_exceptions=False)
    assert world.one("channel, city") == {"channel": "Direct", "city": "old"}
    refused = CliRunner().invoke(ingest, ["enrich", *window, "--only", "geo"])
    assert isinstance(refused.exception, GeoDatabaseError)
    wrong = CliRunner().invoke(ingest, ["enrich", *window, "--only", "colour"])
    assert "knows no colour: choose of ua, referrer, channel, bot, geo" in wrong.output
