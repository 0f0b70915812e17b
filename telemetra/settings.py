"""The settings of a process: read from the environment and `.env` here and nowhere else, then checked as a whole.

settings_fields.py declares them; this module adds what concerns several of them and says what is wrong by name.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from telemetra.encryption_keys import EncryptionKey, parse_key, parse_keys
from telemetra.errors import Invalid
from telemetra.hosts import AllowList
from telemetra.settings_fields import Cache, Connectors, Intake, Live, Observing, Processing, Security, Server, Storage

ENV_FILE = ".env"
RESERVED_PREFIX = "TELEMETRA_"

NOT_YET = {
    "REDIS_URL": "Redis",
    "REDIS_HOST": "Redis",
    "REDIS_PORT": "Redis",
    "REDIS_PASSWORD": "Redis",
    "KAFKA_BROKERS": "Kafka",
    "KAFKA_BOOTSTRAP_SERVERS": "Kafka",
    "CELERY_BROKER_URL": "Celery",
    "JWT_SECRET_KEY": "authentication",
}
"""Settings of parts that this version does not have: taking them in silence would promise what is not there."""


class InvalidSettings(Invalid):
    """The settings cannot be used. `problems` has one line for each; every line begins with the setting's name."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems), code="invalid_settings")
        self.problems = problems


class Settings(Server, Storage, Intake, Processing, Live, Cache, Security, Connectors, Observing, BaseSettings):
    """All settings, validated and unchangeable. Made by `load_settings`."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",  # unknown names are reported by load_settings, with a suggestion
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _check_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None:
            parse_keys(keys.get_secret_value())
        return keys

    @field_validator("encryption_key")
    @classmethod
    def _check_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            parse_key(key.get_secret_value())
        return key

    @field_validator("egress_allow", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("egress_allow")
    @classmethod
    def _check_hosts(cls, entries: tuple[str, ...]) -> tuple[str, ...]:
        AllowList(entries)
        return entries

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            parts = urlsplit(origin)
            whole = origin == f"{parts.scheme}://{parts.netloc}"
            if parts.scheme not in {"http", "https"} or not parts.hostname or not whole:
                raise ValueError(f"{origin!r} is no origin; write scheme://host or scheme://host:port")
        return origins

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in {"postgresql", "postgres"}:
            raise ValueError("must begin with postgresql://")
        if parts.port == 0:  # reading an impossible port raises
            raise ValueError("Port out of range 1-65535")
        return url

    def external_database_url(self) -> SecretStr | None:
        """The connection string of the external PostgreSQL, or None when the embedded one is to be used."""
        if self.database_url is not None or self.postgres_host is None:
            return self.database_url
        password = f":{quote(self.postgres_password.get_secret_value(), safe='')}" if self.postgres_password else ""
        # A socket directory is a host too: libpq takes it percent-encoded.
        host = f"[{self.postgres_host}]" if ":" in self.postgres_host else quote(self.postgres_host, safe="")
        user, name = quote(self.postgres_user, safe=""), quote(self.postgres_db, safe="")
        return SecretStr(f"postgresql://{user}{password}@{host}:{self.postgres_port}/{name}")

    def vault_keys(self) -> tuple[EncryptionKey, ...]:
        """The keys for stored credentials, newest first; empty when none is set."""
        if self.encryption_keys is not None:
            return parse_keys(self.encryption_keys.get_secret_value())
        return () if self.encryption_key is None else (parse_key(self.encryption_key.get_secret_value()),)

    def local_url(self) -> str:
        """The address of the server that these settings describe."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; `overrides` win over the environment, that over `.env`, that over the defaults.

    Overrides are given by field name, and None counts as not given. Raises `InvalidSettings` with all unknown names
    and unusable values; when there are no unusable values, with all contradictions too.
    """
    problems = _name_problems(set(overrides))
    try:
        settings = Settings(**{_key(name): value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise InvalidSettings(problems + _value_problems(error)) from None
    problems += contradictions(settings)
    if problems:
        raise InvalidSettings(problems)
    return settings


def variable_name(field_name: str) -> str:
    """The environment variable of a field."""
    return _key(field_name).upper()


def contradictions(settings: Settings) -> list[str]:
    """Everything that is wrong between settings that are each valid; every line begins with the setting's name."""
    rules = (
        (
            settings.auth_mode == "auto" and not is_loopback(settings.host),
            f"HOST: AUTH_MODE=auto serves without authentication and refuses {settings.host!r}; use 127.0.0.1",
        ),
        (
            settings.db_pool_min > settings.db_pool_max,
            f"DB_POOL_MIN: {settings.db_pool_min} is more than DB_POOL_MAX={settings.db_pool_max}",
        ),
        (
            settings.intake_max_event_bytes > settings.intake_max_body_bytes,
            "INTAKE_MAX_EVENT_BYTES: is more than INTAKE_MAX_BODY_BYTES, so that no such event could arrive",
        ),
        (
            settings.intake_queue_bytes < settings.intake_max_body_bytes,
            "INTAKE_QUEUE_BYTES: is less than INTAKE_MAX_BODY_BYTES, so that such a body could never be taken",
        ),
        (
            settings.stale_after_seconds > settings.stream_timeout_seconds,
            "STALE_AFTER: is more than STREAM_TIMEOUT, so that no stream would ever be stale",
        ),
        (
            settings.encryption_key is not None
            and parse_key(settings.encryption_key.get_secret_value()).id
            not in {key.id for key in settings.vault_keys()},
            "ENCRYPTION_KEY: is not among ENCRYPTION_KEYS, which are used instead; remove one of the two",
        ),
    )
    return [message for broken, message in rules if broken] + _database_contradictions(settings)


