"""Rotation of the wrap key: everything opens before, during and after; what is killed goes on; the old key leaves last of all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from vault_world import MASTER, seal_as_before, seal_customer

from gxy_analytics.durable_files import replace_file
from gxy_analytics.governance.suppressions import CUSTOMER, identity_hash
from gxy_analytics.governance.vault import rotation as key_rotation
from gxy_analytics.governance.vault.commands import keys as commands
from gxy_analytics.governance.vault.customer_keys import destroy_keys
from gxy_analytics.governance.vault.fingerprints import OtherMasterKeyError, check_master_key
from gxy_analytics.governance.vault.key_file import WrapKey, encode_keys
from gxy_analytics.governance.vault.master_key import KeyRing, load_key_ring
from gxy_analytics.governance.vault.migration import migrate_vault
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.governance.vault.reader import VaultReader
from gxy_analytics.governance.vault.rotation import FixedKeyError, StillInUseError, key_use, rotate
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse

TENANT = "acme"
NO_GRACE = timedelta()
# One key a batch, and slowly, so that a kill comes in the middle.
SLOW = """
import sys, time
from datetime import UTC, datetime
from gxy_analytics.governance.vault import rotation as key_rotation
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
key_rotation.BATCH_KEYS = 1
table = key_rotation.key_table
key_rotation.key_table = lambda keys: (time.sleep(0.1), table(keys))[1]
settings = Settings()
with connect(settings.clickhouse_url, purpose="tests") as client:
    key_rotation.rotate(client, load_key_ring(settings), now=datetime.now(UTC), reason="test")
"""


@pytest.fixture
def settings(tmp_path: Path, clickhouse: Client, clickhouse_server: EmbeddedClickHouse) -> Iterator[Settings]:
    """A warehouse whose tenant is known by a key file of 32 bytes."""
    settings = Settings(data_dir=tmp_path / "gxy", clickhouse_url=clickhouse_server.url)
    settings.secrets_dir.mkdir(parents=True)
    replace_file(settings.master_key_path, MASTER)
    check_master_key(clickhouse, MASTER, [TENANT])
    yield settings


def fill(client: Client, people: int) -> dict[str, dict[str, str | None]]:
    """Customers in the vault, by pseudonym."""
    wanted: dict[str, dict[str, str | None]] = {f"pid-{n:03d}": {"email": f"p{n}@mail.example"} for n in range(people)}
    for pid, values in wanted.items():
        seal_customer(client, MASTER, TENANT, pid, values)
    return wanted


def fill_as_before(client: Client) -> dict[str, dict[str, str | None]]:
    """A customer, an order of hers and a guest's, sealed before there were keys a customer."""
    values: dict[str, str | None] = {"email": "old@mail.example"}
    row = ["acme", "pid-old", *seal_as_before(MASTER, TENANT, "pid-old", values), "hash"]
    client.insert("customers", [row], ["tenant_id", "customer_pid", "wrapped_key", "ciphertext", "content_hash"], database="pii")
    for order_id, pid in ((1, "pid-old"), (2, "")):
        sealed = seal_as_before(MASTER, TENANT, f"order:{order_id}", {"ip_address": f"198.51.100.{order_id}"})
        columns = ["tenant_id", "order_id", "customer_pid", "wrapped_key", "ciphertext", "content_hash"]
        client.insert("orders", [["acme", order_id, pid, *sealed, "hash"]], columns, database="pii")
    return {"pid-old": values}


def opened(client: Client, keys: KeyRing | bytes, *pids: str) -> dict[str, dict[str, str | None]]:
    return VaultReader(client, keys).customers(TENANT, pids, reason="test")


def rotated(client: Client, settings: Settings, grace: timedelta = NO_GRACE) -> key_rotation.Rotation:
    return rotate(client, load_key_ring(settings), now=datetime.now(UTC), grace=grace, reason="test")


def test_a_rotation_wraps_everything_again_and_changes_no_pseudonym(clickhouse: Client, settings: Settings) -> None:
    people = fill(clickhouse, 5)
    done = rotated(clickhouse, settings)
    ring = load_key_ring(settings)
    assert (done.version, done.rewrapped, done.retired, done.retires_at) == (2, 5, (1,), None)
    assert [one.version for one in ring.wrap_keys] == [2]
    assert ring.active.key not in (MASTER, ring.root)
    assert key_use(clickhouse).keys == {2: 5}
    assert opened(clickhouse, ring, *people) == people
    assert Pseudonyms(ring).customer_pid(TENANT, 1) == Pseudonyms(MASTER).customer_pid(TENANT, 1)
    check_master_key(clickhouse, ring, [TENANT])
    assert settings.master_key_path.stat().st_mode & 0o777 == 0o600
    again = rotated(clickhouse, settings)
    assert (again.version, again.rewrapped, again.retired) == (3, 5, (2,))


