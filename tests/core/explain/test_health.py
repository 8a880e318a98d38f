"""Findings about a training run: each has figures that raise it, and figures near them that do not.

The runs that fail in the classic ways are in `test_health_of_runs.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from annscope.core.config import RunConfig
from annscope.core.evaluation.chance import chance
from annscope.core.explain.health import (
    AT_CHANCE,
    FALLING,
    LITTLE,
    NOTICEABLE,
    OVERFITTED,
    RISING,
    STANDARD_ERRORS,
    STEADILY,
    WORSE,
    Divergence,
    FeatureScales,
    Finding,
    RunFacts,
    diagnose,
    feature_scales,
)
from annscope.core.recipes import RECIPES

SIZES = (4, 5, 5, 2)
PER_EPOCH = 40
CONFIG = RunConfig().with_values({"hidden": (5, 5), "epochs": 5, "learning-rate": 0.1, "optimizer": "sgd"})


def snapshot(
    step: int,
    loss: float | None = 0.5,
    *,
    heldout: float | None = 0.5,
    accuracy: float = 0.5,
    heldout_accuracy: float = 0.5,
    rate: float = 0.1,
    weights: tuple[float, ...] = (1.0, 1.0, 1.0),
    ratios: tuple[float | None, ...] = (1e-3, 1e-3, 1e-3),
    gradients: tuple[float | None, ...] = (1.0, 1.0, 1.0),
    dead: tuple[float, ...] = (0.0, 0.0, 0.0),
    saturated: tuple[float | None, ...] = (None, None, None),
) -> dict[str, Any]:
    """The figures of a network of three layers after some steps; nothing is wrong with it."""
    if step == 0:
        ratios = gradients = (None, None, None)
    return {
        "step": step, "learning_rate": rate,
        "train": {"loss": loss, "accuracy": accuracy}, "heldout": {"loss": heldout, "accuracy": heldout_accuracy},
        "layers": [
            {"update_ratio": ratios[i], "gradient_norm": gradients[i], "dead_fraction": dead[i],
             "saturated_fraction": saturated[i], "weight_norm": weights[i]}
            for i in range(3)
        ],
    }  # fmt: skip


def found(
    snapshots: Iterable[Mapping[str, Any]], settings: Mapping[str, Any] | None = None, **facts: Any
) -> list[Finding]:
    config = CONFIG.with_values(settings or {})
    known: dict[str, Any] = {"layer_sizes": SIZES, "steps_per_epoch": PER_EPOCH, **facts}
    return diagnose(snapshots, RunFacts(config=config, **known))


def titles(*snapshots: Mapping[str, Any], **facts: Any) -> list[str]:
    return [finding.title for finding in found(snapshots, **facts)]


START = snapshot(0)
BEGUN = 20
"""The first step from which on a network that learns would have learned something."""
END = 200
UNIFORM = np.array([[40, 10], [10, 40]])


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    """A run that learns with steps of the usual size has no finding, before training and after it."""
    assert found([]) == []
    assert titles(START) == []
    assert titles(*(snapshot(10 * k, 1 / (1 + k), heldout=1 / (1 + k)) for k in range(20)), confusion=UNIFORM) == []


def test_a_diverged_run_says_where_and_at_which_rate() -> None:
    """What ended the run comes first, with its step, layer and learning rate, and how the loss got there."""
    losses = [START, snapshot(6, 3e9, ratios=(30.0, 20.0, 10.0))]
    finding, *_ = found(losses, diverged=Divergence(7, "gradient", 1, 0.3))
    assert (finding.level, finding.title) == ("bad", "Training diverged")
    assert finding.why == (
        "At step 7 the gradient of hidden layer 2 stopped being finite; the learning rate was 0.3. "
        "The train loss was 0.5 at first and 3.0e+09 at step 6."
    )
    assert finding.settings == {"learning-rate": 0.0003}  # steps as large as the weights, of which 0.3 % is good
    (finding,) = found([START], diverged=Divergence(7, "the train loss"))
    assert finding.why == "At step 7 the train loss stopped being finite; the learning rate was 0.1."
    assert finding.settings == {"learning-rate": 0.01}


@pytest.mark.parametrize(
    ("share", "accuracy", "level"),
    [(0.399, 0.5, None), (0.4, 0.5, "watch"), (0.699, 0.5, "watch"), (0.7, 0.5, "bad"), (0.7, 0.98, "watch")],
)
def test_dead_neurons(share: float, accuracy: float, level: str | None) -> None:
    """Two fifths of a layer that are always 0 are worth a look; most of it is bad, unless the rest learned it all."""
    findings = found([START, snapshot(10, accuracy=accuracy, dead=(0.0, share, 0.0))])
    assert [each.level for each in findings] == ([level] if level else [])


def test_dead_neurons_are_told_with_their_numbers_and_that_they_do_not_come_back() -> None:
    """The finding names the layers, the shares and how many neurons they have; the output layer has none to die."""
    (finding,) = found([START, snapshot(10, dead=(0.8, 0.4, 1.0))])
    assert finding.title == "Hidden layers 1, 2: dead neurons"
    assert finding.why == (
        "0 for every held-out example looked at: 80 % of the 5 of layer 1, 40 % of the 5 of layer 2. "
        "Their gradient is 0: they do not come back."
    )
    assert finding.remedy == "Start again with learning rate 0.01."
    assert finding.settings == {"learning-rate": 0.01}


def test_neurons_that_were_dead_before_training_need_another_activation() -> None:
    """No learning rate has killed them."""
    for before, now in (((0.8, 0.0, 0.0), (0.8, 0.0, 0.0)), ((0.4, 0.0, 0.0), (0.8, 0.4, 0.0))):
        (finding,) = found([snapshot(0, dead=before), snapshot(10, dead=now)])
        assert finding.settings == {"activation": "leaky_relu"}


@pytest.mark.parametrize(("share", "is_found"), [(0.499, False), (0.5, True), (None, False)])
def test_saturated_layers(share: float | None, is_found: bool) -> None:
    """A hidden layer is saturated when half of its values lie at an end of a bounded range."""
    settings = {"activation": "tanh", "initializer-scale": 3.0}
    findings = found([START, snapshot(10, saturated=(share, None, 1.0))], settings)
    remedy = {"initializer": "glorot", "initializer-scale": 1.0}
    assert [(each.title, each.settings) for each in findings] == [("Hidden layer 1: saturated", remedy)] * is_found
    in_both = titles(START, snapshot(10, saturated=(0.6, share, 1.0)))
    assert in_both == ["Hidden layer 1: saturated", *["Hidden layer 2: saturated"] * is_found]


def gradients(first: float) -> tuple[float, ...]:
    """Norms of gradients that are `first`, 1 and 1 per weight."""
    return tuple(float(each) for each in np.sqrt([4 * 5, 5 * 5, 5 * 2]) * (first, 1, 1))


def test_vanishing_gradients() -> None:
    """They vanish when a weight of the first layer has less than a thousandth of the gradient of one of the last."""
    (finding,) = found([START, snapshot(10, gradients=gradients(0.0005))])
    assert (finding.level, finding.title) == ("bad", "Vanishing gradients")
    assert (
        finding.why
        == "The gradient of hidden layer 1 is 5.0e-04 per weight, that of the output 1: 2,000 times as much."
    )
    assert titles(START, snapshot(10, gradients=gradients(0.00101))) == []


def test_gradients_vanish_sooner_where_nothing_is_learned() -> None:
    """Less than a fiftieth is enough while the loss has hardly fallen."""
    assert titles(START, snapshot(BEGUN, 0.36, gradients=gradients(0.019))) == ["Vanishing gradients"]
    assert titles(START, snapshot(BEGUN, 0.34, gradients=gradients(0.019))) == []
    assert titles(START, snapshot(BEGUN - 1, 0.36, gradients=gradients(0.019))) == []
    assert titles(START, snapshot(BEGUN, 0.36, gradients=gradients(0.021))) == []


@pytest.mark.parametrize(
    ("epochs", "per_epoch", "step"), [(1, 40, 20), (10, 40, 20), (20, 40, 40), (5, 100, 50), (3, 4, 12)]
)
def test_a_run_has_begun_after_a_twentieth_or_half_an_epoch(epochs: int, per_epoch: int, step: int) -> None:
    """Whichever is more, and 20 steps at least, if it has so many."""

    def vanishing(step: int) -> list[str]:
        snapshots = [START, snapshot(step, 0.36, gradients=gradients(0.019))]
        return [finding.title for finding in found(snapshots, {"epochs": epochs}, steps_per_epoch=per_epoch)]

    assert vanishing(step) == ["Vanishing gradients"]
    assert vanishing(step - 1) == []


def test_a_learning_rate_that_undoes_what_was_there() -> None:
    """A train loss above that before training is the learning rate's fault, once a network would have learned."""
    (finding,) = found([START, snapshot(BEGUN, 0.53)])
    assert (finding.level, finding.title) == ("bad", "Learning rate too high")
    assert (finding.remedy, finding.settings) == ("Learning rate: start again with 0.01.", {"learning-rate": 0.01})
    assert finding.why == (
        "The train loss is 0.53; before training it was 0.5. A step now changes the weights by 0.001 of their size."
    )
    assert titles(START, snapshot(BEGUN - 1, 0.53)) == []
    assert titles(START, snapshot(BEGUN, 0.52)) == []
    assert titles(snapshot(0, heldout=9.0), snapshot(BEGUN, 0.53)) == ["Learning rate too high"]


