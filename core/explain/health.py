"""What is wrong with a training run, why, and which settings to change: dead neurons, vanishing gradients and more.

Each rule is a threshold on what every snapshot has. The last snapshot of each epoch counts, and the first of all, so
that a run with more of them has the same findings. They are rules of thumb: a finding says which numbers raised it.
`RULES` has the causes first, and what they explain is not said beside them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.config import FIELDS, RunConfig
from annscope.core.errors import ConfigError, shortened
from annscope.core.evaluation.best import best_line
from annscope.core.evaluation.chance import Chance, chance
from annscope.core.functions.activations import SATURATION
from annscope.core.network import activations_of
from annscope.core.snapshot import Confusion

DEAD, MOSTLY_DEAD = 0.4, 0.7
"""Share of a layer's neurons that are 0 for every example; on points in the plane a third is common."""
SATURATED = 0.5
"""Share of a layer's values at an end of the activation's range."""
USUAL_UPDATES = (1e-4, 1e-2)
"""Norm of an update over the norm of the weights; 1e-3 is the usual rule of thumb."""
GOOD_UPDATE = 3e-3
"""The norm of an update over that of the weights which a suggested learning rate aims at, early in training."""
VANISHING, VANISHING_AT_START = 1e-3, 0.02
"""Gradient of the first layer over that of the last, as root mean squares; the latter while little is learned."""
EXPLODING = 10.0
"""Gradient norm over its median so far."""
WORSE = 1.05
"""Train loss over the one before training."""
GROWN, FAR_GROWN = 5.0, 100.0
"""Norm of a layer's weights over the one before training: steps were too large, and far too large."""
OVERFITTED = 1.1
"""Held-out loss over its lowest."""
NOTICEABLE = 0.02
"""Change of a loss, as a share of that before training."""
GAP = 0.1
"""Accuracy on the training examples less that on the held-out ones."""
RISING = 1.2
"""Train loss over its lowest."""
FALLING, STEADILY = 0.1, 0.3
"""What the last fifth of a run took off a loss, as a share of it, and of what the last half took off (0.4: a line)."""
LEARNED = 0.98
"""Train accuracy from which on small updates are no fault."""
LITTLE = 0.7
"""Train loss over the one before training, above which little is learned."""
AT_CHANCE = 0.97
"""Held-out loss over the one that answering every example with the shares of the classes gives."""
ONE_COLUMN = 0.8
"""Share of the predictions that a class takes."""
UNEQUAL, LARGE = 100.0, 10.0
"""Size of the largest feature over that of the smallest, and size of all features; both are near 1 once scaled."""
IMBALANCED, MISSED = 5.0, 0.5
"""Examples of the most frequent class over those of the rarest, and the share of the rarest that is found."""
N_EPOCHS = 5
"""How many of the latest epochs tell the size of the updates, and how many tell the usual size of the gradients."""
STANDARD_ERRORS = 3.0

Figures = Mapping[str, Any]
"""The figures of one snapshot by name: `step`, `learning_rate`, `train` and `heldout` with `loss` and `accuracy`, and
`layers`, one object a layer (`core.snapshot.LayerStatistics`). None is not finite, or not measured."""


@dataclass(frozen=True)
class Finding:
    """Something to look at: how bad it is, what it is, the numbers that say so, and what may help.

    `settings` are those that the remedy changes, by option name, valid for the run's config; empty where no setting
    helps.
    """

    level: Literal["bad", "watch"]
    title: str
    why: str
    remedy: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Divergence:
    """Where training stopped being finite: `layer` counts from 0, None if only a loss shows it."""

    step: int
    quantity: str = "a number"
    layer: int | None = None
    learning_rate: float | None = None


@dataclass(frozen=True)
class FeatureScales:
    """How large the features are that the network gets, as root mean squares; features that are constant do not count.

    `smallest` and `largest` are features by index, counted from 0, with their sizes.
    """

    smallest: tuple[int, float]
    largest: tuple[int, float]


