"""Whether a path is a file of a size that can be read: the first question to everything a user names.

A named pipe or a terminal would be waited for without end, a device read without end, and a file may be far
larger than what it stores (sparse), so this comes before the first byte is read.
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
    """What the system knows of the file at `path`, or at the end of its links.

    Raises DataError where that is no regular file, or one of more than `most` bytes.
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
