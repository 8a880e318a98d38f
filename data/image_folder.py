"""Image folders: a user's own images, in a folder, or a ZIP file of one, with a subfolder for each class.

    pets/cats/1.png, pets/cats/2.jpg, pets/dogs/1.webp, ...

The names of the subfolders are the classes, sorted, as numbers where all are numbers. Images may be nested deeper.
Folders named train, val and test, in any usual spelling (`data.split_names`), hold the classes: they are the splits.
If asked, classes are taken from the names of the files instead: cat for cat.0.png, cat_12.png or cat (3).png.

`Examples.notes` say what was assumed, and `Examples.left_out` lists every file that was not read, and why.

All images have the same size, or are resized to one: scaled, with the aspect ratio kept, to fit into
a square, and padded with the median of the image's own edge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

from annscope.core.config import DataConfig
from annscope.data.download import Progress
from annscope.data.errors import DataError
from annscope.data.examples import MAX_CLASSES, Examples
from annscope.data.image_file import DAMAGED, NOT_AN_IMAGE, NoImageError, Rendering, Seen, read_image
from annscope.data.image_tree import Tree, shown
from annscope.data.split_names import split_of

MAX_PIXELS = 1 << 16
"""Maximum pixels of an image as input of the network: each is an input of every neuron in the first layer."""
MAX_BYTES = 1 << 30
_MAX_NAMED = 3
_MAX_DESCENT = 8
_LEFT_OUT = {NOT_AN_IMAGE: "files that are not images", DAMAGED: "damaged images"}
_PURPOSE = {"train": "training", "validation": "validation", "test": "testing"}


@dataclass(frozen=True)
class _Split:
    """One split of a folder: its classes by name, each with its images."""

    place: Path
    classes: dict[str, list[tuple[Path, int]]]


def load_images(tree: Tree, config: DataConfig, progress: Progress | None = None) -> Examples:
    """Load the images in a folder as bytes of grey, 0 black to 255 white, in the order of classes and names.

    Of `config`, `image_size` is the side of the square that all are resized to, in pixels (with 0 they keep their
    size), and `classes_from` tells where the classes are taken from.

    Raises DataError, in one sentence with the place, if the folder cannot be used.
    """
    root = _descended(tree)
    notes = [] if root == tree.root else [f"The classes are the folders in {shown(root.relative_to(tree.root))}."]
    left_out: dict[str, list[Path]] = {}
    by_name = config.classes_from == "names"
    places = _split_folders(tree, root, by_name=by_name, left_out=left_out, notes=notes)
    find = _by_names if by_name else _by_folders
    splits = find(tree, places, left_out)
    train = splits["train"]
    names = _sorted(train.classes)
    splits = {name: split for name, split in splits.items() if split.classes}
    for split in splits.values():
        unknown = next((name for name in split.classes if name not in train.classes), None)
        if unknown is not None:
            raise DataError(f"{split.place} has the class {unknown}, which is missing in {train.place}")
    files, labels, counts = [], [], []
    for split in splits.values():
        in_split = [(file, label) for label, name in enumerate(names) for file in split.classes.get(name, ())]
        files += [file for file, _ in in_split]
        labels += [label for _, label in in_split]
        counts.append(len(in_split))
    reader = _Reader(tree, config.image_size, files, progress)
    images, is_read = reader.read()
    left_out |= reader.left_out
    y = np.array(labels, np.int64)
    _check_classes(tree, names, y[: counts[0]], is_read[: counts[0]], train, reader.left_out)
    parts: dict[str, tuple[UInt8[ndarray, "n n_pixels"], ndarray]] = {}
    names_read: dict[str, list[str]] = {}
    start = 0
    x = images.reshape(len(images), -1)
    for name, count in zip(splits, counts, strict=True):
        rows = np.flatnonzero(is_read[start : start + count]) + start
        if len(rows):
            names_read[name] = [_within(tree, files[row][0]) for row in rows.tolist()]
            parts[name] = x[start : start + count] if len(rows) == count else x[rows], y[rows]
        start += count
    _check_difference(tree, parts["train"][0])
    if len(parts) > 1:
        given = [
            f"{splits[name].place.name} for {_PURPOSE[name]} ({len(y):,} images)" for name, (_, y) in parts.items()
        ]
        notes.append(f"The splits are the folders {', '.join(given)}.")
    return Examples(
        x=parts["train"][0],
        y=parts["train"][1],
        class_names=tuple(map(shown, names)),
        validation=parts.get("validation"),
        test=parts.get("test"),
        image_shape=(images.shape[1], images.shape[2]),
        pixel_max=255.0,
        is_photo=True,
        files=names_read,
        notes=(*notes, *reader.notes, *_summary(tree, left_out)),
        left_out=tuple(f"{_within(tree, path)}: {what}" for what, paths in left_out.items() for path in paths),
    )


# ---- classes and splits


def _descended(tree: Tree) -> Path:
    """The folder with the classes: inside folders that hold one folder and nothing else, as archives often do."""
    at = tree.root
    for _ in range(_MAX_DESCENT):
        folders = tree.folders(at)
        if len(folders) != 1 or tree.files(at) or not tree.folders(folders[0]):
            return at
        at = folders[0]
    return tree.root


def _split_folders(
    tree: Tree, root: Path, *, by_name: bool, left_out: dict[str, list[Path]], notes: list[str]
) -> dict[str, Path]:
    """The folder of each split; of "train" alone, which is `root`, if there are no folders of splits."""
    folders = tree.folders(root)
    named: dict[str, list[Path]] = {}
    for folder in folders:
        split = split_of(folder.name)
        if split is not None:
            named.setdefault(split, []).append(folder)
    if len(named) < 2:
        _check_alone(tree, root, folders, [each for these in named.values() for each in these])
        return {"train": root}
    filled = {split: [each for each in these if by_name or tree.folders(each)] for split, these in named.items()}
    if not any(filled.values()):
        listed = ", ".join(shown(folder.name) for folder in folders)
        notes.append(f"{listed} are taken as classes, not as splits, since they hold images and no folders.")
        return {"train": root}
    if not filled.get("train"):
        raise DataError(
            f"{root} has {' and '.join(folder.name for these in named.values() for folder in these)}, but no train "
            "folder that holds the folders of the classes"
        )
    for split, these in filled.items():
        if len(these) > 1:
            raise DataError(f"{root} has {these[0].name} and {these[1].name}, which both mean {split}: leave one")
    used = {split: these[0] for split, these in filled.items() if these}
    unused = [folder for folder in folders if folder not in used.values()]
    if unused:
        left_out["folders without classes, beside those of the splits"] = unused
    return {split: used[split] for split in _PURPOSE if split in used}


def _check_alone(tree: Tree, root: Path, folders: Sequence[Path], named: Sequence[Path]) -> None:
    """Raise DataError if the only folder with the name of a split holds the same folders as one beside it."""
    inside = {folder: {each.name for each in tree.folders(folder)} for folder in folders} if named else {}
    for split in named:
        twin = next((each for each in folders if each != split and len(inside[split] & inside[each]) > 1), None)
        if twin is not None:
            raise DataError(
                f"{root} has {twin.name} beside {split.name}, both with the folders of classes: name the folders of "
                "the splits train, val and test"
            )


def _by_folders(tree: Tree, places: dict[str, Path], left_out: dict[str, list[Path]]) -> dict[str, _Split]:
    """The images of each split, by the names of the folders that they are in."""
    parts = {
        split: {folder.name: folder for folder in _class_folders(tree, place, is_train=split == "train")}
        for split, place in places.items()
    }
    within = _splits_within(tree, parts["train"]) if list(places) == ["train"] else None
    if within is not None:
        parts, places = within, {split: next(iter(folders.values())) for split, folders in within.items()}
    found = tree.search([folder for folders in parts.values() for folder in folders.values()])
    left_out |= found.left_out
    every = iter(found.files)
    splits = {}
    for split, folders in parts.items():
        classes = {name: next(every) for name in folders}
        if split == "train":
            _check_filled(folders, classes, found.left_out)
        splits[split] = _Split(places[split], {name: files for name, files in classes.items() if files})
    return splits


def _splits_within(tree: Tree, classes: Mapping[str, Path]) -> dict[str, dict[str, Path]] | None:
    """The folders of the classes in each split where every class has folders of splits (cat/train, cat/test)."""
    parts: dict[str, dict[str, Path]] = {}
    for name, place in classes.items():
        for folder in tree.folders(place):
            split = split_of(folder.name)
            if split is None or name in parts.get(split, {}):
                return None
            parts.setdefault(split, {})[name] = folder
    is_whole = len(parts) > 1 and len(parts.get("train", {})) == len(classes)
    return {split: parts[split] for split in _PURPOSE if split in parts} if is_whole else None


def _class_folders(tree: Tree, place: Path, *, is_train: bool) -> list[Path]:
    folders = tree.folders(place)
    files = tree.files(place)
    loose = next((path for path in files if path.suffix.lower() in _suffixes()), None)
    if not folders:
        what = "images, but no subfolders" if loose else "no subfolders"
        raise DataError(f"{place} has {what}: each class needs a subfolder with its images{_hint(files)}")
    if loose:
        raise DataError(f"{loose} is not in the subfolder of a class: move it into one")
    if is_train and len(folders) == 1:
        raise DataError(
            f"{place} has one class only, {folders[0].name}: at least two are needed, each in a subfolder of its own"
        )
    _check_n_classes(place, len(folders))
    return folders


def _check_filled(
    folders: Mapping[str, Path], classes: dict[str, list[tuple[Path, int]]], left_out: dict[str, list[Path]]
) -> None:
    for name, folder in folders.items():
        if classes[name]:
            continue
        elsewhere = [path for paths in left_out.values() for path in paths if path.is_relative_to(folder)]
        if elsewhere:
            raise DataError(
                f"{folder} has no images except what is read elsewhere or not a file, such as {elsewhere[0].name}"
            )
        raise DataError(f"{folder} has no images: it needs files such as PNG, JPEG or WebP")


def _by_names(tree: Tree, places: dict[str, Path], left_out: dict[str, list[Path]]) -> dict[str, _Split]:
    """The images of each split, by what their names begin with."""
    found = tree.search(list(places.values()))
    left_out |= found.left_out
    splits = {}
    for (split, place), files in zip(places.items(), found.files, strict=True):
        classes: dict[str, list[tuple[Path, int]]] = {}
        for path, size in files:
            name = _class_in_name(path)
            if name:
                classes.setdefault(name, []).append((path, size))
            else:
                left_out.setdefault("files without a class in their names", []).append(path)
        if split == "train":
            if len(classes) < 2 or len(classes) == sum(map(len, classes.values())):
                raise DataError(
                    f"{place} has no classes in the names of its files, as cat.0.png and dog_1.png have: "
                    f"they give {', '.join(sorted(map(shown, classes))[:_MAX_NAMED]) or 'none'}"
                )
            _check_n_classes(place, len(classes))
        splits[split] = _Split(place, classes)
    return splits


def _class_in_name(path: Path) -> str:
    """What a file's name begins with, before a number or the first separator: cat for cat.0.png."""
    stem = path.stem
    numbered = re.fullmatch(r"(.*?)[\s._\-(]*\d+\)?", stem)
    if numbered is None:
        return re.split(r"[._-]", stem, maxsplit=1)[0].strip()
    return numbered[1].strip()