def is_loopback(host: str) -> bool:
    """Whether nobody outside this machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _database_contradictions(settings: Settings) -> list[str]:
    given = [
        name for name in Storage.model_fields if name.startswith("postgres_") and name in settings.model_fields_set
    ]
    if settings.database_url is None:
        if given and settings.postgres_host is None:
            return [f"{given[0].upper()}: has no effect without POSTGRES_HOST; set that too, or DATABASE_URL alone"]
        return []
    parts = urlsplit(settings.database_url.get_secret_value())
    said = {
        "postgres_host": parts.hostname,
        "postgres_port": parts.port or 5432,
        "postgres_user": unquote(parts.username or ""),
        "postgres_password": SecretStr(unquote(parts.password or "")),
        "postgres_db": unquote(parts.path.lstrip("/")),
    }
    return [
        f"{name.upper()}: disagrees with DATABASE_URL; remove one of the two"
        for name in given
        if getattr(settings, name) != said[name]
    ]


def _name_problems(overridden: set[str]) -> list[str]:
    known = {variable_name(field): field for field in Settings.model_fields}
    in_file = {name.upper(): value for name, value in dotenv_values(ENV_FILE, encoding="utf-8").items()}
    in_environment = {name.upper(): value for name, value in os.environ.items()}
    problems = [
        f"{name}: this version has no {part} yet; remove the setting"
        for name, part in NOT_YET.items()
        if in_environment.get(name) or in_file.get(name)
    ]
    unknown = {name.upper() for name in overridden - Settings.model_fields.keys()}
    unknown |= {name for name in in_file if name not in known and name not in NOT_YET}
    unknown |= {name for name in in_environment if name.startswith(RESERVED_PREFIX)}
    for name in sorted(unknown):
        close = difflib.get_close_matches(name.removeprefix(RESERVED_PREFIX), known, n=1)
        problems.append(f"{name}: no such setting" + (f"; did you mean {close[0]}?" if close else ""))
    return problems


def _key(field_name: str) -> str:
    """What pydantic calls a field in its input and in its errors."""
    alias = Settings.model_fields[field_name].validation_alias if field_name in Settings.model_fields else None
    return alias if isinstance(alias, str) else field_name


def _value_problems(error: ValidationError) -> list[str]:
    """One line per unusable value. Values are not repeated: they may be secret."""
    return [
        f"{str(problem['loc'][0]).upper()}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_url=False, include_input=False)
    ]
