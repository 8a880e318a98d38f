"""Networks learn what they should, and end when they should."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.errors import DivergedError
from annscope.core.evaluation.metrics import EVALUATION_BLOCK, evaluate
from annscope.core.network import Network
from annscope.core.training import Trainer, train
from annscope.data.toy import make_points
from tests.configs import make_config
from tests.core.conftest import make_dataset


def points(name: str, n: int = 400, noise: float = 0.1) -> Dataset:
    """A set of points in the plane: three quarters to learn from, the others held out."""
    examples = make_points(name, n, noise, seed=0)
    order = np.random.default_rng(0).permutation(n)
    learn, judge = order[: n * 3 // 4], order[n * 3 // 4 :]
    x, y = examples.x, examples.y
    return Dataset(
        name=name, x_train=x[learn], y_train=y[learn], x_val=x[judge], y_val=y[judge], x_test=x[:0], y_test=y[:0],
        class_names=examples.class_names,
    )  # fmt: skip


def run(**options: Any) -> RunConfig:
    """Forty epochs of a 16-16 network with Adam."""
    settings = {"hidden": (16, 16), "learning_rate": 0.02, "batch_size": 32, "epochs": 40, "snapshot_every": 10_000}
    return make_config(**settings | options)


@pytest.mark.parametrize(("name", "least"), [("moons", 0.95), ("circles", 0.93), ("xor", 0.97), ("spirals", 0.9)])
def test_relu_learns_what_no_line_divides(name: str, least: float) -> None:
    """A small ReLU network tells the points of every planar set apart, held-out ones too."""
    *_, last = train(points(name), run())
    assert last.heldout.accuracy >= least


@pytest.mark.parametrize("name", ["circles", "xor"])
def test_without_hidden_layers_it_cannot(name: str) -> None:
    """A linear classifier gets at most three corners of four: the hidden layers do the work."""
    *_, last = train(points(name), run(hidden=()))
    assert last.train.accuracy < 0.8


def test_the_truth_table_of_xor_with_sigmoids() -> None:
    """Four examples, squared error, sigmoids everywhere, one example at a time: the network of 1986."""
    x, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])
    table = Dataset(name="xor", x_train=x, y_train=y, x_val=x, y_val=y, x_test=x, y_test=y, class_names=("0", "1"))
    config = run(
        hidden=(4,), activation="sigmoid", output="sigmoid", loss="squared_error", optimizer="sgd", learning_rate=2.0,
        initializer="glorot", initializer_scale=2.0, batch_size=1, epochs=1500, stop_when_all_right=False, seed=1,
    )  # fmt: skip
    *_, last = train(table, config)
    assert last.heldout.accuracy == 1.0
    assert last.heldout.loss < 0.05


def test_an_extra_snapshot_does_not_change_when_a_run_ends() -> None:
    """The stopping rules are checked at scheduled snapshots only: an extra one neither ends nor prolongs the run."""
    data, config = points("moons"), run(target_accuracy=0.9, snapshot_every="epoch")
    quiet = list(train(data, config))[-1]
    trainer = Trainer(data, config)
    trainer.snapshot()
    while trainer.advance(1):
        trainer.snapshot()
    assert trainer.step == quiet.step
    assert trainer.step % trainer.steps_per_epoch == 0
    assert trainer.stop_reason is not None
    assert trainer.stop_reason.startswith("The held-out accuracy reached 9")
    assert trainer.stop_reason.endswith("the target was 90.00%.")


def test_patience_names_the_snapshot_of_the_lowest_loss() -> None:
    """`best_step` is the scheduled step whose held-out loss was the lowest of all, also when epochs run out first."""
    data = make_dataset(n_train=40, n_val=40)
    for patience in (1, 2, 1000):
        config = run(patience=patience, learning_rate=0.1, snapshot_every="epoch", epochs=25)
        trainer = Trainer(data, config)
        losses = {0: trainer.snapshot().heldout.loss}
        while trainer.advance(1000):
            losses[trainer.step] = trainer.snapshot().heldout.loss
        assert trainer.best_step == min(losses, key=lambda step: losses[step])
        assert trainer.finished
        assert (trainer.stop_reason is None) == (patience == 1000)


def test_without_patience_no_step_is_best() -> None:
    """Without `patience`, `best_step` is None."""
    trainer = Trainer(points("moons"), run(epochs=1))
    trainer.snapshot()
    assert trainer.best_step is None


def test_a_loss_that_stays_the_same_is_not_lower() -> None:
    """Patience runs out where nothing changes, and the first of equal losses is the best."""
    trainer = Trainer(points("moons"), run(patience=2, learning_rate=1e-30, snapshot_every="epoch"))
    trainer.snapshot()
    while trainer.advance(1000):
        trainer.snapshot()
    assert (trainer.epoch, trainer.best_step) == (2, 0)
    assert trainer.stop_reason is not None


def test_a_stopped_run_that_gets_more_epochs_gets_its_patience_anew() -> None:
    """Higher patience allows more epochs without progress."""
    data, options = points("moons"), {"patience": 3, "learning_rate": 1e-30, "snapshot_every": "epoch"}
    trainer = Trainer(data, run(**options))
    trainer.snapshot()
    while trainer.advance(1000):
        trainer.snapshot()
    assert trainer.epoch == 3
    longer = Trainer(data, run(**(options | {"epochs": 50})), checkpoint=trainer.checkpoint())
    while longer.advance(1000):
        longer.snapshot()
    assert longer.epoch == 7  # the best is its first snapshot, at epoch 4


def test_a_target_reached_with_the_last_step_stops_nothing() -> None:
    """A run whose epochs are all done has no other reason to end."""
    data, options = points("moons"), {"target_accuracy": 0.9, "snapshot_every": "epoch"}
    stopped = Trainer(data, run(**options))
    while stopped.advance(1000):
        stopped.snapshot()
    assert stopped.stop_reason is not None
    exact = Trainer(data, run(**options, epochs=stopped.epoch))
    while exact.advance(1000):
        exact.snapshot()
    assert exact.finished
    assert (exact.step, exact.stop_reason) == (stopped.step, None)


def test_every_held_out_example_is_judged_and_a_thousand_are_looked_into() -> None:
    """Held-out figures are over all examples, however many; activation histograms over the first 1,024."""
    data, config = make_dataset(n_train=40, n_val=EVALUATION_BLOCK + 300), run(epochs=1)
    *_, last = train(data, config)
    network = Network(config.network, data.n_features, data.n_classes, last.parameters)
    found = evaluate(network, data.x_val.astype("float32"), data.y_val, "cross_entropy")
    assert (found.loss, found.accuracy) == (last.heldout.loss, last.heldout.accuracy)
    assert last.confusion.sum() == EVALUATION_BLOCK + 300
    assert [int(layer.activation_histogram.sum()) for layer in last.layers] == [
        n * EVALUATION_BLOCK for n in (16, 16, 3)
    ]


def test_advance_stops_at_scheduled_snapshots_and_at_the_end() -> None:
    """However many steps are asked for, none is taken past a scheduled snapshot."""
    trainer = Trainer(points("moons"), run(epochs=2, snapshot_every=7))
    assert trainer.steps_per_epoch == 10
    steps = []
    while taken := trainer.advance(4):
        steps.append((taken, trainer.step, trainer.should_snapshot))
    assert steps == [
        (4, 4, False), (3, 7, True), (4, 11, False), (3, 14, True), (4, 18, False), (2, 20, True),
    ]  # fmt: skip
    assert trainer.advance(4) == trainer.advance(-1) == 0
    assert trainer.epoch == 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_on_raw_pixels_advises_scaling(dtype: str) -> None:
    """Features as they are, up to 255, and a wild learning rate: step, layer, and two things to try."""
    data = points("blobs")
    raw = replace(data, x_train=np.abs(data.x_train) * 200, x_val=np.abs(data.x_val) * 200)
    config = run(
        optimizer="sgd", learning_rate=1000.0, activation="leaky_relu", scaling="none", loss="cross_entropy",
        l2=0.1, dtype=dtype, epochs=2000,
    )  # fmt: skip
    advice = r"Try a learning rate below 1000, for example 100, or scaled features\.$"
    with pytest.raises(DivergedError, match=advice) as error:
        list(train(raw, config))
    assert error.value.step > 0
    assert error.value.layer in {0, 1, 2}
    assert error.value.quantity in {"gradient", "parameters"}


def test_small_features_need_no_scaling() -> None:
    """Where the features are small already the advice does not send anyone to scale them."""
    config = run(optimizer="sgd", learning_rate=1000.0, activation="leaky_relu", scaling="none", l2=1.0, epochs=2000)
    with pytest.raises(DivergedError, match=r"for example 100\.$"):
        list(train(points("moons"), config))


def test_the_probe_has_as_many_examples_of_each_class_as_fit() -> None:
    """Twenty images in all, the first held-out ones of each class, in the order of the classes."""
    data = make_dataset(n_val=60)
    probe = Trainer(data, run()).probe
    assert probe.y.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert probe.indices.tolist() == [i for label in range(3) for i in np.flatnonzero(data.y_val == label)[:6]]


@pytest.mark.parametrize("options", [{"bias": True}, {"bias": False}, {"engine": "textbook"}], ids=str)
def test_the_step_of_a_divergence_is_the_one_at_which_it_happened(options: dict[str, Any]) -> None:
    """A gradient that overflows at the first step is named at step 0, before any parameter is spoiled."""
    data = make_dataset()
    endless = replace(data, x_train=np.where(data.x_train > 3, np.inf, data.x_train))
    trainer = Trainer(endless, run(batch_size="full", optimizer="sgd", **options))
    before = trainer.checkpoint().arrays["parameters"]
    with pytest.raises(DivergedError, match="at step 0: gradient not finite in layer 1") as error:
        trainer.advance(5)
    assert (error.value.step, error.value.layer, trainer.step) == (0, 0, 0)
    np.testing.assert_array_equal(trainer.checkpoint().arrays["parameters"], before)


def test_parameters_that_overflow_are_named_although_their_gradient_was_finite() -> None:
    """A finite gradient times a large learning rate can be too large for its type: that is found in the same call."""
    data = make_dataset()
    far = replace(data, x_train=np.sign(data.x_train) * 1e37)
    trainer = Trainer(far, run(hidden=(), batch_size="full", optimizer="sgd", learning_rate=1000.0))
    with pytest.raises(DivergedError, match=r"at step 1: parameters not finite in layer 1") as error:
        trainer.advance(1)
    assert (error.value.quantity, error.value.step, trainer.step) == ("parameters", 1, 1)


@pytest.mark.parametrize("train_sample", [0, 1, 17, 50, 1000])
def test_train_figures_are_taken_on_a_fixed_draw(train_sample: int) -> None:
    """So many training examples, always the same in one run, judge how well it knows them; 0 takes all."""
    data = make_dataset()
    config = run(train_sample=train_sample, seed=4, epochs=2, snapshot_every="epoch")
    figures = [snapshot.train for snapshot in train(data, config)]
    assert figures == [snapshot.train for snapshot in train(data, config)]
    n = train_sample if 0 < train_sample < 50 else 50
    assert all(figure.accuracy * n == pytest.approx(round(figure.accuracy * n)) for figure in figures)
    everything = [
        snapshot.train for snapshot in train(data, run(train_sample=0, seed=4, epochs=2, snapshot_every="epoch"))
    ]
    assert (figures == everything) == (n == 50)