def test_the_old_key_stays_for_the_grace_and_a_reader_of_the_old_file_goes_on(clickhouse: Client, settings: Settings) -> None:
    people = fill(clickhouse, 3)
    started_before = load_key_ring(settings)
    done = rotated(clickhouse, settings, timedelta(hours=1))
    assert done.retires_at
    assert [one.version for one in load_key_ring(settings).wrap_keys] == [1, 2]
    assert [one.version for one in started_before.wrap_keys] == [1]
    assert opened(clickhouse, started_before, *people) == people
    assert [one.version for one in started_before.wrap_keys] == [1, 2]
    seal_customer(clickhouse, MASTER, TENANT, "pid-late", {"email": "late@mail.example"})  # somebody who has not looked yet
    ended = rotated(clickhouse, settings)
    assert (ended.version, ended.rewrapped, ended.retired) == (2, 1, (1,))
    assert set(opened(clickhouse, load_key_ring(settings), *people, "pid-late")) == {*people, "pid-late"}


def test_a_rotation_that_is_killed_in_the_middle_goes_on_where_it_was(clickhouse: Client, settings: Settings) -> None:
    people = fill(clickhouse, 30)
    process = subprocess.Popen([sys.executable, "-c", SLOW], env={**os.environ, **settings.as_env()})
    try:
        deadline = time.monotonic() + 40
        while key_use(clickhouse).keys[2] < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    halfway = load_key_ring(settings)
    assert [one.version for one in halfway.wrap_keys] == [1, 2]
    assert opened(clickhouse, halfway, *people) == people
    done = rotated(clickhouse, settings)
    assert (done.version, done.retired) == (2, (1,))
    assert 0 < done.rewrapped < 30
    assert opened(clickhouse, load_key_ring(settings), *people) == people