def test_a_learning_rate_that_threw_the_weights_away() -> None:
    """Weights that grew five times as large and know nothing are its fault too; the further, the lower the next one."""
    lost = {"confusion": np.array([[50, 0], [50, 0]])}
    for growth, rate in [(5.1, 0.01), (101, 0.001)]:
        (finding,) = found([START, snapshot(BEGUN, heldout=0.7, weights=(growth, 1.0, 1.0))], **lost)
        assert (finding.title, finding.settings) == ("Learning rate too high", {"learning-rate": rate})
        assert finding.why == (
            f"The train loss is 0.5; before training it was 0.5. The weights grew to {growth:.0f} times their size."
        )
    assert "Learning rate too high" not in titles(START, snapshot(BEGUN, heldout=0.7, weights=(4.9, 1.0, 1.0)), **lost)
    small = snapshot(0, weights=(0.5, 0.5, 0.5))
    assert titles(small, snapshot(BEGUN, heldout=0.7, weights=(3.0, 1.0, 1.0)), **lost) == ["Learning rate too high"]
    assert titles(START, snapshot(BEGUN, heldout_accuracy=0.8, weights=(9.0, 9.0, 9.0)), confusion=UNIFORM) == []


def test_steps_that_are_large() -> None:
    """A median update of more than 5 % of the weights is rather high, and every layer is told."""
    (finding,) = found([START, snapshot(BEGUN, ratios=(0.2, 0.06, 0.01))])
    assert (finding.level, finding.title) == ("watch", "Learning rate rather high")
    assert "(hidden layer 1 20 %, hidden layer 2 6.0 %, the output 1.0 %)" in finding.why
    assert finding.settings == {"learning-rate": 0.005}
    assert titles(START, snapshot(BEGUN, ratios=(0.2, 0.05, 0.01))) == []
    assert titles(START, snapshot(BEGUN - 1, ratios=(0.2, 0.06, 0.01))) == []
    assert titles(START, snapshot(BEGUN, 0.49, ratios=(0.2, 0.06, 0.01))) == []  # the loss falls all the same


def test_steps_that_are_small_say_by_how_much() -> None:
    """A median update of less than 0.0001 is too low while little is learned; the advice is as large as the gap."""
    slow = {"ratios": (1e-5, 3e-6, 1e-8)}
    (finding,) = found([START, snapshot(BEGUN, 0.49, **slow)])
    assert (finding.title, finding.remedy) == ("Learning rate too low", "Learning rate: 1,000 times as much, 100.")
    assert finding.settings == {"learning-rate": 100.0}
    assert titles(START, snapshot(BEGUN, 0.49, ratios=(1e-5, 1.1e-4, 1e-3))) == []
    assert titles(START, snapshot(BEGUN, 0.34, **slow)) == []
    assert titles(START, snapshot(BEGUN, 0.49, accuracy=0.99, heldout_accuracy=0.99, **slow)) == []
    assert titles(START, snapshot(BEGUN - 1, 0.49, **slow)) == []


