"""The operator's settings: environment -> typed values, each of which knows where it came from.

Every setting has exactly one environment name (``environment_name``). An empty variable counts as unset,
because that is what a compose file maps an undefined one to. What a *user* chooses lives in the database
(``services.user_settings``); what is secret in files of its own (``keys``).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from smartfolio_app.errors import SmartFolioError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
PREFIXES = ("SMARTFOLIO_", "SECURITY_")

#: Read by the launcher or by tests before any setting exists; known, so not reported as misspelt.
LAUNCHER_VARIABLES = frozenset({"SMARTFOLIO_VENV", "SMARTFOLIO_WORK_DIR", "SMARTFOLIO_CHROMIUM"})

Origin = Literal["default", "environment", "file", "argument"]


class SettingsError(SmartFolioError):
    """A setting cannot be used; ``params`` hold ``name`` (the variable), and ``rule`` (what would do)."""


def _split(value: object) -> object:
    """Read a comma-separated list, as an environment variable gives it."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("an address that starts with http:// or https://")
    return value.rstrip("/")


def _addresses(value: object) -> object:
    """Read ``kraken=https://...,binance=https://...``."""
    if isinstance(value, str):
        value = dict(part.partition("=")[::2] for part in value.replace(" ", "").split(",") if part)
    if not isinstance(value, Mapping):
        raise ValueError("exchange=address, comma-separated")  # noqa: TRY004 - pydantic wants this one
    return {name: _web_address(str(address)) for name, address in value.items()}


WebAddress = Annotated[str, BeforeValidator(_web_address)]
Network = IPv4Network | IPv6Network


def _variable(name: str, default: Any, description: str, **rules: Any) -> Any:
    """Declare a setting whose environment name is not simply ``SMARTFOLIO_<FIELD>``."""
    return Field(default=default, validation_alias=name, description=description, **rules)


