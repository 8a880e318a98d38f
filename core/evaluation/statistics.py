"""What each layer of a network in training is doing, in numbers (`core.snapshot.LayerStatistics`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.engines.workers import SINGLE, Workers, work_queue
from annscope.core.evaluation.metrics import ACTIVATION_BINS, GRADIENT_BINS, N_BINS, UPDATE_BINS, WEIGHT_BINS, Bins
from annscope.core.functions.activations import Activation
from annscope.core.network import Network, Parameters
from annscope.core.snapshot import LayerStatistics


def layer_statistics(
    network: Network,
    outputs: Sequence[Float[ndarray, "n _"]],
    *,
    parameters: Parameters,
    gradients: Parameters | None,
    before: Float[ndarray, " n_parameters"],
    workers: Workers = SINGLE,
) -> tuple[LayerStatistics, ...]:
    """The statistics of every layer of `network`, whose parameters are `parameters`.

    `outputs` is what each layer puts out for some examples, the class probabilities last;
    `gradients` belongs to the last step, None before the first; `before` is what the parameters
    were before it. Workers share the work; the figures do not depend on their number.
    """
    functions: list[Activation | None] = [*network.activation_functions, None]
    tasks: list[_Task] = []
    start = 0
    for i, (weight, output) in enumerate(zip(parameters.weights, outputs, strict=True)):
        part = slice(start, start + weight.size)
        start += weight.size
        flat = parameters.flat_weights[part]
        tasks += [
            _Task(weight.size, partial(_norm_and_counts, flat, WEIGHT_BINS)),
            _Task(output.size, partial(_activation_figures, output, functions[i])),
        ]
        if gradients is not None:
            d_weight = gradients.flat_weights[part]
            tasks += [
                _Task(weight.size, partial(_norm_and_counts, d_weight, GRADIENT_BINS)),
                _Task(weight.size, partial(_update_norm_and_counts, flat, before[part])),
            ]
    _measure_all(tasks, workers)
    each = iter(task.found for task in tasks)
    return tuple(_one_layer(each, has_stepped=gradients is not None) for _ in outputs)


class _Task:
    """Something to measure over `size` numbers, and what was `found`."""

    def __init__(self, size: int, measure: Callable[[], tuple[Any, ...]]) -> None:
        self.size, self.measure = size, measure
        self.found: tuple[Any, ...] = ()


def _measure_all(tasks: Sequence[_Task], workers: Workers) -> None:
    """Take them from a work queue, the largest first, so that no worker begins a large one at the end."""

    def take(task: _Task) -> None:
        task.found = task.measure()

    largest_first = sorted(tasks, key=lambda task: -task.size)
    work_queue(workers, largest_first, [take] * min(workers.size, len(tasks)))()


def _one_layer(each: Iterator[tuple[Any, ...]], *, has_stepped: bool) -> LayerStatistics:
    """A layer's statistics from the next of what was found."""
    weight_norm, weight_counts = next(each)
    mean, std, dead, saturated, activation_counts = next(each)
    gradient_norm, gradient_counts = next(each) if has_stepped else (None, np.zeros(N_BINS, np.int32))
    update_norm, update_counts = next(each) if has_stepped else (None, np.zeros(N_BINS, np.int32))
    return LayerStatistics(
        weight_norm=weight_norm,
        gradient_norm=gradient_norm,
        update_ratio=update_norm / weight_norm if update_norm is not None and weight_norm else None,
        activation_mean=mean,
        activation_std=std,
        dead_fraction=dead,
        saturated_fraction=saturated,
        weight_histogram=weight_counts,
        gradient_histogram=gradient_counts,
        activation_histogram=activation_counts,
        update_histogram=update_counts,
    )


def _norm_and_counts(vector: Float[ndarray, " n"], bins: Bins) -> tuple[float, Int[ndarray, " 64"]]:
    return _norm(vector), bins.count(vector)


def _update_norm_and_counts(
    after: Float[ndarray, " n"], before: Float[ndarray, " n"]
) -> tuple[float, Int[ndarray, " 64"]]:
    return _norm_and_counts(after - before, UPDATE_BINS)


def _activation_figures(
    output: Float[ndarray, "n n_units"], function: Activation | None
) -> tuple[float, float, float, float | None, Int[ndarray, " 64"]]:
    counts = ACTIVATION_BINS.count(output)
    if not len(output):
        return 0.0, 0.0, 0.0, None, counts
    deviations = output.astype(np.float64).ravel()
    mean = float(deviations.mean())
    deviations -= mean
    std = math.sqrt(deviations.dot(deviations) / len(deviations))
    return mean, std, float((output == 0).all(axis=0).mean()), _saturated(output, function), counts


def _norm(vector: Float[ndarray, " n"]) -> float:
    return float(np.sqrt(np.square(vector, dtype=np.float64).sum()))


def _saturated(output: Float[ndarray, "n n_units"], function: Activation | None) -> float | None:
    if function is None or function.unsaturated is None:
        return None
    low, high = function.unsaturated
    return float(((output < low) | (output > high)).mean())
