"""The files of a user's images: a folder on the disk, or one inside a ZIP file.

Both are a `Tree`. What an operating system leaves behind (.DS_Store, Thumbs.db, desktop.ini, __MACOSX, hidden
files) is not part of it. On the disk links are followed, but each file and each folder is visited once, however
many names it has: a link to a parent, to another class or in a circle adds nothing.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from annscope.data.errors import DataError
from annscope.data.regular_file import regular_file

MAX_BYTES_IN_A_FILE = 1 << 28
_MAX_AT_ONCE = 1 << 22
_MAX_ENTRIES = 2_000_000
_MAX_BYTES_IN_AN_ARCHIVE = 1 << 33  # of all its files, unpacked: a minute of reading
_MAX_DEPTH = 32  # of folders in an archive
_JUNK = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information", "@eadir"}
NOT_A_FILE = "what is not a regular file"
_READ_ELSEWHERE = "folders read elsewhere"
_OTHER_NAME = "images there by another name"


@dataclass(frozen=True)
class Found:
    """The files of each folder searched, by path with the number of bytes, and what was left out, by reason."""

    files: list[list[tuple[Path, int]]]
    left_out: dict[str, list[Path]] = field(default_factory=dict)


class Tree(ABC):
    """Folders and files below `root`; paths begin with it, so that they can be shown."""

    root: Path

    @abstractmethod
    def folders(self, at: Path) -> list[Path]:
        """The folders directly in `at`, sorted."""

    @abstractmethod
    def files(self, at: Path) -> list[Path]:
        """What else is directly in `at`, sorted: files, and what pretends to be one."""

    @abstractmethod
    def search(self, tops: Sequence[Path], *, deep: bool = True) -> Found:
        """All files of each of these folders, also of those below it if `deep`, in the order of their paths."""

    @abstractmethod
    def open(self, path: Path, most: int = MAX_BYTES_IN_A_FILE) -> BinaryIO:
        """Open a file. Raises DataError for what is none, or has more than `most` bytes."""


def shown(name: str | Path) -> str:
    """A name as text: bytes that are not UTF-8 as \\xff."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


def is_junk(name: str) -> bool:
    """Whether a file or folder was left behind by an operating system or a program, or is hidden."""
    return name.startswith(".") or name.lower() in _JUNK or name == "Icon\r"