def test_who_learns_nothing_any_more_is_not_told_to_take_larger_steps() -> None:
    """Small steps are not the learning rate's fault where something worse explains them."""
    still = {"ratios": (1e-10, 1e-10, 1e-10)}
    assert titles(START, snapshot(40, 0.9, **still), snapshot(80, 0.9, **still)) == ["Learning rate too high"]
    assert titles(START, snapshot(40, dead=(1.0, 0.0, 0.0), **still)) == ["Hidden layer 1: dead neurons"]


def test_the_size_of_steps_is_that_of_the_last_five_epochs() -> None:
    """Large steps at the beginning are forgotten."""
    early = [snapshot(40 * k, ratios=(0.5, 0.5, 0.5)) for k in range(1, 5)]
    late = [snapshot(40 * k) for k in range(5, 8)]
    assert "Learning rate rather high" in titles(START, *early, *late[:1])
    assert "Learning rate rather high" not in titles(START, *early, *late)
    rare = [START, snapshot(40, ratios=(0.5, 0.5, 0.5)), snapshot(240)]
    assert "Learning rate rather high" not in [each.title for each in found(rare, {"epochs": 10})]


def test_exploding_gradients() -> None:
    """The gradient explodes when its norm is ten times its median, once there are five to compare, and the loss rises.

    One hard example among easy ones has a large gradient, too.
    """
    norm = np.sqrt(3)  # of three layers of norm 1
    calm = [snapshot(40 * k, 0.4) for k in range(1, 5)]
    (finding,) = found([START, *calm, snapshot(200, 0.45, gradients=(0.0, 0.0, 10.1 * norm))])
    assert (finding.level, finding.title) == ("bad", "Exploding gradients")
    assert finding.why == "The gradient norm is 17.5, its median so far 1.73."
    assert finding.settings == {"clip-norm": 2.0}
    assert titles(START, *calm, snapshot(200, 0.4, gradients=(0.0, 0.0, 10.1 * norm))) == []
    assert titles(START, *calm, snapshot(200, 0.45, gradients=(0.0, 0.0, 9.9 * norm))) == []
    assert titles(START, *calm[1:], snapshot(200, 0.45, gradients=(0.0, 0.0, 10.1 * norm))) == []
    falling = [snapshot(40 * k, 0.6 - 0.05 * k, gradients=(float(k), 0.0, 0.0)) for k in range(1, 5)]
    (finding,) = found([START, *falling, snapshot(200, 0.43, gradients=(50.0, 0.0, 0.0))])
    assert finding.why == "The gradient norm is 50, its median so far 3."


def test_overfitting_by_the_loss() -> None:
    """A held-out loss 10 % above its lowest, an epoch or more later, with a lower train loss, is overfitting."""
    best = snapshot(40, 0.4, heldout=0.4)
    (finding,) = found([START, best, snapshot(80, 0.2, heldout=0.45)])
    assert (finding.level, finding.title) == ("watch", "Overfitting")
    assert finding.why == (
        "The held-out loss was lowest, 0.4, at epoch 1; since then it rose to 0.45 while the train loss fell from 0.4 "
        "to 0.2."
    )
    assert finding.settings == {"l2": 0.001}
    assert titles(START, best, snapshot(80, 0.2, heldout=0.43)) == []
    assert titles(START, best, snapshot(79, 0.2, heldout=0.45)) == []
    assert titles(START, best, snapshot(80, 0.41, heldout=0.45)) == []
    low = snapshot(40, 0.04, heldout=0.04)
    assert titles(START, low, snapshot(80, 0.02, heldout=0.045)) == []


def test_overfitting_by_the_gap() -> None:
    """An accuracy 10 % lower on the held-out examples is overfitting, if there are enough of them to tell."""
    end = snapshot(80, 0.2, heldout=0.3, accuracy=0.95, heldout_accuracy=0.8)
    for heldout, expected in ((0.8, ["Overfitting"]), (0.84, ["Overfitting"]), (0.86, [])):
        gap = snapshot(80, 0.2, heldout=0.3, accuracy=0.95, heldout_accuracy=heldout)
        assert titles(START, gap, confusion=UNIFORM * 50) == expected
    (finding,) = found([START, end], confusion=UNIFORM * 5)
    assert finding.why == "Accuracy is 95 % on the training examples, 80 % on the held-out ones."
    assert titles(START, end, confusion=UNIFORM // 10) == []
    assert titles(START, {**end, "train": {"loss": 0.2, "accuracy": 0.89}}, confusion=UNIFORM * 5) == []


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"l2": 0.01}, {"dropout": 0.2}),
        ({"l2": 0.01, "dropout": 0.5}, {"patience": 5}),
        ({"l2": 0.01, "dropout": 0.5, "patience": 3}, {"l2": 0.1}),
        ({"l2": 0.5, "dropout": 0.5, "patience": 3}, {"l2": 1.0}),
        ({"engine": "pure_python", "dtype": "float64"}, {"patience": 5}),
    ],
)
def test_the_remedy_is_one_that_was_not_taken_and_that_the_run_can_take(
    settings: dict[str, Any], remedy: dict[str, Any]
) -> None:
    """What is set already is no advice, nor what the engine cannot do."""
    (finding,) = found([snapshot(0, 0.4, heldout=0.4), snapshot(80, 0.2, heldout=0.5)], settings)
    assert (finding.title, finding.settings) == ("Overfitting", remedy)


