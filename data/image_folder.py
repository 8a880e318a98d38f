"""A user's own images: a folder with a subfolder for each class.

    pets/cats/1.png, pets/cats/2.jpg, pets/dogs/1.bmp, ...

The names of the subfolders are the classes, sorted, as numbers where all are numbers. Images (PNG,
JPEG or BMP, as their names end) may lie deeper inside; files of other kinds and hidden ones are left
alone. With the subfolders `train` and `test`, each of which has the classes, `test` becomes the test
split. Colours become shades of grey (ITU-R 601-2: 0.299 red + 0.587 green + 0.114 blue), what is
transparent becomes white, and a photograph stands as its EXIF data says.

All images have the same size, or are brought to one: scaled, aspect ratio kept, until they touch two
opposite edges of a square, the rest filled with the median of the image's own edge.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Int, UInt8
from numpy import ndarray
from PIL import Image, ImageOps, UnidentifiedImageError

from annscope.data.download import Progress
from annscope.data.errors import DataError
from annscope.data.examples import Examples

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
_FORMATS = ("PNG", "JPEG", "BMP")
MOST_PIXELS = 1 << 16
"""Of an image as the network sees it: each is an input of every neuron in the first layer."""
_MOST_IN_A_FILE = 100_000_000
_MOST_BYTES = 1 << 30

Labelled: TypeAlias = list[tuple[Path, int]]


def load_image_folder(folder: Path, side: int = 0, progress: Progress | None = None) -> Examples:
    """The images in a folder as bytes of grey, 0 black to 255 white, in the order of classes and names.

    `side` is the size of the square that all are brought to, in pixels; with 0 they stay as they are.

    Raises DataError, in one sentence with the place, for whatever keeps the folder from being used.
    """
    parts = _subfolders(folder)
    splits = {part.name.lower(): part for part in parts}
    test: Labelled = []
    if {"train", "test"} <= set(splits) and all(_subfolders(splits[name]) for name in ("train", "test")):
        others = [part.name for name, part in splits.items() if name not in {"train", "test"}]
        if others:
            raise DataError(
                f"{folder} has {others[0]} beside train and test, which is not used: move its images into train, "
                "from which annscope holds some out by itself"
            )
        names = _class_names(splits["train"])
        test_names = _class_names(splits["test"])
        unknown = [name for name in test_names if name not in names]
        if unknown:
            raise DataError(f"{splits['test']} has the class {unknown[0]}, which {splits['train']} has not")
        train, test = _labelled(splits["train"], names), _labelled(splits["test"], test_names, names)
    else:
        names = _class_names(folder)
        train = _labelled(folder, names)
    every = _Reader(side, [path for path, _ in (*train, *test)], folder, progress).read()
    x, y = every[: len(train)], _labels(train)
    shape = every.shape[1:]
    return Examples(
        x=x.reshape(len(x), -1),
        y=y,
        class_names=tuple(names),
        test=(every[len(train) :].reshape(len(test), -1), _labels(test)) if test else None,
        image_shape=(shape[0], shape[1]),
        pixel_max=255.0,
    )


def _labels(labelled: Labelled) -> Int[ndarray, " n"]:
    return np.array([label for _, label in labelled], np.int64)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}") from error


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.is_dir()]


def _images_in(folder: Path) -> Iterator[Path]:
    for path in _entries(folder):
        if path.is_dir():
            yield from _images_in(path)
        elif path.suffix.lower() in SUFFIXES:
            yield path


def _class_names(folder: Path) -> list[str]:
    names = [path.name for path in _subfolders(folder)]
    loose = next((path for path in _entries(folder) if path.is_file() and path.suffix.lower() in SUFFIXES), None)
    if not names:
        what = "images, but no subfolders" if loose else "no subfolders"
        raise DataError(f"{folder} has {what}: each class needs a subfolder with its images")
    if loose:
        raise DataError(f"{loose} lies beside the classes: move it into the subfolder of its class")
    if len(names) == 1:
        raise DataError(f"{folder} has one class only, {names[0]}: there is nothing to tell apart")
    return sorted(names, key=int) if all(name.isdecimal() for name in names) else names


def _labelled(folder: Path, names: Iterable[str], classes: list[str] | None = None) -> Labelled:
    """The images of each class, with the number of the class."""
    found: Labelled = []
    for name in names:
        label = (classes or list(names)).index(name)
        images = [(path, label) for path in _images_in(folder / name)]
        if not images:
            raise DataError(f"{folder / name} has no images: it needs PNG, JPEG or BMP files")
        found += images
    return found


class _Reader:
    """Reads images into one array, and says how far it is, in bytes of their files."""

    def __init__(self, side: int, paths: list[Path], folder: Path, progress: Progress | None) -> None:
        self._side, self._paths, self._folder, self._progress = side, paths, folder, progress

    def read(self) -> UInt8[ndarray, "n height width"]:
        """All of them. Raises DataError for one that cannot be read, or is of another size than the first."""
        sizes = [_bytes_of(path) for path in self._paths]
        total, done = sum(sizes), 0
        what = f"{len(self._paths):,} images of {self._folder.name}"
        first = self._image(self._paths[0])
        images = self._room(self._paths[0], first)
        for i, (path, size) in enumerate(zip(self._paths, sizes, strict=True)):
            image = self._image(path) if i else first
            if image.shape != first.shape:
                raise DataError(
                    f"{self._paths[0]} has {_pixels(first)} pixels and {path} has {_pixels(image)}: "
                    "set image_size to bring all images to one size"
                )
            images[i] = image
            done += size
            if self._progress is not None:
                self._progress(what, done, total)
        return images

    def _room(self, path: Path, image: UInt8[ndarray, "height width"]) -> UInt8[ndarray, "n height width"]:
        if image.size > MOST_PIXELS:
            raise DataError(
                f"{path} has {_pixels(image)} pixels, too many to be the inputs of a network: "
                "set image_size to make all images smaller"
            )
        if image.size * len(self._paths) > _MOST_BYTES:
            raise DataError(
                f"{self._folder} has {len(self._paths):,} images of {_pixels(image)} pixels, more than fit into "
                "memory: set image_size to make them smaller"
            )
        return np.empty((len(self._paths), *image.shape), np.uint8)

    def _image(self, path: Path) -> UInt8[ndarray, "height width"]:
        try:
            with warnings.catch_warnings(), Image.open(path, formats=_FORMATS) as image:
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                if image.width * image.height > _MOST_IN_A_FILE:
                    raise DataError(f"{path} has {image.height:,}x{image.width:,} pixels, too many to be read")
                return _gray(image, self._side)
        except UnidentifiedImageError as error:
            raise DataError(f"{path} is not a PNG, JPEG or BMP image") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise DataError(f"{path} has too many pixels to be read") from error
        except PermissionError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
        except (OSError, SyntaxError, ValueError, EOFError) as error:  # what a damaged file makes of its decoder
            raise DataError(f"{path} is a damaged image: {error}") from error


def _bytes_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def _pixels(image: UInt8[ndarray, "height width"]) -> str:
    height, width = image.shape
    return f"{height}x{width}"


def _gray(image: Image.Image, side: int) -> UInt8[ndarray, "height width"]:
    """Shades of grey, upright, in a square of `side` pixels where that is not 0."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits
        image = Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    elif image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        image = paper
    gray = image.convert("L")
    if not side:
        return np.array(gray)
    pixels = np.array(gray)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    scale = side / max(gray.size)
    width, height = (min(side, max(1, round(length * scale))) for length in gray.size)
    square = Image.new("L", (side, side), int(np.median(edge)))
    square.paste(gray.resize((width, height), Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR),
                 ((side - width) // 2, (side - height) // 2))  # fmt: skip
    return np.array(square)
