"""Permutation importance of the columns of a run's data, on a split, for the network of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from threadpoolctl import threadpool_limits

from annscope.core.evaluation.metrics import is_right
from annscope.core.evaluation.predictions import predict
from annscope.core.explain.permutation_importance import permutation_importance
from annscope.dashboard.queries.evaluations import DerivedError, dataset_of
from annscope.dashboard.queries.examples import rows_of
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.dashboard.queries.lru_cache import Cache

N_REPEATS = 10
SEED = 0
MAX_EXAMPLES = 2000
MIN_EXAMPLES = 50
MAX_PRODUCTS = 5e10
"""About how many multiplications a query may take, a few seconds: large networks and wide tables get fewer examples."""


@dataclass(frozen=True, eq=False)
class Importances:
    """By how much the accuracy drops when a column is shuffled: `drops` of each repeat, the columns in their order.

    They are of `n_examples` of the `n_in_split`; `baseline` is the accuracy with nothing shuffled.
    """

    names: tuple[str, ...]
    drops: Float[ndarray, "n_columns n_repeats"]
    baseline: float
    n_examples: int
    n_in_split: int

    @property
    def means(self) -> Float[ndarray, " n_columns"]:
        return np.asarray(self.drops.mean(axis=1))

    @property
    def deviations(self) -> Float[ndarray, " n_columns"]:
        """The standard deviation over the repeats."""
        return np.asarray(self.drops.std(axis=1))

    @property
    def order(self) -> list[int]:
        """The columns from the most important one on."""
        return [int(k) for k in np.argsort(-self.means, kind="stable")]


def has_columns(run: str) -> bool:
    """Whether the inputs of a run are columns: no pixels, and no functions of other inputs."""
    reader = get_live_run(run).reader
    about = reader.description["dataset"]
    return about is not None and about["image_shape"] is None and not reader.config.data.inputs


def importances_of(run: str, number: int, split: str) -> Importances:
    """The importances for the network of a snapshot on a split, or on a sample of it drawn with `SEED`.

    Raises AnnscopeError for an empty split, for more columns than `MAX_PRODUCTS` allows, and for data that is missing
    or has changed.
    """
    return _importances.get((run, number, split), lambda: _compute(run, number, split))


def _compute(run: str, number: int, split: str) -> Importances:
    rows, dataset = rows_of(run), dataset_of(run)
    x, y = dataset.split(split)
    if not len(y):
        raise DerivedError(f"Run {run} has no {split} examples.")
    network = get_live_run(run).reader.network(number)
    n_weights = sum(layer.weight.size for layer in network.parameters)
    n_examples = min(len(y), MAX_EXAMPLES, int(MAX_PRODUCTS / (N_REPEATS * len(rows.names) * n_weights)))
    if n_examples < min(len(y), MIN_EXAMPLES):
        raise DerivedError(
            f"Shuffling each of {len(rows.names):,} columns would take a network of {n_weights:,} weights too long: "
            "leave columns out, or make the layers narrower."
        )
    rng = np.random.default_rng(SEED)
    chosen = np.sort(rng.choice(len(y), n_examples, replace=False))
    x, y = x[chosen], y[chosen]

    def judge(inputs: ndarray) -> ndarray:
        predicted = predict(network, inputs, is_multilabel=dataset.is_multilabel)[0]
        return is_right(np.concatenate([y] * (len(inputs) // n_examples)), predicted).astype(np.float64)

    orders = np.array([rng.permutation(n_examples) for _ in range(N_REPEATS)])
    # Many small products: several threads would wait for each other, and one leaves the others to the page. The cache
    # computes one result at a time, so that the limit is lifted again.
    with threadpool_limits(1, user_api="blas"):
        baseline, drops = permutation_importance(judge, x, rows.preparation.groups, orders)
    return Importances(rows.names, drops, baseline, n_examples, len(dataset.split(split)[1]))


_importances: Cache[tuple[str, int, str], Importances] = Cache(64)


def clear_cache() -> None:
    """Remove all cached results."""
    _importances.clear()
