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
    payment_providers: list[str] | dict[str, list[str]] = []  # for all channels, or for each by its code
    allow_test_provider: bool = False
    test_webhook_secret: str = "test"  # noqa: S105 - of a provider that moves no money: who knows it can pay with `approve` as well
    manual_ship_before_payment: bool = False
    secret_key: str = Field(default="", repr=False)
    webhooks_allow_private: bool = False
    webhook_seconds: float = Field(default=10, gt=0, le=60)
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
        """The payment providers that are open somewhere: those named; in dev mode both that ship, where none is named."""
        named = self.payment_providers
        every = [one for some in named.values() for one in some] if isinstance(named, dict) else named
        if self.dev and not named:
            return ["manual", "test"]
        if "test" in every and not (self.dev or self.allow_test_provider):
            raise ValueError(
                "the payment provider `test` moves no money: it runs with --dev or TRADEWIND_ALLOW_TEST_PROVIDER=1"
            )
        return list(dict.fromkeys(every))

    def open_in(self) -> dict[str, list[str]] | None:
        """The payment providers that are open in each channel; None opens all of them everywhere."""
        return self.payment_providers if isinstance(self.payment_providers, dict) and self.payment_providers else None