def test_a_rate_that_a_person_raised_is_no_overfitting() -> None:
    """Who raises the learning rate while it trains, and the loss with it, is told so and what it was before."""
    lines = [START, snapshot(40, 0.2, heldout=0.2), snapshot(80, 0.15, heldout=0.4)]
    assert titles(*lines) == ["Overfitting"]
    assert titles(*lines, rates=[(0, 0.01), (60, 0.1)]) == []
    assert titles(*lines, rates=[(0, 0.01), (40, 0.1)]) == []
    (finding,) = found([*lines[:2], snapshot(80, 0.3, heldout=0.4)], rates=[(0, 0.01), (60, 0.1)])
    assert (finding.level, finding.title) == ("bad", "The learning rate was raised too far")
    assert finding.why == "It went from 0.01 to 0.1 at step 60; the train loss was 0.2 at step 40 and is 0.3 now."
    assert finding.settings == {"learning-rate": 0.01}
    assert titles(*lines[:2], snapshot(80, 0.3, heldout=0.4), rates=[(0, 0.1), (60, 0.01)]) == []


def test_a_rising_train_loss() -> None:
    """A loss a fifth above its lowest, an epoch or more ago, and above that of three epochs ago is rising."""

    def rising(*losses: float) -> list[Finding]:
        return found([snapshot(40 * k, loss) for k, loss in enumerate(losses)])

    (finding,) = rising(1.0, 0.2, 0.22, 0.21, 0.25)
    assert finding.title == "The train loss is rising"
    assert finding.why == "It was 0.2 at step 40, 0.2 three epochs ago, and is 0.25 now."
    assert finding.settings == {"learning-rate": 0.03}
    for losses in [(1.0, 0.2, 0.22, 0.21, 0.23), (1.0, 0.2, 0.26, 0.25, 0.24, 0.25), (1.0, 0.2, 0.25)]:
        assert rising(*losses) == []


def test_a_loss_rises_over_an_epoch_at_least() -> None:
    """Since its lowest, and there are three epochs to compare with."""
    rising = "The train loss is rising"
    lines = [START, snapshot(40, 0.3), snapshot(80, 0.3), snapshot(120, 0.2)]
    (finding,) = found([*lines, snapshot(160, 0.4)], {"learning-rate": 0.5})
    assert (finding.title, finding.settings) == (rising, {"learning-rate": 0.2})
    assert titles(*lines[:3], snapshot(120, 0.3), snapshot(160, 0.2), snapshot(170, 0.4)) == []
    early = [snapshot(0, 0.3), snapshot(40, 0.2), snapshot(80, 0.2)]
    assert titles(*early, snapshot(120, 0.31)) == [rising]
    assert titles(*early, snapshot(119, 0.31)) == []


def test_noise_within_an_epoch_is_no_rising_loss() -> None:
    """Many snapshots of one epoch, each a little worse, raise nothing."""
    assert titles(START, *(snapshot(k, 0.2 + 0.01 * k) for k in range(1, 30))) == []
    within = [snapshot(k, 0.4) for k in (5, 10, 15, 19)]
    assert "Exploding gradients" not in titles(START, *within, snapshot(40, 0.45, gradients=(99.0, 99.0, 99.0)))


def test_a_loss_that_is_not_known_does_harm() -> None:
    """Large steps are told of unless the loss is known to be the lowest so far."""
    lines = [snapshot(0, None), snapshot(1, None, ratios=(0.2, 0.2, 0.2))]
    assert [each.title for each in found(lines, {"epochs": 1}, steps_per_epoch=1)] == ["Learning rate rather high"]


def test_a_loss_that_still_falls_at_the_end() -> None:
    """More epochs are advised where the last ones help as much as those before; not earlier, nor once it is learned."""

    def line(step: int) -> dict[str, Any]:
        loss = 1 - step / 400
        return snapshot(step, loss, heldout=loss)

    falling = [line(20 * k) for k in range(11)]
    (finding,) = found(falling)
    assert (finding.level, finding.title) == ("watch", "Still falling at the end")
    assert finding.settings == {"epochs": 10}
    long = [{**each, "step": 3_000 * each["step"]} for each in falling]
    (finding,) = found(long, {"epochs": 600_000}, steps_per_epoch=1)
    assert finding.settings == {"epochs": 1_000_000}
    assert titles(*falling[:-1]) == []
    learned = {split: {"loss": 0.5, "accuracy": 0.99} for split in ("train", "heldout")}
    assert titles(*falling[:-1], falling[-1] | learned) == []
    slower = [snapshot(20 * k, 0.3 + 0.7 / 2**k, heldout=0.3 + 0.7 / 2**k) for k in range(11)]
    assert titles(*slower) == []
    assert titles(*falling[:8], *(snapshot(20 * k, 0.66, heldout=0.66) for k in range(8, 11))) == []


def test_weights_that_start_at_0() -> None:
    """Hidden layers that begin at 0 are the cause of all that follows; an output layer that does is nothing unusual."""
    dead = {"dead": (1.0, 1.0, 1.0)}
    (finding,) = found([snapshot(0, weights=(0.0, 0.0, 0.0), **dead), snapshot(40, **dead)], {"initializer-scale": 0})
    assert finding.title == "Weights start at 0"
    assert finding.settings == {"initializer": "he", "initializer-scale": 1.0}
    assert titles(snapshot(0, weights=(1.0, 0.0, 0.0)), snapshot(40)) == []
    start = snapshot(0, weights=(0.0, 0.0, 1.0))
    (finding,) = found([start], {"initializer-scale": 0, "activation": ("tanh", "relu")})
    assert finding.settings == {"initializer": "glorot", "initializer-scale": 1.0}
    one_hidden_layer, none = ({**start, "layers": start["layers"][n:]} for n in (1, 2))
    assert titles(one_hidden_layer) == ["Weights start at 0"]
    assert titles({**none, "layers": [{**none["layers"][0], "weight_norm": 0.0}]}) == []


def scales(small: float, large: float) -> FeatureScales:
    return FeatureScales((1, small), (0, large))


