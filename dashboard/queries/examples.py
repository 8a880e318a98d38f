"""Examples: the data of a run for the pages that show single examples, loaded once and scaled as in training."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

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
from annscope.dashboard.queries.lru_cache import Cache
from annscope.data.datasets import DATASETS, dataset_from, is_ready, load_run_examples
from annscope.data.download import Progress
from annscope.data.rows import Rows, rows_behind

N_NEAREST = 8
MAX_NEAREST = 64


class ExampleError(AnnscopeError):
    """An example that does not exist, or data that is no longer available."""


@dataclass(frozen=True, eq=False)
class Source:
    """A run's data, and the scaling from the raw values of its source to the network's input.

    Features are `(raw - offset) / divisor`; `white` is the raw value of full ink in images. `rows` are the examples
    with their original columns; None for images.
    """

    dataset: Dataset
    offset: Float[ndarray, " n_features"]
    divisor: Float[ndarray, " n_features"]
    white: float
    rows: Rows | None


def source_of(run: str, progress: Progress | None = None) -> Source:
    """The data that a run was trained on; `progress` is called while it is read.

    Raises AnnscopeError when it is not on this machine, or has changed.
    """
    key = _key(run)
    config = get_live_run(run).reader.config
    if not is_ready(config.data):
        raise ExampleError(
            f"The data of run {run} ({config.data.name}) is not on this machine: a run on it fetches it, once."
        )
    with _loading:
        found = _sources.find(key)
        if found is None:
            loaded = _load(run, config, key, progress)
            found = _sources.get(key, lambda: loaded)
    return found


def is_loaded(run: str) -> bool:
    """Whether `source_of` responds at once."""
    return _sources.find(_key(run)) is not None


_loading = threading.Lock()
"""Held while data is loaded, so that concurrent requests load it once."""


def rows_of(run: str) -> Rows:
    """The examples of a run as rows with their original columns. Raises what `source_of` does, and for images."""
    rows = source_of(run).rows
    if rows is None:
        raise ExampleError(f"The data of run {run} are images, which have no columns.")
    return rows


@lru_cache(maxsize=8)
def _recorded(run: str, fingerprint: str) -> str:
    """What the record of a run says of how its table was prepared, as JSON."""
    del fingerprint  # part of the cache key
    return json.dumps((get_live_run(run).reader.description["dataset"] or {}).get("table"))


class _Key(NamedTuple):
    """What the data of a run depends on: runs that have it in common share the data."""

    data: DataConfig
    dtype: str
    takes_labels: bool
    fingerprint: str
    recorded: str
    """How its table was prepared, as JSON."""


_sources: Cache[_Key, Source] = Cache(2)


def _key(run: str) -> _Key:
    reader = get_live_run(run).reader
    about = reader.description.get("dataset")
    if about is None:
        raise ExampleError(f"Run {run} has not loaded its data yet.")
    config, fingerprint = reader.config, about["fingerprint"]
    return _Key(
        config.data, config.training.dtype, config.network.takes_labels, fingerprint, _recorded(run, fingerprint)
    )


def _load(run: str, config: RunConfig, key: _Key, progress: Progress | None) -> Source:
    examples = load_run_examples(config, progress)
    dataset = dataset_from(examples, config.data, dtype=key.dtype)
    if dataset.fingerprint != key.fingerprint:
        raise ExampleError(f"The data in {config.data.name} has changed since run {run} learned from it.")
    is_image = dataset.image_shape is not None
    ones = np.ones(dataset.n_features)
    if is_image and config.data.scaling != "standard":
        # Scaled by one number: full ink is the brightest training pixel.
        return Source(dataset, 0 * ones, ones, white=float(dataset.x_train.max()) or 1.0, rows=None)
    offset, divisor = dataset.offset * ones, dataset.divisor * ones
    if not is_image:
        return Source(
            dataset, offset, divisor, white=1.0, rows=rows_behind(examples, dataset, json.loads(key.recorded))
        )
    return Source(dataset, offset, divisor, float((dataset.x_train * divisor + offset).max()) or 1.0, rows=None)


def describe(run: str) -> dict[str, Any]:
    """What a page needs to make new examples for a run's network, as JSON values."""
    reader = get_live_run(run).reader
    config, known = reader.config.data, reader.description.get("dataset")
    form = form_of(config)
    if known and known["image_shape"] and config.scaling in {"auto", "unit"}:
        # The features are the ink values, so a drawing pad need not wait until 70,000 images are loaded.
        return {"kind": "image", "form": form, "white": 1.0, "offset": 0.0, "divisor": 1.0}
    source = source_of(run)
    kind = "image" if source.dataset.image_shape is not None else "plane" if is_plane(run) else "row"
    about: dict[str, Any] = {
        "kind": kind,
        "form": form,
        "white": source.white,
        "offset": _shared(source.offset),
        "divisor": _shared(source.divisor),
    }
    return about | {"columns": source.rows.describe()} if kind == "row" and source.rows is not None else about


def form_of(config: DataConfig) -> str:
    """How a drawing becomes an image of this data: "mass", centred by its centre of mass as in MNIST, or "box"."""
    return "mass" if config.name in DATASETS and DATASETS[config.name].is_centred_by_mass else "box"


def is_plane(run: str) -> bool:
    """Whether the data of a run are points of a plane: two numbers, beside which only `data.inputs` may stand."""
    reader = get_live_run(run).reader
    about = reader.description["dataset"]
    if about is None or about["image_shape"] is not None:
        return False
    columns = (about.get("table") or {}).get("columns", [])
    are_numbers = all(column["kind"] == "number" and column["median"] is None for column in columns)
    return are_numbers and about["n_features"] - len(reader.config.data.inputs) == 2


def labels(run: str) -> dict[str, list[Any]]:
    """The class of every example of each split; in multi-label data its row of 0 and 1."""
    dataset = source_of(run).dataset
    return {name: dataset.split(name)[1].tolist() for name in SPLITS}


def _shared(values: Float[ndarray, " n"]) -> float | list[float]:
    """One number if all are equal."""
    return float(values[0]) if np.ptp(values) == 0 else [float(value) for value in values]


def example(run: str, split: str, index: int) -> dict[str, Any]:
    """One example as the network sees it and, where it is no image, as a row of its columns, as JSON values."""
    source = source_of(run)
    dataset = source.dataset
    x, y = dataset.split(split)
    if index >= len(y):
        has = f"it has 0 to {len(y) - 1}" if len(y) else "it is empty"
        raise ExampleError(f"There is no example {index} in the {split} split; {has}.")
    found = {"split": split, "index": index, "label": y[index].tolist(), "x": x[index].tolist()}
    return found if source.rows is None else found | {"row": source.rows.cells(split, [index])[0]}


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
    places, distances = nearest(_hidden_activations(run, number), point, k)
    return {
        "k": k,
        "neighbors": [
            {**example(run, "train", int(place)), "distance": float(distance)}
            for place, distance in zip(places, distances, strict=True)
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
    _recorded.cache_clear()
    _sources.clear()
    _hidden_activations.cache_clear()
