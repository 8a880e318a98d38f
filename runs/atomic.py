"""Atomic file writes: files that one process writes while others read are replaced whole, or grow by complete lines."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from annscope.core.errors import AnnscopeError

T = TypeVar("T")

MAX_BYTES = 2**31
"""Upper bound on the size of a file that is read as a whole."""
MAX_LINE_BYTES = 2**22
"""Upper bound on the length of a line."""


class StorageError(AnnscopeError):
    """A file that cannot be written: the message names the path and the reason, and what would help."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Context manager that turns an OSError raised while writing `path` into a StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(why_not_written(path, error)) from error


def why_not_written(path: Path, error: OSError) -> str:
    """One sentence on why `path` could not be written, and what would help."""
    if error.errno == errno.ENOSPC:
        return f"The disk mounted at {_mount_point(path)} is full, so {path} cannot be written; free some space on it."
    if error.errno == getattr(errno, "EDQUOT", None):
        return f"Your quota on the disk mounted at {_mount_point(path)} is used up, so {path} cannot be written."
    if error.errno == errno.EFBIG:
        return f"{path} would be larger than a file may be here; raise the limit (ulimit -f)."
    return f"{path} cannot be written: {error.strerror or error}."


def _mount_point(path: Path) -> Path:
    return next((folder for folder in path.absolute().parents if os.path.ismount(folder)), Path(path.anchor))


def replace_file(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Replace the file at `path` by `content` atomically: a reader sees the old file or the new one, never a part.

    With `durable` the content is on the disk before the name is, and the name before this returns,
    so that a power cut leaves one of the two as well; without it only a crash of the process is survived.

    Raises StorageError when the disk is too full for all of it; the old file is then still there.
    """
    temporary = path.with_name(path.name + ".part")
    with writing(path):
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o666)
            try:
                _write_all(descriptor, content)
                if durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            _retry_while_in_use(lambda: temporary.replace(path))
        except OSError:
            # Its space is needed to report what happened.
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        if durable:
            flush_directory(path.parent)


_BINARY = getattr(os, "O_BINARY", 0)


def _write_all(descriptor: int, content: bytes) -> None:
    # A write may be partial, which only the number that it returns tells: on a disk that is
    # almost full, or close to the largest size of a file. The next one then raises.
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def flush_file(path: Path) -> None:
    """Flush the content of a file to the disk (fsync)."""
    with writing(path), path.open("r+b") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())


def flush_directory(directory: Path) -> None:
    """Flush a directory to the disk (fsync): the names of new, renamed and removed files in it."""
    if sys.platform == "win32":  # pragma: no cover
        return  # not possible there, and NTFS keeps a journal of names
    with writing(directory):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_file(path: Path, at_most: int = MAX_BYTES) -> bytes:
    """Read a file that its writer may be replacing at the same time.

    Raises OSError for anything but a regular file, such as a pipe, and for a file of more than `at_most` bytes.
    """

    def read() -> bytes:
        with open_file(path) as file:
            if os.fstat(file.fileno()).st_size > at_most:
                raise OSError(errno.EFBIG, f"it is larger than {at_most:,} bytes", str(path))
            return file.read()

    return _retry_while_in_use(read)


def open_file(path: Path) -> BinaryIO:
    """Open a regular file for reading. Raises OSError for anything else: a pipe would block, a device may never end."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    try:
        require_regular_file(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def require_regular_file(about: os.stat_result, path: Path) -> None:
    """Raise OSError for a folder, a pipe or a device."""
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, "it is not a file", str(path))


def _retry_while_in_use(action: Callable[[], T]) -> T:
    # Windows can neither replace a file that is open nor open one that is being replaced.
    if os.name != "nt":
        return action()
    for _ in range(50):
        try:
            return action()
        except PermissionError:
            time.sleep(0.002)
    return action()


def to_json(values: Mapping[str, Any], *, indent: int | None = None, ascii: bool = False) -> str:
    """Values as JSON; a non-finite number becomes null, since JSON has no NaN."""
    try:
        return json.dumps(values, indent=indent, allow_nan=False, ensure_ascii=ascii)
    except (ValueError, TypeError):  # a number that is not finite, or a mapping that is no dictionary
        return json.dumps(_finite(values), indent=indent, allow_nan=False, ensure_ascii=ascii)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value


def append_line(path: Path, values: Mapping[str, Any], *, durable: bool = False) -> None:
    """Append one line of JSON, whole or not at all; lines of several writers never mix.

    An incomplete last line that a killed writer left is cut off first. With `durable` the line is
    on the disk when this returns.

    Raises StorageError when the disk is too full for all of it; the file is then unchanged.
    """
    line = (to_json(values) + "\n").encode()
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, 0o666)
        try:
            _lock_briefly(descriptor)
            size = _cut_half_line(descriptor)
            try:
                _write_all(descriptor, line)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


if sys.platform == "win32":  # pragma: no cover

    def _lock_briefly(descriptor: int) -> None:
        """Do nothing: locks are mandatory here and would block readers; a short line is written whole or not at all."""

else:
    import fcntl

    def _lock_briefly(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # until the descriptor is closed


def _cut_half_line(descriptor: int) -> int:
    """Cut off what follows the last complete line; returns the size that is left."""
    with open(descriptor, "rb", closefd=False) as file:
        size = whole = file.seek(0, os.SEEK_END)
        length = 1  # nearly always the last byte ends a line
        while whole:
            start = file.seek(max(0, whole - length))
            if end := file.read(whole - start).rfind(b"\n") + 1:
                whole = start + end
                break
            whole, length = start, 65_536
    if whole < size:
        os.ftruncate(descriptor, whole)
    return whole


PIECE = 4_000_000
"""Bytes of lines that are read at a time: a long file is never in memory as a whole."""


class GrowingLines:
    """Incremental reader of a file of lines: gives what was appended since the last read, complete lines only.

    `position` is the number of bytes already given out. Reading raises OSError for anything but a regular file, and
    ValueError for one that has no lines, is too large or has become shorter.
    """

    def __init__(self, path: Path, position: int = 0) -> None:
        self.path = path
        self.position = position

    def read(self) -> Iterator[bytes]:
        """The complete lines that were appended since the last call; none for a file that does not exist (yet).

        When a line is given out, `position` is just after it.
        """
        try:
            about = self.path.stat()
            require_regular_file(about, self.path)
            if about.st_size == self.position:
                return
            if not self.position < about.st_size <= MAX_BYTES:
                raise ValueError("it has become shorter" if about.st_size < self.position else "it is too large")
            with open_file(self.path) as file:
                file.seek(self.position)
                rest = b""
                while content := file.read(PIECE):
                    *lines, rest = (rest + content).split(b"\n")
                    if len(rest) > MAX_LINE_BYTES:
                        raise ValueError("it does not consist of lines")
                    for line in lines:
                        self.position += len(line) + 1
                        yield line
        except FileNotFoundError:
            return


def drop_half_line(path: Path) -> None:
    """Cut off what follows the last complete line, where a writer was killed in the middle of one."""
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDWR | _BINARY)
        try:
            _cut_half_line(descriptor)
        finally:
            os.close(descriptor)
