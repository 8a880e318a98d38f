"""Does a run step along the right gradient? Checked at the network of one of its snapshots, by the run's own engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from annscope.core.engines.engine import NotFiniteError
from annscope.core.engines.workers import SequentialWorkers
from annscope.core.explain.gradient_check import GradientCheck, check_step
from annscope.core.network import Parameters, layer_sizes
from annscope.data.datasets import load_dataset
from annscope.runs.reader import RunReader
from annscope.runs.record import RecordError, recorded_threads

if TYPE_CHECKING:
    from rich.console import RenderableType

N_CHECKED = 200
EXACT = {"softmax-derivative": "exact", "delta-weights": "current"}
"""The settings that may make a gradient an approximation, and what they are where it is none."""
MISTAKES = {
    "softmax-derivative": "The diagonal of the softmax derivative leaves out how each class takes from the others.",
    "delta-weights": "The errors pass through weights that this very step has already changed.",
}


@dataclass(frozen=True, eq=False)
class RunCheck:
    """The gradient that a run's step goes by (`own`) and the exact one, both against central differences.

    `names` tells the parameters that were checked apart, such as "layer 1, weight 407 to 12";
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
        """Whether the run steps along the exact gradient, as far as anybody can tell."""
        return not self.mistakes and self.own.is_right is not False


def check_run(reader: RunReader, number: int) -> RunCheck:
    """Check the step that the run would take from a snapshot on the first of its batches, by the engine it trains with.

    Up to 200 parameters are drawn at random from all layers, always the same ones. The step of the
    differences shrinks with the size of the features, so that raw pixels do as little harm as
    scaled ones. Of a batch-normalised network the weights are those that it answers with.

    Raises RecordError for what cannot be read, and where the data has changed since; DataError for data that is gone.
    """
    config, line, network = reader.config, reader.snapshot_line(number), reader.network(number)
    dataset = load_dataset(config.data, dtype=config.training.dtype, seed=config.training.seed)
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
    """What each place of the flat vector is called, and in which layer it is."""
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
    """What was checked, on which examples and how, in one sentence or two."""
    low, high = checked.range
    return (
        f"Checked at step {checked.step:,}: the run's own engine took its step on {checked.n_examples:,} training "
        f"examples with features from {low:.3g} to {high:.3g} as the network sees them: "
        f"{len(checked.names):,} of {checked.n_parameters:,} parameters, drawn at random from all layers, each moved "
        f"up and down by {checked.epsilon:.1g} in float64."
    )


def plain(checked: RunCheck) -> dict[str, Any]:
    """The check as plain values."""
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
    """The check, for reading."""
    from rich.table import Table

    table = Table("Gradient", "Relative error", "Verdict", box=None, pad_edge=False)
    table.add_row("as the run computes it", f"{checked.own.error:.2g}", verdict(checked.own))
    table.add_row("exact backpropagation", f"{checked.exact.error:.2g}", verdict(checked.exact))
    return [about(checked) + "\n", table, *(f"\n{MISTAKES[option]}" for option in checked.mistakes)]
