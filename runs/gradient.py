"""Gradient check of a run: is the gradient that its own engine uses right at the network of one of its snapshots?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from annscope.core.engines.engine import NotFiniteError
from annscope.core.engines.workers import SequentialWorkers
from annscope.core.explain.gradient_check import GradientCheck, check_step
from annscope.core.network import Parameters, layer_sizes
from annscope.data.datasets import load_run_dataset
from annscope.runs.reader import RunReader
from annscope.runs.record import RecordError, recorded_threads

if TYPE_CHECKING:
    from rich.console import RenderableType

    from annscope.data.download import Progress

N_CHECKED = 200
EXACT = {"softmax-derivative": "exact", "delta-weights": "current"}
"""The settings that may make a gradient an approximation, with the values for which it is exact."""
MISTAKES = {
    "softmax-derivative": "The diagonal of the softmax Jacobian leaves out how each class depends on the other logits.",
    "delta-weights": "The errors are propagated through weights that the same step has already updated.",
}


@dataclass(frozen=True, eq=False)
class RunCheck:
    """The gradient that a run's step uses (`own`) and the exact one, both against central differences.

    `names` are the names of the parameters that were checked, such as "layer 1, weight 407 to 12";
    `layers` are their layers, from 1. `range` is that of the features of the `n_examples` examples.
    """

    run: str
    step: int
    epoch: int
    own: GradientCheck
    exact: GradientCheck
    names: tuple[str, ...]
    layers: tuple[int, ...]
    n_parameters: int
    n_examples: int
    range: tuple[float, float]
    epsilon: float
    mistakes: tuple[str, ...]
    """The settings that make the run's gradient an approximation, by option name."""

    @property
    def is_exact(self) -> bool:
        """Whether the run uses the exact gradient, to within what rounding lets us tell."""
        return not self.mistakes and self.own.is_right is not False


def check_run(reader: RunReader, number: int, progress: Progress | None = None) -> RunCheck:
    """Check the step that the run would take from a snapshot on its first batch, with the engine it trains with.

    Up to 200 parameters are drawn at random from all layers, always the same ones. The step of the
    differences shrinks with the size of the features, so that raw pixels do as little harm as
    scaled ones. In a network with batch normalisation the weights are those used for inference.

    Raises RecordError for what cannot be read, and if the data has changed since; DataError for data that is gone.
    """
    config, line, network = reader.config, reader.snapshot_line(number), reader.network(number)
    dataset = load_run_dataset(config, progress)
    if dataset.fingerprint != reader.description["dataset"]["fingerprint"]:
        raise RecordError(f"The data set {dataset.name} has changed since run {reader.run} was trained.")
    sizes = layer_sizes(config.network, network.n_features, network.n_classes)
    parameters = Parameters(config.network, sizes, "float64")
    for i, layer in enumerate(network.parameters):
        parameters.weights[i][...] = layer.weight
        bias, scale = parameters.biases[i], parameters.scales[i]
        if bias is not None and layer.bias is not None:
            bias[...] = layer.bias
        if scale is not None:
            scale[...] = 1
    workers = SequentialWorkers(recorded_threads(reader.description))
    try:
        step = check_step(dataset, config, parameters, n_checked=N_CHECKED, workers=workers)
    except NotFiniteError as error:
        raise RecordError(f"The step from here is not finite: {error}.") from error
    mistakes = tuple(option for option in EXACT if config.with_values({option: EXACT[option]}) != config)
    names, layers = _names(parameters, step.indices)
    return RunCheck(
        run=reader.run,
        step=line["step"],
        epoch=line["epoch"],
        own=step.own,
        exact=step.exact,
        names=names,
        layers=layers,
        n_parameters=len(parameters.flat),
        n_examples=step.n_examples,
        range=step.range,
        epsilon=step.epsilon,
        mistakes=mistakes,
    )


def _names(parameters: Parameters, indices: np.ndarray) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The name and the layer of each entry of the flat parameter vector."""
    names, layers = np.empty(len(parameters.flat), object), np.empty(len(parameters.flat), int)
    end = 0
    for what, parts in (("weight", parameters.weights), ("bias", parameters.biases), ("scale", parameters.scales)):
        for layer, part in enumerate(parts, 1):
            if part is None:
                continue
            start, end = end, end + part.size
            layers[start:end] = layer
            wanted = indices[(indices >= start) & (indices < end)]
            for i in wanted:
                place = np.unravel_index(i - start, part.shape)
                names[i] = f"layer {layer}, {what} {' to '.join(str(int(k) + 1) for k in place)}"
    return tuple(names[indices]), tuple(int(layer) for layer in layers[indices])


def verdict(check: GradientCheck) -> str:
    """Right, wrong, or too small to tell."""
    return {True: "right", False: "wrong", None: "too small to tell"}[check.is_right]


def about(checked: RunCheck) -> str:
    """What was checked, on which examples and how, in a sentence or two."""
    low, high = checked.range
    return (
        f"Checked at step {checked.step:,}: the run's own engine took its step on {checked.n_examples:,} training "
        f"examples with features from {low:.3g} to {high:.3g} as the network sees them: "
        f"{len(checked.names):,} of {checked.n_parameters:,} parameters, drawn at random from all layers, each moved "
        f"up and down by {checked.epsilon:.1g} in float64."
    )


def plain(checked: RunCheck) -> dict[str, Any]:
    """The result of the check as plain values."""
    return {
        "run": checked.run,
        "step": checked.step,
        "epoch": checked.epoch,
        "error": checked.own.error,
        "verdict": verdict(checked.own),
        "exact_error": checked.exact.error,
        "exact_verdict": verdict(checked.exact),
        "mistakes": list(checked.mistakes),
        "n_parameters": checked.n_parameters,
        "n_examples": checked.n_examples,
        "epsilon": checked.epsilon,
        "parameters": [
            {"name": name, "gradient": float(own), "exact": float(exact), "differences": float(numeric)}
            for name, own, exact, numeric in zip(
                checked.names, checked.own.analytic, checked.exact.analytic, checked.own.numeric, strict=True
            )
        ],
    }


def table_of(checked: RunCheck) -> list[RenderableType]:
    """The result of the check as text."""
    from rich.table import Table

    table = Table("Gradient", "Relative error", "Verdict", box=None, pad_edge=False)
    table.add_row("as the run computes it", f"{checked.own.error:.2g}", verdict(checked.own))
    table.add_row("exact backpropagation", f"{checked.exact.error:.2g}", verdict(checked.exact))
    return [about(checked) + "\n", table, *(f"\n{MISTAKES[option]}" for option in checked.mistakes)]
