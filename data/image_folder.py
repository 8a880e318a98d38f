"""Image folders: a user's own images, in a folder with a subfolder for each class.

    pets/cats/1.png, pets/cats/2.jpg, pets/dogs/1.bmp, ...

The names of the subfolders are the classes, sorted, as numbers where all are numbers. Images (PNG,
JPEG or BMP, by extension) may be nested deeper; other files and hidden ones are
ignored. With the subfolders `train` and `test`, each of which has the classes, `test` becomes the test
split. Colours become shades of grey (ITU-R 601-2: 0.299 red + 0.587 green + 0.114 blue), what is
transparent becomes white, and photographs are oriented by their EXIF data.

Links are followed, but each file and each folder is read once, however many names it has: a link to
a parent, to another class or in a circle adds nothing. `Examples.notes` lists what was left out for that.

All images have the same size, or are resized to one: scaled, with the aspect ratio kept, to fit into
a square, and padded with the median of the image's own edge.
"""

from __future__ import annotations

import os
import stat
import warnings
from collections import deque
from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image, ImageOps, UnidentifiedImageError

from annscope.data.download import Progress
from annscope.data.errors import DataError
from annscope.data.examples import MAX_CLASSES, Examples
from annscope.data.regular_file import regular_file

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
_FORMATS = ("PNG", "JPEG", "BMP")
MAX_PIXELS = 1 << 16
"""Maximum pixels of an image as input of the network: each is an input of every neuron in the first layer."""
_MAX_PIXELS_IN_A_FILE = 50_000_000  # of one photograph; the same limit as on the Draw page
MAX_BYTES_IN_A_FILE = 1 << 28
MAX_BYTES = 1 << 30
_MAX_ENTRIES = 2_000_000
_MAX_NAMED = 3


def load_image_folder(folder: Path, side: int = 0, progress: Progress | None = None) -> Examples:
    """Load the images in a folder as bytes of grey, 0 black to 255 white, in the order of classes and names.

    `side` is the side of the square that all are resized to, in pixels; with 0 they keep their size.

    Raises DataError, in one sentence with the place, if the folder cannot be used.
    """
    parts = _subfolders(folder)
    splits = {part.name.lower(): part for part in parts}
    has_test = {"train", "test"} <= set(splits) and all(_subfolders(splits[name]) for name in ("train", "test"))
    if has_test:
        others = [part.name for name, part in splits.items() if name not in {"train", "test"}]
        if others:
            raise DataError(
                f"{folder} has {others[0]} beside train and test, which is not used: move its images into train, "
                "from which annscope holds out some for validation"
            )
        names = _class_names(splits["train"])
        test_names = _class_names(splits["test"])
        unknown = [name for name in test_names if name not in names]
        if unknown:
            raise DataError(f"{splits['test']} has the class {unknown[0]}, which is missing in {splits['train']}")
        classes = [(splits["train"] / name, names.index(name)) for name in names]
        classes += [(splits["test"] / name, names.index(name)) for name in test_names]
    else:
        names = _class_names(folder)
        classes = [(folder / name, label) for label, name in enumerate(names)]
    search = _Search(folder, [part for part, _ in classes])
    n_images = [len(files) for files in search.found]
    n_train = sum(n_images[: len(names)])
    y = np.repeat([label for _, label in classes], n_images)
    every = _Reader(side, [file for files in search.found for file in files], folder, progress).read()
    x = every.reshape(len(every), -1)
    return Examples(
        x=x[:n_train],
        y=y[:n_train],
        class_names=tuple(names),
        test=(x[n_train:], y[n_train:]) if has_test else None,
        image_shape=(every.shape[1], every.shape[2]),
        pixel_max=255.0,
        notes=search.notes,
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}") from error


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.is_dir()]


def _class_names(folder: Path) -> list[str]:
    names = [path.name for path in _subfolders(folder)]
    loose = next((path for path in _entries(folder) if path.is_file() and path.suffix.lower() in SUFFIXES), None)
    if not names:
        what = "images, but no subfolders" if loose else "no subfolders"
        raise DataError(f"{folder} has {what}: each class needs a subfolder with its images")
    if loose:
        raise DataError(f"{loose} is not in the subfolder of a class: move it into one")
    if len(names) == 1:
        raise DataError(f"{folder} has one class only, {names[0]}: at least two are needed")
    if len(names) > MAX_CLASSES:
        raise DataError(f"{folder} has {len(names):,} classes, more than the maximum of {MAX_CLASSES:,}")
    return sorted(names, key=int) if all(name.isdecimal() for name in names) else names


