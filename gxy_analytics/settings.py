"""The one settings object of the platform, read once by `load_settings`.

Names, defaults and precedence belong here; what a setting is used for does not.
Precedence: argument, then `GXY_*` environment, then the running stack's `run/stack.json`, then the default.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gxy_analytics.errors import InvalidSettingError, MissingSettingError
from gxy_analytics.stack_file import read_stack_file

ClickHouseRole = Literal["pipeline", "ingest", "exporter", "eraser", "auditor", "scanner"]
CLICKHOUSE_ROLES: tuple[ClickHouseRole, ...] = get_args(ClickHouseRole)
"""The roles of the access specification that a program of the platform works as."""
ROLE_URLS = tuple(f"{role}_clickhouse_url" for role in CLICKHOUSE_ROLES)


class Settings(BaseSettings):
    """Settings of one stack. Every field is `GXY_<FIELD>` in the environment."""

    model_config = SettingsConfigDict(env_prefix="GXY_", extra="ignore", frozen=True)

    data_dir: Path = Field(Path(".gxy"), description="State of the embedded stack: databases, spool, keys, logs.")
    listen_host: str = Field("127.0.0.1", description="Address every server binds to; loopback unless told.")

    clickhouse_url: str | None = Field(None, description="http(s)://user:password@host:port of a ClickHouse server.")
    pipeline_clickhouse_url: str | None = Field(None, repr=False, description="The same server as the user of this role.")
    ingest_clickhouse_url: str | None = Field(None, repr=False, description="The same, for what `gxy up` starts to take events.")
    exporter_clickhouse_url: str | None = Field(None, repr=False, description="The same.")
    eraser_clickhouse_url: str | None = Field(None, repr=False, description="The same.")
    auditor_clickhouse_url: str | None = Field(None, repr=False, description="The same.")
    scanner_clickhouse_url: str | None = Field(None, repr=False, description="The same.")
    oltp_url: str | None = Field(None, description="postgresql:// or mysql:// URL of the backend's database.")
    ingest_url: str | None = Field(None, description="Where clients reach the ingest service.")
    dagster_url: str | None = Field(None, description="Where people reach the Dagster UI.")

    clickhouse_http_port: int = Field(8123, ge=1, le=65_535)
    clickhouse_tcp_port: int = Field(9000, ge=1, le=65_535)
    ingest_port: int = Field(8080, ge=1, le=65_535)
    dagster_port: int = Field(3000, ge=1, le=65_535)
    ingest_workers: int = Field(1, ge=1, description="Ingest worker processes; each owns a spool directory.")
    node_id: str = Field("local", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="Name of this ingest host.")

    master_key_file: Path | None = Field(None, description="Key file, mode 0600; default `<data_dir>/secrets/master.key`.")
    master_key: str | None = Field(None, repr=False, description="Instead of the file: its content in base64.")

    geo_database: Path | None = Field(
        None, description="MaxMind-format file (.mmdb): places of truncated addresses. None: no places."
    )

    spool_retention_hours: int = Field(24, ge=0, description="How long a fully loaded spool segment is kept.")
    max_body_bytes: int = Field(2_000_000, description="Largest request body, as sent and as inflated, in bytes.")
    ingest_events_per_second: int = Field(0, ge=0, description="Quota of a tenant that has none of its own; 0: unlimited.")
    ingest_bytes_per_second: int = Field(0, ge=0, description="The same in bytes of bodies as stored.")
    spool_max_bytes: int = Field(0, ge=0, description="What the spools may take on disk; 0: what the disk has.")
    trusted_proxies: str | None = Field(None, description="Networks (CIDR, comma-separated) whose X-Forwarded-For is believed.")
    raw_events_ttl_days: int = Field(760, ge=1, description="raw.events: days after receipt (25 months).")
    raw_rejected_ttl_days: int = Field(90, ge=1, description="raw.events_rejected: days after receipt.")
    ledger_ttl_days: int = Field(760, ge=1, description="governance.ingest_ledger: days after loading.")

    tenant_removal_days: int = Field(30, ge=0, description="How long a tenant that is to be removed is only suspended.")

    log_format: Literal["text", "json"] = Field("text", description="Log lines of the ingest service and the loader.")
    metrics_networks: str | None = Field(
        None, description="Networks (CIDR, comma-separated) that may read /metrics, beside this host."
    )
    metrics_tenants: bool = Field(False, description="Prometheus metrics by tenant, beside those by class of tenants.")

    dp_budget: Decimal = Field(
        Decimal(0), ge=0, description="Epsilon that all differentially private releases of a dataset may cost; 0: none is made."
    )

    reporting_currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="Currency of cross-tenant amounts.")

    @property
    def secrets_dir(self) -> Path:
        return self.data_dir / "secrets"

    @property
    def spool_dir(self) -> Path:
        """Root of the spools: one directory a worker below it."""
        return self.data_dir / "spool"

    @property
    def loader_dir(self) -> Path:
        """Manifests and the loader's state database."""
        return self.data_dir / "loader"

    @property
    def master_key_path(self) -> Path:
        return self.master_key_file or self.secrets_dir / "master.key"

    @property
    def dagster_home(self) -> Path:
        return self.data_dir / "dagster"

    def clickhouse_as(self, role: ClickHouseRole) -> str:
        """The ClickHouse server as the user of `role`; where the role has no URL, as the user of `clickhouse_url`.

        Raises MissingSettingError.
        """
        return require(getattr(self, f"{role}_clickhouse_url") or self.clickhouse_url, "CLICKHOUSE_URL")

    def as_env(self) -> dict[str, str]:
        """Every setting that has a value as `GXY_*`, for a child process to read the same settings."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {f"GXY_{name.upper()}": str(value) for name, value in values.items()}

    @field_validator("clickhouse_url", *ROLE_URLS)
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("it must be http(s)://user:password@host:port")
        return url

    @classmethod
    def read(cls, **given: Any) -> Settings:
        """The settings from `given`, the environment and the defaults. Raises InvalidSettingError, which quotes no value."""
        try:
            return cls(**given)
        except ValidationError as error:
            wrong = "; ".join(
                f"GXY_{'_'.join(map(str, one['loc'])).upper()}: {one['msg'].removeprefix('Value error, ')}"
                for one in error.errors(include_url=False, include_input=False)
            )
            raise InvalidSettingError(f"{wrong}. Correct it, or leave it out for the default.") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings)


def load_settings(**overrides: Any) -> Settings:
    """Read the settings once: `overrides`, environment, the running stack's addresses, defaults.

    The URLs of the roles are one server's: where `clickhouse_url` is given anew, those of what it replaces do not count.
    Raises InvalidSettingError, DamagedStackFileError.
    """
    given = {k: v for k, v in overrides.items() if v is not None}
    replaced = dict.fromkeys(ROLE_URLS) if "clickhouse_url" in given else {}
    settings = Settings.read(**{**replaced, **given})
    stack = read_stack_file(settings.data_dir)
    addresses = stack.settings if stack and stack.supervisor else {}
    names = set(addresses) - settings.model_fields_set
    if settings.clickhouse_url not in (None, addresses.get("clickhouse_url")):
        names -= set(ROLE_URLS)
    missing = {name: addresses[name] for name in names}
    return settings.model_copy(update={**missing, "data_dir": settings.data_dir.resolve()})


def require(value: str | None, name: str) -> str:
    """Return `value`, or raise MissingSettingError naming `GXY_<name>` and the remedy."""
    if value:
        return value
    raise MissingSettingError(f"GXY_{name} is not set and no stack is running here: start one with `gxy up`, or set it.")