def test_features_on_another_scale() -> None:
    """A feature a hundred times as large as another is named; pixels differ like that, and are one kind of thing."""
    raw = {"scaling": "none"}
    (finding,) = found([START], raw, features=scales(0.011, 1.2))
    assert (finding.level, finding.title) == ("bad", "Features on very different scales")
    assert finding.why == "Feature 1 is about 1.2 in size, feature 2 about 0.011."
    assert finding.settings == {"scaling": "auto"}
    for least, most in ((0.013, 1.2), (0.05, 5.0), (10.0, 10.0)):
        assert found([START], raw, features=scales(least, most)) == []
    (finding,) = found([START], raw, features=scales(0.5, 50.0))
    assert (finding.level, finding.title) == ("watch", "Features are not scaled")
    assert found([START], raw, features=scales(0.011, 1.2), is_image=True) == []
    (finding,) = found([START], raw, features=scales(5.0, 80.0), is_image=True)
    assert (finding.level, finding.title) == ("watch", "Features are not scaled")


def test_the_scales_of_features_are_those_that_vary() -> None:
    """A feature that is the same in every example says nothing about scales."""
    x = np.array([[0, 3, 7, -0.1], [0, -3, 7, 0.1]], np.float32)
    found = feature_scales(x)
    assert found is not None
    assert (found.smallest, found.largest) == ((3, pytest.approx(0.1)), (1, pytest.approx(3.0)))
    assert feature_scales(np.ones((3, 2), np.float32)) is None


def test_labels_that_fit_nothing() -> None:
    """A network that remembers its training examples, and knows no others, was given the wrong labels."""
    noise = np.array([[60, 40], [52, 48]])
    train = {"heldout": 0.8, "accuracy": 0.9}
    (finding,) = found([START, snapshot(80, 0.2, heldout_accuracy=0.54, **train)], confusion=noise)
    assert (finding.level, finding.title, finding.settings) == ("bad", "The labels look shuffled", {})
    assert "90 % of the training examples" in finding.why
    at_chance = chance(noise, "cross_entropy", "softmax").loss
    assert "The labels look shuffled" in titles(
        START, snapshot(80, 0.2, heldout_accuracy=0.54, heldout=at_chance, accuracy=0.9), confusion=noise
    )
    learned = snapshot(80, 0.2, heldout_accuracy=0.7, **train)
    assert titles(START, learned, confusion=np.array([[70, 30], [30, 70]])) == ["Overfitting"]
    few = np.array([[3, 2], [3, 2]])  # of so few held-out examples the accuracy is as uncertain as the gap is wide
    assert "The labels look shuffled" not in titles(
        START, snapshot(80, 0.2, heldout=0.8, accuracy=0.75, heldout_accuracy=0.5), confusion=few
    )


def test_no_better_than_chance() -> None:
    """A held-out loss of ln K, and one column of the confusion matrix that takes nearly all, are told together."""
    column = np.array([[48, 2], [49, 1]])
    (finding,) = found(
        [START, snapshot(80, 0.5, heldout=0.69, heldout_accuracy=0.49)], confusion=column, class_names="ab"
    )
    assert (finding.level, finding.title) == ("bad", "No better than chance")
    assert finding.why == (
        "49 % of the held-out examples are classified correctly, and the loss is 0.69, where chance is 0.693; "
        "97 % are predicted as 'a'."
    )
    (finding,) = found([START, snapshot(80, 0.5, heldout=0.69)], confusion=np.array([[40, 10], [40, 10]]))
    assert finding.why.endswith("; 80 % are predicted as class 0.")
    for n, shown in ((40, "x" * 40), (41, "x" * 40 + "...")):
        (finding,) = found([START, snapshot(80, heldout=0.69)], confusion=HALVES, class_names=("x" * n, "y"))
        assert f"'{shown}'" in finding.why
    assert titles(START, snapshot(80, 0.5, heldout=0.6, heldout_accuracy=0.49), confusion=column) == []
    assert titles(START, snapshot(10, 0.5, heldout=0.69, heldout_accuracy=0.49), confusion=column) == []


def test_chance_is_what_the_shares_of_the_classes_give() -> None:
    """With nine tenths in one class, 90 % is no better than chance."""
    mostly = np.array([[90, 0], [10, 0]])
    line = snapshot(80, 0.5, heldout=0.325, heldout_accuracy=0.9)
    assert titles(START, line, confusion=mostly) == ["No better than chance"]


def test_imbalanced_classes() -> None:
    """A class with a fifth of another's examples, of which fewer than half are found, is rare and missed."""
    line = snapshot(80, 0.3, heldout=0.3, heldout_accuracy=0.9)
    (finding,) = found([START, line], confusion=np.array([[190, 10], [22, 18]]), class_names=("usual", "rare"))
    assert (finding.level, finding.title) == ("watch", "Imbalanced classes")
    assert finding.why == "'usual' has 200 held-out examples, 'rare' has 40, of which 45 % are found."
    assert finding.settings == {"class-weight": "balanced"}
    assert titles(START, line, confusion=np.array([[190, 10], [20, 20]])) == []
    assert titles(START, line, confusion=np.array([[190, 9], [22, 18]])) == []
    missed = [START, snapshot(80, 0.01, heldout=0.01, heldout_accuracy=0.99)]
    (finding,) = found(missed, {"class-weight": "balanced"}, confusion=np.array([[190, 10], [1, 0]]))
    assert (finding.why[-40:], finding.settings, finding.remedy) == (
        "class 1 has 1, of which 0.0 % are found.", {}, "More examples of the rare class.",
    )  # fmt: skip
    absent = np.array([[190, 10, 0], [22, 18, 0], [0, 0, 0]])  # of a class without examples nothing is known
    assert titles(START, line, confusion=absent) == ["Imbalanced classes"]


def test_classes_that_are_never_predicted() -> None:
    """A class whose column of the confusion matrix is empty is named, once it has examples enough."""

    def never(n: int) -> list[str]:
        confusion = np.array([[30, 0, 0], [n, 0, 0], [0, 0, 30]])
        line = snapshot(80, 0.3, heldout=0.3, heldout_accuracy=0.8)
        return [f"{each.title} {each.why}" for each in found([START, line], confusion=confusion, class_names="abc")]

    assert never(10) == ["A class is never predicted 'b': 10 held-out examples, of which none is found."]
    assert never(7) == ["A class is never predicted 'b': 7 held-out examples, of which none is found."]
    assert not any(each.startswith("A class is never predicted") for each in never(4))