def test_two_rotations_at_once_lose_no_key(
    clickhouse: Client, clickhouse_server: EmbeddedClickHouse, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = fill(clickhouse, 5)
    adding = key_rotation._add_key

    def add_slowly(*given: object) -> None:
        time.sleep(0.5)  # until the other one has looked into the file as well
        adding(*given)  # type: ignore[arg-type]

    def rotate_beside(_: int) -> tuple[int, ...]:
        with connect(clickhouse_server.url, purpose="tests") as client:
            return rotated(client, settings).retired

    monkeypatch.setattr(key_rotation, "_add_key", add_slowly)
    with ThreadPoolExecutor(2) as threads:
        retired = sorted(threads.map(rotate_beside, range(2)))
    assert retired == [(1,), (2,)]
    assert opened(clickhouse, load_key_ring(settings), *people) == people
    beside = [path for path in settings.master_key_path.parent.iterdir() if path.stat().st_mode & 0o077]
    assert beside == []


def test_the_old_key_does_not_leave_while_something_goes_on_being_wrapped_under_it(
    clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(clickhouse, 2)
    count = iter(range(1000))

    def seal_one_more(client: Client, ring: KeyRing) -> int:
        seal_customer(client, MASTER, TENANT, f"pid-late-{next(count)}", {"email": "x@mail.example"})
        return 0

    monkeypatch.setattr(key_rotation, "seal_letters", seal_one_more)
    with pytest.raises(StillInUseError, match="rows are still wrapped under the old key"):
        rotated(clickhouse, settings)
    assert [one.version for one in load_key_ring(settings).wrap_keys] == [1, 2]


def test_a_key_that_is_destroyed_while_it_is_wrapped_again_stays_destroyed(
    clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = fill(clickhouse, 3)
    rewrapping = key_rotation.key_table

    def destroy_meanwhile(keys: list) -> object:
        destroy_keys(clickhouse, TENANT, ["pid-001"])
        return rewrapping(keys)

    monkeypatch.setattr(key_rotation, "key_table", destroy_meanwhile)
    rotated(clickhouse, settings)
    assert set(opened(clickhouse, load_key_ring(settings), *people)) == {"pid-000", "pid-002"}
    assert clickhouse.query("select count() from pii.keys where subject = 'pid-001'").result_rows == [(0,)]


def test_rows_from_before_read_as_ever_and_are_rewritten_once(clickhouse: Client, settings: Settings) -> None:
    people = fill_as_before(clickhouse)
    ring = load_key_ring(settings)
    for expected in (3, 0):
        reader = VaultReader(clickhouse, ring)
        assert reader.customers(TENANT, people, reason="test") == people
        orders = {1: {"ip_address": "198.51.100.1"}, 2: {"ip_address": "198.51.100.2"}}
        assert reader.orders(TENANT, order_ids=[1, 2], reason="test") == orders
        assert migrate_vault(clickhouse, ring) == expected
    assert clickhouse.query("select subject from pii.keys order by subject").result_rows == [("order:2",), ("pid-old",)]
    for table in ("customers", "orders"):
        assert clickhouse.query(f"select count() from pii.{table} where wrapped_key != ''").result_rows == [(0,)]
    destroy_keys(clickhouse, TENANT, ["pid-old"])
    assert VaultReader(clickhouse, ring).orders(TENANT, order_ids=[1, 2], reason="test") == {2: orders[2]}


def test_destroying_keys_leaves_none_in_any_active_part_and_a_mutation_that_names_nobody(
    clickhouse: Client, settings: Settings
) -> None:
    people = fill(clickhouse, 3)
    seal_customer(clickhouse, MASTER, TENANT, "pid-000", {"email": "second@mail.example"})  # two keys: two writers at once
    for _ in range(2):
        destroy_keys(clickhouse, TENANT, ["pid-000", "pid-001"])
    assert set(VaultReader(clickhouse, MASTER).customers(TENANT, people, reason="test")) == {"pid-002"}
    left = "select count() from pii.keys where subject in ('pid-000', 'pid-001') settings apply_deleted_mask = 0"
    assert clickhouse.query(left).result_rows == [(0,)]
    mutations = clickhouse.query("select command from system.mutations where table = 'keys'").result_rows
    assert identity_hash(TENANT, CUSTOMER, "pid-000") in str(mutations)
    assert "pid-000" not in str(mutations)


def test_another_root_or_a_key_of_the_environment_is_not_rotated(clickhouse: Client, settings: Settings) -> None:
    with pytest.raises(FixedKeyError, match="GXY_MASTER_KEY_FILE"):
        rotate(clickhouse, KeyRing.of(MASTER), now=datetime.now(UTC), reason="test")
    other = b"o" * 32
    replace_file(settings.master_key_path, other)
    with pytest.raises(OtherMasterKeyError):
        rotated(clickhouse, settings)
    assert settings.master_key_path.read_bytes() == other


def test_a_key_file_that_cannot_be_replaced_is_a_clear_refusal_and_stays_as_it_is(
    clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = fill(clickhouse, 1)

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(key_rotation, "replace_file", refuse)
    with pytest.raises(FixedKeyError, match="cannot be replaced"):
        rotated(clickhouse, settings)
    assert settings.master_key_path.read_bytes() == MASTER
    assert opened(clickhouse, load_key_ring(settings), *people) == people


def test_the_commands_tell_what_is_under_which_key_and_what_is_missing(
    clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.as_env().items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(commands, arguments)
        return done.exit_code, done.output

    fill(clickhouse, 2)
    fill_as_before(clickhouse)
    letter = [TENANT, "a" * 32, datetime.now(UTC), '{"user_id": "42"}']
    clickhouse.insert("events_rejected", [letter], ["tenant_id", "rejected_id", "received_at", "raw"], database="raw")
    code, text = run("status")
    assert code == 0
    assert "wrap key 1, 0 days old: 2 customer keys" in text
    assert "3 rows have a key of their own" in text
    assert "1 dead letters are in the clear" in text
    code, text = run("rotate", "--grace-minutes", "0")
    assert (code, "The old key has left" in text, "Back the key file up" in text) == (0, True, True)
    code, text = run("status")
    assert (code, "wrap key 2" in text, "in the clear" in text, "of old" in text) == (0, True, False, False)
    replace_file(settings.master_key_path, encode_keys(MASTER, (WrapKey(3, b"3" * 32),)))
    code, text = run("status")
    assert (code, "need wrap key 2, which is not there" in text) == (1, True)
