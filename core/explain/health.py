"""What is wrong with a training run, as its figures tell: dying neurons, vanishing gradients, overfitting and more.

Each rule is a threshold on figures that every snapshot has. They are rules of thumb: a finding says which numbers
raised it, and which setting to change.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from annscope.core.config import NetworkConfig
from annscope.core.evaluation.best import best_line
from annscope.core.functions.activations import SATURATION

DEAD, MOSTLY_DEAD = 0.2, 0.5
"""Share of a layer's neurons that are 0 for every example."""
SATURATED = 0.5
"""Share of a layer's values at an end of the activation's range."""
USUAL_UPDATES = (1e-4, 1e-2)
"""Norm of an update over the norm of the weights; 1e-3 is the usual rule of thumb."""
VANISHING = 1e-3
"""Gradient of the first layer over that of the last, each as its root mean square per weight."""
EXPLODING = 10.0
"""Gradient norm over its median so far."""
WORSE = 1.05
"""Train loss over the one before training."""
OVERFITTED = 1.1
"""Held-out loss over its lowest."""
RISING = 1.2
"""Train loss over its lowest."""
LEARNED = 0.98
"""Train accuracy from which on small updates are no fault."""
N_RATES, N_LOSSES = 5, 4
"""How many of the latest snapshots tell the size of the updates, and whether the train loss rises."""

Figures = Mapping[str, Any]
"""The figures of one snapshot by name: `step`, `learning_rate`, `train` and `heldout` with `loss` and `accuracy`, and
`layers`, one object a layer (`core.snapshot.LayerStatistics`). None is not finite, or not measured."""


@dataclass(frozen=True)
class Finding:
    """Something to look at: how bad it is, what it is, the numbers that say so, and what may help."""

    level: Literal["bad", "watch"]
    title: str
    why: str
    remedy: str


def diagnose(
    snapshots: Iterable[Figures],
    *,
    network: NetworkConfig,
    layer_sizes: Sequence[int],
    steps_per_epoch: int,
    diverged: str | None = None,
) -> list[Finding]:
    """What the snapshots so far, in order, say of the last one; the worst first.

    `layer_sizes` counts the units of every layer, the input first; `diverged` is what ended the run, if it diverged.
    """
    history = _History(snapshots)
    found: list[Finding] = []
    if diverged is not None:
        found.append(Finding("bad", "Training diverged", diverged, "Learning rate: divide it by 10."))
    if history.now is not None:
        found += _units(history.now, layer_sizes)
        found += _gradients(history, layer_sizes)
        is_explained = any(finding.level == "bad" for finding in found)
        found += _learning_rate(history, steps_per_epoch, is_explained=is_explained)
        found += _explosion(history)
        found += _overfitting(history, network, steps_per_epoch)
        found += _rising_loss(history)
    return sorted(found, key=lambda finding: finding.level != "bad")


class _History:
    """What the rules need of the snapshots, in one pass and without keeping them."""

    def __init__(self, snapshots: Iterable[Figures]) -> None:
        self.now: Figures | None = None
        self.best: Figures | None = None
        self.first_loss = self.lowest_loss = math.inf
        self.losses: deque[float] = deque(maxlen=N_LOSSES)
        self.trained: deque[Figures] = deque(maxlen=N_RATES)
        self.gradient_norms: list[float] = []
        for line in snapshots:
            loss = _number(line["train"]["loss"])
            if self.now is None:
                self.first_loss = loss
            self.now, self.best = line, best_line((self.best, line))
            self.losses.append(loss)
            if loss < self.lowest_loss:
                self.lowest_loss = loss
            if line["layers"][0]["gradient_norm"] is not None:
                self.trained.append(line)
                self.gradient_norms.append(math.hypot(*(_number(each["gradient_norm"]) for each in line["layers"])))

    @property
    def update_ratios(self) -> list[float] | None:
        """Each layer's norm of the last update over the norm of its weights; None before the first step."""
        if not self.trained or self.trained[-1] is not self.now:
            return None
        return [_number(layer["update_ratio"]) for layer in self.trained[-1]["layers"]]


def _units(now: Figures, layer_sizes: Sequence[int]) -> Iterable[Finding]:
    for i, layer in enumerate(now["layers"][:-1]):
        dead, saturated = layer["dead_fraction"], layer["saturated_fraction"]
        if dead is not None and dead >= DEAD:
            yield Finding(
                "bad" if dead >= MOSTLY_DEAD else "watch",
                f"Hidden layer {i + 1}: dying neurons",
                f"{_percent(dead)} of its {layer_sizes[i + 1]:,} neurons are 0 for every held-out example looked at.",
                "Learning rate: lower it. Or take the activation leaky_relu, which is never quite off.",
            )
        if saturated is not None and saturated >= SATURATED:
            yield Finding(
                "watch",
                f"Hidden layer {i + 1}: saturated",
                f"{_percent(saturated)} of its values lie within {SATURATION:g} of an end of the range, where the "
                "slope is almost 0.",
                "Initialiser: take glorot, or a smaller scale. Or take the activation relu.",
            )