def test_several_labels_an_example_have_no_chance_to_compare_with() -> None:
    """The rules about classes say nothing about a matrix for each label."""
    labels = np.array([[[50, 0], [50, 0]]] * 3)
    assert titles(START, snapshot(80, accuracy=0.0, heldout_accuracy=0.0), confusion=labels) == []


def test_figures_that_are_not_finite_raise_nothing() -> None:
    """A loss, a gradient or an update that is not known is no reason for a finding, and none for an error."""
    unknown = snapshot(80, None, heldout=None, ratios=(None,) * 3, gradients=(1.0, None, None))
    assert titles(snapshot(0, None, heldout=None), unknown, unknown, unknown, confusion=UNIFORM) == []
    (finding,) = found([START, snapshot(80, ratios=(0.2, 0.2, None))])
    assert "the output not finite" in finding.why


def test_the_worst_comes_first_and_causes_before_what_follows_from_them() -> None:
    """What is bad stands above what is worth a look; what a cause explains is not said beside it."""
    mixed = [START, snapshot(80, 0.6, dead=(0.4, 0.9, 0.0), saturated=(0.9, None, None))]
    assert [(each.level, each.title) for each in found(mixed, features=scales(5.0, 80.0), is_image=True)] == [
        ("bad", "Hidden layers 1, 2: dead neurons"),
        ("watch", "Features are not scaled"),
    ]


@pytest.mark.parametrize("config", [RunConfig(), *(recipe.config for recipe in RECIPES.values())])
@pytest.mark.parametrize("n_train", [1, 99, 100, 101])
def test_an_epoch_has_so_many_steps_as_it_takes_to_see_every_example(config: RunConfig, n_train: int) -> None:
    """Every example is seen once in an epoch; full batches take one step."""
    size, steps = config.training.batch_size, config.training.steps_per_epoch(n_train)
    assert steps == (1 if size == "full" else len(range(0, n_train, int(size))))


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.0, "0"), (0.00099, "9.9e-04"), (0.001, "0.001"), (0.12345, "0.123"), (9999.0, "10000"), (1e4, "1.0e+04"),
        (float("inf"), "not finite"),
    ],
)  # fmt: skip
def test_figures_have_three_digits(rate: float, words: str) -> None:
    """They are plain numbers from 0.001 to 10,000, and powers of ten beyond."""
    finding, *_ = found([START], diverged=Divergence(7, "gradient", learning_rate=rate))
    assert finding.why.endswith(f"the learning rate was {words}.")


@pytest.mark.parametrize(("share", "words"), [(0.0999, "10.0 %"), (0.1, "10 %"), (0.456, "46 %")])
def test_shares_of_less_than_a_tenth_have_a_digit_more(share: float, words: str) -> None:
    """So that small ones can be told apart."""
    (finding,) = found([START, snapshot(BEGUN, ratios=(0.2, share, 0.06))])
    assert f"hidden layer 2 {words}," in finding.why


@pytest.mark.parametrize("last", [False, True])
def test_several_classes_that_are_never_predicted(last: bool) -> None:
    """Three are named, the others counted; more epochs are advised to a run that has used its own."""
    step = END if last else 80

    def never(n_missing: int) -> Finding:
        confusion = np.zeros((6, 6), int)
        confusion[:, 0] = 10
        np.fill_diagonal(confusion[n_missing + 1 :, n_missing + 1 :], 10)
        confusion[n_missing + 1 :, 0] = 0
        line = snapshot(step, 0.3, heldout=0.3, heldout_accuracy=0.8)
        return next(f for f in found([START, line], confusion=confusion, class_names="abcdef") if "never" in f.title)

    assert never(2).title == "2 classes are never predicted"
    assert never(3).why == "'b', 'c', 'd': 30 held-out examples, of which none is found."
    assert never(4).why == "'b', 'c', 'd' and 1 more: 40 held-out examples, of which none is found."
    assert never(2).settings == ({"epochs": 10} if last else {})
    assert never(2).remedy == ("Epochs 10. " if last else "") + "See on Inspect what they are taken for."


@pytest.mark.parametrize(
    ("n_classes", "others", "n", "is_found"),
    [(3, 20, 5, True), (3, 19, 4, False), (6, 240, 52, True), (6, 240, 51, False)],
)
def test_a_class_is_missed_if_it_has_a_quarter_of_the_usual_number_of_examples(
    n_classes: int, others: int, n: int, is_found: bool
) -> None:
    """And five at least: fewer are no reason to expect a prediction."""
    confusion = np.diag([others] * n_classes)
    confusion[1, :2] = n, 0
    line = snapshot(80, 0.3, heldout=0.3, heldout_accuracy=0.8)
    assert any("never" in title for title in titles(START, line, confusion=confusion)) is is_found


def test_only_the_last_raise_of_the_rate_counts() -> None:
    """The rate to go back to is the one before it; a rate that was set to what it was is no raise."""
    lines = [START, snapshot(40, 0.2, heldout=0.2), snapshot(80, 0.3, heldout=0.4)]
    rates = [(0, 0.01), (20, 0.05), (60, 0.1), (70, 0.1)]
    (finding,) = found(lines, rates=rates)
    assert finding.why.startswith("It went from 0.05 to 0.1 at step 60;")
    assert finding.settings == {"learning-rate": 0.05}
    assert "raised" not in " ".join(titles(*lines, rates=[(0, 0.1), (60, 0.1)]))


def test_remedies_of_vanishing_gradients() -> None:
    """Another activation, then normalisation; the settings that change are told in words."""
    lines = [START, snapshot(10, gradients=gradients(0.0005))]
    (finding,) = found(lines, {"activation": "sigmoid", "initializer": "glorot"})
    assert finding.settings == {"activation": "relu", "initializer": "he"}
    assert finding.remedy == "Activation relu and initialiser he. Fewer layers help too."
    (finding,) = found(lines, {"activation": "relu", "initializer": "he"})
    assert finding.settings == {"batch-norm": True}
    (finding,) = found(lines, {"activation": "relu", "initializer": "he", "batch-norm": True})
    assert (finding.settings, finding.remedy) == ({}, "Fewer layers help too.")
    deep = {"activation": "relu", "initializer": "he", "batch-norm": True, "hidden": (5, 6, 7, 8)}
    assert found(lines, deep)[0].settings == {"hidden": (5, 6)}


