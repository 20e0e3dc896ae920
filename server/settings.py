"""Settings: from the environment and a `.env` file. Defaults are safe; --dev is said on the command line."""

import re
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_POSTGRES = re.compile(r"postgres(ql)?(\+asyncpg)?://")


class Settings(BaseSettings):
    """What an operator may set. Without DATABASE_URL and REDIS_URL all data lie in the data folder."""

    model_config = SettingsConfigDict(env_prefix="TRADEWIND_", env_file=".env", extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = Path(".tradewind")
    dev: bool = False
    payment_providers: list[str] = []
    allow_test_provider: bool = False
    secret_key: str = Field(default="", repr=False)
    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    redis_url: str = Field(default="", validation_alias="REDIS_URL")

    @property
    def embedded(self) -> bool:
        """Whether Redis is a child of ours, in the data folder."""
        return not self.redis_url

    def database(self) -> Path | str:
        """The address of the database: a SQLite file's path, or a PostgreSQL URL. Another kind of URL is a ValueError."""
        if not self.database_url:
            return self.data.absolute() / "tradewind.db"
        if _POSTGRES.match(self.database_url):
            return self.database_url
        kind, _, path = self.database_url.partition(":///")
        if not kind.startswith("sqlite") or not path:
            shown = self.database_url.partition("://")[0]  # the rest may have a password
            raise ValueError(f"DATABASE_URL is of kind {shown!r}: use sqlite:///path/to/file.db or postgresql://user@host/name")
        return Path(path).absolute()

    def providers(self) -> list[str]:
        """The payment providers that are open: those named; in dev mode both that ship, where none is named."""
        if self.dev and not self.payment_providers:
            return ["manual", "test"]
        if "test" in self.payment_providers and not (self.dev or self.allow_test_provider):
            raise ValueError(
                "the payment provider `test` moves no money: it runs with --dev or TRADEWIND_ALLOW_TEST_PROVIDER=1"
            )
        return self.payment_providers
