"""A mapping that outlives its process: one small file a key. Whole or not there, whatever is killed; shared by processes."""

import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path


class SmallFiles(MutableMapping[str, bytes]):
    """Keys are names of files in a folder, which is made when something is kept. The disk is not waited for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, key: str) -> bytes:
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        written = self._folder / f".{key}.{os.getpid()}"
        written.write_bytes(value)
        written.replace(self._folder / key)

    def __delitem__(self, key: str) -> None:
        try:
            (self._folder / key).unlink()
        except FileNotFoundError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        if self._folder.is_dir():
            yield from (entry.name for entry in os.scandir(self._folder) if not entry.name.startswith("."))

    def __len__(self) -> int:
        return sum(1 for _ in self)
