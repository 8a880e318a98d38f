"""Examples: the data of a run for the pages that show single examples, loaded once and scaled as in training."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import DataConfig, RunConfig
from annscope.core.dataset import SPLITS, Dataset
from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.metrics import evaluate
from annscope.core.explain.neighbors import last_hidden, nearest
from annscope.core.explain.what_if import Change, with_changes
from annscope.core.network import Network
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.data.datasets import DATASETS, is_ready, load_run_dataset

N_NEAREST = 8
MAX_NEAREST = 64


class ExampleError(AnnscopeError):
    """An example that does not exist, or data that is no longer available."""


@dataclass(frozen=True, eq=False)
class Source:
    """A run's data, and the scaling from the raw values of its source to the network's input.

    Features are `(raw - offset) / divisor`; `white` is the raw value of full ink in images.
    `span` holds the minimum, median and maximum raw training value of each feature, except for images.
    """

    dataset: Dataset
    offset: Float[ndarray, " n_features"]
    divisor: Float[ndarray, " n_features"]
    white: float
    span: tuple[Float[ndarray, " n_features"], Float[ndarray, " n_features"], Float[ndarray, " n_features"]] | None


def source_of(run: str) -> Source:
    """The data that a run was trained on.

    Raises AnnscopeError when it is not on this machine, or has changed.
    """
    reader = get_live_run(run).reader
    about = reader.description.get("dataset")
    if about is None:
        raise ExampleError(f"Run {run} has not loaded its data yet.")
    config = reader.config
    if not is_ready(config.data):
        raise ExampleError(
            f"The data of run {run} ({config.data.name}) is not on this machine: a run on it fetches it, once."
        )
    try:
        with _loading:
            return _load(config, about["fingerprint"])
    except _OtherDataError:
        raise ExampleError(f"The data in {config.data.name} has changed since run {run} learned from it.") from None


_loading = threading.Lock()
"""Held while data is loaded, so that concurrent requests load it once."""


class _OtherDataError(Exception):
    """The data exists, but its fingerprint differs."""


@lru_cache(maxsize=2)
def _load(config: RunConfig, fingerprint: str) -> Source:
    dataset = load_run_dataset(config)
    if dataset.fingerprint != fingerprint:
        raise _OtherDataError
    is_image = dataset.image_shape is not None
    if is_image and config.data.scaling != "standard":
        # Scaled by one number: full ink is the brightest training pixel.
        zeros, ones = np.zeros(dataset.n_features), np.ones(dataset.n_features)
        return Source(dataset, zeros, ones, white=float(dataset.x_train.max()) or 1.0, span=None)
    ones = np.ones(dataset.n_features)
    offset, divisor = dataset.offset * ones, dataset.divisor * ones
    raw = dataset.x_train * divisor + offset
    return Source(
        dataset=dataset,
        offset=offset,
        divisor=divisor,
        white=(float(raw.max()) if is_image else 1.0) or 1.0,
        span=None if is_image else (raw.min(axis=0), np.median(raw, axis=0), raw.max(axis=0)),
    )


def describe(run: str) -> dict[str, Any]:
    """What a page needs to make new examples for a run's network, as JSON values."""
    reader = get_live_run(run).reader
    config, known = reader.config.data, reader.description.get("dataset")
    form = "mass" if config.name in DATASETS and DATASETS[config.name].is_centred_by_mass else "box"
    if known and known["image_shape"] and config.scaling in {"auto", "unit"}:
        # The features are the ink values, so a drawing pad need not wait until 70,000 images are loaded.
        return {"kind": "image", "form": form, "white": 1.0, "offset": 0.0, "divisor": 1.0}
    source = source_of(run)
    dataset = source.dataset
    is_image = dataset.image_shape is not None
    about: dict[str, Any] = {
        "kind": "image" if is_image else "plane" if is_plane(config, dataset.n_features) else "features",
        "form": form,
        "white": source.white,
        "offset": _shared(source.offset),
        "divisor": _shared(source.divisor),
    }
    if source.span is not None:
        low, middle, high = (values.tolist() for values in source.span)
        about |= {"feature_names": list(dataset.feature_names), "low": low, "middle": middle, "high": high}
    return about


def is_plane(config: DataConfig, n_inputs: int) -> bool:
    """Whether a network with this many inputs, which are no images, is about points of a plane."""
    return n_inputs - len(config.inputs) == 2


def labels(run: str) -> dict[str, list[Any]]:
    """The class of every example of each split; in multi-label data its row of 0 and 1."""
    dataset = source_of(run).dataset
    return {name: dataset.split(name)[1].tolist() for name in SPLITS}


def _shared(values: Float[ndarray, " n"]) -> float | list[float]:
    """One number if all are equal."""
    return float(values[0]) if np.ptp(values) == 0 else [float(value) for value in values]


def example(run: str, split: str, index: int) -> dict[str, Any]:
    """One example as the network sees it, as JSON values."""
    dataset = source_of(run).dataset
    x, y = dataset.split(split)
    if index >= len(y):
        has = f"it has 0 to {len(y) - 1}" if len(y) else "it is empty"
        raise ExampleError(f"There is no example {index} in the {split} split; {has}.")
    return {"split": split, "index": index, "label": y[index].tolist(), "x": x[index].tolist()}


def nearest_examples(run: str, number: int, x: Float[ndarray, " n_features"], k: int = N_NEAREST) -> dict[str, Any]:
    """The training examples nearest to `x` in the last hidden layer of a snapshot, as JSON values."""
    source = source_of(run)
    dataset = source.dataset
    if x.shape != (dataset.n_features,) or not np.isfinite(x).all():
        raise ExampleError(f"x must be {dataset.n_features} finite numbers.")
    if not 1 <= k <= MAX_NEAREST:
        raise ExampleError(f"k must be from 1 to {MAX_NEAREST}, got {k}.")
    network = get_live_run(run).reader.network(number)
    point = last_hidden(network, x[None].astype(dataset.x_train.dtype))[0]
    rows, distances = nearest(_hidden_activations(run, number), point, k)
    return {
        "k": k,
        "neighbors": [
            {
                "index": int(row),
                "label": dataset.y_train[row].tolist(),
                "distance": float(distance),
                "x": dataset.x_train[row].tolist(),
            }
            for row, distance in zip(rows, distances, strict=True)
        ],
    }


@lru_cache(maxsize=4)
def _hidden_activations(run: str, number: int) -> Float[ndarray, "n n_units"]:
    """The activations of the last hidden layer of a snapshot for every training example."""
    return last_hidden(get_live_run(run).reader.network(number), source_of(run).dataset.x_train)


def what_if(run: str, number: int, changes: Iterable[Change]) -> dict[str, Any]:
    """Loss and accuracy of a snapshot on the held-out split with weights changed by hand, as JSON values."""
    reader = get_live_run(run).reader
    dataset = source_of(run).dataset
    network = reader.network(number)
    changed = Network(network.config, network.n_features, network.n_classes, with_changes(network.parameters, changes))
    x, y = dataset.split(dataset.heldout)
    evaluation = evaluate(changed, x, y, reader.config.training.loss)
    figures = {"loss": evaluation.loss, "accuracy": evaluation.accuracy}
    about = {"split": dataset.heldout, "n_examples": len(y)}
    return about | {name: value if np.isfinite(value) else None for name, value in figures.items()}


def clear_cache() -> None:
    """Remove all cached data and activations."""
    _load.cache_clear()
    _hidden_activations.cache_clear()