class Settings(BaseSettings):
    """All settings in force. Immutable; build one with keyword arguments in tests."""

    model_config = SettingsConfigDict(
        env_prefix="SMARTFOLIO_",
        env_ignore_empty=True,
        case_sensitive=False,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(
        default=PROJECT_ROOT / "data", description="folder of the database, the keys and the uploaded files"
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8080, ge=1, le=65535, description="port to listen on, 1 to 65535")
    database_url: str = _variable(
        "DATABASE_URL",
        "",
        "SQLAlchemy address of a PostgreSQL database; empty: SQLite in the data folder",
        repr=False,
    )
    session_key: SecretStr | None = Field(
        default=None,
        description="key that signs sessions, 32 characters or more; empty: session.key in the data folder",
    )
    vault_key: SecretStr | None = Field(
        default=None,
        description="Fernet keys of the vault, comma-separated, newest first; empty: vault.key in the data folder",
    )
    session_days: int = Field(
        default=30, ge=1, le=365, description="days a device stays signed in without being used, 1 to 365"
    )
    secure_cookies: Literal["auto", "on", "off"] = Field(
        default="auto", description="auto (Secure when served by https), on or off"
    )
    max_upload_mb: int = Field(
        default=20, ge=1, le=1024, description="largest uploaded file in MB, 1 to 1024"
    )
    backups: bool = Field(default=True, description="true: an encrypted backup a day in the data folder")
    backup_passphrase: SecretStr | None = Field(
        default=None,
        min_length=12,
        description="passphrase of the backups, 12 characters or more; empty: the vault's key",
    )
    offline: bool = Field(default=False, description="true: never call a price provider")
    coingecko_url: WebAddress = Field(
        default="https://api.coingecko.com/api/v3", description="base address of the CoinGecko API"
    )
    coingecko_key: SecretStr | None = Field(default=None, description="CoinGecko demo key (optional)")
    ecb_url: WebAddress = Field(
        default="https://www.ecb.europa.eu/stats/eurofxref",
        description="base address of the ECB reference rates",
    )
    binance_url: WebAddress = Field(
        default="https://api.binance.com", description="base address of the Binance spot API (coin prices)"
    )
    binance_futures_url: WebAddress = Field(
        default="https://fapi.binance.com",
        description="base address of the Binance futures API (funding rates)",
    )
    yahoo_url: WebAddress = Field(
        default="https://query1.finance.yahoo.com", description="base address of Yahoo's charts"
    )
    fear_greed_url: WebAddress = Field(
        default="https://api.alternative.me", description="base address of the Fear & Greed index"
    )
    exchange_urls: Annotated[dict[str, str], NoDecode, BeforeValidator(_addresses)] = Field(
        default={},
        description="other base addresses of exchanges, comma-separated: kraken=https://...,binance=https://...",
    )
    saxo_url: WebAddress = Field(
        default="https://gateway.saxobank.com/openapi", description="base address of the Saxo OpenAPI"
    )
    saxo_login_url: WebAddress = Field(
        default="https://live.logonvalidation.net", description="base address of Saxo's sign-in"
    )
    saxo_sim_url: WebAddress = Field(
        default="https://gateway.saxobank.com/sim/openapi",
        description="base address of the Saxo OpenAPI's simulation",
    )
    saxo_sim_login_url: WebAddress = Field(
        default="https://sim.logonvalidation.net",
        description="base address of the sign-in of Saxo's simulation",
    )
    cointracking_url: WebAddress = Field(
        default="https://cointracking.info/api/v1", description="base address of the CoinTracking API"
    )
    smtp_host: str = Field(
        default="", max_length=255, description="mail server for alerts by e-mail; empty: there are none"
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="port of the mail server, 1 to 65535")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="starttls, tls (usually port 465) or none (then without a password)"
    )
    smtp_user: str = Field(default="", max_length=255, description="user name at the mail server")
    smtp_password: SecretStr | None = Field(default=None, description="password at the mail server")
    smtp_from: str = Field(
        default="",
        pattern=r"^$|^[^@\s<>]+@[^@\s<>]+$",
        description="address that alerts are sent from; empty: smartfolio@ the mail server",
    )
    notify_private: bool = Field(
        default=False,
        description="true: webhooks and ntfy may be at private addresses (this machine, this network)",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug, info, warning or error"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="text (sentences) or json (one object a line)"
    )
    rate_limit_refill_rate: float = _variable(
        "SECURITY_RATE_LIMIT_REFILL_RATE", 20.0, "tokens a second, more than 0", gt=0, allow_inf_nan=False
    )
    rate_limit_burst_size: float = _variable(
        "SECURITY_RATE_LIMIT_BURST_SIZE",
        50.0,
        "largest burst of requests, 1 or more",
        ge=1,
        allow_inf_nan=False,
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)] = _variable(
        "SECURITY_TRUSTED_PROXIES", (), "comma-separated networks (CIDR) of reverse proxies to believe"
    )
    trusted_header: str = _variable(
        "SECURITY_TRUSTED_HEADER",
        "",
        "header in which the trusted proxies name the signed-in user, such as Remote-User; empty: none is believed",
        pattern=r"^[A-Za-z0-9-]*$",
    )
    metrics_token: SecretStr | None = _variable(
        "SECURITY_METRICS_TOKEN",
        None,
        "token with which Prometheus may read /metrics, 16 characters or more; empty: there is no /metrics",
        min_length=16,
    )
    csp_script_src: str = _variable(
        "SECURITY_CSP_SCRIPT_SRC", "", "further origins of scripts, space-separated"
    )
    csp_style_src: str = _variable("SECURITY_CSP_STYLE_SRC", "", "further origins of styles, space-separated")
    csp_img_src: str = _variable("SECURITY_CSP_IMG_SRC", "", "further origins of images, space-separated")
    csp_font_src: str = _variable("SECURITY_CSP_FONT_SRC", "", "further origins of fonts, space-separated")
    csp_connect_src: str = _variable(
        "SECURITY_CSP_CONNECT_SRC", "", "further origins the page may call, space-separated"
    )
    csp_override: str = _variable(
        "SECURITY_CSP_OVERRIDE",
        "",
        "words of the content policy to allow in spite of their danger (unsafe-inline...)",
    )
    redis_url: str = _variable(
        "REDIS_URL",
        "",
        "redis://..., rediss://... or unix://... for several processes; empty: memory",
        repr=False,
    )

    @field_validator("secure_cookies", "log_level", "smtp_security", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        parts = _split(value)
        return (
            tuple(ip_network(str(part), strict=False) for part in parts) if isinstance(parts, list) else parts
        )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("sqlite:///... or postgresql+psycopg://...")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("redis://..., rediss://... or unix://...")
        return value

    @property
    def database(self) -> str:
        """The SQLAlchemy address in force. It may hold a password: never show it as it is."""
        return self.database_url or f"sqlite:///{self.data_dir / 'smartfolio.sqlite'}"

    @property
    def uploads_dir(self) -> Path:
        """Where uploaded files are kept, one by content hash."""
        return self.data_dir / "uploads"

    def origin(self, name: str) -> Origin:
        """Tell where the value of the setting ``name`` (a field name) came from; ``KeyError`` when there is
        none such.
        """
        if name not in type(self).model_fields:
            raise KeyError(name)
        if name not in self.model_fields_set:
            return "file" if name in ("session_key", "vault_key") else "default"
        return "environment" if _in_environment(environment_name(name)) else "argument"


def environment_name(field: str) -> str:
    """Return the environment variable of a field: ``port`` -> ``SMARTFOLIO_PORT``."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"SMARTFOLIO_{field.upper()}"


def known_variables() -> dict[str, str]:
    """Return every environment variable that is a setting, and its field."""
    return {environment_name(field): field for field in Settings.model_fields}


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Return the ``SMARTFOLIO_*`` and ``SECURITY_*`` variables that are not settings, each with the nearest
    known name.
    """
    known = known_variables()
    found = []
    for name in sorted(os.environ if environ is None else environ):
        if name.startswith(PREFIXES) and name.upper() not in known and name not in LAUNCHER_VARIABLES:
            near = get_close_matches(name, known, n=1)
            found.append((name, near[0] if near else ""))
    return found


def load_settings(**arguments: Any) -> Settings:
    """Read the environment; ``arguments`` (field names) win over it.

    Raises:
        SettingsError: A value cannot be used. Names the variable and the rule, never the value (it may be a
        secret).
    """
    try:
        return Settings(**arguments)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        field = _field_of(str(problem["loc"][0]))
        rule = Settings.model_fields[field].description if field else problem["msg"]
        name = environment_name(field) if field else str(problem["loc"][0])
        raise SettingsError("settings.invalid", name=name, rule=rule) from error


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read once."""
    return load_settings()


def _field_of(location: str) -> str:
    known = known_variables()
    return known.get(location.upper(), location if location in Settings.model_fields else "")


def _in_environment(name: str) -> bool:
    return any(key.upper() == name and value for key, value in os.environ.items())