def _hint(files: Sequence[Path]) -> str:
    """How to take the classes from the names of images that are in no folders, if that gives any."""
    suffixes = _suffixes()
    images = [path for path in files if path.suffix.lower() in suffixes]
    names = sorted({name for path in images if (name := _class_in_name(path))})
    if not 2 <= len(names) < len(images):
        return ""
    listed = ", ".join(names[:_MAX_NAMED]) + ("..." if len(names) > _MAX_NAMED else "")
    return f", or set classes_from to names, which gives the classes {listed}"


def _suffixes() -> Iterable[str]:
    return Image.registered_extensions().keys()


def _check_n_classes(place: Path, n_classes: int) -> None:
    if n_classes > MAX_CLASSES:
        raise DataError(f"{place} has {n_classes:,} classes, more than the maximum of {MAX_CLASSES:,}")


def _sorted(names: Iterable[str]) -> list[str]:
    names = sorted(names)
    return sorted(names, key=int) if all(name.isdecimal() for name in names) else names


# ---- what was read


def _check_classes(
    tree: Tree, names: Sequence[str], y: ndarray, is_read: ndarray, train: _Split, left_out: dict[str, list[Path]]
) -> None:
    for label, name in enumerate(names):
        if not is_read[y == label].any():
            first = train.classes[name][0][0]
            reason = next(error for error, what in _LEFT_OUT.items() if first in left_out.get(what, ()))
            raise DataError(f"the class {name} of {tree.root} has no image that can be read: {first} is {reason}")


