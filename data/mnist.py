"""MNIST and Fashion-MNIST from their four original IDX files.

The files are read from a folder the user names (MNIST: `ANNSCOPE_MNIST_DIR`, plain or .gz), else
from `<home>/data/<name>/`, where they are downloaded once. Every load verifies them by SHA-256:
MNIST by its uncompressed content, because several recompressed archives of it exist,
Fashion-MNIST by its archives, of which there is only one version (several independent projects publish
the same hashes).
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from annscope.data.download import Progress, fetch
from annscope.data.errors import DataError
from annscope.data.examples import Examples, Features, Labels
from annscope.data.home import annscope_home
from annscope.data.idx import MAX_BYTES, parse_idx, unpack
from annscope.data.info import DatasetInfo
from annscope.data.regular_file import regular_file


@dataclass(frozen=True, kw_only=True)
class IdxFile:
    """One file of a set: its name without .gz, its dimensions and the SHA-256 it must have."""

    name: str
    n_dimensions: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class IdxSet:
    """A data set of four IDX files; every image has `image_shape`, every label indexes `class_names`.

    `files` are training images and labels, then test images and labels.
    `hashed` tells whether the files' hashes are of their content or of the gzip archive.
    `folder_variable` is the environment variable that names a folder to use instead of downloading.
    """

    name: str
    label: str
    mirrors: tuple[str, ...]
    files: tuple[IdxFile, ...]
    class_names: tuple[str, ...]
    hashed: Literal["content", "archive"]
    image_shape: tuple[int, int] = (28, 28)
    is_photo: bool = False
    folder_variable: str | None = None

    @property
    def advice(self) -> str:
        """What to do if the files cannot be downloaded."""
        own = f", or set {self.folder_variable} to a folder with its four IDX files" if self.folder_variable else ""
        return f"check the connection, use the data set mnist-5k, which needs none{own}"


def _four_files(*hashes: str) -> tuple[IdxFile, ...]:
    names = (
        ("train-images-idx3-ubyte", 3),
        ("train-labels-idx1-ubyte", 1),
        ("t10k-images-idx3-ubyte", 3),
        ("t10k-labels-idx1-ubyte", 1),
    )
    return tuple(
        IdxFile(name=name, n_dimensions=n_dimensions, sha256=sha256)
        for (name, n_dimensions), sha256 in zip(names, hashes, strict=True)
    )


MNIST = IdxSet(
    name="mnist",
    label="MNIST",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    ),
    files=_four_files(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    class_names=tuple("0123456789"),
    hashed="content",
    folder_variable="ANNSCOPE_MNIST_DIR",
)

FASHION_MNIST = IdxSet(
    name="fashion-mnist",
    label="Fashion-MNIST",
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    ),
    files=_four_files(
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
    class_names=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    hashed="archive",
    is_photo=True,
)  # fmt: skip

IDX_SETS: dict[str, IdxSet] = {idx_set.name: idx_set for idx_set in (MNIST, FASHION_MNIST)}


def _info(idx_set: IdxSet, description: str, *, is_centred_by_mass: bool = False) -> DatasetInfo:
    return DatasetInfo(
        name=idx_set.name,
        label=idx_set.label,
        description=description,
        n_features=math.prod(idx_set.image_shape),
        n_classes=len(idx_set.class_names),
        load=lambda _config, _seed, progress: load_idx_set(IDX_SETS[idx_set.name], progress),
        image_shape=idx_set.image_shape,
        is_photo=idx_set.is_photo,
        n_examples=70_000,
        n_official_test=10_000,
        needs_download=True,
        is_centred_by_mass=is_centred_by_mass,
        options=("split", "scaling", "train-examples"),
    )


DOWNLOADED = (
    _info(MNIST, "70,000 handwritten digits of 28x28 pixels; downloaded once (11 MB).", is_centred_by_mass=True),
    _info(FASHION_MNIST, "70,000 images of clothes in MNIST's format, harder than MNIST; downloaded once (30 MB)."),
)
"""The data sets of this module, for the table of data sets."""


def load_idx_set(idx_set: IdxSet, progress: Progress | None = None) -> Examples:
    """Load the images in file order, with the official test split.

    Raises DataError if the files are missing, damaged, inconsistent or not the originals, and if they
    cannot be downloaded. A damaged file in the cache is downloaded again; a user's own file is never changed.
    """
    folder = _own_folder(idx_set)
    if folder is not None:
        return _read_set(idx_set, [_file_in(folder, file, idx_set) for file in idx_set.files])
    paths = _cached_paths(idx_set)
    for file, path in zip(idx_set.files, paths, strict=True):
        if not path.exists():
            _download(idx_set, file, path, progress)
    try:
        return _read_set(idx_set, paths)
    except DataError:
        for file, path in zip(idx_set.files, paths, strict=True):
            if not _intact(idx_set, file, path):
                _download(idx_set, file, path, progress)
    return _read_set(idx_set, paths)


def is_present(idx_set: IdxSet) -> bool:
    """Whether the files are present, so that loading needs no download."""
    return _own_folder(idx_set) is not None or all(path.exists() for path in _cached_paths(idx_set))


def _cached_paths(idx_set: IdxSet) -> list[Path]:
    return [annscope_home() / "data" / idx_set.name / f"{file.name}.gz" for file in idx_set.files]


def _own_folder(idx_set: IdxSet) -> Path | None:
    chosen = os.environ.get(idx_set.folder_variable, "") if idx_set.folder_variable else ""
    return Path(chosen).expanduser() if chosen else None


def _file_in(folder: Path, file: IdxFile, idx_set: IdxSet) -> Path:
    if not folder.is_dir():
        raise DataError(f"{idx_set.folder_variable} names {folder}, which is not a folder")
    for path in (folder / file.name, folder / f"{file.name}.gz"):
        if path.exists():
            return path
    raise DataError(f"{idx_set.folder_variable} names {folder}, which has no {file.name} or {file.name}.gz")


def _download(idx_set: IdxSet, file: IdxFile, path: Path, progress: Progress | None) -> None:
    number = idx_set.files.index(file) + 1
    fetch(
        path,
        idx_set.mirrors,
        what=f"{idx_set.label} ({file.name}.gz, file {number} of {len(idx_set.files)})",
        check=partial(_verify, idx_set, file),
        advice=idx_set.advice,
        most=MAX_BYTES,
        progress=progress,
    )


def _read_file(idx_set: IdxSet, file: IdxFile, path: Path, shown: str | None = None) -> tuple[UInt8[ndarray, ...], str]:
    """The content of the file and its hash."""
    regular_file(path, MAX_BYTES)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    content = unpack(raw, shown or str(path))
    hashed = content if idx_set.hashed == "content" else raw
    return parse_idx(content, file.n_dimensions, shown or str(path)), hashlib.sha256(hashed).hexdigest()


def _verify(idx_set: IdxSet, file: IdxFile, path: Path, shown: str) -> None:
    _, sha256 = _read_file(idx_set, file, path, shown)
    _check_hash(idx_set, file, sha256, shown)


def _check_hash(idx_set: IdxSet, file: IdxFile, sha256: str, shown: str) -> None:
    if sha256 != file.sha256:
        raise DataError(
            f"{shown} is not the original file of {idx_set.label}: "
            f"the SHA-256 of its {idx_set.hashed} is {sha256[:12]}..., not {file.sha256[:12]}..."
        )


def _intact(idx_set: IdxSet, file: IdxFile, path: Path) -> bool:
    try:
        _verify(idx_set, file, path, str(path))
    except DataError:
        return False
    return True


def _read_set(idx_set: IdxSet, paths: list[Path]) -> Examples:
    x, y = _read_pair(idx_set, idx_set.files[:2], paths[:2])
    test = _read_pair(idx_set, idx_set.files[2:], paths[2:])
    return Examples(
        x=x,
        y=y,
        class_names=idx_set.class_names,
        test=test,
        image_shape=idx_set.image_shape,
        pixel_max=255.0,
        is_photo=idx_set.is_photo,
        arrays={"train": idx_set.files[0].name, "test": idx_set.files[2].name},
    )


def _read_pair(idx_set: IdxSet, files: Sequence[IdxFile], paths: Sequence[Path]) -> tuple[Features, Labels]:
    """Images as rows of pixels, and their labels; inconsistent files are reported before the hashes are compared."""
    (images, images_hash), (labels, labels_hash) = (
        _read_file(idx_set, file, path) for file, path in zip(files, paths, strict=True)
    )
    if images.shape[1:] != idx_set.image_shape:
        height, width = images.shape[1:]
        raise DataError(
            f"{paths[0]} holds images of {height}x{width} pixels, where {idx_set.label} has "
            f"{idx_set.image_shape[0]}x{idx_set.image_shape[1]}"
        )
    if len(images) != len(labels):
        raise DataError(
            f"{paths[0]} holds {len(images):,} images and {paths[1]} {len(labels):,} labels: "
            "they are not from the same set"
        )
    outside = np.flatnonzero(labels >= len(idx_set.class_names))
    if len(outside):
        raise DataError(
            f"{paths[1]} gives example {outside[0]} the label {labels[outside[0]]}, "
            f"where {idx_set.label} has the classes 0 to {len(idx_set.class_names) - 1}"
        )
    for file, path, found in zip(files, paths, (images_hash, labels_hash), strict=True):
        _check_hash(idx_set, file, found, str(path))
    return images.reshape(len(images), -1), labels.astype(np.int64)