def feature_scales(x: Float[ndarray, "n n_features"]) -> FeatureScales | None:
    """The scales of the features of some examples; None if all are constant."""
    varying = np.flatnonzero((x != x[:1]).any(axis=0))
    if not len(varying):
        return None
    sizes = np.sqrt(np.square(x[:, varying], dtype=np.float64).mean(axis=0))
    least, most = int(sizes.argmin()), int(sizes.argmax())
    return FeatureScales((int(varying[least]), float(sizes[least])), (int(varying[most]), float(sizes[most])))


@dataclass(frozen=True, eq=False)
class RunFacts:
    """What the rules know of a run beside its snapshots, up to the last of them.

    `config` has the settings in force, `layer_sizes` counts the units of every layer, the input first. `rates` are
    the learning rates that were set, each with its step, that of the start first. `confusion` is that of the last
    snapshot, `features` are the scales of some examples; None is not known.
    """

    config: RunConfig
    layer_sizes: Sequence[int]
    steps_per_epoch: int
    class_names: Sequence[str] = ()
    is_image: bool = False
    confusion: Confusion | None = None
    features: FeatureScales | None = None
    rates: Sequence[tuple[int, float]] = ()
    diverged: Divergence | None = None

    @property
    def total_steps(self) -> int:
        """How many steps the run is to take."""
        return self.steps_per_epoch * self.config.training.n_epochs


def diagnose(snapshots: Iterable[Figures], facts: RunFacts) -> list[Finding]:
    """What the snapshots so far, in order, say of the last one; the worst first, and of those the causes first."""
    case = _Case(snapshots, facts)
    if not case.now:
        return []
    for rule in RULES:
        if not (case.is_explained and rule in SYMPTOMS):
            case.found[rule] = list(rule(case))
    findings = [finding for found in case.found.values() for finding in found]
    return sorted(findings, key=lambda finding: finding.level != "bad")


