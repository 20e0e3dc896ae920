"""Reads a whole CSV file, plain or gzipped, before anything is decided about it. What its cells mean is not known here."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

_GZIP = b"\x1f\x8b"


class BadFile(Exception):  # noqa: N818 - a fact about the file, named as it is told
    """The file cannot be used at all. The sentence names the file and the reason; nothing was written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} {reason}.")


class BadRow(msgspec.Struct, frozen=True, order=True):
    """A row that was left out: the line of the file where it begins, and why."""

    line: int
    reason: str


class Row(msgspec.Struct, frozen=True):
    """A row by the names of its columns, white space around its cells cut off; and the line where it begins."""

    line: int
    cells: dict[str, str]


class Sheet(msgspec.Struct, frozen=True):
    rows: list[Row]
    bad: list[BadRow]


def read_sheet(path: Path, needed: Sequence[str]) -> Sheet:
    """Read all rows of a file that has at least the `needed` columns. Raises BadFile. Empty lines are no rows."""
    lines = _lines(path, _text(path))
    _, first, _ = next(lines, (0, [], None))
    header = [name.strip() for name in first]
    missing = [name for name in needed if name not in header]
    if missing:
        columns = "column" if len(missing) == 1 else "columns"
        raise BadFile(path, f"has no {columns} {', '.join(missing)}: its first line must name the columns, parted by commas")
    rows, bad = [], []
    for line, cells, error in lines:
        if error is not None:
            bad.append(BadRow(line, f"the row is no CSV: {error}"))
        elif len(cells) != len(header):
            bad.append(BadRow(line, f"the row has {len(cells)} cells and the header has {len(header)}"))
        else:
            rows.append(Row(line, dict(zip(header, map(str.strip, cells), strict=True))))
    return Sheet(rows, bad)


def _text(path: Path) -> str:
    """Decode a file: UTF-8, else Windows-1252, which older exports of spreadsheets use."""
    written = _unpacked(path)
    if not written.strip():
        raise BadFile(path, "is empty")
    if b"\0" in written:
        raise BadFile(path, "is no CSV: it holds binary data")
    try:
        return written.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return written.decode("cp1252")
    except UnicodeDecodeError as error:
        raise BadFile(path, f"is no CSV: byte {error.start:,} is no text") from None


def _unpacked(path: Path) -> bytes:
    """Return the file's bytes. Whether it is gzipped is told by its first bytes, not by its name."""
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise BadFile(path, f"cannot be read: {error.strerror}") from error
    if not packed.startswith(_GZIP):
        return packed
    try:
        return gzip.decompress(packed)
    except EOFError:
        raise BadFile(path, "is cut short: the end of its gzip data is missing") from None
    except (OSError, zlib.error) as error:
        raise BadFile(path, f"is damaged gzip data: {error}") from None


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str], csv.Error | None]]:
    """Each row with the line where it begins, or with what is wrong with that one line.

    A quote that is never closed swallows the lines after it. Nobody can say where such a row ends: the file is refused.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if reader.line_num > begins:
                raise BadFile(path, f"is no CSV: a quote that opens on line {begins} is not closed as it should") from None
            yield begins, [], error
            continue
        if cells:
            yield begins, cells, None
