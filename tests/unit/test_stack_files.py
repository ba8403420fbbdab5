"""What a stack keeps in its directory, and what others read there: settings, lock, addresses, secrets, ports."""

from __future__ import annotations

import os
import shlex
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gxy_analytics.errors import InvalidSettingError, MissingSettingError
from gxy_analytics.settings import Settings, load_settings
from gxy_analytics.stack.commands import env
from gxy_analytics.stack.lock import StackLock, StackRunsError
from gxy_analytics.stack.secrets import DataDirectoryError, read_or_create_password
from gxy_analytics.stack.sockets import PortTakenError, claim, reachable_host, socket_directory, without_credentials
from gxy_analytics.stack.stack import stack_settings
from gxy_analytics.stack_file import DamagedStackFileError

ADDRESSES = {"clickhouse_url": "http://gxy:pass'word@127.0.0.1:1", "ingest_url": "http://127.0.0.1:2"}


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GXY_")]:
        monkeypatch.delenv(name)


def test_settings_survive_the_environment_of_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=tmp_path, clickhouse_url="http://a:b@c:1", ingest_workers=3, node_id="node-7")
    for name, value in settings.as_env().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_a_role_without_a_url_works_as_the_user_that_is_given_and_nobody_without_any() -> None:
    settings = Settings(
        clickhouse_url="http://gxy:a@c:1", eraser_clickhouse_url="http://gxy_eraser:b@c:1", auditor_clickhouse_url=""
    )
    assert settings.clickhouse_as("eraser") == "http://gxy_eraser:b@c:1"
    assert {settings.clickhouse_as("pipeline"), settings.clickhouse_as("auditor")} == {"http://gxy:a@c:1"}
    assert "gxy_eraser" not in repr(settings)
    with pytest.raises(MissingSettingError, match="GXY_CLICKHOUSE_URL"):
        Settings(eraser_clickhouse_url="http://gxy_eraser:b@c:1").clickhouse_as("pipeline")


