"""The loader with a wrong or missing master key: one line that says what to do, nothing written, everything still spooled."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag

import pytest
from loader_world import LoaderWorld, event

from gxy_analytics.governance.vault.fingerprints import OtherMasterKeyError
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.loader.loader import Loader

RIGHT, WRONG = bytes(range(32)), bytes(range(1, 33))
USERS = ("customer-1", "customer-2")


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[LoaderWorld]:
    """A spool of two events of customers, and a tenant that the right key has named before."""
    with connect(clickhouse_server.url, purpose="tests") as client:
        world = LoaderWorld(tmp_path, clickhouse_server.url, client)
        Pseudonyms(RIGHT).check(client, [world.tenant_id])
        world.spool([event(user_id=user) for user in USERS], [event(name="")])
        yield world


def load(world: LoaderWorld, key: bytes) -> None:
    loader = Loader(world.settings, Pseudonyms(key), Flag())
    try:
        loader.finish_last()
        while loader.step():
            pass
    finally:
        loader.close()


def is_empty(world: LoaderWorld) -> bool:
    return not world.rows() and not world.letters() and world.ledger() == (0, 0, 0, 0, 0)


def run(world: LoaderWorld, key: bytes | None) -> subprocess.Popen[str]:
    """The loader's own process with this key file, or none."""
    path = world.settings.master_key_path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if key is not None:
        path.write_bytes(key)
        path.chmod(0o600)
    return subprocess.Popen(
        [sys.executable, "-m", "ingest_service.loader"], env=world.settings.as_env(), stderr=subprocess.PIPE, text=True
    )


def test_another_master_key_writes_nothing_and_the_right_one_loads_everything(world: LoaderWorld) -> None:
    with pytest.raises(OtherMasterKeyError, match="restore that key to GXY_MASTER_KEY_FILE"):
        load(world, WRONG)
    assert is_empty(world)
    load(world, RIGHT)
    names = Pseudonyms(RIGHT)
    assert world.rows("customer_pid") == sorted((names.customer_pid(world.tenant_id, user),) for user in USERS)
    assert world.ledger() == (3, 2, 0, 1, 0)


def test_a_tenant_first_seen_by_the_loader_keeps_its_key(world: LoaderWorld) -> None:
    world.tenant_id += "-new"
    world.spool([event(user_id="someone")])
    load(world, RIGHT)
    world.spool([event(user_id="someone")])
    with pytest.raises(OtherMasterKeyError, match=world.tenant_id):
        load(world, WRONG)
    assert len(world.rows()) == 1


def test_a_batch_that_was_not_finished_waits_for_the_right_key(world: LoaderWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(InterruptedError):
        patch.setattr(Loader, "_insert", lambda *_: (_ for _ in ()).throw(InterruptedError))
        load(world, RIGHT)
    with pytest.raises(OtherMasterKeyError):
        load(world, WRONG)
    assert is_empty(world)
    load(world, RIGHT)
    assert world.ledger() == (3, 2, 0, 1, 0)


@pytest.mark.parametrize(("key", "said"), [(WRONG, "restore that key"), (None, "no master key"), (b"short", "5 bytes")])
def test_the_process_ends_with_one_line_and_its_successor_with_the_right_key_loads_everything(
    world: LoaderWorld, key: bytes | None, said: str
) -> None:
    refused = run(world, key)
    _, errors = refused.communicate(timeout=60)
    assert refused.returncode == 1
    lines = [line for line in errors.splitlines() if not line.startswith("2")]
    assert len(lines) == 1, errors
    assert lines[0].startswith("loader: ")
    assert said in lines[0]
    assert is_empty(world)
    successor = run(world, RIGHT)
    try:
        deadline = time.monotonic() + 60
        while world.ledger() != (3, 2, 0, 1, 0) and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        successor.terminate()
        successor.communicate(timeout=30)
    assert len(world.rows()) == len(USERS)
