"""Files as bytes: decompressed where they are compressed, never more of them than are read, with their progress."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from annscope.data.errors import DataError
from annscope.data.table import shown

if TYPE_CHECKING:
    from annscope.data.download import Progress

MAX_UNPACKED_BYTES = 1 << 30
"""Maximum bytes of a compressed table once it is decompressed."""
TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".data", ".dat")
_MAX_RATIO = 100
_MAX_UNCHECKED = 1 << 26
"""A table whose beginning unpacks to more than these bytes, and to so many times the bytes that were read for it, is a
bomb: gzip reaches 1,032 times."""
_TOO_LARGE = "has more than the {:,} bytes that are read, once decompressed"
_CHUNK = 1 << 18


def open_watched(path: Path, progress: Progress | None = None) -> BinaryIO:
    """A file opened for reading, whose `progress` is called with the bytes that were read of all."""
    return path.open("rb") if progress is None else io.BufferedReader(_Watched(path, progress), _CHUNK)


class _Watched(io.FileIO):
    """A file that tells how much of it has been read, however a library reads it."""

    def __init__(self, path: Path, progress: Progress) -> None:
        super().__init__(path)
        self._what, self._progress = f"Reading {path.name}", progress
        self._done, self._total = 0, path.stat().st_size

    def readinto(self, buffer: Any) -> int | None:
        n_bytes = super().readinto(buffer)
        self._done = min(self._done + (n_bytes or 0), self._total)
        self._progress(self._what, self._done, self._total)
        return n_bytes


@contextlib.contextmanager
def open_unpacked(path: Path, progress: Progress | None = None) -> Iterator[IO[bytes]]:
    """The bytes of a text file, decompressed where its first bytes say that it is compressed."""
    with open_watched(path, progress) as file:
        magic = file.read(6)
        file.seek(0)
        try:
            if magic.startswith(b"\x1f\x8b"):
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield _Bounded.buffered(path, file, unpacked)
            elif magic.startswith(b"BZh"):
                with bz2.BZ2File(file) as unpacked:
                    yield _Bounded.buffered(path, file, unpacked)
            elif magic.startswith(b"\xfd7zXZ"):
                with lzma.LZMAFile(file) as unpacked:
                    yield _Bounded.buffered(path, file, unpacked)
            elif magic.startswith(b"PK\x03\x04"):
                with zipfile.ZipFile(file) as archive, archive.open(_member(path, archive)) as unpacked:
                    yield _Bounded.buffered(path, file, unpacked)
            else:
                yield file
        except (
            EOFError,
            zlib.error,
            lzma.LZMAError,
            zipfile.BadZipFile,
            gzip.BadGzipFile,
            NotImplementedError,
        ) as error:
            raise DataError(f"{path} is a damaged archive: {shown(error)}") from error
        except RuntimeError as error:  # as zipfile says that it needs a password
            raise DataError(f"{path} cannot be unpacked: {shown(error)}") from error


def _member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one table in an archive."""
    tables = [
        member
        for member in archive.infolist()
        if Path(member.filename).suffix.lower() in TEXT_SUFFIXES
        and not member.filename.startswith("__MACOSX/")
        and not Path(member.filename).name.startswith(".")
        and not is_about(member.filename)
    ]
    if any(member.filename == "[Content_Types].xml" for member in archive.infolist()):
        raise DataError(f"{path} is a document of Office: a workbook is read if its name ends in .xlsx")
    if len(tables) != 1:
        what = (
            f"{len(tables)} tables ({', '.join(shown(member.filename) for member in tables[:3])})"
            if tables
            else "no table"
        )
        raise DataError(f"{path} has {what}: a ZIP file must hold one CSV file; unpack it, and name the one you mean")
    if tables[0].file_size > MAX_UNPACKED_BYTES:
        raise DataError(f"{path} {_TOO_LARGE.format(MAX_UNPACKED_BYTES)}")
    return tables[0]


def is_about(name: str) -> bool:
    """Whether a file in an archive is about the others, by its name: README.txt, LICENSE."""
    return Path(name).stem.lower() in {"readme", "read_me", "license", "licence", "copying", "changelog", "citation"}


class _Bounded(io.RawIOBase):
    """A stream that ends with a sentence where it gives more bytes than are read."""

    def __init__(self, path: Path, file: BinaryIO, stream: Any) -> None:
        self._path, self._file, self._stream, self._n_bytes = path, file, stream, 0

    @classmethod
    def buffered(cls, path: Path, file: BinaryIO, stream: Any) -> IO[bytes]:
        """What `stream` unpacks from `file`, as far as that has been read."""
        return io.BufferedReader(cls(path, file, stream), _CHUNK)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self._stream.read(len(buffer))
        self._n_bytes += len(content)
        if self._n_bytes > MAX_UNPACKED_BYTES:
            raise DataError(f"{self._path} {_TOO_LARGE.format(MAX_UNPACKED_BYTES)}")
        if self._n_bytes > max(_MAX_UNCHECKED, _MAX_RATIO * self._file.tell()):
            raise DataError(
                f"{self._path} unpacks to more than {_MAX_RATIO} times its size, as no table does: "
                "unpack it yourself if you trust it"
            )
        buffer[: len(content)] = content
        return len(content)