class _Search:
    """Search for the images of each class that visits every file and every folder once, by device and inode.

    The folders themselves are searched before links are followed: a class never takes
    the images of another because it has a link to them, and links to parent folders add nothing.
    """

    def __init__(self, folder: Path, classes: Sequence[Path]) -> None:
        self._folder = folder
        self._found: list[list[tuple[Path, int]]] = [[] for _ in classes]
        self._left_out: dict[str, list[Path]] = {}
        self._links: deque[tuple[int, Path]] = deque()
        self._n_entries = 0
        top = folder.resolve()
        self._met: dict[Hashable, Path] = {}
        for above in (*(part.parent for part in classes), *top.parents):
            self._met.setdefault(_identity(above, _stat(above)), above)
        for part in sorted(classes, key=Path.is_symlink):
            known = self._met.setdefault(_identity(part, _stat(part)), part)
            if known != part:
                raise DataError(f"{part} is {known} by another name, and an image can have one class only")
        for label, part in enumerate(classes):
            self._walk(label, part)
        while self._links:
            self._follow(*self._links.popleft())
        for files, part in zip(self._found, classes, strict=True):
            files.sort()
            elsewhere = [path for paths in self._left_out.values() for path in paths if path.is_relative_to(part)]
            if not files and elsewhere:
                raise DataError(
                    f"{part} has no images except what is read elsewhere or not a file, such as {elsewhere[0].name}"
                )
            if not files:
                raise DataError(f"{part} has no images: it needs PNG, JPEG or BMP files")

    @property
    def found(self) -> list[list[tuple[Path, int]]]:
        """The images of each class in the order of their names, each with the number of its bytes."""
        return self._found

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence about what was left out, if anything was."""
        if not self._left_out:
            return ()
        parts = []
        for what, paths in self._left_out.items():
            names = ", ".join(str(path.relative_to(self._folder)) for path in paths[:_MAX_NAMED])
            more = f" and {len(paths) - _MAX_NAMED:,} more" if len(paths) > _MAX_NAMED else ""
            parts.append(f"{what} ({names}{more})")
        return (f"Left out of {self._folder.name}: {'; '.join(parts)}.",)

    def _walk(self, label: int, top: Path) -> None:
        """Search a folder; its links are kept for later."""
        folders = [top]
        while folders:
            inside = []
            for path in _entries(folders.pop()):
                self._n_entries += 1
                if self._n_entries > _MAX_ENTRIES:
                    raise DataError(f"{self._folder} has more than {_MAX_ENTRIES:,} files and folders")
                if path.is_symlink():
                    self._links.append((label, path))
                elif path.is_dir():
                    if self._is_new(path, _stat(path), "folders read elsewhere"):
                        inside.append(path)
                elif path.suffix.lower() in SUFFIXES:
                    self._take(label, path)
            folders += reversed(inside)

    def _follow(self, label: int, link: Path) -> None:
        if link.is_dir():
            if self._is_new(link, _stat(link), "folders read elsewhere"):
                self._walk(label, link)
        elif link.suffix.lower() in SUFFIXES:
            self._take(label, link)

    def _take(self, label: int, path: Path) -> None:
        known = _stat(path)
        if not stat.S_ISREG(known.st_mode):
            self._left_out.setdefault("what is not a regular file", []).append(path)
        elif self._is_new(path, known, "images there by another name"):
            self._found[label].append((path, known.st_size))

    def _is_new(self, path: Path, known: os.stat_result, what: str) -> bool:
        if self._met.setdefault(_identity(path, known), path) is path:
            return True
        self._left_out.setdefault(what, []).append(path)
        return False


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def _identity(path: Path, known: os.stat_result) -> Hashable:
    """Identity of a file, equal for all its names; some network drives have no inode numbers."""
    return (known.st_dev, known.st_ino) if known.st_ino else path.resolve()


class _Reader:
    """Reads images into one array, and reports progress in bytes of their files."""

    def __init__(self, side: int, files: Sequence[tuple[Path, int]], folder: Path, progress: Progress | None) -> None:
        self._side, self._files, self._folder, self._progress = side, files, folder, progress

    def read(self) -> UInt8[ndarray, "n height width"]:
        """Read all images. Raises DataError for one that cannot be read, or is of another size than the first."""
        total, done = sum(size for _, size in self._files), 0
        what = f"{len(self._files):,} images of {self._folder.name}"
        start = self._files[0][0]
        first = self._image(start)
        images = self._buffer(start, first)
        for i, (path, size) in enumerate(self._files):
            image = self._image(path) if i else first
            if image.shape != first.shape:
                raise DataError(
                    f"{start} has {_pixels(first)} pixels and {path} has {_pixels(image)}: "
                    "set image_size to resize all images"
                )
            images[i] = image
            done += size
            if self._progress is not None:
                self._progress(what, done, total)
        return images

    def _buffer(self, path: Path, image: UInt8[ndarray, "height width"]) -> UInt8[ndarray, "n height width"]:
        if image.size > MAX_PIXELS:
            raise DataError(
                f"{path} has {_pixels(image)} pixels, too many to be the inputs of a network: "
                "set image_size to make all images smaller"
            )
        if image.size * len(self._files) > MAX_BYTES:
            raise DataError(
                f"{self._folder} has {len(self._files):,} images of {_pixels(image)} pixels, more than fit into "
                "memory: set image_size to make them smaller"
            )
        return np.empty((len(self._files), *image.shape), np.uint8)

    def _image(self, path: Path) -> UInt8[ndarray, "height width"]:
        regular_file(path, MAX_BYTES_IN_A_FILE)
        try:
            with warnings.catch_warnings(), Image.open(path, formats=_FORMATS) as image:
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is far below Pillow's
                if image.width * image.height > _MAX_PIXELS_IN_A_FILE:  # from its header: nothing is decoded yet
                    raise DataError(
                        f"{path} has {image.height:,}x{image.width:,} pixels, "
                        f"more than the {_MAX_PIXELS_IN_A_FILE:,} that are read"
                    )
                return _gray(image, self._side)
        except UnidentifiedImageError as error:
            raise DataError(f"{path} is not a PNG, JPEG or BMP image") from error
        except Image.DecompressionBombError as error:  # raised above twice Pillow's limit, before the size is known
            raise DataError(f"{path} has more pixels than the {_MAX_PIXELS_IN_A_FILE:,} that are read") from error
        except PermissionError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
        except (OSError, SyntaxError, ValueError, EOFError) as error:  # the errors of decoders for damaged files
            raise DataError(f"{path} is a damaged image: {error}") from error


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
