"""Archives (ZIP): opened only after their table of contents shows that it fits into memory, never unpacked to disk."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from annscope.data.errors import DataError
from annscope.data.regular_file import regular_file
from annscope.data.unpacking import open_watched

if TYPE_CHECKING:
    from annscope.data.download import Progress

MAX_ARCHIVE_BYTES = 1 << 33
_MAX_CONTENTS = 1 << 26  # bytes of the table of contents: some 600,000 names
_END, _END_64 = b"PK\5\6", b"PK\6\6"
_TAIL = (1 << 16) + 22 + 76  # the longest comment, and the records that end an archive


@contextmanager
def open_archive(
    path: Path, kind: str = "a ZIP", most: int = MAX_ARCHIVE_BYTES, progress: Progress | None = None
) -> Iterator[zipfile.ZipFile]:
    """Open an archive of at most `most` bytes, called `kind` in errors; damage met in the block is a DataError too.

    `progress` is called with the bytes that were read of all.

    Raises DataError for what is no archive, for a damaged one and for one with too many files.
    """
    regular_file(path, most)
    try:
        with open_watched(path, progress) as file:
            _check_contents(path, file)
            with zipfile.ZipFile(file) as archive:
                yield archive
    except (DataError, OSError):
        raise
    except Exception as error:  # zipfile and its decompressors raise all kinds of errors for damaged content
        raise DataError(f"{path} is not {kind} file, or a damaged one") from error


def _check_contents(path: Path, file: BinaryIO) -> None:
    """Raise DataError if the table of contents is larger than is read: `zipfile` keeps all of it in memory."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    at, at_64 = tail.rfind(_END), tail.rfind(_END_64)
    n_bytes = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if n_bytes == 0xFFFFFFFF and at_64 >= 0:
        n_bytes = int.from_bytes(tail[at_64 + 40 : at_64 + 48], "little")
    if n_bytes > _MAX_CONTENTS:
        raise DataError(f"{path} has a table of contents of {n_bytes:,} bytes, more than the {_MAX_CONTENTS:,} read")
    file.seek(0)