class FolderTree(Tree):
    """A folder on the disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folders(self, at: Path) -> list[Path]:
        return sorted(Path(entry) for entry in _entries(at) if _is_folder(entry))

    def files(self, at: Path) -> list[Path]:
        return sorted(Path(entry) for entry in _entries(at) if not _is_folder(entry))

    def search(self, tops: Sequence[Path], *, deep: bool = True) -> Found:
        return _Search(self.root, tops, deep=deep).found

    def open(self, path: Path, most: int = MAX_BYTES_IN_A_FILE) -> BinaryIO:
        regular_file(path, most)
        return path.open("rb")


class ArchiveTree(Tree):
    """The content of a ZIP file, read without unpacking it to disk.

    Raises DataError if its files are encrypted or too large together.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.root, self._archive = path, archive
        self._members: dict[Path, zipfile.ZipInfo] = {}
        self._folders = {path}
        for member in archive.infolist():
            parts = [part for part in member.filename.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
            if not parts or any(map(is_junk, parts)):
                continue
            if len(parts) > _MAX_DEPTH:
                raise DataError(f"{path} has more than {_MAX_DEPTH} folders inside each other")
            where = path.joinpath(*parts)
            if not member.is_dir():
                self._members[where] = member
                where = where.parent
            while where not in self._folders:
                self._folders.add(where)
                where = where.parent
        self._inside: dict[Path, list[Path]] = {}
        for inner in sorted((self._folders - {path}) | self._members.keys()):
            self._inside.setdefault(inner.parent, []).append(inner)
        if any(member.flag_bits & 1 for member in self._members.values()):
            raise DataError(f"{path} is encrypted: unpack it, or pack it without a password")
        total = sum(member.file_size for member in self._members.values())
        if total > _MAX_BYTES_IN_AN_ARCHIVE:
            raise DataError(
                f"{path} unpacks to {total:,} bytes, more than the {_MAX_BYTES_IN_AN_ARCHIVE:,} that are read"
            )

    def folders(self, at: Path) -> list[Path]:
        return [path for path in self._inside.get(at, ()) if path in self._folders]

    def files(self, at: Path) -> list[Path]:
        return [path for path in self._inside.get(at, ()) if path not in self._folders]

    def search(self, tops: Sequence[Path], *, deep: bool = True) -> Found:
        found = Found([[] for _ in tops])
        for files, top in zip(found.files, tops, strict=True):
            folders = [top]
            while folders:
                folder = folders.pop()
                folders += self.folders(folder) if deep else []
                for path in self.files(folder):
                    mode = self._members[path].external_attr >> 16
                    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
                        found.left_out.setdefault(NOT_A_FILE, []).append(path)
                    else:
                        files.append((path, self._members[path].file_size))
            files.sort(key=_order)
        return found

    def open(self, path: Path, most: int = MAX_BYTES_IN_A_FILE) -> BinaryIO:
        member = self._members[path]
        if member.file_size > most:
            raise DataError(f"{path} has {member.file_size:,} bytes, more than the {most:,} that are read")
        if member.file_size > _MAX_AT_ONCE:  # what is no image shows it in its first bytes
            return cast(BinaryIO, self._archive.open(member))
        return io.BytesIO(self._archive.read(member))


def _order(file: tuple[Path, int]) -> tuple[str, ...]:
    return file[0].parts


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from [entry for entry in entries if not is_junk(entry.name)]
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


class _Search:
    """Search for the files of each folder that visits every file and every folder once, by device and inode.

    The folders themselves are searched before links are followed: a class never takes
    the images of another because it has a link to them, and links to parent folders add nothing.
    """

    def __init__(self, root: Path, tops: Sequence[Path], *, deep: bool) -> None:
        self._root, self._deep = root, deep
        self.found = Found([[] for _ in tops])
        self._links: deque[tuple[int, Path]] = deque()
        self._n_entries = 0
        self._met: dict[Hashable, Path] = {}
        for above in (root, *(top.parent for top in tops), *root.resolve().parents):
            if above not in tops:
                self._met.setdefault(_identity(above, _stat(above)), above)
        for top in sorted(tops, key=Path.is_symlink):
            known = self._met.setdefault(_identity(top, _stat(top)), top)
            if known != top:
                raise DataError(f"{top} is {known} by another name, and an image can have one class only")
        for number, top in enumerate(tops):
            self._walk(number, top)
        while self._links:
            self._follow(*self._links.popleft())
        for files in self.found.files:
            files.sort(key=_order)

    def _walk(self, number: int, top: Path) -> None:
        """Search a folder; its links are kept for later."""
        folders = [top]
        while folders:
            inside = []
            for entry in sorted(_entries(folders.pop()), key=lambda entry: entry.name):
                self._n_entries += 1
                if self._n_entries > _MAX_ENTRIES:
                    raise DataError(f"{self._root} has more than {_MAX_ENTRIES:,} files and folders")
                path = Path(entry)
                if entry.is_symlink():
                    self._links.append((number, path))
                elif not entry.is_dir():
                    self._take(number, path)
                elif self._deep and self._is_new(path, _stat(path), _READ_ELSEWHERE):
                    inside.append(path)
            folders += reversed(inside)

    def _follow(self, number: int, link: Path) -> None:
        if not link.is_dir():
            if link.exists() or link.suffix:  # a file that is missing, not some program's lock
                self._take(number, link)
        elif self._deep and self._is_new(link, _stat(link), _READ_ELSEWHERE):
            self._walk(number, link)

    def _take(self, number: int, path: Path) -> None:
        known = _stat(path)
        if not stat.S_ISREG(known.st_mode):
            self.found.left_out.setdefault(NOT_A_FILE, []).append(path)
        elif self._is_new(path, known, _OTHER_NAME):
            self.found.files[number].append((path, known.st_size))

    def _is_new(self, path: Path, known: os.stat_result, what: str) -> bool:
        if self._met.setdefault(_identity(path, known), path) is path:
            return True
        self.found.left_out.setdefault(what, []).append(path)
        return False


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def _identity(path: Path, known: os.stat_result) -> Hashable:
    """Identity of a file, equal for all its names; some network drives have no inode numbers."""
    return (known.st_dev, known.st_ino) if known.st_ino else path.resolve()
