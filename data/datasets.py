"""Registry of data sets, and loading of any of them as the `Dataset` that a network trains on."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from annscope.core.config import DataConfig, RunConfig
from annscope.core.dataset import Dataset
from annscope.core.errors import did_you_mean
from annscope.data.download import Progress
from annscope.data.embedded import EMBEDDED
from annscope.data.errors import DataError
from annscope.data.examples import Examples
from annscope.data.image_tree import shown
from annscope.data.info import DatasetInfo
from annscope.data.inputs import with_inputs
from annscope.data.leaks import leak_warnings
from annscope.data.mnist import DOWNLOADED, IDX_SETS, is_present
from annscope.data.preparation import fit_preparation
from annscope.data.splits import TEST_SEED, TEST_SHARE, VALIDATION_SEED, split
from annscope.data.toy import POINTS
from annscope.data.traits import MNIST_5K_TRAITS
from annscope.data.user_file import check_beginning, is_table_file, load_user_file, may_hold_images, may_hold_points
from annscope.data.user_table import header_of

DATASETS: dict[str, DatasetInfo] = {info.name: info for info in (*EMBEDDED, *DOWNLOADED, MNIST_5K_TRAITS, *POINTS)}
"""Every data set by name, in the order in which they are listed; each is defined by one entry in its module."""


def load_dataset(
    config: DataConfig,
    *,
    dtype: str = "float32",
    seed: int = 0,
    progress: Progress | None = None,
    takes_labels: bool = False,
) -> Dataset:
    """Load the data set that `config` names, split and scaled, as arrays of `dtype` with int64 labels.

    `config.name` is a key of `DATASETS`, or the path of a user's own data (`data.user_file`). With `takes_labels`
    (the network's output takes any number of labels an example) one-hot rows are labels, else classes. `seed` draws
    the points of the 2-D sets, unless `config.seed` does, and does not affect the splits, which depend on the labels
    and the split sizes alone. Test and validation examples are the official ones where the source has them, else a
    tenth, and the share `config.split`. Examples are in file order. The same call gives the same bits.

    Raises DataError with one sentence for the user.
    """
    source = load_examples(config, seed, progress, takes_labels=takes_labels)
    return dataset_from(source, config, dtype=dtype)


def dataset_from(source: Examples, config: DataConfig, *, dtype: str = "float32") -> Dataset:
    """The examples of a source, split and scaled as `config` says. Raises DataError, as `load_dataset` does."""
    examples = with_inputs(source, config.inputs, config.name)
    every = np.arange(len(examples.y))
    if examples.test is None:
        rest, test_rows = split(
            examples.y, TEST_SHARE, seed=TEST_SEED, what="testing", groups=examples.groups,
            in_order=config.split_by == "order",
        )  # fmt: skip
        x_test, y_test = examples.x, examples.y
    else:
        rest = every
        x_test, y_test = examples.test
        test_rows = np.arange(len(y_test))
    train_rows, val_rows = _train_and_validation(config, examples, rest)
    if examples.validation is None:
        x_val, y_val = examples.x, examples.y
    else:
        x_val, y_val = examples.validation
        val_rows = np.arange(len(y_val))
    preparation = fit_preparation(config.scaling, examples, train_rows)
    rows = {"train": train_rows, "validation": val_rows, "test": test_rows}
    return Dataset(
        name=config.name if config.name in DATASETS else _name_of(Path(config.name).expanduser()),
        x_train=preparation.apply(examples.x, train_rows, dtype),
        y_train=examples.y[train_rows],
        x_val=preparation.apply(x_val, val_rows, dtype),
        y_val=y_val[val_rows],
        x_test=preparation.apply(x_test, test_rows, dtype),
        y_test=y_test[test_rows],
        class_names=examples.class_names,
        image_shape=examples.image_shape,
        is_photo=examples.is_photo,
        fingerprint=source.fingerprint(),
        feature_names=preparation.feature_names
        if examples.feature_names and examples.columns
        else examples.feature_names,
        offset=preparation.scaler.offset,
        divisor=preparation.scaler.divisor,
        notes=(*examples.notes, *leak_warnings(examples, train_rows)),
        left_out=examples.left_out,
        table=None if examples.about is None else {**examples.about, **preparation.to_dict()},
        files=_files(source, rows),
        rows=_rows(examples, rows),
        arrays={name: source.arrays.get(name, source.arrays["train"]) for name in rows} if source.arrays else {},
    )


def _rows(examples: Examples, rows: Mapping[str, Int[ndarray, " n_rows"]]) -> dict[str, Int[ndarray, " n_rows"]]:
    """The places of the examples of each split in their file or array."""
    if examples.rows is not None:
        return {name: examples.rows[chosen] for name, chosen in rows.items()}
    return dict(rows) if examples.arrays else {}


def _files(source: Examples, rows: Mapping[str, Int[ndarray, " n_rows"]]) -> dict[str, list[str]]:
    """The names of the files of each split, whose examples are these rows of the source or of its official split."""
    if not source.files:
        return {}
    return {
        name: [source.files.get(name, source.files["train"])[row] for row in chosen.tolist()]
        for name, chosen in rows.items()
    }


def check_name(name: str) -> None:
    """Raise DataError, with the nearest name, if `name` is neither a listed data set nor a file or folder."""
    if name in DATASETS:
        return
    if not _looks_like_path(name):
        raise DataError(f"unknown data set {name!r}{did_you_mean(name, DATASETS)}; known are {list(DATASETS)}")
    if find_path(name) is None:
        if os.path.lexists(name):
            raise DataError(f"{name} is neither a file nor a folder that can be read")
        raise DataError(f"there is no file {name}" if Path(name).suffix else f"there is no file or folder {name}")
    if shown(name).encode() != os.fsencode(name):
        raise DataError(f"the path {shown(name)} is not text in UTF-8, which the record of a run needs: rename it")


def check_data(config: DataConfig) -> None:
    """Raise DataError for a data set that is not there, or cannot be read as far as its beginning shows."""
    check_name(config.name)
    path = None if config.name in DATASETS else find_path(config.name)
    if path is not None:
        check_beginning(path, header_of(config))


def find_path(name: str) -> Path | None:
    """The file or folder at the path `name`; None if there is none, or something else such as a named pipe."""
    try:
        path = Path(name).expanduser()
        mode = path.stat().st_mode
    except (OSError, RuntimeError, ValueError):  # not there, the home of an unknown user, or an invalid path
        return None
    return path if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else None


def holds_images(name: str) -> bool:
    """Whether the examples of a data set are images; for a file, a guess from its first bytes."""
    if name in DATASETS:
        return DATASETS[name].image_shape is not None
    path = find_path(name)
    return path is not None and may_hold_images(path)


def holds_points(name: str) -> bool:
    """Whether the examples of a data set are points of a plane; for a file, a guess from its first bytes."""
    if name in DATASETS:
        return DATASETS[name].n_features == 2
    path = find_path(name)
    return path is not None and path.is_file() and may_hold_points(path)


def load_run_dataset(config: RunConfig, progress: Progress | None = None) -> Dataset:
    """Load the data set of a run, as its network sees it. Raises DataError with one sentence for the user."""
    return dataset_from(load_run_examples(config, progress), config.data, dtype=config.training.dtype)


def load_run_examples(config: RunConfig, progress: Progress | None = None) -> Examples:
    """The examples of a run's data set, as in their source. Raises DataError with one sentence for the user."""
    return load_examples(config.data, config.training.seed, progress, takes_labels=config.network.takes_labels)


def is_table(name: str) -> bool:
    """Whether a data set is a user's table."""
    path = None if name in DATASETS else find_path(name)
    return path is not None and is_table_file(path)


def is_ready(config: DataConfig) -> bool:
    """Whether `load_dataset` works without a download."""
    return config.name not in IDX_SETS or is_present(IDX_SETS[config.name])


def load_examples(
    config: DataConfig, seed: int = 0, progress: Progress | None = None, *, takes_labels: bool = False
) -> Examples:
    """The examples of the data set that `config` names, as in its source; arguments and errors as in `load_dataset`."""
    name = config.name
    if name in DATASETS:
        return DATASETS[name].load(config, seed, progress)
    if _looks_like_path(name):
        check_name(name)
        path = Path(name).expanduser()
        examples = load_user_file(path, config, progress, takes_labels=takes_labels)
        return transposed(examples, name) if config.transpose else examples
    raise DataError(f"unknown data set {name!r}{did_you_mean(name, DATASETS)}; known are {list(DATASETS)}")


def transposed(examples: Examples, name: str) -> Examples:
    """The examples with the rows and columns of every image swapped."""
    if examples.image_shape is None:
        raise DataError(f"{name} holds no images to transpose")
    height, width = examples.image_shape
    turned = examples.with_features(lambda x: x.reshape(-1, height, width).swapaxes(1, 2).reshape(len(x), -1))
    return replace(turned, image_shape=(width, height))


def _train_and_validation(
    config: DataConfig, examples: Examples, rest: Int[ndarray, " n_rest"]
) -> tuple[Int[ndarray, " n_train"], Int[ndarray, " n_val"]]:
    """Rows for training and rows for validation, out of those that are not for testing.

    With `n_train`, the first `n_train` are for training and validation is drawn from the others: as
    many as its share of all, or all of them if there are fewer. An official validation split needs no rows.
    """
    wanted = 0 if examples.validation is not None else config.split * len(rest)
    if config.n_train == 0:
        if wanted == 0:
            return rest, rest[:0]
        groups = None if examples.groups is None else examples.groups[rest]
        kept, held = split(
            examples.y[rest], config.split, seed=VALIDATION_SEED, groups=groups, in_order=config.split_by == "order"
        )
        return rest[kept], rest[held]
    if config.n_train > len(rest):
        raise DataError(
            f"n_train must be at most {len(rest):,}, the training examples of {config.name}, got {config.n_train:,}"
        )
    first, others = rest[: config.n_train], rest[config.n_train :]
    y = examples.y[first]
    absent = np.flatnonzero(~y.any(axis=0)) if y.ndim == 2 else np.setdiff1d(np.arange(len(examples.class_names)), y)
    if len(absent):
        raise DataError(
            f"the first {config.n_train:,} examples of {config.name} have none of the class "
            f"{examples.class_names[absent[0]]}: n_train must be larger"
        )
    if examples.groups is not None:
        others = others[~np.isin(examples.groups[others], examples.groups[first])]
    if wanted >= len(others) or wanted == 0:
        return first, others if wanted else others[:0]
    groups = None if examples.groups is None else examples.groups[others]
    _, held = split(examples.y[others], wanted / len(others), seed=VALIDATION_SEED, groups=groups)
    return first, others[held]


def _name_of(path: Path) -> str:
    path = path.resolve()
    return path.name if path.is_dir() else path.stem


def _looks_like_path(name: str) -> bool:
    return bool(Path(name).suffix) or "/" in name or os.sep in name or find_path(name) is not None
