"""Uploads: files that a browser sent to the dashboard, kept as data sets in a folder beside the downloaded data."""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from annscope.core.errors import AnnscopeError
from annscope.data.home import annscope_home
from annscope.runs.atomic import writing

MAX_BYTES = 500_000_000
"""Maximum size of an upload, which the server holds in memory until it is complete; a path has no such limit."""
MAX_NAME = 100
"""Maximum number of bytes of a name, in UTF-8."""
_BLOCK = 1 << 20  # bytes
_PART = ".part"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class UploadError(AnnscopeError):
    """An upload that cannot be kept; the message says why."""


@dataclass(frozen=True)
class Upload:
    """One uploaded file and its size in bytes."""

    path: Path
    n_bytes: int


def uploads_home() -> Path:
    """The folder of uploads; it is not created here."""
    return annscope_home() / "data" / "uploads"


def list_uploads() -> list[Upload]:
    """Every upload, by name."""
    try:
        entries = [entry for entry in os.scandir(uploads_home()) if entry.is_file(follow_symlinks=False)]
    except OSError:
        return []
    kept = [entry for entry in entries if not entry.name.endswith(_PART)]
    return [Upload(Path(entry.path), entry.stat().st_size) for entry in sorted(kept, key=lambda entry: entry.name)]


def is_upload(name: str) -> bool:
    """Whether a data set of this name is an upload."""
    return Path(name).parent == uploads_home()


def save_upload(name: str, content: BinaryIO) -> Path:
    """Keep a file that a browser calls `name`, block by block, and return its path.

    The name is cleaned. Another upload is never replaced: one with the same content is returned as it is, and else
    this one gets a number. The file appears under its name when it is whole.

    Raises UploadError for one that is empty or too large, StorageError if the disk is full.
    """
    n_bytes = content.seek(0, os.SEEK_END)
    if n_bytes == 0:
        raise UploadError(f"{name} is empty.")
    if n_bytes > MAX_BYTES:
        raise UploadError(
            f"{name} has {n_bytes:,} bytes, more than the {MAX_BYTES:,} of an upload: give its path instead."
        )
    home = uploads_home()
    for path in _names(home / clean_name(name)):
        if not os.path.lexists(path):
            break
        if _is_same(path, content):
            return path
    temporary = path.with_name(path.name + _PART)
    with writing(path):
        home.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                content.seek(0)
                while block := content.read(_BLOCK):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    return path


def delete_upload(path: Path) -> None:
    """Delete an upload; one that is gone already is no error. Raises UploadError for a path that is none."""
    if not is_upload(str(path)):
        raise UploadError(f"{path} is not an upload, so it is not deleted.")
    with writing(path), contextlib.suppress(FileNotFoundError):
        path.unlink()


def clean_name(name: str) -> str:
    """The name of a file without folders and without what a file system or a shell takes in another way."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    stem, dot, suffixes = _UNSAFE.sub("_", last).strip(". ").partition(".")
    if _RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    n_left = max(1, MAX_NAME - len((dot + suffixes).encode()))
    stem = stem.encode()[:n_left].decode(errors="ignore").lstrip("-~ ") or "upload"
    return (stem + dot + suffixes).encode()[-MAX_NAME:].decode(errors="ignore")


def _names(path: Path) -> Iterator[Path]:
    """The path, then the same with a number before its first suffix: data.csv.gz, data-2.csv.gz, ..."""
    yield path
    stem, dot, suffixes = path.name.partition(".")
    for number in range(2, 1_000_000):
        yield path.with_name(f"{stem}-{number}{dot}{suffixes}")


def _is_same(path: Path, content: BinaryIO) -> bool:
    """Whether a file has this content."""
    content.seek(0)
    try:
        with path.open("rb") as file:
            while True:
                block = file.read(_BLOCK)
                if block != content.read(_BLOCK):
                    return False
                if not block:
                    return True
    except OSError:
        return False
