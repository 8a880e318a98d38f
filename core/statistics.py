"""What each layer of a network in training is doing, in numbers (`core.snapshot.LayerStatistics`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.activations import Activation
from core.metrics import ACTIVATION_BINS, GRADIENT_BINS, N_BINS, UPDATE_BINS, WEIGHT_BINS
from core.network import Network, Parameters
from core.snapshot import LayerStatistics

SATURATION = 0.05
"""How near an end of a bounded activation's range a value counts as saturated."""


def layer_statistics(
    network: Network,
    outputs: Sequence[Float[ndarray, "n _"]],
    *,
    parameters: Parameters,
    gradients: Parameters | None,
    before: Float[ndarray, " n_parameters"],
) -> tuple[LayerStatistics, ...]:
    """The statistics of every layer of `network`, whose parameters are `parameters`.

    `outputs` is what each layer puts out for some examples, the class probabilities last;
    `gradients` belongs to the last step, None before the first; `before` is what the parameters
    were before it.
    """
    functions: list[Activation | None] = [*network.activations_of, None]
    found = []
    start = 0
    for i, (weight, output) in enumerate(zip(parameters.weights, outputs, strict=True)):
        flat = parameters.flat_weights[start : start + weight.size]
        update = flat - before[start : start + weight.size]
        start += weight.size
        norm = _norm(flat)
        d_weight = None if gradients is None else gradients.weights[i].ravel()
        found.append(
            LayerStatistics(
                weight_norm=norm,
                gradient_norm=None if d_weight is None else _norm(d_weight),
                update_ratio=_norm(update) / norm if d_weight is not None and norm else None,
                activation_mean=float(output.mean(dtype=np.float64)) if len(output) else 0.0,
                activation_std=float(output.std(dtype=np.float64)) if len(output) else 0.0,
                dead_fraction=float((output == 0).all(axis=0).mean()) if len(output) else 0.0,
                saturated_fraction=_saturated(output, functions[i]),
                weight_histogram=WEIGHT_BINS.count(flat),
                gradient_histogram=np.zeros(N_BINS, np.int32) if d_weight is None else GRADIENT_BINS.count(d_weight),
                activation_histogram=ACTIVATION_BINS.count(output),
                update_histogram=np.zeros(N_BINS, np.int32) if d_weight is None else UPDATE_BINS.count(update),
            )
        )
    return tuple(found)


def _norm(vector: Float[ndarray, " n"]) -> float:
    return float(np.sqrt(np.square(vector, dtype=np.float64).sum()))


def _saturated(output: Float[ndarray, "n n_units"], function: Activation | None) -> float | None:
    if function is None or function.lowest is None or function.highest is None or not len(output):
        return None
    low, high = function.lowest + SATURATION, function.highest - SATURATION
    return float(((output < low) | (output > high)).mean())
