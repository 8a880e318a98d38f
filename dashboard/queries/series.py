"""Time series over the snapshots of a run, for the live views: F1 of each class, activations of one neuron, one
weight.

A view that is open while the run trains receives each snapshot; one that is opened later requests the earlier ones
here. Of many snapshots only some are used; one that cannot be read is omitted.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from numpy import ndarray

from annscope.core.errors import ConfigError
from annscope.core.evaluation.metrics import class_metrics
from annscope.dashboard.queries.live_runs import LiveRun, or_null
from annscope.runs.record import RecordError

MAX_SNAPSHOTS = 96


def classes(live_run: LiveRun) -> dict[str, Any]:
    """F1 of each class, None where it is undefined: {"numbers": [n], "f1": [n, n_classes]}."""
    found = _array_of_each(live_run, "confusion")
    return {
        "numbers": list(found),
        "f1": [[or_null(f1) for f1 in class_metrics(confusion).f1] for confusion in found.values()],
    }


def neuron(live_run: LiveRun, layer: int, unit: int) -> dict[str, Any]:
    """The activation of a neuron for each probe example: {"numbers": [n], "steps": [n], "activations": [n, n_probes]}.

    Non-finite values are None.

    Raises ConfigError when the network has no such neuron.
    """
    sizes = live_run.reader.layer_sizes[1:]
    _check("layer", layer, len(sizes))
    _check("unit", unit, sizes[layer])
    found = _array_of_each(live_run, f"layer{layer}.activation")
    return {
        "numbers": list(found),
        "steps": _steps(live_run, found),
        "activations": [[or_null(each) for each in activation[:, unit]] for activation in found.values()],
    }


def weight(live_run: LiveRun, layer: int, place: int, unit: int) -> dict[str, Any]:
    """The weight from input number `place` of a layer to `unit`: {"numbers": [n], "steps": [n], "weights": [n]}.

    With batch normalisation it is the weight that predictions are made with, the normalisation folded into it.
    Non-finite values are None.

    Raises ConfigError when the network has no such connection.
    """
    sizes = live_run.reader.layer_sizes
    _check("layer", layer, len(sizes) - 1)
    _check("input", place, sizes[layer])
    _check("unit", unit, sizes[layer + 1])
    found = _array_of_each(live_run, f"layer{layer}.weight")
    return {
        "numbers": list(found),
        "steps": _steps(live_run, found),
        "weights": [or_null(matrix[place, unit]) for matrix in found.values()],
    }


def _check(name: str, place: int, count: int) -> None:
    if not 0 <= place < count:
        raise ConfigError(f"{name} must be at least 0 and at most {count - 1}, got {place}.")


def _steps(live_run: LiveRun, numbers: Iterable[int]) -> list[int]:
    return [live_run.reader.snapshot_line(number)["step"] for number in numbers]


def _array_of_each(live_run: LiveRun, name: str) -> dict[int, ndarray]:
    """One array of each snapshot, by number."""
    found = {}
    for number in live_run.snapshots().spread(MAX_SNAPSHOTS):
        with suppress(RecordError):
            found[number] = live_run.reader.arrays(number)[name]
    return found
