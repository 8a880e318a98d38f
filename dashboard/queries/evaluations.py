"""Evaluations: the predictions of any snapshot's network on any split, and what follows from them, computed on demand.

None of it is stored with the run: parameters and data reproduce it bit for bit. The most recent results are cached
in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.dataset import SPLITS, Dataset
from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.metrics import confusion_matrix
from annscope.core.evaluation.predictions import Predictions, predict
from annscope.core.snapshot import Confusion
from annscope.dashboard.queries.examples import source_of
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.dashboard.queries.lru_cache import Cache
from annscope.data.download import Progress
from annscope.data.errors import DataError
from annscope.runs.catalogue import run_directory
from annscope.runs.reader import RunReader

CACHED_PREDICTIONS = 8
CACHED_CONFUSIONS = 2000


class DerivedError(AnnscopeError):
    """Something that cannot be computed from a record; the message is the reason."""


def predictions_of(run: str, number: int, split: str) -> Predictions:
    """The predictions of the network of a snapshot on a split.

    Raises AnnscopeError for an empty split, for data that is missing or has changed, and for a damaged record.
    """
    return _predictions.get((run, number, split), lambda: _compute(run, number, split))


def _compute(run: str, number: int, split: str) -> Predictions:
    dataset = dataset_of(run)
    x, y = dataset.split(split)
    if not len(y):
        raise DerivedError(f"Run {run} has no {split} examples.")
    network = get_live_run(run).reader.network(number)
    predicted, probabilities = predict(network, x, is_multilabel=dataset.is_multilabel)
    return Predictions(run, number, split, dataset.class_names, y, predicted, probabilities)


def confusions_of(run: str, numbers: Sequence[int], split: str) -> tuple[dict[int, Confusion], list[AnnscopeError]]:
    """The confusion matrix of each of these snapshots on a split: the recorded one where the split is the held-out one.

    A snapshot that cannot be read is omitted; the errors come second. Raises AnnscopeError if none can be read.
    """
    dataset = dataset_of(run)
    x, y = dataset.split(split)
    reader = get_live_run(run).reader

    def compute(number: int) -> ndarray:
        if split == dataset.heldout:
            return np.asarray(reader.snapshot(number).confusion, np.int64)
        predicted = predict(reader.network(number), x, is_multilabel=dataset.is_multilabel)[0]
        return confusion_matrix(y, predicted, dataset.n_classes)

    found: dict[int, ndarray] = {}
    errors: list[AnnscopeError] = []
    for number in numbers:
        try:
            found[number] = _confusions.get((run, number, split), partial(compute, number))
        except AnnscopeError as error:
            errors.append(error)
    if not found and errors:
        raise errors[0]
    return found, errors


def dataset_of(run: str, progress: Progress | None = None) -> Dataset:
    """The data that a run was trained on, checked by its fingerprint; `progress` is called while it is read.

    Raises AnnscopeError when it is missing, has changed or was never loaded.
    """
    try:
        return source_of(run, progress).dataset
    except DataError as error:
        raise DerivedError(f"The data of run {run} cannot be read: {str(error).rstrip('.')}.") from error


def shown_features(run: str, split: str, places: Sequence[int] | None = None) -> Float[ndarray, "n n_features"]:
    """The features of these examples of a split (None: all) before scaling.

    Images from 0, background, to 1, full ink; anything else in its own units.
    """
    source = source_of(run)
    x = source.dataset.split(split)[0]
    raw: ndarray = (x if places is None else x[places]) * source.divisor + source.offset
    return raw / source.white if source.dataset.image_shape is not None else raw


def splits_of(run: str) -> dict[str, int]:
    """The splits that are not empty, with their sizes; the held-out split of the run comes first."""
    about: dict[str, Any] = RunReader(run_directory(run)).description["dataset"] or {}
    counts = {name: int(about.get(f"n_{name}", 0)) for name in SPLITS}
    order = ("validation", "test", "train")
    return {name: counts[name] for name in order if counts[name]}


_predictions: Cache[tuple[str, int, str], Predictions] = Cache(CACHED_PREDICTIONS)
_confusions: Cache[tuple[str, int, str], ndarray] = Cache(CACHED_CONFUSIONS)


def clear_cache() -> None:
    """Remove all cached results."""
    _predictions.clear()
    _confusions.clear()
