"""The list of suppressed identities itself: what it covers, tombstones, requests asked twice, lifting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.suppressions import (
    ANONYMOUS,
    CUSTOMER,
    FOR_GOOD,
    Kind,
    identity_hash,
    lift,
    load,
    suppress,
    version,
)

UNTIL = datetime(2025, 6, 1, 12, 0, 0, 123_000, UTC)
UNTIL_MS = 1_748_779_200_123
PID, OTHER_PID = "a" * 64, "b" * 64


def ask(client: Client, tenant_id: str, request_id: UUID, *, until: datetime = UNTIL) -> dict[str, str]:
    return suppress(client, tenant_id, customer_pids=[PID], anonymous_ids=["browser-1"], until=until, request_id=request_id)


def test_what_happened_up_to_the_instant_is_covered_and_what_comes_later_is_not(clickhouse: Client) -> None:
    ask(clickhouse, "list-covers", uuid4())
    found = load(clickhouse)
    assert found.covers("list-covers", PID, "", UNTIL_MS)
    assert found.covers("list-covers", OTHER_PID, "browser-1", UNTIL_MS)
    assert not found.covers("list-covers", PID, "browser-1", UNTIL_MS + 1)


def test_other_people_and_other_tenants_are_not_covered(clickhouse: Client) -> None:
    ask(clickhouse, "list-others", uuid4())
    found = load(clickhouse)
    assert not found.covers("list-others", OTHER_PID, "browser-2", 0)
    assert not found.covers("list-others", "", "", 0)
    assert not found.covers("list-others", "browser-1", PID, 0)
    assert not found.covers("another-shop", PID, "browser-1", 0)


def test_a_request_asked_twice_has_the_same_tombstones_and_one_row_an_identity(clickhouse: Client) -> None:
    request_id = uuid4()
    first = ask(clickhouse, "list-twice", request_id)
    assert ask(clickhouse, "list-twice", request_id) == first
    assert list(first) == [PID] and len(first[PID]) == 64
    count = "select count() from governance.suppressions where tenant_id = 'list-twice'"
    assert clickhouse.query(count).result_rows == [(2,)]


def test_each_request_has_its_own_tombstone_for_what_happened_before_it_and_after_the_one_before(clickhouse: Client) -> None:
    first = ask(clickhouse, "list-again", uuid4())
    second = ask(clickhouse, "list-again", uuid4(), until=UNTIL + timedelta(days=1))
    found = load(clickhouse).of("list-again")
    assert found is not None
    assert found.tombstone(PID, UNTIL_MS) == first[PID]
    assert found.tombstone(PID, UNTIL_MS + 1) == second[PID] != first[PID]
    assert found.tombstone(PID, UNTIL_MS + 2 * 86_400_000) is None


def test_a_lifted_request_covers_nothing_and_can_be_made_again(clickhouse: Client) -> None:
    request_id = uuid4()
    tombstones = ask(clickhouse, "list-lifted", request_id)
    before = version(clickhouse)
    lift(clickhouse, "list-lifted", request_id)
    assert load(clickhouse).of("list-lifted") is None
    assert version(clickhouse) != before
    assert ask(clickhouse, "list-lifted", request_id) == tombstones
    assert load(clickhouse).covers("list-lifted", PID, "", UNTIL_MS)


def test_lifting_one_request_leaves_another_in_force(clickhouse: Client) -> None:
    objection, erasure = uuid4(), uuid4()
    ask(clickhouse, "list-objects", objection, until=FOR_GOOD)
    ask(clickhouse, "list-objects", erasure)
    assert load(clickhouse).covers("list-objects", PID, "browser-1", UNTIL_MS + 1)
    lift(clickhouse, "list-objects", objection)
    assert not load(clickhouse).covers("list-objects", PID, "browser-1", UNTIL_MS + 1)
    assert load(clickhouse).covers("list-objects", PID, "browser-1", UNTIL_MS)


def test_the_requests_in_force_are_known_with_their_instants(clickhouse: Client) -> None:
    request_id = uuid4()
    ask(clickhouse, "list-requests", request_id)
    assert load(clickhouse).requests[request_id] == UNTIL_MS


@pytest.mark.parametrize("kind", [CUSTOMER, ANONYMOUS])
def test_the_hash_is_the_same_in_sql(clickhouse: Client, kind: Kind) -> None:
    sql = r"select lower(hex(SHA256(concat('shop', '\0', {kind:String}, '\0', 'ü-1'))))"
    assert clickhouse.query(sql, parameters={"kind": kind}).result_rows == [(identity_hash("shop", kind, "ü-1"),)]


def test_the_list_names_nobody(clickhouse: Client) -> None:
    ask(clickhouse, "list-names", uuid4())
    stored = clickhouse.query("select * from governance.suppressions where tenant_id = 'list-names'").result_rows
    assert PID not in str(stored) and "browser-1" not in str(stored)
