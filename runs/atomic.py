"""Files that one process writes while others read: replaced whole, or grown by complete lines."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def replace_file(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Put `content` at `path` in one step: a reader sees the old file or the new one, never a part.

    With `durable` the content is on the disk before the name is, so that a power cut leaves one of
    the two as well; without it only a crash of the process is survived.
    """
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb", buffering=0) as file:
        file.write(content)
        if durable:
            os.fsync(file.fileno())
    _patiently(lambda: temporary.replace(path))


def read_file(path: Path) -> bytes:
    """The content of a file that its writer may be replacing at this moment."""
    return _patiently(path.read_bytes)


def _patiently(action: Callable[[], T]) -> T:
    # Windows refuses to replace a file that is open, and to open one that is being replaced.
    for _ in range(50):
        try:
            return action()
        except PermissionError:
            time.sleep(0.002)
    return action()


def to_json(values: Mapping[str, Any], *, indent: int | None = None) -> str:
    """Values as JSON, in which what is not a finite number is null (JSON knows no NaN)."""
    return json.dumps(_finite(values), indent=indent, allow_nan=False, ensure_ascii=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value


def append_line(path: Path, values: Mapping[str, Any]) -> None:
    """Add one line of JSON in a single write, so that lines of several writers never mix."""
    line = (to_json(values) + "\n").encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


class GrowingLines:
    """What is new in a file of lines since the last look; a half line at its end waits until it is whole.

    `position` is the number of bytes already given out.
    """

    def __init__(self, path: Path, position: int = 0) -> None:
        self.path = path
        self.position = position

    def read(self) -> list[bytes]:
        """The complete lines that were added since the last call; none for a file that is not there (yet)."""
        try:
            if self.path.stat().st_size <= self.position:
                return []
            with self.path.open("rb") as file:
                file.seek(self.position)
                content = file.read()
        except FileNotFoundError:
            return []
        whole = content[: content.rfind(b"\n") + 1]
        self.position += len(whole)
        return whole.splitlines()


def drop_half_line(path: Path) -> None:
    """Cut off what follows the last complete line, where a writer was ended in the middle of one."""
    try:
        with path.open("r+b") as file:
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)
    except FileNotFoundError:
        return
