"""The master key file: generated once with mode 0600, refused when it is missing, open to others, or no key."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gxy_analytics.durable_files import replace_file
from gxy_analytics.governance.vault.key_file import WrapKey, decode_keys, encode_keys
from gxy_analytics.governance.vault.letters import LetterContent
from gxy_analytics.governance.vault.master_key import (
    KeyRing,
    MissingMasterKeyError,
    UnknownKeyVersionError,
    UnsafeMasterKeyError,
    derive_tenant_key,
    load_key_ring,
    load_master_key,
)
from gxy_analytics.governance.vault.vault import Vault
from gxy_analytics.settings import Settings


def test_a_missing_key_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(MissingMasterKeyError, match="restore it from your backup, or set GXY_MASTER_KEY_FILE"):
        load_master_key(tmp_path / "master.key")


def test_a_created_key_is_private_and_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "master.key"
    key = load_master_key(path, create=True)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_master_key(path, create=True) == key == load_master_key(path)
    assert [child.name for child in path.parent.iterdir()] == ["master.key"]


def test_starts_at_the_same_time_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: load_master_key(path, create=True), range(64)))
    assert len(keys) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    load_master_key(path, create=True)
    path.chmod(mode)
    with pytest.raises(UnsafeMasterKeyError, match="chmod 600"):
        load_master_key(path)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "master.key"
    path.touch(mode=0o600)
    path.write_bytes(b"k" * length)
    with pytest.raises(UnsafeMasterKeyError, match=f"{length} bytes instead of 32"):
        load_master_key(path)


def test_tenants_and_purposes_have_keys_of_their_own() -> None:
    master = bytes(range(32))
    keys = {derive_tenant_key(master, tenant, purpose) for tenant in ("acme", "umbra") for purpose in ("a", "b")}
    assert len(keys) == 4


def test_derived_keys_never_change_between_releases() -> None:
    """A pinned value: another derivation would orphan every pseudonym and sealed row."""
    assert (
        derive_tenant_key(bytes(range(32)), "acme", "customer-pid").hex()
        == "de74f9a3b39d1e45ba1955841105f6833b47eb3f0eac9872728721ec17931199"
    )


def test_a_key_ring_reads_as_it_was_written_and_holds_the_root_of_before(tmp_path: Path) -> None:
    path, root = tmp_path / "master.key", bytes(range(32))
    made_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    wrap_keys = (WrapKey(1, root, made_at), WrapKey(2, b"w" * 32, made_at))
    replace_file(path, encode_keys(root, wrap_keys))
    ring = load_key_ring(Settings(master_key_file=path))
    assert (ring.root, ring.wrap_keys, ring.active.version) == (root, wrap_keys, 2)
    assert load_master_key(path) == root
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_format_of_the_key_ring_never_changes_between_releases() -> None:
    content = b"""{"format": "gxy-key-ring/1", "root": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "wrap_keys": [{"version": 3, "key": "d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3c=", "created_at": null}]}"""
    assert decode_keys(content) == (bytes(range(32)), (WrapKey(3, b"w" * 32),))
    assert decode_keys(bytes(range(32))) == (bytes(range(32)), (WrapKey(1, bytes(range(32))),))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"root"', b'"toor"'), (b"ring/1", b"ring/2"), (b'"version": 3', b'"version": 0'), (b"d3d3", b""), (b"}", b"")],
)
def test_a_torn_or_unknown_key_ring_is_refused_without_a_word_of_it(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "master.key"
    replace_file(path, encode_keys(b"r" * 32, (WrapKey(3, b"w" * 32),)).replace(old, new))
    with pytest.raises(UnsafeMasterKeyError, match="key ring") as refused:
        load_master_key(path)
    assert "d3d3" not in str(refused.value)


def test_a_key_from_the_environment_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    root = load_master_key(path, create=True)
    ring = load_key_ring(Settings(master_key=base64.b64encode(path.read_bytes()).decode()))
    assert (ring.root, ring.active.key, ring.refresh()) == (root, root, False)
    assert base64.b64encode(root).decode() not in repr(Settings(master_key=base64.b64encode(root).decode()))


def test_two_keys_or_a_broken_one_in_the_environment_are_refused(tmp_path: Path) -> None:
    key = base64.b64encode(bytes(32)).decode()
    with pytest.raises(UnsafeMasterKeyError, match="both set"):
        load_key_ring(Settings(master_key=key, master_key_file=tmp_path / "master.key"))
    for broken in ("", "secret!", key[:-8]):
        with pytest.raises(UnsafeMasterKeyError, match="GXY_MASTER_KEY is no key"):
            load_key_ring(Settings(master_key=broken))


def test_a_child_process_gets_the_key_from_the_environment_as_it_was() -> None:
    key = base64.b64encode(bytes(32)).decode()
    assert Settings(master_key=key).as_env()["GXY_MASTER_KEY"] == key


def test_a_running_ring_takes_over_a_new_wrap_key_and_refuses_another_root(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    settings = Settings(master_key_file=path)
    root = load_master_key(path, create=True)
    ring = load_key_ring(settings)
    with pytest.raises(UnknownKeyVersionError, match="version 2"):
        ring.wrap_key(2)
    replace_file(path, encode_keys(root, (WrapKey(1, root), WrapKey(2, b"w" * 32))))
    assert ring.wrap_key(2) == b"w" * 32
    assert ring.active.version == 2
    replace_file(path, encode_keys(b"r" * 32, (WrapKey(1, root),)))
    with pytest.raises(UnsafeMasterKeyError, match="another root"):
        ring.refresh()


def test_a_key_that_cannot_be_read_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "master.key").mkdir(mode=0o700)
    with pytest.raises(MissingMasterKeyError, match="cannot be read"):
        load_master_key(tmp_path / "master.key")


def test_no_key_and_no_letter_is_in_what_a_traceback_prints() -> None:
    key = b"k" * 32
    letter = LetterContent(b"anna@mail.example", "anna@mail.example", {"referer": "anna@mail.example"})
    shown = repr([KeyRing.of(key), WrapKey(1, key), Vault(key).new_key("acme", "pid")[1], letter])
    assert "kkk" not in shown
    assert "anna" not in shown
    assert "key=" not in shown
