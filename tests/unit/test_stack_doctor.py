"""What `gxy doctor` says of a directory without servers; with them it is asked in `tests/e2e/test_stack.py`."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest

from gxy_analytics.settings import Settings
from gxy_analytics.stack import doctor
from gxy_analytics.stack.doctor import Level


def status(settings: Settings, *, age: float = 0, lag_bytes: int = 0, lag_seconds: float = 0, error: str | None = None) -> None:
    """Write what a loader would have written `age` seconds ago."""
    settings.loader_dir.mkdir(parents=True, exist_ok=True)
    picture = {
        "pid": 1,
        "updated_at": time.time() - age,
        "slots": {"local-0": {"lag_bytes": lag_bytes, "lag_seconds": lag_seconds, "segment": 1, "offset": 0}},
        "clickhouse_error": error,
        "quarantined": [],
    }
    (settings.loader_dir / "status.json").write_text(json.dumps(picture))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


def test_a_secret_that_others_can_read_fails_with_the_command_that_closes_it(settings: Settings) -> None:
    settings.secrets_dir.mkdir()
    path = settings.secrets_dir / "clickhouse_admin_password"
    path.write_text("x")
    path.chmod(0o644)
    found = next(finding for finding in doctor.secrets(settings) if finding.check == "secret")
    assert found.level is Level.FAIL
    assert "0644" in found.found
    assert f"chmod 600 {path}" in found.remedy
    path.chmod(0o600)
    assert all(finding.level is not Level.FAIL for finding in doctor.secrets(settings))


def test_too_little_disk_fails_and_a_little_more_warns(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((doctor.GIB // 2, Level.FAIL), (2 * doctor.GIB, Level.WARN), (50 * doctor.GIB, Level.OK)):
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path, free=free: type("Usage", (), {"free": free}))
        assert [finding.level for finding in doctor.data_directory(settings)] == [level]


def test_a_process_that_ended_fails_with_its_log(settings: Settings) -> None:
    found = {finding.check: finding for finding in doctor.processes(settings, {"gxy": os.getpid(), "ingest": 2**22 + 1})}
    assert found["gxy"].level is Level.OK
    assert found["ingest"].level is Level.FAIL
    assert str(settings.data_dir / "logs" / "ingest.log") in found["ingest"].remedy


def test_without_a_stack_taken_ports_are_warned_of_with_their_setting(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = settings.model_copy(update={"ingest_port": other.getsockname()[1]})
        found = [finding for finding in doctor.ports(taken, {}) if finding.level is Level.WARN and "ingest" in finding.found]
    assert len(found) == 1
    assert "GXY_INGEST_PORT" in found[0].remedy


@pytest.mark.parametrize(
    ("picture", "level"),
    [
        ({}, Level.OK),
        ({"lag_bytes": 5, "lag_seconds": 1}, Level.OK),
        ({"lag_bytes": 5, "lag_seconds": 600}, Level.WARN),
        ({"lag_bytes": 5, "error": "connection refused"}, Level.FAIL),
        ({"lag_bytes": 5, "age": 600}, Level.FAIL),
        ({"lag_bytes": 0, "age": 600}, Level.OK),
    ],
)
def test_the_loader_is_judged_by_its_lag_its_silence_and_its_errors(
    settings: Settings, picture: dict[str, float], level: Level
) -> None:
    status(settings, **picture)  # type: ignore[arg-type]
    assert [finding.level for finding in doctor.loader(settings)] == [level]


def test_a_spool_that_no_loader_reads_fails(settings: Settings) -> None:
    assert list(doctor.loader(settings)) == []
    (settings.spool_dir / "local-0").mkdir(parents=True)
    (settings.spool_dir / "local-0" / "00000001.seg").touch()
    assert [finding.level for finding in doctor.loader(settings)] == [Level.FAIL]


def test_servers_that_do_not_answer_fail_with_a_remedy_and_no_exception(settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        away = settings.model_copy(
            update={
                "clickhouse_url": f"http://u:hunter2@127.0.0.1:{port}",
                "eraser_clickhouse_url": f"http://e:hunter2@127.0.0.1:{port}",
                "oltp_url": f"postgresql://u@127.0.0.1:{port}/x",
                "ingest_url": f"http://127.0.0.1:{port}",
                "dagster_url": f"http://127.0.0.1:{port}",
            }
        )
        found = {finding.check: finding for finding in doctor.examine(away)}
    for check in ("clickhouse", "clickhouse role", "oltp", "ingest", "dagster"):
        assert found[check].level is Level.FAIL, check
        assert found[check].remedy
    assert "hunter2" not in json.dumps([finding.as_dict() for finding in found.values()])
