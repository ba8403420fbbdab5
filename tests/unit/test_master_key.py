"""The master key file: generated once with mode 0600, refused when it is missing, open to others, or no key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gxy_analytics.governance.master_key import (
    MissingMasterKeyError,
    UnsafeMasterKeyError,
    derive_tenant_key,
    load_master_key,
)


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
