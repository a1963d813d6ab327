"""A separated text file as lines of cells, read as it comes: its encoding, its separator, packed or not."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from plant_adapters.reading.headers import HEADER_WITHIN
from plant_adapters.reading.table import Line, TableFormat, Wanted, as_name
from steel.errors import InputError

SEPARATORS = ",;\t|"
HEAD_CHARACTERS = 200_000
"""In which separator and header are looked for."""
PIECE_BYTES = 1 << 20
MOST_UNPACKED_TIMES = 200
"""Packed text that unpacks to more times its size is refused; a table's does to five or twenty."""
SURELY_NONE_BYTES = 20_000_000
LONGEST_CELL_LINES = 50
"""A cell that runs over more lines begins with a quote that nobody closed."""
ENDINGS = (".csv", ".txt", ".tsv")
PACKED = ".gz"


def is_text(path: Path) -> bool:
    """Whether a file is separated text by its ending, packed or not."""
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    return bool(endings) and (endings[-1] in ENDINGS or (endings[-1] == PACKED and endings[0] in ENDINGS))


class TextRows:
    """The lines of a text file that are not empty, each time it is gone through.

    Args:
        path: of the file.
        form: what is stated of it.
        wanted: whether names are those of the header, which tells the separator.

    Attributes:
        rows: about how many there are: as many as ends of lines.

    Raises:
        InputError: it is empty, is none of its encoding, or unpacks to what no table does.
    """

    def __init__(self, path: Path, form: TableFormat, wanted: Wanted) -> None:
        self._path = path
        self._encoding, self.rows = _encoding(path, form.encoding)
        with self._opened() as file:
            head = file.read(HEAD_CHARACTERS)
        if not head.strip():
            raise InputError(path.name, "table file", "a header and rows; the file is empty")
        stated, self._skipped = form.separator, 0
        first, _, rest = head.partition("\n")
        if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
            stated, head, self._skipped = stated or first.strip()[4], rest, 1
        self._separator = stated or _separator(head, wanted)

    def __iter__(self) -> Iterator[Line]:
        with self._opened() as file:
            for _ in range(self._skipped):
                file.readline()
            yield from _split(file, self._separator, self._skipped, self._path.name)

    @contextmanager
    def _opened(self) -> Iterator[IO[str]]:
        with _raw(self._path) as raw:
            errors = "replace" if self._encoding == "cp1252" else "strict"
            yield io.TextIOWrapper(raw, encoding=self._encoding, errors=errors, newline="")


def _raw(path: Path) -> IO[bytes]:
    if path.suffix.lower() == PACKED:
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _encoding(path: Path, stated: str | None) -> tuple[str, int]:
    """The encoding that all of a file can be read in, and how many lines it has."""
    tried = _stated(stated) if stated is not None else "utf-8-sig"
    lines, read, most = 0, 0, max(MOST_UNPACKED_TIMES * path.stat().st_size, SURELY_NONE_BYTES)
    try:
        with _raw(path) as file:
            beginning = file.read(2)
            if stated is None and beginning in (b"\xff\xfe", b"\xfe\xff"):
                tried = "utf-16"
            decoder = codecs.getincrementaldecoder(tried)()
            piece = beginning
            while piece:
                decoder.decode(piece)
                lines += piece.count(b"\n")
                read += len(piece)
                if read > most:
                    expected = f"text that unpacks to at most {MOST_UNPACKED_TIMES} times its size"
                    raise InputError(f"over {read // 1_000_000} MB", path.name, expected)
                piece = file.read(PIECE_BYTES)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if stated is not None:
            raise InputError(stated, "encoding", f"the file's own; {error.reason} at a byte of it") from None
        return _lines_of(path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(path.name, "table file", f"packed text that is whole ({error})") from None
    return tried, lines


def _lines_of(path: Path) -> tuple[str, int]:
    with _raw(path) as file:
        return "cp1252", sum(piece.count(b"\n") for piece in iter(lambda: file.read(PIECE_BYTES), b""))


def _stated(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise InputError(encoding, "encoding", "one that Python knows, such as utf-8 or cp1252") from None
    return "utf-8-sig" if name == "utf-8" else name


def _separator(head: str, wanted: Wanted) -> str:
    """The one by which a line, or two together, name what is wanted; or else the one of the most cells."""
    found: dict[str, list[list[str]]] = {}
    for separator in [sign for sign in SEPARATORS if sign in head] or [","]:
        lines = found[separator] = []
        for _, cells in _split(io.StringIO(head, newline=""), separator, 0, ""):
            lines.append(cells)
            if len(lines) == HEADER_WITHIN:
                break
        if any(wanted(tuple(as_name(cell) for cell in cells)) for cells in lines):
            return separator
    return max(found, key=lambda separator: sum(len(cells) for cells in found[separator][:3]))


def _split(file: IO[str], separator: str, skipped: int, name: str) -> Iterator[Line]:
    reader = csv.reader(file, delimiter=separator)
    start = skipped
    for cells in reader:
        end = skipped + reader.line_num
        if name and end - start > LONGEST_CELL_LINES:
            expected = f"a quote that is closed; a cell that begins here runs over {end - start} lines"
            raise InputError(f"line {start + 1}", name, expected)
        if any(cell.strip() for cell in cells):
            yield start + 1, cells
        start = end
