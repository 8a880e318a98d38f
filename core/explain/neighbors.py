"""Nearest neighbours: the known examples that a network finds most like a new one."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.engines.inference import Inference
from annscope.core.errors import ConfigError
from annscope.core.network import Network


def last_hidden(network: Network, x: Float[ndarray, "n n_features"]) -> Float[ndarray, "n n_units"]:
    """The activations of the last hidden layer; the features themselves in a network without one."""
    outputs = Inference(network).outputs_and_logits(x)
    return outputs[-2] if len(outputs) > 1 else x


def nearest(
    known: Float[ndarray, "n n_units"], point: Float[ndarray, " n_units"], k: int
) -> tuple[Int[ndarray, " k"], Float[ndarray, " k"]]:
    """The rows of `known` nearest to `point` (all of them when there are fewer than k) and their Euclidean distances.

    Nearest first; of two as near, the earlier row.
    """
    if k < 1:
        raise ConfigError(f"k must be 1 or more, got {k}")
    distances = np.sqrt(np.square(known.astype(np.float64) - point).sum(axis=1))
    rows = np.argsort(distances, kind="stable")[:k]
    return rows, distances[rows]
