"""Is the gradient that a run goes by the right one? Checked on the network of one of its snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from annscope.core.config import RunConfig
from annscope.core.gradient_check import EPSILON, GradientCheck, gradient_check, sample_parameters
from annscope.core.network import Parameters, layer_sizes
from annscope.runs.reader import RunReader

if TYPE_CHECKING:
    from rich.console import RenderableType

N_CHECKED = 200
N_EXAMPLES = 10
EXACT = {"softmax-derivative": "exact", "delta-weights": "current"}
"""The settings that may make a gradient an approximation, and what they are where it is none."""
MISTAKES = {
    "softmax-derivative": "The diagonal of the softmax derivative leaves out how each class takes from the others.",
    "delta-weights": "The errors pass through weights that this very step has already changed.",
}


@dataclass(frozen=True, eq=False)
class RunCheck:
    """The gradient as a run computes it (`own`) and the exact one, both against central differences.

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


def check_run(reader: RunReader, number: int) -> RunCheck:
    """Check the gradient at a snapshot, on the first probe example of each class (up to 10), in float64.

    Where an example carries several labels, on the first of each combination.
    Up to 200 parameters are drawn at random from all layers, always the same ones. The step of the
    differences shrinks with the size of the features, so that raw pixels do as little harm as
    scaled ones. Of a batch-normalised network the weights are those that it answers with.

    Raises RecordError for what cannot be read.
    """
    config, line = reader.config, reader.snapshot_lines()[number]
    network, probe = reader.network(number), reader.probe()
    places = np.unique(probe.y, axis=0, return_index=True)[1][:N_EXAMPLES]
    x, y = probe.x[places].astype(np.float64), probe.y[places].astype(np.int64)
    sizes = layer_sizes(config.network, network.n_features, network.n_classes)
    parameters = Parameters(config.network, sizes, "float64")
    for i, layer in enumerate(network.parameters):
        parameters.weights[i][...] = layer.weight
        bias, scale = parameters.biases[i], parameters.scales[i]
        if bias is not None and layer.bias is not None:
            bias[...] = layer.bias
        if scale is not None:
            scale[...] = 1
    indices = sample_parameters(config.network, sizes, x, N_CHECKED, np.random.default_rng(0))
    epsilon = EPSILON / max(1.0, float(np.abs(x).max()))

    def check(config: RunConfig) -> GradientCheck:
        return gradient_check(config, parameters, x, y, network.n_classes, epsilon, indices)

    own = check(config)
    exact_config = config.with_values(EXACT)
    mistakes = tuple(option for option in EXACT if config.with_values({option: EXACT[option]}) != config)
    names, layers = _names(parameters, indices)
    return RunCheck(
        run=reader.run,
        step=line["step"],
        epoch=line["epoch"],
        own=own,
        exact=check(exact_config) if mistakes else own,
        names=names,
        layers=layers,
        n_parameters=len(parameters.flat),
        n_examples=len(x),
        range=(float(x.min()), float(x.max())),
        epsilon=epsilon,
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
        f"Checked at step {checked.step:,} on {checked.n_examples} of the run's probe examples, the first of each "
        f"class or combination of labels, with features from {low:.3g} to {high:.3g} as the network sees them: "
        f"{len(checked.names):,} of {checked.n_parameters:,} parameters, drawn at random from all layers, each moved "
        f"up and down by {checked.epsilon:.1g}. In float64, without dropout."
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