def test_the_norm_to_clip_at_is_the_usual_one_but_not_too_small() -> None:
    """One digit of the median so far; a hundredth at least."""
    calm = [snapshot(40 * k, 0.4, gradients=(1e-4, 0.0, 0.0)) for k in range(1, 5)]
    (finding,) = found([START, *calm, snapshot(200, 0.45, gradients=(0.0, 0.0, 1.0))])
    assert finding.settings == {"clip-norm": 0.01}


@pytest.mark.parametrize(
    ("growth", "update", "rate"), [(100.0, 0.01, 0.01), (101.0, 0.01, 0.001), (1.0, 0.5, 0.0005), (1.0, 5.0, 0.0003)]
)
def test_the_rate_to_start_again_with(growth: float, update: float, rate: float) -> None:
    """A tenth, a hundredth for weights that grew a hundred times, or less where steps were large."""
    line = snapshot(10, ratios=(update,) * 3, weights=(growth, 1.0, 1.0))
    finding, *_ = found([START, line], diverged=Divergence(12, "gradient"))
    assert finding.settings == {"learning-rate": rate}


@dataclass(frozen=True)
class Limit:
    """A figure of one snapshot, the limit at which a finding begins, and the finding.

    `at` makes the snapshots and the facts from the figure. `above` says whether larger figures raise it, `included`
    whether the limit itself does.
    """

    title: str
    limit: float
    at: Callable[[float], tuple[list[dict[str, Any]], dict[str, Any]]]
    above: bool = True
    included: bool = False