def _check_difference(tree: Tree, x: UInt8[ndarray, "n n_pixels"]) -> None:
    if all(np.array_equal(row, x[0]) for row in x[1:]):
        raise DataError(f"the {len(x):,} images of {tree.root} are all alike: there is nothing to tell them apart by")


def _summary(tree: Tree, left_out: dict[str, list[Path]]) -> tuple[str, ...]:
    """A sentence about what was left out, if anything was."""
    if not left_out:
        return ()
    parts = []
    for what, paths in left_out.items():
        names = ", ".join(_within(tree, path) for path in paths[:_MAX_NAMED])
        more = f" and {len(paths) - _MAX_NAMED:,} more" if len(paths) > _MAX_NAMED else ""
        parts.append(f"{what} ({names}{more})")
    return (f"Left out of {shown(tree.root.name)}: {'; '.join(parts)}.",)


def _within(tree: Tree, path: Path) -> str:
    return shown(path.relative_to(tree.root))


class _Reader:
    """Reads images into one array, and reports progress in bytes of their files."""

    def __init__(self, tree: Tree, side: int, files: Sequence[tuple[Path, int]], progress: Progress | None) -> None:
        self._tree, self._side, self._files, self._progress = tree, side, files, progress
        self._seen, self._rendering = Seen(), Rendering()
        self.left_out: dict[str, list[Path]] = {}

    def read(self) -> tuple[UInt8[ndarray, "n height width"], ndarray]:
        """All images, and which of them could be read. Raises DataError for one of another size than the first."""
        total, done = sum(size for _, size in self._files), 0
        what = f"{len(self._files):,} images of {shown(self._tree.root.name)}"
        images, first, depending = None, None, []
        is_read = np.zeros(len(self._files), bool)
        for i, (path, size) in enumerate(self._files):
            image, depends = self._image(path)
            if image is not None:
                if images is None:
                    images, first = self._buffer(path, image), path
                if image.shape != images.shape[1:]:
                    raise DataError(
                        f"{first} has {_size(images[0])} pixels and {path} has {_size(image)}: "
                        "set image_size to resize all images"
                    )
                images[i], is_read[i] = image, True
                depending += [i] * depends
            done += size
            if self._progress is not None:
                self._progress(what, done, total)
        if images is None:
            path = self._files[0][0]
            raise DataError(f"{self._tree.root} has no image that can be read, such as {path}")
        self._rendering = self._seen.rendering()
        if self._rendering != Rendering():
            for i in depending:
                image, _ = self._image(self._files[i][0])
                if image is None or image.shape != images.shape[1:]:
                    raise DataError(f"{self._files[i][0]} has changed while it was read")
                images[i] = image
        return images, is_read

    @property
    def notes(self) -> list[str]:
        """Sentences about what was assumed."""
        seen, rendering, notes = self._seen, self._rendering, []
        if seen.is_coloured:
            notes.append("Colours became shades of grey.")
        if seen.cover > 0:
            why = "since what is visible in them is nearly white" if rendering.background == 0 else "as on paper"
            notes.append(f"Transparent images were put on {'black' if rendering.background == 0 else 'white'}, {why}.")
        if seen.greatest >= seen.least:
            notes.append(
                f"Images of more than 8 bits hold values from {seen.least:g} to {seen.greatest:g}: "
                f"{rendering.black:g} became black and {rendering.white:g} white."
            )
        if seen.is_animated:
            notes.append("Of animations and files with several pages the first image was read.")
        return notes

    def _image(self, path: Path) -> tuple[UInt8[ndarray, "height width"] | None, bool]:
        """The pixels of an image, None for what is none, and whether they depend on the rendering."""
        try:
            with self._tree.open(path) as file:
                return read_image(file, path, self._side, self._rendering, self._seen)
        except NoImageError as error:
            self.left_out.setdefault(_LEFT_OUT[str(error)], []).append(path)
            return None, False
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from error

    def _buffer(self, path: Path, image: UInt8[ndarray, "height width"]) -> UInt8[ndarray, "n height width"]:
        if image.size > MAX_PIXELS:
            raise DataError(
                f"{path} has {_size(image)} pixels, too many to be the inputs of a network: "
                "set image_size to make all images smaller"
            )
        if image.size * len(self._files) > MAX_BYTES:
            raise DataError(
                f"{self._tree.root} has {len(self._files):,} images of {_size(image)} pixels, more than fit into "
                "memory: set image_size to make them smaller"
            )
        return np.empty((len(self._files), *image.shape), np.uint8)


def _size(image: UInt8[ndarray, "height width"]) -> str:
    height, width = image.shape
    return f"{height}x{width}"
