"""Check that a path is a regular file of a readable size: the first check of every path that a user gives.

A named pipe or a terminal would block forever, a device may never end, and a sparse file may be far
larger than what it stores, so this check comes before the first byte is read.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from annscope.data.errors import DataError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def regular_file(path: Path, most: int) -> os.stat_result:
    """The `stat` of the regular file at `path`, with links followed.

    Raises DataError for anything but a regular file, and for one of more than `most` bytes.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"{path} is {_KINDS.get(stat.S_IFMT(found.st_mode), 'something else')}, not a file")
    if found.st_size > most:
        raise DataError(f"{path} has {found.st_size:,} bytes, more than the {most:,} that are read")
    return found
