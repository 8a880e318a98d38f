"""IDX files of any names: images and labels are told apart by their content, splits and sets by their names.

    train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images.idx3-ubyte.gz, ...

A file is images if it has three dimensions, labels if it has one. A folder, or a ZIP file, may hold several sets of
them, as that of EMNIST does; then one is chosen by the path of any of its files.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from annscope.core.config import DataConfig
from annscope.data.download import Progress
from annscope.data.errors import DataError
from annscope.data.examples import Examples
from annscope.data.idx import GZIP_MAGIC, parse_idx, unpack
from annscope.data.image_tree import FolderTree, Tree, shown
from annscope.data.labelled import GivenSplit, RawLabels, labelled_examples
from annscope.data.split_names import SPLIT_WORDS, words

MAX_BYTES = 1 << 30
"""Maximum size of a file, compressed or not: the largest of EMNIST has 547,180,704 bytes."""
_MOST = 64  # files and folders in what is looked through: EMNIST has 26
_N_DIMENSIONS = {1: "labels", 3: "images"}
_FILLERS = {"image", "images", "label", "labels", "idx", "idx1", "idx3", "ubyte", "gz", "x", "y", "data", "set", "raw"}
_EMNIST_CLASSES = {26, 27, 47, 62}


@dataclass(frozen=True)
class IdxFile:
    """A file by what its header and its name say: `name` is that of its set, empty if there is none."""

    path: Path
    what: str
    shape: tuple[int, ...]
    name: str
    split: str

    @property
    def n_bytes(self) -> int:
        """The number of values in it, by its header."""
        return math.prod(self.shape)


def find_idx(tree: Tree) -> list[IdxFile]:
    """The IDX files in a folder and those below it; none if there are many files: then it is one of something else.

    Of a file and its copy (gzipped, or with a dot in its name) only the first is used.
    """
    found: dict[tuple[str, ...], IdxFile] = {}
    for path in _few_files(tree):
        shape = _shape(tree, path)
        if shape is not None:
            said = words(path.name.removesuffix(".gz"))
            split = next((SPLIT_WORDS[word] for word in said if word in SPLIT_WORDS), "train")
            name = "-".join(word for word in said if word not in _FILLERS and word not in SPLIT_WORDS)
            found.setdefault(tuple(said), IdxFile(path, _N_DIMENSIONS[len(shape)], shape, name, split))
    return list(found.values())


def load_idx(tree: Tree, files: Sequence[IdxFile], config: DataConfig, progress: Progress | None = None) -> Examples:
    """Load the only set among these files of a folder; `progress` is called with the bytes that were read of all.

    Raises DataError, in one sentence with the place, if there are several, or one that cannot be used.
    """
    names = sorted({file.name for file in files})
    if len(names) > 1:
        one = next(file.path for file in files if file.name == names[0])
        listed = ", ".join(name or "one without a name" for name in names)
        raise DataError(
            f"{tree.root} holds several sets of IDX files, {listed}: "
            f"choose one by the path of any of its files, such as {one}"
        )
    pairs = {}
    for split in ("train", "validation", "test"):
        here = [file for file in files if file.split == split]
        if here:
            pairs[split] = _pair(tree.root, split, here)
    if "train" not in pairs:
        raise DataError(f"{tree.root} has IDX files for {' and '.join(pairs)} only, and none to train on")
    height, width = pairs["train"][0].shape[1:]
    for images, _ in pairs.values():
        if images.shape[1:] != (height, width):
            raise DataError(
                f"{pairs['train'][0].path} holds images of {height}x{width} pixels and {images.path} of "
                f"{'x'.join(map(str, images.shape[1:]))}"
            )
    total, done = sum(file.n_bytes for pair in pairs.values() for file in pair), 0
    loaded = {}
    for split, pair in pairs.items():
        if progress is not None:
            progress(f"Reading {shown(tree.root.name)}", done, total)
        loaded[split] = _read_pair(tree, *pair)
        done += sum(file.n_bytes for file in pair)
    train = loaded.pop("train")
    listed = "; ".join(
        f"{images.path.name} and {labels.path.name} for {split}" for split, (images, labels) in pairs.items()
    )
    notes = [f"Read IDX files: {listed}."]
    if _is_emnist(files, (height, width), train.y) and not config.transpose:
        notes.append("EMNIST stores its images transposed, and these look like it: set transpose to turn them upright.")
    return labelled_examples(
        tree.root,
        train.x,
        train.y,
        y_name=train.y_name,
        given=loaded,
        image_shape=(height, width),
        pixel_max=255.0,
        notes=tuple(notes),
        arrays={split: images.path.name for split, (images, _) in pairs.items()},
    )


def load_idx_file(path: Path, config: DataConfig, progress: Progress | None = None) -> Examples:
    """Load the set of IDX files, in one folder, that a file belongs to."""
    tree = FolderTree(path.parent)
    said = words(path.name.removesuffix(".gz"))
    files = find_idx(tree)
    name = next((file.name for file in files if words(file.path.name.removesuffix(".gz")) == said), None)
    if name is None:
        raise DataError(f"{path} is one IDX file of a set, whose others must lie in a folder of their own")
    return load_idx(tree, [file for file in files if file.name == name], config, progress)


def is_idx(path: Path) -> bool:
    """Whether a file begins as an IDX file of images or of labels does, gzipped or not."""
    return _shape(FolderTree(path.parent), path) is not None


def _few_files(tree: Tree) -> list[Path]:
    files: list[Path] = []
    folders = [tree.root]
    for folder in folders:
        try:
            folders += [inner for inner in tree.folders(folder) if not inner.is_symlink()]
            files += tree.files(folder)
        except DataError:  # one that may not be read
            continue
        if len(files) > _MOST or len(folders) > _MOST:
            return []
    return files


def _shape(tree: Tree, path: Path) -> tuple[int, ...] | None:
    """The sizes in the header of an IDX file of images or labels; None for any other file."""
    try:
        with tree.open(path, MAX_BYTES) as file:
            begin = file.read(16)
            if begin.startswith(GZIP_MAGIC):
                file.seek(0)
                with gzip.GzipFile(fileobj=file) as unpacked:
                    begin = unpacked.read(16)
    except (DataError, OSError, EOFError, zlib.error):
        return None
    n_dimensions = begin[3] if begin[:3] == b"\0\0\x08" else 0
    if n_dimensions not in _N_DIMENSIONS or len(begin) < 4 + 4 * n_dimensions:
        return None
    return struct.unpack_from(f">{n_dimensions}I", begin, 4)


def _is_emnist(files: Iterable[IdxFile], shape: tuple[int, int], y: RawLabels) -> bool:
    return any("emnist" in file.name for file in files) or (shape == (28, 28) and len(np.unique(y)) in _EMNIST_CLASSES)


def _pair(place: Path, split: str, files: list[IdxFile]) -> tuple[IdxFile, IdxFile]:
    """The images of a split and their labels."""
    images, labels = ([file for file in files if file.what == what] for what in ("images", "labels"))
    if len(images) == len(labels) == 1:
        return images[0], labels[0]
    if not images or not labels:
        has, lacks = ("images", "labels") if images else ("labels", "images")
        raise DataError(
            f"{place} has IDX {has} for {split}, {(images or labels)[0].path.name}, but no {lacks} for them"
        )
    raise DataError(
        f"{place} has {len(images)} IDX files of images and {len(labels)} of labels for {split}: it must be one of "
        f"each, and their names say the split (train, val, test); there are "
        f"{', '.join(file.path.name for file in files)}"
    )


def _read_pair(tree: Tree, images: IdxFile, labels: IdxFile) -> GivenSplit:
    if images.shape[0] != labels.shape[0]:
        raise DataError(
            f"{images.path} holds {images.shape[0]:,} images and {labels.path} {labels.shape[0]:,} labels: "
            "they are not from the same set"
        )
    if images.shape[0] == 0:
        raise DataError(f"{images.path} holds no images")
    x, y = (parse_idx(_content(tree, file.path), len(file.shape), str(file.path)) for file in (images, labels))
    if not x.size:
        raise DataError(f"{images.path} holds images without pixels")
    return GivenSplit(x.reshape(len(x), -1), y, labels.path.name)


def _content(tree: Tree, path: Path) -> bytes:
    with tree.open(path, MAX_BYTES) as file:
        return unpack(file.read(), str(path), MAX_BYTES)
