"""Health of real training runs: the classic ways to fail are each named first, with a remedy that helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.errors import DivergedError
from annscope.core.explain.health import Divergence, Finding, RunFacts, diagnose, feature_scales
from annscope.core.network import layer_sizes
from annscope.core.recipes import RECIPES
from annscope.core.training import Trainer
from annscope.data.datasets import load_dataset
from annscope.runs.encoding import snapshot_line

Change = Callable[[Dataset], Dataset]


@dataclass
class Trained:
    """A run that ended: what is found, and how well it does on held-out examples."""

    findings: list[Finding]
    accuracy: float
    loss: float

    @property
    def titles(self) -> list[str]:
        return [finding.title for finding in self.findings]


@dataclass(frozen=True)
class Failing:
    """A way to fail: settings, what is done to the data, and what must be found first.

    The settings of the remedy help, unless `mended_by` are others (of data that is made here, or that none helps).
    """

    title: str
    settings: Mapping[str, Any]
    change: Change = field(default=lambda data: data)
    mended_by: Mapping[str, Any] | None = None


def train(settings: Mapping[str, Any], change: Change = lambda data: data) -> Trained:
    """Train on the digits for 20 epochs, unless the settings say otherwise."""
    config = RunConfig().with_values({"data": "digits", "epochs": 20, **settings})
    dataset = change(load_dataset(config.data, dtype=config.training.dtype, seed=0))
    trainer, lines, confusion, diverged = Trainer(dataset, config), [], None, None
    try:
        while True:
            snapshot = trainer.snapshot()
            lines.append(snapshot_line(len(lines), snapshot))
            confusion = snapshot.confusion
            if trainer.finished:
                break
            trainer.advance(trainer.total_steps)
    except DivergedError as error:
        diverged = Divergence(error.step, error.quantity, error.layer, trainer.learning_rate)
    facts = RunFacts(
        config=config,
        layer_sizes=layer_sizes(config.network, dataset.n_features, dataset.n_classes),
        steps_per_epoch=trainer.steps_per_epoch,
        class_names=dataset.class_names,
        is_image=dataset.image_shape is not None,
        confusion=confusion,
        features=feature_scales(trainer.probe.x),
        diverged=diverged,
    )
    return Trained(diagnose(lines, facts), lines[-1]["heldout"]["accuracy"], lines[-1]["heldout"]["loss"])


def first(n: int) -> Change:
    """The data with its first `n` training examples alone."""
    return lambda data: replace(data, x_train=data.x_train[:n], y_train=data.y_train[:n])


def shuffled(data: Dataset) -> Dataset:
    """The data with labels that belong to other examples."""
    generator = np.random.default_rng(1)
    return replace(data, y_train=generator.permutation(data.y_train), y_val=generator.permutation(data.y_val))


def unscaled(data: Dataset) -> Dataset:
    """The data as a table, half of whose features come in thousands."""
    scale = np.where(np.arange(data.n_features) % 2, 1000, 1).astype(data.x_train.dtype)
    return replace(data, x_train=data.x_train * scale, x_val=data.x_val * scale, image_shape=None)


def rare(data: Dataset) -> Dataset:
    """The data with 3 of the examples of the class 8 to learn from, and some of them to judge by."""

    def thin(x: np.ndarray, y: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        kept = (y != 8) | (np.cumsum(y == 8) <= n)
        return x[kept], y[kept]

    (x_train, y_train), (x_val, y_val) = thin(data.x_train, data.y_train, 3), thin(data.x_val, data.y_val, 3)
    return replace(data, x_train=x_train, y_train=y_train, x_val=x_val, y_val=y_val)


DEEP = {"hidden": (32,) * 5}
FAILING = {
    "vanishing sigmoid": Failing("Vanishing gradients", {**DEEP, "activation": "sigmoid", "epochs": 10}),
    "dead relu": Failing("Hidden layers 1, 2: dead neurons", {"optimizer": "sgd", "learning-rate": 3}),
    "rate too high": Failing("Learning rate too high", {"activation": "tanh", "learning-rate": 0.3}),
    "rate too high, sgd": Failing(
        "Learning rate too high", {"activation": "tanh", "optimizer": "sgd", "learning-rate": 30}
    ),
    "diverging": Failing("Training diverged", {"activation": "leaky_relu", "optimizer": "sgd", "learning-rate": 3}),
    "rate too low": Failing("Learning rate too low", {"learning-rate": 1e-6}),
    "rate far too low": Failing("Learning rate too low", {"optimizer": "sgd", "learning-rate": 1e-6}),
    "overfitting": Failing(
        "Overfitting", {"epochs": 300, "batch-size": 32, "learning-rate": 0.003, "snapshot-every": 60}, first(100)
    ),
    "zero initialisation": Failing("Weights start at 0", {"initializer-scale": 0}),
    "zero initialisation, sigmoid": Failing("Weights start at 0", {"initializer-scale": 0, "activation": "sigmoid"}),
    "too few epochs": Failing("Still falling at the end", {"epochs": 5}),
    "straight lines": Failing("No better than chance", {"data": "xor", "hidden": (), "epochs": 30}),
    "unscaled features": Failing(
        "Features on very different scales", {"scaling": "none"}, unscaled, {"scaling": "auto"}
    ),
    "unscaled features, sgd": Failing(
        "Features on very different scales",
        {"scaling": "none", "optimizer": "sgd", "learning-rate": 0.05},
        unscaled,
        {"scaling": "auto"},
    ),
    "raw pixels": Failing(
        "Features are not scaled", {"data": "mnist-5k", "epochs": 5, "scaling": "none", "snapshot-every": 100}
    ),
    "shuffled labels": Failing(
        "The labels look shuffled", {"hidden": (128,), "epochs": 60, "snapshot-every": 138}, shuffled, {}
    ),
    "shuffled labels, not learned": Failing("No better than chance", {"epochs": 10}, shuffled, {}),
    "imbalance": Failing("Imbalanced classes", {"epochs": 10}, rare),
}


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
def test_each_way_to_fail_is_named_first_and_its_remedy_helps(failing: Failing) -> None:
    """A run that fails in a known way has that as its first finding, whose settings lower the held-out loss."""
    before = train(failing.settings, failing.change)
    assert before.titles[:1] == [failing.title]
    remedy = before.findings[0].settings
    if failing.mended_by is not None:
        assert remedy == failing.mended_by
        return
    assert remedy
    assert train({**failing.settings, **remedy}, failing.change).loss < before.loss


@pytest.mark.parametrize("name", ["dead relu", "rate too high", "too few epochs", "straight lines"])
def test_the_findings_do_not_depend_on_how_many_snapshots_there_are(name: str) -> None:
    """One snapshot an epoch, one a step and those that follow the learning give the same findings, number by number."""
    failing = FAILING[name]
    settings = {**failing.settings, "epochs": 5}
    expected, *others = (train({**settings, "snapshot-every": each}, failing.change) for each in ("epoch", "auto", 1))
    assert expected.findings
    assert all(other.findings == expected.findings for other in others)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"snapshot-every": 7},
        {"activation": "tanh", "initializer": "glorot"},
        {"activation": "sigmoid", "initializer": "glorot", "learning-rate": 0.01},
        {"optimizer": "sgd", "learning-rate": 0.3},
        {"batch-size": 1, "optimizer": "sgd", "learning-rate": 0.01, "epochs": 10},
        {"batch-size": "full", "learning-rate": 0.03, "epochs": 100, "snapshot-every": 5},
        {**DEEP, "epochs": 30},
        {"hidden": (), "learning-rate": 0.01, "epochs": 30},
        {"batch-norm": True},
        {"dropout": 0.2, "epochs": 40},
        {"schedule": "cosine", "learning-rate": 0.003},
        {"data": "moons", "epochs": 100, "snapshot-every": 31},
        {"data": "circles", "epochs": 100, "snapshot-every": 20},
        {"data": "xor", "epochs": 30},
        {"data": "blobs", "epochs": 30},
        {"data": "spirals", "epochs": 100, "snapshot-every": 20},
    ],
    ids=str,
)
def test_a_run_that_learns_raises_nothing(settings: dict[str, Any]) -> None:
    """Nothing is found in runs that end well, whatever they are made of and whenever snapshots are taken."""
    trained = train(settings)
    assert trained.titles == []
    assert trained.accuracy > 0.85


@pytest.mark.parametrize("name", ["sigmoid-mse"])
def test_a_recipe_raises_nothing_absurd(name: str) -> None:
    """A published network that works has no finding."""
    recipe = RECIPES[name]
    assert train({**recipe.settings, "epochs": 20}).titles == []