def _gradients(history: _History, layer_sizes: Sequence[int]) -> Iterable[Finding]:
    if history.update_ratios is None or len(layer_sizes) < 4:
        return
    norms = [_number(layer["gradient_norm"]) for layer in history.trained[-1]["layers"]]
    each = [norm / math.sqrt(n_in * n_out) for norm, (n_in, n_out) in zip(norms, pairwise(layer_sizes), strict=True)]
    if 0 < each[0] < VANISHING * each[-1]:
        yield Finding(
            "bad",
            "Vanishing gradients",
            f"The gradient of hidden layer 1 is {_figure(each[0])} per weight, that of the output {_figure(each[-1])}: "
            f"{each[-1] / each[0]:,.0f} times as much.",
            "Activation: take relu. Initialiser: he for relu, glorot for tanh and sigmoid. Fewer layers help too.",
        )


def _learning_rate(history: _History, steps_per_epoch: int, *, is_explained: bool) -> Iterable[Finding]:
    """Whether steps are of a usual size; small ones are not the learning rate's fault where that `is_explained`."""
    now, ratios = history.now, history.update_ratios
    if now is None or ratios is None:
        return
    rate = now["learning_rate"]
    usual = _median(_number(layer["update_ratio"]) for line in history.trained for layer in line["layers"])
    has_begun = now["step"] >= steps_per_epoch / 2
    if has_begun and _number(now["train"]["loss"]) > WORSE * history.first_loss:
        yield Finding(
            "bad",
            "Learning rate too high",
            f"The train loss is {_figure(now['train']['loss'])}; before training it was "
            f"{_figure(history.first_loss)}. A step now changes the weights by {_figure(usual)} of their size.",
            f"Learning rate: start again with {_figure(rate / 10)}.",
        )
    elif has_begun and usual > 5 * USUAL_UPDATES[1]:
        layers = [f"hidden layer {i + 1} {_percent(ratio)}" for i, ratio in enumerate(ratios[:-1])]
        yield Finding(
            "watch",
            "Learning rate rather high",
            f"A step changes the weights by {_percent(usual)} of their size "
            f"({', '.join([*layers, f'the output {_percent(ratios[-1])}'])}); about 0.1 % is usual.",
            f"Learning rate: try {_figure(rate / 5)}.",
        )
    elif usual < USUAL_UPDATES[0] / 5 and _number(now["train"]["accuracy"]) < LEARNED and not is_explained:
        yield Finding(
            "watch",
            "Learning rate rather low",
            f"A step changes the weights by {_figure(usual)} of their size; about 0.001 is usual.",
            f"Learning rate: try {_figure(rate * 5)}.",
        )


def _explosion(history: _History) -> Iterable[Finding]:
    norms = history.gradient_norms
    if history.update_ratios is None or len(norms) < N_RATES:
        return
    usual = _median(norms[:-1])
    if norms[-1] > EXPLODING * usual:
        yield Finding(
            "bad",
            "Exploding gradients",
            f"The gradient norm is {_figure(norms[-1])}, its median so far {_figure(usual)}.",
            "Learning rate: lower it. Clip norm: set it near the usual gradient norm.",
        )


def _overfitting(history: _History, network: NetworkConfig, steps_per_epoch: int) -> Iterable[Finding]:
    now, best = history.now, history.best
    if now is None or best is None:
        return
    loss, lowest = _number(now["heldout"]["loss"]), best["heldout"]["loss"]
    train, train_then = _number(now["train"]["loss"]), _number(best["train"]["loss"])
    if loss > OVERFITTED * lowest and now["step"] - best["step"] >= steps_per_epoch and train < train_then:
        dropout = "" if network.dropout else ", dropout"
        yield Finding(
            "watch",
            "Overfitting",
            f"The held-out loss was lowest, {_figure(lowest)}, at epoch {_figure(best['step'] / steps_per_epoch)}; "
            f"since then it rose to {_figure(loss)} while the train loss fell from {_figure(train_then)} to "
            f"{_figure(train)}.",
            f"Patience: stop after a few epochs without a lower loss. Or more L2{dropout}, fewer neurons, more data.",
        )


def _rising_loss(history: _History) -> Iterable[Finding]:
    losses = history.losses
    if history.now is None or len(losses) < N_LOSSES:
        return
    *before, loss = losses
    if loss > RISING * history.lowest_loss and loss > before[0]:
        yield Finding(
            "watch",
            "The train loss is rising",
            f"It was {', '.join(map(_figure, before))} and is {_figure(loss)} now.",
            f"Learning rate: try {_figure(history.now['learning_rate'] / 3)}.",
        )


def _number(value: float | None) -> float:
    """NaN, which no rule is raised by, for what is not known."""
    return math.nan if value is None else value


def _median(values: Iterable[float]) -> float:
    known = sorted(value for value in values if math.isfinite(value))
    return known[len(known) // 2] if known else math.nan


def _percent(share: float) -> str:
    return f"{100 * share:.{1 if share < 0.1 else 0}f} %" if math.isfinite(share) else "not finite"


def _figure(value: float) -> str:
    """Three digits: 1230, 0.0123, 1.2e-05."""
    if not math.isfinite(value):
        return "not finite"
    if value == 0:
        return "0"
    return f"{float(f'{value:.3g}'):g}" if 0.001 <= abs(value) < 1e4 else f"{value:.1e}"