def test_the_roles_urls_of_one_server_are_never_mixed_with_another_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, own = StackLock(tmp_path), "http://gxy_eraser:b@127.0.0.1:1"
    lock.acquire()
    lock.publish({**ADDRESSES, "eraser_clickhouse_url": own}, {"ingest": 1})
    assert load_settings(data_dir=tmp_path).clickhouse_as("eraser") == own
    monkeypatch.setenv("GXY_CLICKHOUSE_URL", ADDRESSES["clickhouse_url"])
    assert load_settings(data_dir=tmp_path).clickhouse_as("eraser") == own
    monkeypatch.setenv("GXY_CLICKHOUSE_URL", "http://other@elsewhere:8123")
    assert load_settings(data_dir=tmp_path).clickhouse_as("eraser") == "http://other@elsewhere:8123"
    monkeypatch.setenv("GXY_ERASER_CLICKHOUSE_URL", "http://gxy_eraser@elsewhere:8123")
    assert load_settings(data_dir=tmp_path).clickhouse_as("eraser") == "http://gxy_eraser@elsewhere:8123"
    assert load_settings(data_dir=tmp_path, clickhouse_url="http://third:8123").clickhouse_as("eraser") == "http://third:8123"
    lock.release()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GXY_INGEST_PORT", "abc", "valid integer"),
        ("GXY_INGEST_WORKERS", "0", "greater than or equal to 1"),
        ("GXY_CLICKHOUSE_URL", "secret-host:8123", "http(s)://user:password@host:port"),
        ("GXY_ERASER_CLICKHOUSE_URL", "http://me:secret-password@host:99999", "0-65535"),
    ],
)
def test_a_setting_that_cannot_be_is_named_and_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettingError) as refused:
        load_settings(data_dir=tmp_path)
    assert str(refused.value).startswith(f"{name}: ")
    assert said in str(refused.value)
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    "command", [("gxy", "doctor"), ("python", "-m", "ingest_service"), ("python", "-m", "ingest_service.loader")]
)
def test_every_program_says_of_a_wrong_setting_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    environment = {**os.environ, "GXY_DATA_DIR": str(tmp_path), "GXY_INGEST_PORT": "abc"}
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run([program, *command[1:]], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "GXY_INGEST_PORT" in done.stderr


def test_a_damaged_stack_file_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    for damaged in ('{"pids"', "{}", '{"settings": {}, "pids": {}, "deaths": {}}', "\xff"):
        (tmp_path / "run" / "stack.json").write_bytes(damaged.encode("latin-1"))
        with pytest.raises(DamagedStackFileError, match=r"stack.json is damaged .*remove the file"):
            load_settings(data_dir=tmp_path)


def test_a_port_base_moves_every_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GXY_INGEST_PORT", "7")
    settings = stack_settings(port_base=18000, listen_host=None)
    ports = (settings.clickhouse_http_port, settings.clickhouse_tcp_port, settings.ingest_port, settings.dagster_port)
    assert ports == (18000, 18001, 18002, 18003)
    assert settings.listen_host == "127.0.0.1"
    assert stack_settings().ingest_port == 7


def test_a_directory_has_one_stack(tmp_path: Path) -> None:
    first, second = StackLock(tmp_path), StackLock(tmp_path)
    first.acquire()
    with pytest.raises(StackRunsError, match=rf"already runs on {tmp_path} \(pid {os.getpid()}\)"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_a_running_stack_is_found_by_its_directory_and_forgotten_when_it_ends(tmp_path: Path) -> None:
    lock = StackLock(tmp_path)
    lock.acquire()
    lock.publish(ADDRESSES, {"ingest": 1})
    assert stat.S_IMODE((tmp_path / "run" / "stack.json").stat().st_mode) == 0o600
    assert load_settings(data_dir=tmp_path).clickhouse_url == ADDRESSES["clickhouse_url"]
    assert load_settings(data_dir=tmp_path, ingest_url="http://given").ingest_url == "http://given"
    lock.release()
    assert load_settings(data_dir=tmp_path).clickhouse_url is None


def test_the_addresses_of_a_stack_that_was_killed_are_not_used(tmp_path: Path) -> None:
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    lock = StackLock(tmp_path)
    lock.acquire()
    lock.publish(ADDRESSES, {"gxy": ended.pid})
    assert load_settings(data_dir=tmp_path).clickhouse_url is None
    lock.release()


def test_env_prints_lines_that_a_shell_takes_back_unchanged(tmp_path: Path) -> None:
    directory = tmp_path / "with space"
    lock = StackLock(directory)
    lock.acquire()
    lock.publish(ADDRESSES, {})
    printed = CliRunner().invoke(env, ["--data-dir", str(directory)]).output
    lock.release()
    script = f'eval {shlex.quote(printed)}; printf "%s|%s|%s" "$GXY_CLICKHOUSE_URL" "$GXY_DATA_DIR" "$GXY_MASTER_KEY_FILE"'
    shown = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown == f"{ADDRESSES['clickhouse_url']}|{directory}|{directory}/secrets/master.key"


def test_env_without_a_stack_says_how_to_start_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(env, ["--data-dir", str(tmp_path)])
    assert "gxy up" in str(result.exception)


def test_a_password_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    password = read_or_create_password(tmp_path / "secrets", "admin")
    assert len(password) == 32
    assert stat.S_IMODE((tmp_path / "secrets" / "admin").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert read_or_create_password(tmp_path / "secrets", "admin") == password
    assert read_or_create_password(tmp_path / "secrets", "other") != password


def test_a_directory_that_cannot_be_made_is_named_with_the_option_that_moves_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirectoryError, match=r"file/state/secrets cannot be made \(Not a directory\).*--data-dir"):
        read_or_create_password(tmp_path / "file" / "state" / "secrets", "name")


def test_a_taken_port_is_named_with_what_wants_it_and_what_moves_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"port {port} on 127.0.0.1 is not free for ClickHouse.*GXY_X"):
            claim("127.0.0.1", port, "ClickHouse", "GXY_X")
    claim("127.0.0.1", port, "ClickHouse", "GXY_X")


def test_a_socket_moves_to_a_private_directory_when_its_path_is_too_long(tmp_path: Path) -> None:
    assert socket_directory(Path("/short"), "s") == Path("/short")
    long = tmp_path / ("d" * 100)
    private = socket_directory(long, "code.sock")
    try:
        assert private == socket_directory(long, "code.sock")
        assert private != socket_directory(long / "other", "code.sock")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(private / "code.sock"))
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    finally:
        (private / "code.sock").unlink(missing_ok=True)
        private.rmdir()
        socket_directory(long / "other", "code.sock").rmdir()


@pytest.mark.parametrize(
    ("listen", "host"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("fe80::1", "[fe80::1]")],  # noqa: S104
)
def test_a_client_on_this_machine_gets_an_address_it_can_reach(listen: str, host: str) -> None:
    assert reachable_host(listen) == host


def test_people_see_no_password() -> None:
    assert without_credentials("http://gxy:secret@127.0.0.1:8123") == "http://127.0.0.1:8123"
    assert without_credentials(None) is None
