"""User data: examples from a table, an NPZ file, or a folder of images or IDX files.

**Tables**: see `data.user_table`; **NPZ**: see `data.arrays`; **images**: see `data.image_folder`; **IDX**: see
`data.idx_folder`. A ZIP file holds a folder, or one table.

**Multi-label data.** In a table, a column for each label, named `label:` and the label (`label:red`,
`label:round`), that holds 0 or 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from annscope.core.config import DataConfig
from annscope.data.archive import MAX_ARCHIVE_BYTES, open_archive
from annscope.data.arrays import npz_shape, read_npz
from annscope.data.download import Progress
from annscope.data.errors import DataError
from annscope.data.examples import Examples
from annscope.data.idx_folder import find_idx, is_idx, load_idx, load_idx_file
from annscope.data.image_folder import load_images
from annscope.data.image_tree import ArchiveTree, FolderTree, Tree, is_junk
from annscope.data.labelled import MAX_BYTES, is_square
from annscope.data.regular_file import regular_file
from annscope.data.table import Header
from annscope.data.tables import read_table
from annscope.data.unpacking import TEXT_SUFFIXES, is_about
from annscope.data.user_table import load_table, shape_of_example

_ARRAYS = (".npz", ".npy")
_PEEK_ROWS = 200
_AS_IT_IS = DataConfig()


def load_user_file(
    path: Path,
    config: DataConfig = _AS_IT_IS,
    progress: Progress | None = None,
    *,
    takes_labels: bool = False,
) -> Examples:
    """The examples at `path`: a file, or a folder of images or IDX files; `config` and the others as in `load_dataset`.

    Raises DataError, in one sentence with the place, if it cannot be used.
    """
    if not path.exists():
        raise DataError(f"there is no file {path}")
    try:
        if is_tree(path):
            with open_tree(path) as tree:
                files = find_idx(tree)
                return load_idx(tree, files, config, progress) if files else load_images(tree, config, progress)
        if regular_file(path, MAX_BYTES).st_size == 0:
            raise DataError(f"{path} is empty")
        if is_table_file(path):
            return load_table(path, config, progress)
        if path.suffix.lower() in _ARRAYS:
            return read_npz(path, progress, takes_labels=takes_labels)
        return load_idx_file(path, config, progress)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def check_beginning(path: Path, header: Header = "auto") -> None:
    """Raise DataError for data that cannot be read, as far as its beginning shows; looked at again when it changes."""
    try:
        about = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    problem = _problem(path, header, (about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns))
    if problem is not None:
        raise DataError(problem)


@lru_cache(maxsize=32)
def _problem(path: Path, header: Header, stamp: tuple[int, ...]) -> str | None:
    del stamp  # part of the cache key
    try:
        if is_tree(path):
            with open_tree(path) as tree:
                tree.files(tree.root)
        elif is_table_file(path):
            read_table(path, header, _PEEK_ROWS)
        elif path.suffix.lower() in _ARRAYS:
            regular_file(path, MAX_BYTES)
            npz_shape(path)
    except DataError as error:
        return str(error)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror or error}"
    return None


def is_table_file(path: Path) -> bool:
    """Whether a file is read as a table: anything but arrays, IDX, and an archive of other files than tables."""
    if not path.is_file() or path.suffix.lower() in _ARRAYS:
        return False
    if path.suffix.lower() == ".zip":
        return _holds_tables(path)
    return path.suffix.lower() in TEXT_SUFFIXES or not is_idx(path)


def _holds_tables(path: Path) -> bool:
    try:
        with open_archive(path) as archive:
            files = [Path(name) for name in archive.namelist() if not name.endswith("/")]
    except (DataError, OSError):
        return False  # which reading it says
    files = [file for file in files if not any(map(is_junk, file.parts)) and not is_about(file.name)]
    return bool(files) and all(file.suffix.lower() in TEXT_SUFFIXES for file in files)


def is_tree(path: Path) -> bool:
    """Whether a path leads to a folder, or to a ZIP file of one."""
    return path.is_dir() or (path.suffix.lower() == ".zip" and not is_table_file(path))


@contextmanager
def open_tree(path: Path) -> Iterator[Tree]:
    """The folder at a path, or in the ZIP file there. Raises DataError for an archive that cannot be read."""
    if path.is_dir():
        yield FolderTree(path)
        return
    if regular_file(path, MAX_ARCHIVE_BYTES).st_size == 0:
        raise DataError(f"{path} is empty")
    with open_archive(path) as archive:
        yield ArchiveTree(path, archive)


def may_hold_images(path: Path) -> bool:
    """Whether the examples in a file look like images, by its first bytes; False for a damaged one."""
    shape = _shape_of_example(path)
    return len(shape) in {2, 3} or (len(shape) == 1 and path.suffix.lower() == ".npz" and is_square(shape[0]))


def may_hold_points(path: Path) -> bool:
    """Whether the examples in a file are points of a plane, by its first bytes; False for a damaged one."""
    return _shape_of_example(path) == (2,)


def _shape_of_example(path: Path) -> tuple[int, ...]:
    """The shape of an example, by the first bytes of a file; empty for a damaged one. Read once, until it changes."""
    try:
        return _shape(path, path.stat().st_mtime_ns)
    except OSError:
        return ()


@lru_cache(maxsize=32)
def _shape(path: Path, changed: int) -> tuple[int, ...]:
    del changed  # part of the cache key
    try:
        if is_table_file(path):
            return shape_of_example(path)
        if path.suffix.lower() in _ARRAYS:
            return npz_shape(path)
        return (1, 1)
    except Exception:  # as in `load_user_file`
        return ()
