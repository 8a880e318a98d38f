"""A run's past as the live views draw it: classes and neurons over its snapshots, thinned out where there are many.

A view that follows a run sees each snapshot as it comes; one that is opened later asks here for what was before.
A snapshot that cannot be read is left out: the others are still what they were.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from numpy import ndarray

from annscope.core.errors import ConfigError
from annscope.core.evaluation.metrics import class_metrics
from annscope.dashboard.queries.live_runs import Following, or_null
from annscope.runs.record import RecordError

MOST_MOMENTS = 96


def classes(following: Following) -> dict[str, Any]:
    """F1 of each class, None where it is undefined: {"numbers": [n], "f1": [n, n_classes]}."""
    found = _each(following, "confusion")
    return {
        "numbers": list(found),
        "f1": [[or_null(f1) for f1 in class_metrics(confusion).f1] for confusion in found.values()],
    }


def neuron(following: Following, layer: int, unit: int) -> dict[str, Any]:
    """What a neuron put out for each probe example: {"numbers": [n], "steps": [n], "activations": [n, n_probes]}.

    What is not finite is None.

    Raises ConfigError when the network has no such neuron.
    """
    sizes = following.reader.layer_sizes[1:]
    if not 0 <= layer < len(sizes):
        raise ConfigError(f"layer must be at least 0 and at most {len(sizes) - 1}, got {layer}.")
    if not 0 <= unit < sizes[layer]:
        raise ConfigError(f"unit must be at least 0 and at most {sizes[layer] - 1}, got {unit}.")
    found = _each(following, f"layer{layer}.activation")
    return {
        "numbers": list(found),
        "steps": [following.reader.snapshot_line(number)["step"] for number in found],
        "activations": [[or_null(each) for each in activation[:, unit]] for activation in found.values()],
    }


def _each(following: Following, name: str) -> dict[int, ndarray]:
    """One array of each snapshot, by number."""
    found = {}
    for number in following.moments().spread(MOST_MOMENTS):
        with suppress(RecordError):
            found[number] = following.reader.arrays(number)[name]
    return found
