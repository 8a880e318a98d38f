"""Questions about a data set that no run has been trained on yet: read once, and kept in few numbers.

What is kept is small: counts, a contact sheet, the examples that occur twice; not the arrays themselves. A file or a
folder is read again when it has changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import SPLITS, Dataset
from annscope.dashboard.queries import data_tables
from annscope.dashboard.queries.data_tables import is_whole, plan_of, stamp
from annscope.dashboard.queries.lru_cache import Cache
from annscope.data.datasets import DATASETS, dataset_from, find_path, load_examples, transposed
from annscope.data.download import Progress
from annscope.data.examples import Examples
from annscope.data.idx_folder import find_idx
from annscope.data.image_folder import load_images
from annscope.data.inputs import is_plane
from annscope.data.quality import Group, Repeats, class_counts, find_repeats
from annscope.data.rows import Rows, rows_behind
from annscope.data.sampling import SampledTree
from annscope.data.user_file import is_table_file, is_tree, open_tree

MAX_CLASSES_SHOWN = 20
PER_CLASS = 10
MAX_GROUPS_SHOWN = 12
MAX_SIDE = 64
"""Larger images are shown with every second, third, ... pixel."""
MAX_POINTS = 1500
_MAX_VALUES = 6
_MAX_FOLDERS = 2000

N_THUMBNAILS = 8
MAX_POINTS_OF_A_THUMBNAIL = 200
Image = UInt8[ndarray, "height width"]
Points = tuple[Float[ndarray, "n 2"], Int[ndarray, " n"]]
Thumbnail = tuple[tuple[Image, ...], Points | None]
Stamp = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Twins:
    """Examples with the same features: where they are, their classes, and what they look like.

    `image` is that of images; `values` are the first cells of the row of anything else, with the names of the columns.
    `lines` say where each of the places of the group is in the file of a table, as "line 7".
    """

    group: Group
    labels: tuple[str, ...]
    image: Image | None
    values: tuple[tuple[str, str | float | None], ...]
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Overview:
    """What is in a data set.

    `counts` has a row for each of `SPLITS`, a column for each class. `sheet` are the first training images of the
    first classes, by class; `points` the coordinates and labels of 2-D data, at most `MAX_POINTS`.
    """

    name: str
    is_shown_as_it_is: bool
    """Whether images are shown with black for 0, as photographs are, and not as ink in the colours of the page."""
    class_names: tuple[str, ...]
    is_multilabel: bool
    n_features: int
    image_shape: tuple[int, int] | None
    n_by_split: dict[str, int]
    counts: Int[ndarray, "n_splits n_classes"]
    notes: tuple[str, ...]
    left_out: tuple[str, ...]
    repeats: Repeats
    twins: tuple[Twins, ...]
    sheet: tuple[tuple[Image, ...], ...]
    points: Points | None
    split_words: str
    n_read: tuple[int, int | None] | None
    """If not all was read: the number of examples that were, and of all, if that is known."""

    @property
    def n_examples(self) -> int:
        return sum(self.n_by_split.values())


def overview_of(config: RunConfig, progress: Progress | None = None, *, all_of_it: bool = False) -> Overview:
    """What is in the data set of a configuration; it is read (and downloaded) unless that was done before.

    Of a large folder of images a sample is read, unless `all_of_it` is asked for.

    Raises DataError, in one sentence, if it cannot be read.
    """
    key = _key(config, all_of_it=all_of_it)
    found = _overviews.find(key)
    if found is None:
        # Outside of the cache's lock: one person's large folder does not hold up another's small file.
        computed = _read(config, progress, all_of_it=all_of_it)
        found = _overviews.get(key, lambda: computed)
    return found


def thumbnail_of(name: str) -> Thumbnail:
    """A picture of a built-in data set: images of eight classes, or points and their labels.

    Raises DataError if it cannot be read.
    """
    return _thumbnails.get(name, lambda: _thumbnail(name))


def has_thumbnail(name: str) -> bool:
    """Whether `thumbnail_of` responds at once."""
    return _thumbnails.find(name) is not None


def is_known(config: RunConfig, *, all_of_it: bool = False) -> bool:
    """Whether `overview_of` responds at once."""
    return _overviews.find(_key(config, all_of_it=all_of_it)) is not None


def stamp_of(name: str) -> Stamp:
    """Identity, size and time of a file, or of the folders in a folder: another one when it has changed."""
    path = None if name in DATASETS else find_path(name)
    if path is None:
        return ()
    if path.is_file():
        return (stamp(path),)
    inside = sorted(_folders(path))
    within = chain.from_iterable(sorted(_folders(folder)) for folder in inside)
    return tuple(stamp(folder) for folder in [path, *inside, *within][:_MAX_FOLDERS])


def clear_cache() -> None:
    """Forget everything that was read."""
    _overviews.clear()
    data_tables.clear_cache()


def _thumbnail(name: str) -> Thumbnail:
    overview = overview_of(RunConfig().with_values({"data": name}))
    if overview.points is None:
        return tuple(chain.from_iterable(zip(*overview.sheet, strict=False)))[:N_THUMBNAILS], None
    x, y = overview.points
    return (), (x[:MAX_POINTS_OF_A_THUMBNAIL], y[:MAX_POINTS_OF_A_THUMBNAIL])


_thumbnails: Cache[str, Thumbnail] = Cache(32)
_overviews: Cache[tuple[object, ...], Overview] = Cache(16)


def _key(config: RunConfig, *, all_of_it: bool) -> tuple[object, ...]:
    return config.data, config.training.seed, config.network.output, stamp_of(config.data.name), all_of_it


def _folders(path: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(path) if entry.is_dir()]
    except OSError:
        return []


def _read(config: RunConfig, progress: Progress | None, *, all_of_it: bool) -> Overview:
    data, path = config.data, find_path(config.data.name)
    if data.name not in DATASETS and path is not None:
        if is_table_file(path):
            plan = plan_of(data)
            rows = None if is_whole(data) else (len(plan.table.frame), None)
            return _overview(plan.examples(), config, rows, plan.table.line_of)
        if is_tree(path) and not all_of_it:
            with open_tree(path) as tree:
                if not find_idx(tree):
                    sampled = SampledTree(tree)
                    examples = load_images(sampled, data, progress)
                    examples = transposed(examples, data.name) if data.transpose else examples
                    n_read = None if sampled.n_kept == sampled.n_found else (sampled.n_kept, sampled.n_found)
                    return _overview(examples, config, n_read)
    examples = load_examples(data, config.training.seed, progress, takes_labels=config.network.takes_labels)
    return _overview(examples, config)


def _overview(
    examples: Examples,
    config: RunConfig,
    n_read: tuple[int, int | None] | None = None,
    line_of: Callable[[int], str] | None = None,
) -> Overview:
    dataset = dataset_from(examples, config.data)
    repeats, rows = find_repeats(dataset), rows_behind(examples, dataset, dataset.table)
    return Overview(
        name=dataset.name,
        is_shown_as_it_is=config.data.name not in DATASETS,
        class_names=dataset.class_names,
        is_multilabel=dataset.is_multilabel,
        n_features=dataset.n_features,
        image_shape=dataset.image_shape,
        n_by_split={split: len(dataset.split(split)[1]) for split in SPLITS},
        counts=class_counts(dataset),
        notes=dataset.notes,
        left_out=dataset.left_out,
        repeats=repeats,
        twins=tuple(_twins(rows, group, line_of) for group in repeats.groups[:MAX_GROUPS_SHOWN]),
        sheet=_sheet(dataset),
        points=_points(dataset) if is_plane(examples) else None,
        n_read=n_read,
        split_words=_split_words(examples, config),
    )


def _split_words(examples: Examples, config: RunConfig) -> str:
    """How the splits are made."""
    data = config.data
    given = [name for name in ("validation", "test") if getattr(examples, name) is not None]
    if len(given) == 2:
        return "All splits are those of the source."
    drawn = "drawn by chance with the classes in proportion, the same in every run"
    if data.group:
        drawn = f"drawn by {data.group}: all examples with the same value are in one split"
    elif data.split_by == "order":
        drawn = "the last examples in file order"
    if given:
        return f"The {given[0]} split is that of the source; the other held-out examples are {drawn}."
    return f"Held-out examples are {drawn}."


def _twins(rows: Rows, group: Group, line_of: Callable[[int], str] | None) -> Twins:
    split, row = group.places[0]
    dataset = rows.dataset
    is_image = dataset.image_shape is not None
    return Twins(
        group=group,
        labels=tuple(_class_of(dataset, split, row) for split, row in group.places),
        image=_pictures(dataset, rows.of(split, [row]))[0] if is_image else None,
        values=() if is_image else tuple(zip(rows.names, rows.texts(split, row), strict=True))[:_MAX_VALUES],
        lines=() if line_of is None else tuple(line_of(int(dataset.rows[split][row])) for split, row in group.places),
    )


def _class_of(dataset: Dataset, split: str, row: int) -> str:
    label = dataset.split(split)[1][row]
    if not dataset.is_multilabel:
        return dataset.class_names[int(label)]
    return ", ".join(name for name, has in zip(dataset.class_names, label.tolist(), strict=True) if has) or "none"


def _raw(dataset: Dataset, x: Float[ndarray, "n n_features"]) -> Float[ndarray, "n n_features"]:
    """Features as in the source."""
    raw: ndarray = x.astype(np.float64) * dataset.divisor + dataset.offset
    return raw


def _sheet(dataset: Dataset) -> tuple[tuple[Image, ...], ...]:
    if dataset.image_shape is None:
        return ()
    y = dataset.y_train
    rows = [
        np.flatnonzero(y[:, c] if dataset.is_multilabel else y == c)[:PER_CLASS]
        for c in range(min(dataset.n_classes, MAX_CLASSES_SHOWN))
    ]
    return tuple(_pictures(dataset, _raw(dataset, dataset.x_train[places])) for places in rows)


def _pictures(dataset: Dataset, raw: Float[ndarray, "n n_features"]) -> tuple[Image, ...]:
    """Images as bytes, 0 for no ink and 255 for full ink."""
    height, width = dataset.image_shape or (1, 1)
    step = -(-max(height, width) // MAX_SIDE)
    white = float((dataset.x_train[:1000].max(initial=0.0) * dataset.divisor + dataset.offset).max()) or 1.0
    images = np.clip(np.rint(255 * raw / white), 0, 255).astype(np.uint8).reshape(-1, height, width)
    return tuple(images[:, ::step, ::step])


def _points(dataset: Dataset) -> Points | None:
    if dataset.n_features != 2 or dataset.is_multilabel:
        return None
    x, y = (np.concatenate(parts) for parts in zip(*(dataset.split(split) for split in SPLITS), strict=True))
    rows = np.linspace(0, len(y) - 1, min(MAX_POINTS, len(y))).astype(int)
    return _raw(dataset, x[rows]), y[rows]
