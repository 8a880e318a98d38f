"""Findings about a training run: each has figures that raise it, and figures near them that do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest

from annscope.core.config import NetworkConfig, RunConfig
from annscope.core.explain.health import Finding, diagnose
from annscope.core.recipes import RECIPES

SIZES = (4, 5, 5, 2)
PER_EPOCH = 10


def snapshot(
    step: int,
    loss: float | None = 0.5,
    *,
    heldout: float | None = 0.5,
    accuracy: float = 0.5,
    rate: float = 0.1,
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
        "train": {"loss": loss, "accuracy": accuracy}, "heldout": {"loss": heldout, "accuracy": accuracy},
        "layers": [
            {"update_ratio": ratios[i], "gradient_norm": gradients[i], "dead_fraction": dead[i],
             "saturated_fraction": saturated[i]}
            for i in range(3)
        ],
    }  # fmt: skip


def found(
    snapshots: Iterable[Mapping[str, Any]], *, dropout: float = 0.0, diverged: str | None = None
) -> list[Finding]:
    network = NetworkConfig(hidden_sizes=(5, 5), dropout=dropout)
    return diagnose(snapshots, network=network, layer_sizes=SIZES, steps_per_epoch=PER_EPOCH, diverged=diverged)


def titles(*snapshots: Mapping[str, Any]) -> list[str]:
    return [finding.title for finding in found(snapshots)]


START = snapshot(0)


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    """A run that learns with steps of the usual size has no finding, before training and after it."""
    assert found([]) == []
    assert titles(START) == []
    assert titles(*(snapshot(10 * k, 1 / (1 + k), heldout=1 / (1 + k)) for k in range(20))) == []


def test_a_diverged_run_says_why() -> None:
    """What ended the run comes first, in the record's own words."""
    (finding,) = found([START], diverged="The loss is not finite at step 7.")
    assert (finding.level, finding.title, finding.why) == (
        "bad",
        "Training diverged",
        "The loss is not finite at step 7.",
    )


@pytest.mark.parametrize(("share", "level"), [(0.199, None), (0.2, "watch"), (0.499, "watch"), (0.5, "bad")])
def test_dying_neurons(share: float, level: str | None) -> None:
    """A fifth of a hidden layer's neurons that are always 0 is worth a look, half of them is bad."""
    assert [each.level for each in found([START, snapshot(10, dead=(0.0, share, 0.0))])] == ([level] if level else [])


def test_dying_neurons_are_told_with_their_numbers() -> None:
    """The finding names the layer, the share and how many neurons it has; the output layer has no neurons to die."""
    (finding,) = found([START, snapshot(10, dead=(0.0, 0.4, 1.0))])
    assert finding.title == "Hidden layer 2: dying neurons"
    assert finding.why == "40 % of its 5 neurons are 0 for every held-out example looked at."


@pytest.mark.parametrize(("share", "is_found"), [(0.499, False), (0.5, True), (None, False)])
def test_saturated_layers(share: float | None, is_found: bool) -> None:
    """A hidden layer is saturated when half of its values lie at an end of a bounded range."""
    expected = ["Hidden layer 1: saturated"] if is_found else []
    assert titles(START, snapshot(10, saturated=(share, None, 1.0))) == expected


def test_vanishing_gradients() -> None:
    """They vanish when a weight of the first layer has less than a thousandth of the gradient of one of the last."""
    at_limit = np.sqrt([4 * 5, 5 * 5, 5 * 2]) * (1e-3, 1, 1)  # norms that are 0.001, 1 and 1 per weight
    vanished, near = (tuple(float(each) for each in at_limit * (factor, 1, 1)) for factor in (0.5, 1.01))
    (finding,) = found([START, snapshot(10, gradients=vanished)])
    assert (finding.level, finding.title) == ("bad", "Vanishing gradients")
    assert "0.0005" not in finding.why  # small numbers are told as powers of ten
    assert (
        finding.why
        == "The gradient of hidden layer 1 is 5.0e-04 per weight, that of the output 1: 2,000 times as much."
    )
    assert titles(START, snapshot(10, gradients=near)) == []


def test_a_learning_rate_that_undoes_what_was_there() -> None:
    """A train loss above that before training is the learning rate's fault, from half an epoch on."""
    (finding,) = found([START, snapshot(5, 0.53)])
    assert (finding.level, finding.title) == ("bad", "Learning rate too high")
    assert finding.remedy == "Learning rate: start again with 0.01."
    assert titles(START, snapshot(4, 0.53)) == []
    assert titles(START, snapshot(5, 0.52)) == []


def test_steps_that_are_large() -> None:
    """A median update of more than 5 % of the weights is rather high, and every layer is told."""
    (finding,) = found([START, snapshot(5, ratios=(0.2, 0.06, 0.01))])
    assert (finding.level, finding.title) == ("watch", "Learning rate rather high")
    assert "(hidden layer 1 20 %, hidden layer 2 6.0 %, the output 1.0 %)" in finding.why
    assert finding.remedy == "Learning rate: try 0.02."
    assert titles(START, snapshot(5, ratios=(0.2, 0.05, 0.01))) == []
    assert titles(START, snapshot(4, ratios=(0.2, 0.06, 0.01))) == []


def test_steps_that_are_small() -> None:
    """A median update of less than 0.00002 is rather low, while there is something left to learn."""
    slow = {"ratios": (1e-5, 1.9e-5, 1e-3)}
    (finding,) = found([START, snapshot(1, **slow)])
    assert (finding.title, finding.remedy) == ("Learning rate rather low", "Learning rate: try 0.5.")
    assert titles(START, snapshot(1, ratios=(1e-5, 2.1e-5, 1e-3))) == []
    assert titles(START, snapshot(1, accuracy=0.99, **slow)) == []


