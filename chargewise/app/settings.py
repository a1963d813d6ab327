"""Where Chargewise keeps things and how it serves: a TOML file, over it the environment (`CHARGEWISE_…`, `.env`)."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from chargewise.app.identity import OidcSettings
from steel.complaints import input_error
from steel.errors import InputError
from steel.frozen import Frozen

CONFIG = "CHARGEWISE_CONFIG"
"""Names the file; `chargewise.toml` in the folder of today unless set."""
Days = Annotated[int, Field(ge=1, le=36_500)]


class Retention(Frozen):
    """For how many days things are kept; for ever unless given.

    Attributes:
        recipes_days: recipes without an outcome that margins learn from, with what was decided and charged.
        jobs_days: jobs that have ended, with their results.
    """

    recipes_days: Days | None = None
    jobs_days: Days | None = None


class Settings(BaseSettings):
    """Settings of one installation.

    Attributes:
        home: folder of models, plant files and the default database.
        database_url: SQLAlchemy URL; SQLite under `home` unless set.
        database_url_file: file that holds it, so that no password stands in the environment.
        host: what `chargewise serve` listens on.
        port: what `chargewise serve` listens on.
        workers: processes that answer; with more than one the pages have a process and a port of their own.
        page_port: that port; the next one unless given.
        root_path: path under which a proxy serves it, such as `/chargewise`.
        trusted_proxies: addresses whose forwarded headers count.
        tls_certificate: PEM file, where the service itself speaks TLS.
        tls_key: PEM file of its key.
        jobs: jobs of each lane at a time; 0 where `chargewise work` runs elsewhere.
        log_format: lines for people, or one JSON object a line.
        rate_per_minute: requests of one key and worker process in a minute; 0 for no limit.
        oidc: the works' own login.
        cluster: address of a Ray cluster that scenarios run on, or "local"; this machine's cores unless given.
        otlp_endpoint: URL of an OpenTelemetry collector that traces are sent to, such as http://collector:4318.
        retention: for how many days recipes and jobs are kept; for ever unless given.
        federation: folder of a federation's coordinator, where it runs on this machine.
    """

    model_config = SettingsConfigDict(
        env_prefix="CHARGEWISE_", env_file=".env", env_nested_delimiter="__", extra="ignore"
    )

    home: Path = Path("chargewise-data")
    database_url: str | None = None
    database_url_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    page_port: int | None = Field(default=None, ge=1, le=65535)
    root_path: str = ""
    trusted_proxies: tuple[str, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    jobs: int = Field(default=1, ge=0, le=64)
    log_format: str = Field(default="text", pattern="^(text|json)$")
    rate_per_minute: int = Field(default=0, ge=0)
    oidc: OidcSettings | None = None
    cluster: str | None = None
    federation: Path = Path("federation-data")
    otlp_endpoint: str | None = Field(default=None, pattern="^https?://")
    retention: Retention = Retention()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given counts first, then the environment, then the file."""
        file = TomlConfigSettingsSource(settings_cls, Path(os.environ.get(CONFIG, "chargewise.toml")))
        return init_settings, env_settings, dotenv_settings, file

    @property
    def models(self) -> Path:
        """Folder of the model registry."""
        return self.home / "models"

    @property
    def plants(self) -> Path:
        """Folder of plant files."""
        return self.home / "plants"

    @classmethod
    def read(cls, **given: Any) -> "Settings":
        """The settings of this process; what is given counts before file and environment.

        Raises:
            InputError: a value in the environment or the file cannot be used, or a key of the file is unknown.
        """
        named = os.environ.get(CONFIG)
        if named is not None and not Path(named).is_file():
            raise InputError(named, CONFIG, "a TOML file that is there")
        try:
            found = cls(**given)
        except ValidationError as error:
            raise input_error(error, "settings CHARGEWISE_", cls) from error
        except ValueError as error:
            raise InputError(named or "chargewise.toml", "settings", f"TOML that can be read ({error})") from error
        _check_keys(Path(named or "chargewise.toml"), cls)
        return found

    def store_url(self) -> str:
        """The database's URL; makes `home` where the default database needs it.

        Raises:
            InputError: the file that holds it cannot be read.
        """
        if self.database_url is not None:
            return self.database_url
        if self.database_url_file is not None:
            try:
                return self.database_url_file.read_text("utf-8").strip()
            except OSError as error:
                raise InputError(
                    str(self.database_url_file), "database_url_file", f"a file to read ({error})"
                ) from None
        self.home.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{self.home / 'heats.db'}"


def _check_keys(path: Path, settings: type[BaseSettings]) -> None:
    """Refuse keys of the file that mean nothing; the environment is full of other people's."""
    if path.is_file():
        strange = sorted(tomllib.loads(path.read_text("utf-8")).keys() - settings.model_fields.keys())
        if strange:
            raise InputError(strange[0], str(path), f"one of {', '.join(settings.model_fields)}")
