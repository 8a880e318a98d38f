"""The data behind a run, for the pages that try single examples: loaded once, scaled as the network saw it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import SPLITS, Dataset
from annscope.core.errors import AnnscopeError
from annscope.core.evaluation.metrics import evaluate
from annscope.core.explain.neighbors import last_hidden, nearest
from annscope.core.explain.what_if import Change, with_changes
from annscope.core.network import Network
from annscope.dashboard.queries.live_runs import follow
from annscope.data.datasets import is_ready, load_dataset
from annscope.data.examples import Examples
from annscope.data.scaling import fit_scaler

CENTERED = ("mnist", "mnist-5k", "mnist-5k-traits")
"""Data sets whose figures stand with their centre of mass in the middle; those of others fill the image."""
N_NEAREST = 8
MOST_NEAREST = 64


class ExampleError(AnnscopeError):
    """An example that is not there, or data that cannot be had any more."""


@dataclass(frozen=True, eq=False)
class Source:
    """A run's data, and the way from the numbers of its source to those that the network sees.

    Features are `(raw - offset) / divisor`; `white` is the raw value of full ink in images.
    `span` holds the least, median and greatest raw training value of each feature, where it is no image.
    """

    dataset: Dataset
    offset: Float[ndarray, " n_features"]
    divisor: Float[ndarray, " n_features"]
    white: float
    span: tuple[Float[ndarray, " n_features"], Float[ndarray, " n_features"], Float[ndarray, " n_features"]] | None


def source_of(run: str) -> Source:
    """The data that a run learned from.

    Raises AnnscopeError with one sentence when it is not on this machine, or is no longer what it was.
    """
    reader = follow(run).reader
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
"""Held while data is loaded: who asks meanwhile waits for it instead of loading it again."""


class _OtherDataError(Exception):
    """The data is there, but it is not what the fingerprint says."""


@lru_cache(maxsize=2)
def _load(config: RunConfig, fingerprint: str) -> Source:
    seed, dtype = config.training.seed, config.training.dtype
    dataset = load_dataset(config.data, dtype=dtype, seed=seed)
    if dataset.fingerprint != fingerprint:
        raise _OtherDataError
    is_image = dataset.image_shape is not None
    if is_image and config.data.scaling != "standard":
        # Scaled by one number: full ink is the brightest training pixel.
        zeros, ones = np.zeros(dataset.n_features), np.ones(dataset.n_features)
        return Source(dataset, zeros, ones, white=float(dataset.x_train.max()) or 1.0, span=None)
    raw = load_dataset(replace(config.data, scaling="none"), dtype=dtype, seed=seed).x_train
    white = float(raw.max()) if is_image else 1.0
    examples = Examples(
        x=raw,
        y=dataset.y_train,
        class_names=dataset.class_names,
        image_shape=dataset.image_shape,
        pixel_max=white if is_image and white > 0 else None,
    )
    scaler = fit_scaler(config.data.scaling, examples, np.arange(len(raw)))
    ones = np.ones(dataset.n_features)
    return Source(
        dataset=dataset,
        offset=scaler.offset * ones,
        divisor=scaler.divisor * ones,
        white=white or 1.0,
        span=None if is_image else (raw.min(axis=0), np.median(raw, axis=0), raw.max(axis=0)),
    )


def describe(run: str) -> dict[str, Any]:
    """What a page needs to know to make an example of its own, ready for JSON."""
    reader = follow(run).reader
    config, known = reader.config.data, reader.description.get("dataset")
    form = "mass" if config.name in CENTERED else "box"
    if known and known["image_shape"] and config.scaling in {"auto", "unit"}:
        # Ink and features are the same: a pad need not wait until 70,000 images are loaded.
        return {"kind": "image", "form": form, "white": 1.0, "offset": 0.0, "divisor": 1.0}
    source = source_of(run)
    dataset = source.dataset
    is_image = dataset.image_shape is not None
    about: dict[str, Any] = {
        "kind": "image" if is_image else "plane" if dataset.n_features == 2 else "features",
        "form": form,
        "white": source.white,
        "offset": _shared(source.offset),
        "divisor": _shared(source.divisor),
    }
    if source.span is not None:
        low, middle, high = (values.tolist() for values in source.span)
        about |= {"feature_names": list(dataset.feature_names), "low": low, "middle": middle, "high": high}
    if about["kind"] == "plane":
        about |= {"points": dataset.x_train[:1000].tolist(), "point_labels": dataset.y_train[:1000].tolist()}
    return about


def labels(run: str) -> dict[str, list[Any]]:
    """The class of every example of each split, or its row of 0 and 1, a number a label."""
    dataset = source_of(run).dataset
    return {name: dataset.split(name)[1].tolist() for name in SPLITS}


def _shared(values: Float[ndarray, " n"]) -> float | list[float]:
    """One number where all are the same."""
    return float(values[0]) if np.ptp(values) == 0 else [float(value) for value in values]


def example(run: str, split: str, index: int) -> dict[str, Any]:
    """One example as the network sees it, ready for JSON."""
    dataset = source_of(run).dataset
    x, y = dataset.split(split)
    if index >= len(y):
        has = f"it has 0 to {len(y) - 1}" if len(y) else "it is empty"
        raise ExampleError(f"There is no example {index} in the {split} split; {has}.")
    return {"split": split, "index": index, "label": y[index].tolist(), "x": x[index].tolist()}


def nearest_examples(run: str, number: int, x: Float[ndarray, " n_features"], k: int = N_NEAREST) -> dict[str, Any]:
    """The training examples nearest to `x` in the last hidden layer of a snapshot, ready for JSON."""
    source = source_of(run)
    dataset = source.dataset
    if x.shape != (dataset.n_features,) or not np.isfinite(x).all():
        raise ExampleError(f"x must be {dataset.n_features} finite numbers.")
    if not 1 <= k <= MOST_NEAREST:
        raise ExampleError(f"k must be from 1 to {MOST_NEAREST}, got {k}.")
    network = follow(run).reader.network(number)
    point = last_hidden(network, x[None].astype(dataset.x_train.dtype))[0]
    rows, distances = nearest(_known(run, number), point, k)
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
def _known(run: str, number: int) -> Float[ndarray, "n n_units"]:
    """Where every training example lies in the last hidden layer of a snapshot."""
    return last_hidden(follow(run).reader.network(number), source_of(run).dataset.x_train)


def what_if(run: str, number: int, changes: Iterable[Change]) -> dict[str, Any]:
    """How a snapshot would do on the held-out examples with changes made by hand, ready for JSON."""
    reader = follow(run).reader
    dataset = source_of(run).dataset
    network = reader.network(number)
    changed = Network(network.config, network.n_features, network.n_classes, with_changes(network.parameters, changes))
    judged = evaluate(changed, *dataset.split(dataset.heldout), reader.config.training.loss)
    figures = {"loss": judged.loss, "accuracy": judged.accuracy}
    return {"split": dataset.heldout} | {name: value if np.isfinite(value) else None for name, value in figures.items()}
