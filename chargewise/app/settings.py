"""Where Chargewise keeps things, from the environment or a `.env` file; every name starts with CHARGEWISE_."""

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from steel.complaints import input_error


class Settings(BaseSettings):
    """Settings of one installation.

    Attributes:
        home: folder of models, plant files and the default database.
        database_url: SQLAlchemy URL; SQLite under `home` unless set.
        host: what `chargewise serve` listens on.
        port: what `chargewise serve` listens on.
        cluster: address of a Ray cluster that scenarios run on, or "local"; this machine's cores unless given.
    """

    model_config = SettingsConfigDict(env_prefix="CHARGEWISE_", env_file=".env", extra="ignore")

    home: Path = Path("chargewise-data")
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    cluster: str | None = None

    @property
    def models(self) -> Path:
        """Folder of the model registry."""
        return self.home / "models"

    @property
    def plants(self) -> Path:
        """Folder of plant files."""
        return self.home / "plants"

    @classmethod
    def read(cls) -> "Settings":
        """The settings of this process.

        Raises:
            InputError: a value in the environment cannot be used.
        """
        try:
            return cls()
        except ValidationError as error:
            raise input_error(error, "settings CHARGEWISE_", cls) from error

    def store_url(self) -> str:
        """The heat store's URL; makes `home` where the default database needs it."""
        if self.database_url is not None:
            return self.database_url
        self.home.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{self.home / 'heats.db'}"
