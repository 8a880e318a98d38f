"""Time series over the snapshots of a run, for the live views: F1 of each class and activations of one neuron.

A view that is open while the run trains receives each snapshot; one that is opened later requests the earlier ones
here. Of many snapshots only some are used; one that cannot be read is omitted.
"""

from __future__ import annotations

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
    if not 0 <= layer < len(sizes):
        raise ConfigError(f"layer must be at least 0 and at most {len(sizes) - 1}, got {layer}.")
    if not 0 <= unit < sizes[layer]:
        raise ConfigError(f"unit must be at least 0 and at most {sizes[layer] - 1}, got {unit}.")
    found = _array_of_each(live_run, f"layer{layer}.activation")
    return {
        "numbers": list(found),
        "steps": [live_run.reader.snapshot_line(number)["step"] for number in found],
        "activations": [[or_null(each) for each in activation[:, unit]] for activation in found.values()],
    }


def _array_of_each(live_run: LiveRun, name: str) -> dict[int, ndarray]:
    """One array of each snapshot, by number."""
    found = {}
    for number in live_run.snapshots().spread(MAX_SNAPSHOTS):
        with suppress(RecordError):
            found[number] = live_run.reader.arrays(number)[name]
    return found