def lines(*snapshots: dict[str, Any], **facts: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    return [START, *snapshots], facts


CALM = [snapshot(40 * k, 0.4) for k in range(1, 5)]
HALVES = np.array([[50, 0], [50, 0]])
CHANCE = chance(HALVES, "cross_entropy", "softmax")
RATES = [(0, 0.01), (50, 0.1)]
LOW = {"ratios": (1e-5, 1e-5, 1e-5)}
SQUARE = (4, 4, 4, 4)
"""Layers of which each weight's share of a gradient is exactly a quarter of its norm."""


def ending(half: float, fifth: float, end: float, heldout: float) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Train losses after half of a run, after four fifths and at its end; held-out losses of 0.9 and the one given."""
    return lines(
        snapshot(80, half, heldout=0.9), snapshot(160, fifth, heldout=0.9), snapshot(END, end, heldout=heldout)
    )


LIMITS = {
    "raised": Limit(
        "The learning rate was raised too far", RISING * 0.2,
        lambda v: lines(snapshot(40, 0.2), snapshot(80, v), rates=RATES),
    ),
    "worse": Limit("Learning rate too high", WORSE * 0.5, lambda v: lines(snapshot(BEGUN, v))),
    "grown": Limit(
        "Learning rate too high", 5.0,
        lambda v: lines(snapshot(BEGUN, heldout=0.7, weights=(1.0, v, 1.0)), confusion=HALVES),
    ),
    "vanishing": Limit(
        "Vanishing gradients", 0.001, lambda v: lines(snapshot(10, gradients=(4 * v, 4.0, 4.0)), layer_sizes=SQUARE),
        above=False,
    ),
    "vanishing, by the gradient of the output": Limit(
        "Vanishing gradients", 0.5,
        lambda v: lines(snapshot(10, gradients=(0.002, 4.0, 4 * v)), layer_sizes=SQUARE),
    ),
    "vanishing at the start": Limit(
        "Vanishing gradients", 0.02,
        lambda v: lines(snapshot(BEGUN, 0.36, gradients=(4 * v, 4.0, 4.0)), layer_sizes=SQUARE), above=False,
    ),
    "vanishing where little is learned": Limit(
        "Vanishing gradients", LITTLE * 0.5,
        lambda v: lines(snapshot(BEGUN, v, gradients=(4 * 0.019, 4.0, 4.0)), layer_sizes=SQUARE),
    ),
    "exploding": Limit(
        "Exploding gradients", 10.0,
        lambda v: lines(*[{**each, "layers": snapshot(1, gradients=(1.0, 0.0, 0.0))["layers"]} for each in CALM],
                        snapshot(200, 0.45, gradients=(0.0, 0.0, v))),
    ),
    "exploding with the loss": Limit(
        "Exploding gradients", WORSE * 0.4, lambda v: lines(*CALM, snapshot(200, v, gradients=(0.0, 0.0, 99.0))),
    ),
    "large steps": Limit("Learning rate rather high", 5 * 0.01, lambda v: lines(snapshot(BEGUN, ratios=(v, v, v)))),
    "small steps": Limit(
        "Learning rate too low", 1e-4, lambda v: lines(snapshot(BEGUN, 0.49, ratios=(v, v, v))), above=False
    ),
    "small steps where little is learned": Limit(
        "Learning rate too low", LITTLE * 0.5, lambda v: lines(snapshot(BEGUN, v, **LOW))
    ),
    "small steps before all is learned": Limit(
        "Learning rate too low", 0.98, lambda v: lines(snapshot(BEGUN, 0.49, accuracy=v, heldout_accuracy=v, **LOW)),
        above=False,
    ),
    "chance": Limit(
        "No better than chance", 0.5 + STANDARD_ERRORS * np.sqrt(0.25 / 100),
        lambda v: lines(snapshot(BEGUN, heldout=0.7, heldout_accuracy=v), confusion=HALVES), above=False, included=True,
    ),
    "chance by the loss": Limit(
        "No better than chance", AT_CHANCE * CHANCE.loss,
        lambda v: lines(snapshot(BEGUN, heldout=v), confusion=HALVES),
    ),
    "shuffled": Limit(
        "The labels look shuffled", 0.1,
        lambda v: lines(snapshot(BEGUN, heldout=0.7, accuracy=v, heldout_accuracy=0.0), confusion=HALVES),
    ),
    "overfitting": Limit(
        "Overfitting", OVERFITTED * 0.4, lambda v: lines(snapshot(40, 0.4, heldout=0.4), snapshot(80, 0.2, heldout=v))
    ),
    "overfitting by little": Limit(
        "Overfitting", NOTICEABLE * 0.5, lambda v: lines(snapshot(40, 0.4, heldout=0.0), snapshot(80, 0.2, heldout=v))
    ),
    "overfitting while the train loss falls": Limit(
        "Overfitting", 0.4, lambda v: lines(snapshot(40, 0.4, heldout=0.3), snapshot(80, v, heldout=0.45)), above=False
    ),
    "gap": Limit("Overfitting", 0.1, lambda v: lines(snapshot(BEGUN, accuracy=v, heldout_accuracy=0.0))),
    "rising": Limit(
        "The train loss is rising", RISING * 0.2,
        lambda v: lines(snapshot(40, 0.2), snapshot(80, 0.2), snapshot(120, 0.2), snapshot(160, v)),
    ),
    "rising above what was": Limit(
        "The train loss is rising", 0.3,
        lambda v: lines(snapshot(40, 0.3), snapshot(80, 0.2), snapshot(120, 0.2), snapshot(160, v)),
    ),
    "still falling": Limit(
        "Still falling at the end", (1 - FALLING) * 0.9, lambda v: ending(0.4, 0.4, 0.4, v), above=False
    ),
    "still falling by a line": Limit("Still falling at the end", STEADILY * 0.4, lambda v: ending(0.4, v, 0.0, 0.85)),
    "falling by little": Limit("Still falling at the end", NOTICEABLE / 2 * 0.5, lambda v: ending(0.0, v, 0.0, 0.85)),
    "falling to the last": Limit("Still falling at the end", 0.9, lambda v: ending(0.4, 0.2, 0.0, v), above=False),
    "different scales": Limit(
        "Features on very different scales", 100 * 0.05,
        lambda v: ([START], {"settings": {"scaling": "none"}, "features": scales(0.05, v)}),
    ),
    "large features of a table": Limit(
        "Features are not scaled", 10.0,
        lambda v: ([START], {"settings": {"scaling": "none"}, "features": scales(5.0, v)}),
    ),
    "large features": Limit(
        "Features are not scaled", 10.0,
        lambda v: ([START], {"settings": {"scaling": "none"}, "features": scales(5.0, v), "is_image": True}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_a_finding_begins_exactly_at_its_limit(limit: Limit) -> None:
    """The smallest number beyond the limit raises it, the limit itself only where it says "at least"."""
    beyond = np.nextafter(limit.limit, np.inf if limit.above else -np.inf)
    before = np.nextafter(limit.limit, -np.inf if limit.above else np.inf)
    for figure, expected in ((before, False), (limit.limit, limit.included), (beyond, True)):
        snapshots, facts = limit.at(float(figure))
        assert (limit.title in titles(*snapshots, **facts)) is expected, figure


@pytest.mark.parametrize(
    ("title", "figures", "confusion"),
    [
        ("The labels look shuffled", {"heldout": 0.8, "accuracy": 0.9}, HALVES),
        ("Overfitting", {"accuracy": 0.9}, None),
        ("Imbalanced classes", {"heldout": 0.2}, np.array([[90, 0], [9, 1]])),
        (
            "A class is never predicted",
            {"heldout": 0.2, "heldout_accuracy": 0.9},
            np.array([[20, 0, 0], [10, 0, 0], [0, 0, 20]]),
        ),
        ("No better than chance", {"heldout": 0.7}, HALVES),
    ],
)
def test_nothing_is_said_of_a_run_that_has_hardly_begun(
    title: str, figures: dict[str, Any], confusion: np.ndarray | None
) -> None:
    """One step earlier nothing could have been learned yet."""
    assert title in titles(START, snapshot(BEGUN, **figures), confusion=confusion)
    assert title not in titles(START, snapshot(BEGUN - 1, **figures), confusion=confusion)


def test_what_is_learned_by_one_split_falls_no_further() -> None:
    """More epochs are no advice where nearly all training examples, or all held-out ones, are right."""
    for accuracy, heldout_accuracy in ((0.98, 0.5), (0.5, 0.98)):
        learned = snapshot(END, 0.0, heldout=0.1, accuracy=accuracy, heldout_accuracy=heldout_accuracy)
        assert "Still falling at the end" not in titles(START, snapshot(160, 0.4), learned)
    assert "Still falling at the end" in titles(*ending(0.6, 0.35, 0.2, 0.85)[0])
    assert "Still falling at the end" in titles(START, snapshot(1, 0.4, heldout=0.9), snapshot(END, 0.0, heldout=0.1))
    nearly = snapshot(END, 0.0, heldout=0.1, accuracy=0.97, heldout_accuracy=0.97)
    assert "Still falling at the end" in titles(START, snapshot(160, 0.4), nearly)


def test_a_network_without_hidden_layers_may_need_one() -> None:
    """Straight lines cannot tell everything apart; a network that has a hidden layer is told of its labels only."""
    lines = [START, snapshot(BEGUN, heldout=0.7)]
    (finding,) = found(lines, {"hidden": ()}, confusion=HALVES)
    assert finding.settings == {"hidden": (32,)}
    assert finding.remedy.startswith("Hidden layers 32. Check that the labels belong to the examples;")
    (finding,) = found(lines, confusion=HALVES)
    assert (finding.settings, finding.remedy[:5]) == ({}, "Check")


def test_no_rate_is_advised_that_a_run_cannot_take() -> None:
    """They go from 1e-12 to 1000."""
    (finding,) = found([START, snapshot(BEGUN, 0.49, ratios=(3e-6, 3e-6, 3e-6))], {"learning-rate": 300.0})
    assert finding.settings == {"learning-rate": 1000.0}
    (finding,) = found([START], {"learning-rate": 2e-12}, diverged=Divergence(7, "gradient"))
    assert (finding.remedy, finding.settings) == (
        "Learning rate: start again with 1.0e-12.",
        {"learning-rate": 1e-12},
    )