def _last_of_epochs(snapshots: Iterable[Figures], steps_per_epoch: int) -> Iterator[Figures]:
    """The last snapshot of each epoch; step 0, before the first one, is an epoch of its own."""
    for _, of_epoch in groupby(snapshots, key=lambda line: -line["step"] // steps_per_epoch):
        yield deque(of_epoch, maxlen=1)[0]


class _Case:
    """What the rules need of the snapshots, in one pass and without keeping them, and what they found so far."""

    def __init__(self, snapshots: Iterable[Figures], facts: RunFacts) -> None:
        self.facts, self.config = facts, facts.config
        self.found: dict[Rule, list[Finding]] = {}
        self.first: Figures = {}
        self.now: Figures = {}
        self.best: Figures | None = None
        self.losses: list[tuple[int, float, float]] = []  # step, train, held-out
        self.lowest = (math.inf, math.inf)  # step and train loss
        self.trained: deque[Figures] = deque(maxlen=N_EPOCHS)
        self.gradient_norms: list[float] = []
        self.largest_update = 0.0
        self.raised = _raised(facts.rates)
        for line in _last_of_epochs(snapshots, facts.steps_per_epoch):
            self._add(line)

    def _add(self, line: Figures) -> None:
        if not self.now:
            self.first = line
        elif self.raised is not None and self.step <= self.raised.step:
            self.best, self.lowest = None, (math.inf, math.inf)  # those of a lower rate are no sign of overfitting
        self.now = line
        step, loss = line["step"], _number(line["train"]["loss"])
        self.losses.append((step, loss, _number(line["heldout"]["loss"])))
        self.best = best_line((self.best, line))
        if loss < self.lowest[1]:
            self.lowest = step, loss
        if line["layers"][0]["gradient_norm"] is not None:
            self.trained.append(line)
            self.gradient_norms.append(math.hypot(*(_number(each["gradient_norm"]) for each in line["layers"])))
            update = _median(_number(layer["update_ratio"]) for layer in line["layers"])
            self.largest_update = max(self.largest_update, update)  # NaN is never the larger one

    @property
    def is_explained(self) -> bool:
        """Whether something bad was found, of which the rest may be but a consequence."""
        return any(finding.level == "bad" for found in self.found.values() for finding in found)

    def has(self, *rules: Rule) -> bool:
        """Whether one of these rules, which come before, found something."""
        return any(self.found.get(rule) for rule in rules)

    @property
    def step(self) -> int:
        return int(self.now["step"])

    @property
    def loss(self) -> float:
        """The train loss now."""
        return self.losses[-1][1]

    @property
    def first_loss(self) -> float:
        return self.losses[0][1]

    def figure(self, split: Literal["train", "heldout"], name: Literal["loss", "accuracy"]) -> float:
        """A metric of the last snapshot; NaN if it is not finite."""
        return _number(self.now[split][name])

    def losses_at(self, step: int | float) -> tuple[int, float, float]:
        """Step, train loss and held-out loss of the last snapshot up to this step."""
        return next((each for each in reversed(self.losses) if each[0] <= step), self.losses[0])

    @property
    def has_begun(self) -> bool:
        """Whether a network that learns would have learned something by now."""
        per, total = self.facts.steps_per_epoch, self.facts.total_steps
        return self.step >= min(total, max(per / 2, total / 20, 20))

    @property
    def is_at_end(self) -> bool:
        return self.step >= self.facts.total_steps

    @property
    def update_ratios(self) -> list[float] | None:
        """Each layer's norm of the last update over the norm of its weights; None before the first step."""
        if not self.trained or self.trained[-1] is not self.now:
            return None
        return [_number(layer["update_ratio"]) for layer in self.trained[-1]["layers"]]

    @property
    def usual_update(self) -> float:
        """The median over all layers and the latest epochs."""
        since = self.step - N_EPOCHS * self.facts.steps_per_epoch
        latest = [line for line in self.trained if line["step"] > since]
        return _median(_number(layer["update_ratio"]) for line in latest for layer in line["layers"])

    @property
    def is_lost(self) -> bool:
        """Whether steps were so large that they undid what was there."""
        return self.is_at_chance and self.growth > GROWN

    @property
    def growth(self) -> float:
        """Norm of the weights over the one before training, of the layer where it grew most."""
        pairs = zip(self.first["layers"], self.now["layers"], strict=True)
        ratios = [_ratio(_number(now["weight_norm"]), _number(then["weight_norm"])) for then, now in pairs]
        return max((each for each in ratios if math.isfinite(each)), default=math.nan)

    # Chance

    @property
    def support(self) -> ndarray | None:
        """How many held-out examples each class has; None for several labels an example, or if it is not known."""
        confusion = self.facts.confusion
        return None if confusion is None or confusion.ndim == 3 or not confusion.any() else confusion.sum(axis=1)

    @cached_property
    def chance(self) -> Chance:
        """What answering every example with the shares of the classes gives on the held-out examples."""
        training = self.config.training
        return chance(None if self.support is None else self.facts.confusion, training.loss, self.config.network.output)

    def error(self, share: float) -> float:
        """Three standard errors of a share of the held-out examples."""
        support = self.support
        return math.nan if support is None else STANDARD_ERRORS * math.sqrt(share * (1 - share) / support.sum())

    @property
    def is_at_chance(self) -> bool:
        """Whether the held-out examples are answered no better than without looking at them."""
        chance = self.chance
        is_no_better = self.figure("heldout", "accuracy") <= chance.accuracy + self.error(chance.accuracy)
        return is_no_better and (math.isnan(chance.loss) or self.figure("heldout", "loss") > AT_CHANCE * chance.loss)

    # Remedies

    def remedy(self, *candidates: Mapping[str, Any]) -> Mapping[str, Any]:
        """The first of these settings that the run's config allows and that change it; none if there is none."""
        for settings in candidates:
            try:
                if settings and self.config.with_values(settings) != self.config:
                    return settings
            except ConfigError:
                continue
        return {}

    def rate(self, factor: float) -> float:
        """The learning rate of the config times a factor, rounded to 1, 2, 3 or 5 times a power of ten."""
        wanted = min(max(self.config.training.learning_rate * factor, 1e-12), 1000.0)
        power = 10.0 ** math.floor(math.log10(wanted))
        return float(f"{min((1, 2, 3, 5, 10), key=lambda each: abs(math.log(each * power / wanted))) * power:.3g}")

    def lower_rate(self) -> float:
        """A learning rate whose steps are of a usual size, at most a tenth of the present one."""
        largest = min(self.largest_update, 1.0)  # beyond it is an explosion, and no longer proportional to the rate
        factor = 0.01 if self.growth > FAR_GROWN else 0.1
        return self.rate(min(factor, GOOD_UPDATE / largest) if largest else factor)


@dataclass(frozen=True)
class _Raise:
    """A learning rate that a person raised while it trained."""

    step: int
    before: float
    after: float


def _raised(rates: Sequence[tuple[int, float]]) -> _Raise | None:
    """The last time that the learning rate was raised."""
    found = None
    for (_, before), (step, after) in pairwise(rates):
        if after > before:
            found = _Raise(step, before, after)
    return found


# Rules


def _diverged(case: _Case) -> Iterator[Finding]:
    at = case.facts.diverged
    if at is None:
        return
    what = at.quantity if at.quantity.startswith(("the ", "a ")) else f"the {at.quantity}"
    where = "" if at.layer is None else f" of {_layer(at.layer, len(case.facts.layer_sizes) - 1)}"
    rate = at.learning_rate if at.learning_rate is not None else case.config.training.learning_rate
    why = f"At step {at.step:,} {what}{where} stopped being finite; the learning rate was {_figure(rate)}."
    if len(case.losses) > 1:
        why += (
            f" The train loss was {_figure(case.first_loss)} at first and {_figure(case.loss)} at step {case.step:,}."
        )
    lower = case.lower_rate()
    if scaling := _scaling(case):
        yield Finding("bad", "Training diverged", why, f"Scaling: {scaling['scaling']}.", scaling)
    else:
        settings = case.remedy({"learning-rate": lower})
        yield Finding("bad", "Training diverged", why, f"Learning rate: start again with {_figure(lower)}.", settings)


def _zero_weights(case: _Case) -> Iterator[Finding]:
    layers = case.first["layers"]
    if len(layers) < 2 or layers[0]["weight_norm"] > 0:
        return
    names = activations_of(case.config.network)
    he = {"initializer": names[0].initializer, "initializer-scale": 1.0}
    yield Finding(
        "bad",
        "Weights start at 0",
        "Every neuron of a layer begins with the same weights, all 0: they get the same gradient, and stay alike.",
        f"Initialiser: {he['initializer']}, with a scale of 1.",
        case.remedy(he),
    )


def _unscaled_features(case: _Case) -> Iterator[Finding]:
    features = case.facts.features
    settings = _scaling(case)
    if features is None or not settings:
        return
    (low, least), (high, most) = features.smallest, features.largest
    remedy = f"Scaling: {settings['scaling']}."
    if not case.facts.is_image and most > UNEQUAL * least:
        yield Finding(
            "bad",
            "Features on very different scales",
            f"Feature {high + 1} is about {_figure(most)} in size, feature {low + 1} about {_figure(least)}.",
            remedy,
            settings,
        )
    else:
        yield Finding(
            "watch",
            "Features are not scaled",
            f"They are up to {_figure(most)} in size; about 1 suits the initialiser and the learning rate.",
            remedy,
            settings,
        )


def _scaling(case: _Case) -> Mapping[str, Any]:
    """The scaling that features of this size need; empty if they need none."""
    features = case.facts.features
    if features is None:
        return {}
    least, most = features.smallest[1], features.largest[1]
    if most <= LARGE and (case.facts.is_image or most <= UNEQUAL * least):
        return {}
    return case.remedy({"scaling": "auto"}, {"scaling": "standard"})


def _shuffled_labels(case: _Case) -> Iterator[Finding]:
    train, heldout = case.figure("train", "accuracy"), case.figure("heldout", "accuracy")
    memorises = train - heldout > max(GAP, case.error(train), case.error(heldout))
    if case.has_begun and memorises and case.is_at_chance and not case.figure("heldout", "loss") < case.chance.loss:
        yield Finding(
            "bad",
            "The labels look shuffled",
            f"{_percent(train)} of the training examples are classified correctly, but {_percent(heldout)} of the "
            f"held-out ones; always answering the most frequent class gives {_percent(case.chance.accuracy)}.",
            "Check that every label belongs to its example.",
        )


def _dead_neurons(case: _Case) -> Iterator[Finding]:
    if case.has(_zero_weights):
        return
    shares = [_number(layer["dead_fraction"]) for layer in case.now["layers"][:-1]]
    dead = [i for i, share in enumerate(shares) if share >= DEAD]
    if not dead:
        return
    each = [f"{_percent(shares[i])} of the {case.facts.layer_sizes[i + 1]:,} of layer {i + 1}" for i in dead]
    were_dead = any(_number(case.first["layers"][i]["dead_fraction"]) >= DEAD for i in dead)
    leaky = {"activation": "leaky_relu"}
    slower = {} if were_dead else {"learning-rate": case.lower_rate()}
    settings = _scaling(case) or case.remedy(slower, leaky)
    is_bad = max(shares) >= MOSTLY_DEAD and case.figure("train", "accuracy") < LEARNED
    yield Finding(
        "bad" if is_bad else "watch",
        f"Hidden layer{'s' if len(dead) > 1 else ''} {', '.join(str(i + 1) for i in dead)}: dead neurons",
        f"0 for every held-out example looked at: {', '.join(each)}. Their gradient is 0: they do not come back.",
        f"Start again with {_in_words(settings) or 'a lower learning rate'}.",
        settings,
    )


def _rate_raised(case: _Case) -> Iterator[Finding]:
    raised = case.raised
    if raised is None:
        return
    step, before, _ = case.losses_at(raised.step)
    if case.loss > RISING * before:
        yield Finding(
            "bad",
            "The learning rate was raised too far",
            f"It went from {_figure(raised.before)} to {_figure(raised.after)} at step {raised.step:,}; the train loss "
            f"was {_figure(before)} at step {step:,} and is {_figure(case.loss)} now.",
            f"Learning rate: {_figure(raised.before)} again.",
            case.remedy({"learning-rate": raised.before}),
        )


def _rate_too_high(case: _Case) -> Iterator[Finding]:
    if case.update_ratios is None or not case.has_begun or case.has(_diverged, _rate_raised) or _scaling(case):
        return
    if not case.is_lost and not case.loss > WORSE * case.first_loss:
        return
    rate = case.lower_rate()
    numbers = f"The train loss is {_figure(case.loss)}; before training it was {_figure(case.first_loss)}."
    if case.is_lost:
        numbers += f" The weights grew to {case.growth:,.0f} times their size."
    else:
        numbers += f" A step now changes the weights by {_figure(case.usual_update)} of their size."
    yield Finding(
        "bad",
        "Learning rate too high",
        numbers,
        f"Learning rate: start again with {_figure(rate)}.",
        case.remedy({"learning-rate": rate}),
    )


def _vanishing_gradients(case: _Case) -> Iterator[Finding]:
    sizes = case.facts.layer_sizes
    if case.update_ratios is None or len(sizes) < 4 or case.has(_rate_too_high, _zero_weights, _dead_neurons):
        return
    norms = [_number(layer["gradient_norm"]) for layer in case.trained[-1]["layers"]]
    each = [norm / math.sqrt(n_in * n_out) for norm, (n_in, n_out) in zip(norms, pairwise(sizes), strict=True)]
    has_learned_little = case.has_begun and case.loss > LITTLE * case.first_loss
    if not 0 < each[0] < (VANISHING_AT_START if has_learned_little else VANISHING) * each[-1]:
        return
    settings = case.remedy(
        {"activation": "relu", "initializer": "he"},
        {"batch-norm": True},
        {"hidden": case.config.network.hidden_sizes[:2]},
    )
    yield Finding(
        "bad",
        "Vanishing gradients",
        f"The gradient of hidden layer 1 is {_figure(each[0])} per weight, that of the output {_figure(each[-1])}: "
        f"{each[-1] / each[0]:,.0f} times as much.",
        f"{_sentence(settings)} Fewer layers help too.".lstrip(),
        settings,
    )


def _saturated(case: _Case) -> Iterator[Finding]:
    for i, layer in enumerate(case.now["layers"][:-1]):
        if not _number(layer["saturated_fraction"]) >= SATURATED:
            continue
        settings = case.remedy(
            {"initializer": "glorot", "initializer-scale": 1.0}, {"activation": "relu", "initializer": "he"}
        )
        yield Finding(
            "watch",
            f"Hidden layer {i + 1}: saturated",
            f"{_percent(layer['saturated_fraction'])} of its values lie within {SATURATION:g} of an end of the range, "
            "where the slope is almost 0.",
            _sentence(settings),
            settings,
        )


def _exploding_gradients(case: _Case) -> Iterator[Finding]:
    norms = case.gradient_norms
    if case.update_ratios is None or len(norms) < N_EPOCHS or case.has(_diverged):
        return
    usual = _median(norms[:-1])
    # One hard example among easy ones has a large gradient too, and does no harm.
    if norms[-1] > EXPLODING * usual and case.loss > WORSE * case.losses[-2][1]:
        norm = float(f"{max(usual, 0.01):.1g}")
        settings = case.remedy({"clip-norm": norm}, {"learning-rate": case.lower_rate()})
        yield Finding(
            "bad",
            "Exploding gradients",
            f"The gradient norm is {_figure(norms[-1])}, its median so far {_figure(usual)}.",
            f"{_sentence(settings)} Or a lower learning rate.".lstrip(),
            settings,
        )


def _large_steps(case: _Case) -> Iterator[Finding]:
    ratios, usual = case.update_ratios, case.usual_update
    does_no_harm = case.lowest[0] == case.step  # the loss has never been lower
    if ratios is None or not case.has_begun or does_no_harm or not usual > 5 * USUAL_UPDATES[1]:
        return
    layers = [f"{_layer(i, len(ratios))} {_percent(ratio)}" for i, ratio in enumerate(ratios)]
    rate = case.rate(GOOD_UPDATE / usual)
    yield Finding(
        "watch",
        "Learning rate rather high",
        f"A step changes the weights by {_percent(usual)} of their size ({', '.join(layers)}); about 0.1 % is usual.",
        f"Learning rate: try {_figure(rate)}.",
        case.remedy({"learning-rate": rate}),
    )


def _small_steps(case: _Case) -> Iterator[Finding]:
    usual = case.usual_update
    if case.update_ratios is None or not case.has_begun or not 0 < usual < USUAL_UPDATES[0]:
        return
    if case.loss > LITTLE * case.first_loss and case.figure("train", "accuracy") < LEARNED:
        rate = case.rate(GOOD_UPDATE / usual)
        yield Finding(
            "watch",
            "Learning rate too low",
            f"A step changes the weights by {_figure(usual)} of their size, where 0.001 to 0.01 is usual; the train "
            f"loss fell from {_figure(case.first_loss)} to {_figure(case.loss)} in {case.step:,} steps.",
            f"Learning rate: {GOOD_UPDATE / usual:,.0f} times as much, {_figure(rate)}.",
            case.remedy({"learning-rate": rate}),
        )


def _no_better_than_chance(case: _Case) -> Iterator[Finding]:
    if case.facts.confusion is None or not case.has_begun or not case.is_at_chance or case.has(_small_steps):
        return
    shares = case.facts.confusion.sum(axis=0) / case.facts.confusion.sum()
    most = int(shares.argmax())
    why = f"{_percent(case.figure('heldout', 'accuracy'))} of the held-out examples are classified correctly"
    if math.isfinite(case.chance.loss):
        why += (
            f", and the loss is {_figure(case.figure('heldout', 'loss'))}, where chance is {_figure(case.chance.loss)}"
        )
    if shares[most] >= ONE_COLUMN:
        why += f"; {_percent(shares[most])} are predicted as {_name(case, most)}"
    settings = {} if case.config.network.hidden_sizes else case.remedy({"hidden": (32,)})
    advice = "Check that the labels belong to the examples; then try another learning rate."
    yield Finding("bad", "No better than chance", f"{why}.", f"{_sentence(settings)} {advice}".lstrip(), settings)


def _imbalance(case: _Case) -> Iterator[Finding]:
    support, confusion = case.support, case.facts.confusion
    if support is None or confusion is None or not case.has_begun:
        return
    common, rare = int(support.argmax()), int(np.where(support > 0, support, support.max()).argmin())
    recall = confusion[rare, rare] / support[rare]
    if support[common] < IMBALANCED * support[rare] or recall >= MISSED:
        return
    settings = case.remedy({"class-weight": "balanced"})
    yield Finding(
        "watch",
        "Imbalanced classes",
        f"{_name(case, common)} has {support[common]:,} held-out examples, {_name(case, rare)} has {support[rare]:,}, "
        f"of which {_percent(recall)} are found.",
        _sentence(settings) or "More examples of the rare class.",
        settings,
    )


def _never_predicted(case: _Case) -> Iterator[Finding]:
    support, confusion = case.support, case.facts.confusion
    if support is None or confusion is None or not case.has_begun or case.has(_small_steps, _imbalance):
        return
    enough = max(5, int(support.sum() / len(support) / 4))
    missing = np.flatnonzero(~confusion.any(axis=0) & (support >= enough))
    if not len(missing):
        return
    names = ", ".join(_name(case, int(i)) for i in missing[:3])
    names += f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    epochs = case.config.training.n_epochs
    settings = case.remedy({"epochs": min(2 * epochs, 1_000_000)}) if case.is_at_end else {}
    yield Finding(
        "watch",
        "A class is never predicted" if len(missing) == 1 else f"{len(missing)} classes are never predicted",
        f"{names}: {int(support[missing].sum()):,} held-out examples, of which none is found.",
        f"{_sentence(settings)} See on Inspect what they are taken for.".lstrip(),
        settings,
    )


def _overfitting(case: _Case) -> Iterator[Finding]:
    best, per = case.best, case.facts.steps_per_epoch
    if best is None or case.has(_shuffled_labels, _rate_raised):
        return
    loss, lowest = case.figure("heldout", "loss"), best["heldout"]["loss"]
    train, train_then = case.loss, _number(best["train"]["loss"])
    gap = case.figure("train", "accuracy") - case.figure("heldout", "accuracy")
    is_more = loss > OVERFITTED * lowest and loss - lowest > NOTICEABLE * case.first_loss
    rose = is_more and case.step - best["step"] >= per and train < train_then
    if not rose and not (case.has_begun and gap > max(GAP, case.error(case.figure("heldout", "accuracy")))):
        return
    why = f"Accuracy is {_percent(case.figure('train', 'accuracy'))} on the training examples, "
    why += f"{_percent(case.figure('heldout', 'accuracy'))} on the held-out ones."
    if rose:
        why = (
            f"The held-out loss was lowest, {_figure(lowest)}, at epoch {_figure(best['step'] / per)}; since then it "
            f"rose to {_figure(loss)} while the train loss fell from {_figure(train_then)} to {_figure(train)}."
        )
    training, network = case.config.training, case.config.network
    settings = case.remedy(
        {} if training.l2 else {"l2": 0.001},
        {} if network.dropout or not network.hidden_sizes else {"dropout": 0.2},
        {} if training.patience else {"patience": 5},
        {"l2": min(10 * training.l2, 1.0)},
    )
    others = "Fewer neurons and more data help too."
    yield Finding("watch", "Overfitting", why, f"{_sentence(settings)} {others}".lstrip(), settings)


def _rising_loss(case: _Case) -> Iterator[Finding]:
    per, (step, lowest) = case.facts.steps_per_epoch, case.lowest
    _, before, _ = case.losses_at(case.step - 3 * per)
    if case.step - step >= per and case.loss > RISING * lowest and case.loss > before and case.step >= 3 * per:
        rate = case.rate(1 / 3)
        yield Finding(
            "watch",
            "The train loss is rising",
            f"It was {_figure(lowest)} at step {step:,}, {_figure(before)} three epochs ago, and is "
            f"{_figure(case.loss)} now.",
            f"Learning rate: try {_figure(rate)}.",
            case.remedy({"learning-rate": rate}),
        )


def _still_falling(case: _Case) -> Iterator[Finding]:
    if not case.is_at_end or max(case.figure("train", "accuracy"), case.figure("heldout", "accuracy")) >= LEARNED:
        return
    total = case.facts.total_steps
    _, half, _ = case.losses_at(0.5 * total)
    step, train, heldout = case.losses_at(0.8 * total)
    _, _, lately = case.losses_at(0.9 * total)
    loss, fall = case.figure("heldout", "loss"), train - case.loss
    is_line = fall > STEADILY * (half - case.loss) and fall > NOTICEABLE / 2 * case.first_loss
    if 0 < step < case.step and loss < lately and (is_line or loss < (1 - FALLING) * heldout):
        epochs = min(2 * case.config.training.n_epochs, 1_000_000)
        yield Finding(
            "watch",
            "Still falling at the end",
            f"From epoch {_figure(step / case.facts.steps_per_epoch)} to the last, "
            f"{_figure(case.config.training.n_epochs)}, the train loss fell from {_figure(train)} to "
            f"{_figure(case.loss)}, the held-out loss from {_figure(heldout)} to {_figure(loss)}.",
            f"Epochs: {epochs:,}. Or a higher learning rate.",
            case.remedy({"epochs": epochs}),
        )


Rule = Callable[[_Case], Iterator[Finding]]
RULES: tuple[Rule, ...] = (
    _diverged, _zero_weights, _unscaled_features, _shuffled_labels, _dead_neurons, _rate_raised, _rate_too_high,
    _vanishing_gradients, _exploding_gradients, _saturated, _large_steps, _small_steps, _no_better_than_chance,
    _imbalance, _never_predicted, _overfitting, _rising_loss, _still_falling,
)  # fmt: skip
"""Every rule, in the order in which findings of the same level are told."""
SYMPTOMS: frozenset[Rule] = frozenset(
    (_saturated, _large_steps, _small_steps, _no_better_than_chance, _imbalance, _never_predicted, _rising_loss,
     _still_falling)
)  # fmt: skip
"""Rules that say nothing where something bad explains what they see."""


# Words


def _layer(index: int, n_layers: int) -> str:
    return "the output" if index == n_layers - 1 else f"hidden layer {index + 1}"


def _name(case: _Case, label: int) -> str:
    names = case.facts.class_names
    return repr(shortened(names[label], 40)) if label < len(names) else f"class {label}"


def _in_words(settings: Mapping[str, Any]) -> str:
    words = [f"{FIELDS[option].label.lower()} {_value(option, value)}" for option, value in settings.items()]
    return " and ".join(words)


def _value(option: str, value: Any) -> str:
    return _figure(value) if isinstance(value, float) else FIELDS[option].format(value)


def _sentence(settings: Mapping[str, Any]) -> str:
    words = _in_words(settings)
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _number(value: int | float | None) -> float:
    """NaN, which no rule is raised by, for what is not known."""
    return math.nan if value is None else float(value)


def _ratio(a: int | float, b: int | float) -> float:
    return a / b if b else math.nan


def _median(values: Iterable[int | float]) -> float:
    known = sorted(value for value in values if math.isfinite(value))
    return known[len(known) // 2] if known else math.nan


def _percent(share: float) -> str:
    return f"{100 * share:.{1 if share < 0.1 else 0}f} %" if math.isfinite(share) else "not finite"


def _figure(value: int | float) -> str:
    """Three digits: 1230, 0.0123, 1.2e-05."""
    if not math.isfinite(value):
        return "not finite"
    if value == 0:
        return "0"
    return f"{float(f'{value:.3g}'):g}" if 0.001 <= abs(value) < 1e4 else f"{value:.1e}"
