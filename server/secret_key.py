"""The server's key, with which tokens of carts and orders are made: the operator's, else one made once in the data folder."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from server.settings import Settings

_SHORTEST = 32


def secret_key(settings: Settings) -> bytes:
    """TRADEWIND_SECRET_KEY, or the data folder's own. A short one is a ValueError.

    APIs that run apart must be given the same, or each refuses the tokens of the others.
    """
    if not settings.secret_key:
        return _of_folder(settings.data / "secret.key")
    if len(settings.secret_key) < _SHORTEST:
        raise ValueError(
            f"TRADEWIND_SECRET_KEY has {len(settings.secret_key)} characters: use {_SHORTEST} random ones at least"
        )
    return settings.secret_key.encode()


def _of_folder(path: Path) -> bytes:
    """Read the key; whoever comes first makes it. It appears whole or not at all, and is never replaced."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(_SHORTEST))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return path.read_text().encode()