def test_who_learns_nothing_any_more_is_not_told_to_take_larger_steps() -> None:
    """Small steps are not the learning rate's fault where something worse explains them."""
    still = {"ratios": (1e-10, 1e-10, 1e-10)}
    ruined = found([START, snapshot(10, 0.9, rate=50, **still), snapshot(20, 0.9, rate=50, **still)])
    assert [(each.title, each.remedy) for each in ruined] == [
        ("Learning rate too high", "Learning rate: start again with 5.")
    ]
    assert titles(START, snapshot(10, dead=(1.0, 0.0, 0.0), **still)) == ["Hidden layer 1: dying neurons"]


def test_the_size_of_steps_is_that_of_the_last_five_snapshots() -> None:
    """Large steps at the beginning are forgotten."""
    early = [snapshot(10 * k, ratios=(0.5, 0.5, 0.5)) for k in range(1, 5)]
    late = [snapshot(10 * k) for k in range(5, 8)]
    assert "Learning rate rather high" in titles(START, *early, *late[:1])
    assert "Learning rate rather high" not in titles(START, *early, *late)


def test_exploding_gradients() -> None:
    """The gradient explodes when its norm is more than ten times its median, once there are five to compare."""
    norm = np.sqrt(3)  # of three layers of norm 1
    calm = [snapshot(10 * k) for k in range(1, 5)]
    (finding,) = found([START, *calm, snapshot(50, gradients=(0.0, 0.0, 10.1 * norm))])
    assert (finding.level, finding.title) == ("bad", "Exploding gradients")
    assert finding.why == "The gradient norm is 17.5, its median so far 1.73."
    assert titles(START, *calm, snapshot(50, gradients=(0.0, 0.0, 9.9 * norm))) == []
    assert titles(START, *calm[1:], snapshot(50, gradients=(0.0, 0.0, 10.1 * norm))) == []


def test_overfitting() -> None:
    """A held-out loss 10 % above its lowest, an epoch or more later, with a lower train loss, is overfitting."""
    best = snapshot(10, 0.4, heldout=0.4)
    (finding,) = found([START, best, snapshot(20, 0.2, heldout=0.45)])
    assert (finding.level, finding.title) == ("watch", "Overfitting")
    assert finding.why == (
        "The held-out loss was lowest, 0.4, at epoch 1; since then it rose to 0.45 while the train loss fell from 0.4 "
        "to 0.2."
    )
    assert "dropout" in finding.remedy
    assert titles(START, best, snapshot(20, 0.2, heldout=0.43)) == []
    assert titles(START, best, snapshot(19, 0.2, heldout=0.45)) == []
    assert titles(START, best, snapshot(20, 0.41, heldout=0.45)) == []


def test_a_network_with_dropout_is_not_told_to_take_it() -> None:
    """The remedy is one that has not been taken."""
    (finding,) = found([snapshot(0, 0.4, heldout=0.4), snapshot(20, 0.2, heldout=0.5)], dropout=0.5)
    assert finding.title == "Overfitting"
    assert "dropout" not in finding.remedy


def test_a_rising_train_loss() -> None:
    """A loss a fifth above its lowest that has risen over the last four snapshots is told with all four."""
    (finding,) = found([snapshot(10 * k, loss) for k, loss in enumerate((1.0, 0.2, 0.22, 0.21, 0.25))])
    assert finding.title == "The train loss is rising"
    assert finding.why == "It was 0.2, 0.22, 0.21 and is 0.25 now."
    for losses in [(1.0, 0.2, 0.22, 0.21, 0.23), (1.0, 0.2, 0.26, 0.25, 0.24, 0.25), (1.0, 0.2, 0.25)]:
        assert titles(*(snapshot(10 * k, loss) for k, loss in enumerate(losses))) == []


def test_figures_that_are_not_finite_raise_nothing() -> None:
    """A loss, a gradient or an update that is not known is no reason for a finding, and none for an error."""
    unknown = snapshot(10, None, heldout=None, ratios=(None,) * 3, gradients=(1.0, None, None))
    assert titles(snapshot(0, None, heldout=None), unknown, unknown, unknown) == []
    (finding,) = found([START, snapshot(10, ratios=(0.2, 0.2, None))])
    assert "the output not finite" in finding.why


def test_the_worst_comes_first() -> None:
    """What is bad stands above what is worth a look, each in the order of the rules."""
    mixed = found([START, snapshot(10, 0.6, dead=(0.3, 0.6, 0.0), saturated=(0.9, None, None))])
    assert [(each.level, each.title) for each in mixed] == [
        ("bad", "Hidden layer 2: dying neurons"),
        ("bad", "Learning rate too high"),
        ("watch", "Hidden layer 1: dying neurons"),
        ("watch", "Hidden layer 1: saturated"),
    ]


@pytest.mark.parametrize("config", [RunConfig(), *(recipe.config for recipe in RECIPES.values())])
@pytest.mark.parametrize("n_train", [1, 99, 100, 101])
def test_an_epoch_has_so_many_steps_as_it_takes_to_see_every_example(config: RunConfig, n_train: int) -> None:
    """Every example is seen once in an epoch; full batches take one step."""
    size, steps = config.training.batch_size, config.training.steps_per_epoch(n_train)
    assert steps == (1 if size == "full" else len(range(0, n_train, int(size))))
