"""A run from its config: the same bits every time, with any snapshots and interruptions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.batches import Batches
from annscope.core.errors import ConfigError, DivergedError
from annscope.core.evaluation.metrics import evaluate
from annscope.core.functions.optimizers import OPTIMIZERS
from annscope.core.network import Network
from annscope.core.snapshot import Checkpoint, Snapshot
from annscope.core.training import Trainer, train
from tests.core.conftest import make_dataset

Configure = Callable[..., RunConfig]


def same(a: Snapshot, b: Snapshot) -> bool:
    """Whether two snapshots agree in every bit but the time they took."""
    pairs = list(zip(a.parameters, b.parameters, strict=True))
    parameters = all((p.weight == q.weight).all() and (p.bias is None or (p.bias == q.bias).all()) for p, q in pairs)
    statistics = all(
        p.gradient_norm == q.gradient_norm and p.update_ratio == q.update_ratio and p.weight_norm == q.weight_norm
        and (p.gradient_histogram == q.gradient_histogram).all()
        for p, q in zip(a.layers, b.layers, strict=True)
    )  # fmt: skip
    figures = (a.step, a.epoch, a.train, a.heldout, a.learning_rate) == (
        b.step,
        b.epoch,
        b.train,
        b.heldout,
        b.learning_rate,
    )
    return parameters and statistics and figures and bool((a.confusion == b.confusion).all())


def through_json(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint as it comes back from a file."""
    arrays = {name: array.copy() for name, array in checkpoint.arrays.items()}
    return Checkpoint(step=checkpoint.step, arrays=arrays, state=json.loads(json.dumps(checkpoint.state)))


def test_snapshots_come_at_the_beginning_and_after_every_epoch(dataset: Dataset, configure: Configure) -> None:
    """The first is of step 0, and the partial batch at the end of an epoch counts."""
    snapshots = list(train(dataset, configure()))
    assert [(s.step, s.epoch, s.samples_seen) for s in snapshots] == [(0, 0, 0), (4, 1, 50), (8, 2, 100), (12, 3, 150)]
    first = snapshots[0].layers[0]
    assert (first.gradient_norm, first.update_ratio, int(first.gradient_histogram.sum())) == (None, None, 0)


def test_snapshots_every_few_steps(dataset: Dataset, configure: Configure) -> None:
    """Snapshots every so many steps are counted across epochs, and the end always has one."""
    assert [s.step for s in train(dataset, configure(snapshot_every=5))] == [0, 5, 10, 12]


def test_it_learns(dataset: Dataset, configure: Configure) -> None:
    """Every optimizer brings the loss far down on three clouds."""
    rates = {"sgd": 0.1, "momentum": 0.05, "nesterov": 0.05, "rmsprop": 0.01, "adam": 0.02, "adamw": 0.02}
    for optimizer in OPTIMIZERS:
        *_, last = train(dataset, configure(optimizer=optimizer, learning_rate=rates[optimizer], epochs=30))
        assert last.train.accuracy > 0.9
        assert last.train.loss < 0.3


@pytest.mark.parametrize(
    "options",
    [
        *({"optimizer": optimizer} for optimizer in OPTIMIZERS),
        {"dropout": 0.3}, {"batch_norm": True}, {"l1": 0.01, "l2": 0.01}, {"clip_norm": 0.1}, {"dtype": "float64"},
        {"batch_size": "full", "schedule": "cosine"}, {"bias": False}, {"class_weight": "balanced"},
        {"label_smoothing": 0.1, "warmup_epochs": 1.0, "schedule": "inverse_time"},
        {"optimizer": "sgd", "delta_weights": "updated"}, {"shuffle": False, "patience": 1},
        {"batch_size": 1, "optimizer": "sgd"}, {"hidden": (), "output": "sigmoid", "loss": "squared_error"},
    ],
    ids=str,
)  # fmt: skip
def test_looking_stopping_and_resuming_change_no_bit(
    dataset: Dataset, configure: Configure, options: dict[str, Any]
) -> None:
    """A run with a snapshot at every step, and one resumed from a file every third step, equal an undisturbed one."""
    config = configure(**options)
    undisturbed = list(train(dataset, config))
    trainer, seen = Trainer(dataset, config), []
    while True:
        if trainer.should_snapshot:
            seen.append(trainer.snapshot())
        trainer.snapshot()
        if trainer.finished:
            break
        trainer.advance(1)
        if trainer.step % 3 == 0:
            trainer = Trainer(dataset, config, checkpoint=through_json(trainer.checkpoint()))
    assert len(seen) == len(undisturbed)
    assert all(same(a, b) for a, b in zip(seen, undisturbed, strict=True))


def test_a_seed_is_a_run_and_another_seed_another(dataset: Dataset, configure: Configure) -> None:
    """The same config gives the same bits; a different seed does not."""
    once, again, other = (list(train(dataset, configure(seed=seed)))[-1] for seed in (3, 3, 4))
    assert same(once, again)
    assert not same(once, other)


def test_snapshots_are_copies(dataset: Dataset, configure: Configure) -> None:
    """What a snapshot holds stays as it was while training goes on."""
    trainer = Trainer(dataset, configure())
    before = trainer.snapshot()
    weight, activation = before.parameters[0].weight.copy(), before.probe_activations[0].copy()
    trainer.advance(4)
    trainer.snapshot()
    assert (before.parameters[0].weight == weight).all()
    assert (before.probe_activations[0] == activation).all()


@pytest.mark.parametrize("options", [{}, {"batch_norm": True}, {"dropout": 0.5}, {"output": "sigmoid"}], ids=str)
def test_every_figure_can_be_computed_from_what_is_recorded(
    dataset: Dataset, configure: Configure, options: dict[str, Any]
) -> None:
    """The recorded parameters alone give the recorded loss, accuracy, confusion matrix and activations, bit for bit."""
    config = configure(**options)
    *_, last = train(dataset, config)
    network = Network(config.network, dataset.n_features, dataset.n_classes, last.parameters)
    found = evaluate(network, dataset.x_val.astype("float32"), dataset.y_val, config.training.loss)
    assert (found.loss, found.accuracy) == (last.heldout.loss, last.heldout.accuracy)
    assert (found.confusion == last.confusion).all()
    assert last.confusion.sum(axis=1).tolist() == np.bincount(dataset.y_val).tolist()
    probe = Trainer(dataset, config).probe
    for mine, recorded in zip(network.activations(probe.x), last.probe_activations, strict=True):
        np.testing.assert_array_equal(mine, recorded)


def test_the_probe_shows_every_class(dataset: Dataset, configure: Configure) -> None:
    """Each class that is held out is among the examples every snapshot shows."""
    probe = Trainer(dataset, configure()).probe
    assert set(probe.y.tolist()) == {0, 1, 2}
    assert (dataset.x_val[probe.indices].astype("float32") == probe.x).all()


def test_more_epochs_go_on_where_the_run_ended(dataset: Dataset, configure: Configure) -> None:
    """Three epochs and then two more are five, bit for bit, when nothing depends on the number of epochs."""
    trainer = Trainer(dataset, configure(epochs=3))
    while trainer.advance(100):
        trainer.snapshot()
    assert trainer.finished
    longer = Trainer(dataset, configure(epochs=5), checkpoint=through_json(trainer.checkpoint()))
    while longer.advance(100):
        pass
    assert same(longer.snapshot(), list(train(dataset, configure(epochs=5)))[-1])


def test_a_foreign_checkpoint_is_refused(dataset: Dataset, configure: Configure) -> None:
    """A checkpoint of another shape is named, not mixed in."""
    with pytest.raises(ConfigError, match="the checkpoint of step 0 does not belong to this config: parameters"):
        Trainer(dataset, configure(hidden=(8,)), checkpoint=Trainer(dataset, configure()).checkpoint())


def test_patience_stops_and_keeps_the_best(dataset: Dataset, configure: Configure) -> None:
    """The run ends so many epochs after its lowest held-out loss, and names that step."""
    config = configure(epochs=500, patience=4, learning_rate=0.05, hidden=(30,))
    trainer, losses = Trainer(dataset, config), {}
    while True:
        losses[trainer.step] = trainer.snapshot().heldout.loss
        if not trainer.advance(10_000):
            break
    assert trainer.step < trainer.total_steps
    assert trainer.best_step == min(losses, key=lambda step: losses[step])
    assert trainer.step - trainer.best_step == 4 * trainer.steps_per_epoch
    assert trainer.stop_reason is not None
    assert "has not fallen for 4 epochs" in trainer.stop_reason
    resumed = Trainer(dataset, config, checkpoint=through_json(trainer.checkpoint()))
    assert resumed.finished
    longer = configure(epochs=600, patience=4, learning_rate=0.05, hidden=(30,))
    assert not Trainer(dataset, longer, checkpoint=through_json(trainer.checkpoint())).finished


def test_patience_begins_again_when_a_run_is_continued(dataset: Dataset, configure: Configure) -> None:
    """However many snapshots are taken, there and between epochs, it ends so many epochs after its best one."""
    rising = replace(dataset, y_val=(dataset.y_val + 1) % 3)  # what is learned is wrong there
    options = {"patience": 2, "learning_rate": 0.02, "hidden": (30,)}
    trainer = Trainer(rising, configure(epochs=500, **options))
    trainer.snapshot()
    while trainer.advance(10_000):
        trainer.snapshot()
    for n_extra, most_steps in ((0, 10_000), (2, 1)):
        resumed = Trainer(rising, configure(epochs=600, **options), checkpoint=through_json(trainer.checkpoint()))
        for _ in range(n_extra):
            resumed.snapshot()
        while resumed.advance(most_steps):
            resumed.snapshot()
        assert resumed.step == trainer.step + 3 * trainer.steps_per_epoch
        assert resumed.best_step == trainer.step + trainer.steps_per_epoch


def test_a_target_stops(dataset: Dataset, configure: Configure) -> None:
    """The run ends as soon as the held-out accuracy is reached."""
    *others, last = train(dataset, configure(epochs=200, target_accuracy=0.8, learning_rate=0.02))
    assert last.heldout.accuracy >= 0.8 > max(other.heldout.accuracy for other in others)


def test_all_right_stops(dataset: Dataset, configure: Configure) -> None:
    """The run ends as soon as no training example is wrong."""
    config = configure(epochs=1000, stop_when_all_right=True, learning_rate=0.05, hidden=(40,), train_sample=0)
    *others, last = train(dataset, config)
    assert last.train.accuracy == 1.0 > max(other.train.accuracy for other in others)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        {"l2": 1.0},
        {"l2": 1.0, "bias": False},
        {"delta_weights": "updated"},
        {"delta_weights": "updated", "batch_size": 1},
        {"engine": "textbook"},
    ],
    ids=str,
)
def test_divergence_is_named_at_once(configure: Configure, dtype: str, options: dict[str, Any]) -> None:
    """A learning rate far too large ends the run with step, layer and advice, and without a warning."""
    wild = {"activation": "leaky_relu", "optimizer": "sgd", "learning_rate": 1000.0, "epochs": 500, "dtype": dtype}
    config = configure(**(wild | options))
    far = make_dataset()
    far = replace(far, x_train=far.x_train * 1e6, x_val=far.x_val * 1e6)
    words = r"Training diverged at step \d+: .* Try a learning rate below 1000, for example 100"
    with pytest.raises(DivergedError, match=words) as error:
        for _ in train(far, config):
            pass
    assert (error.value.layer is None) == ("loss" in error.value.quantity)
    assert error.value.step > 0


@pytest.mark.parametrize(("largest", "is_large"), [(10.0, False), (10.5, True)])
def test_divergence_on_large_features_says_that_scaling_may_help(
    configure: Configure, largest: float, is_large: bool
) -> None:
    """Features up to 10 are no reason to scale them."""
    data = make_dataset()
    data = replace(data, x_train=data.x_train * (largest / np.abs(data.x_train).max()))
    config = configure(activation="leaky_relu", optimizer="sgd", learning_rate=1000.0, epochs=500, scaling="none")
    with pytest.raises(DivergedError) as error:
        for _ in train(data, config):
            pass
    assert ("or scaled features" in str(error.value)) is is_large


def test_a_warm_up_raises_a_constant_learning_rate(dataset: Dataset, configure: Configure) -> None:
    """Evenly, over its epochs, however short it is."""
    for epochs in (0.5, 1.0, 2.0):
        trainer = Trainer(dataset, configure(learning_rate=0.1, warmup_epochs=epochs))
        assert trainer.learning_rate == pytest.approx(0.1 / (epochs * trainer.steps_per_epoch))


def test_changing_the_learning_rate_scales_the_schedule(dataset: Dataset, configure: Configure) -> None:
    """From the next step the base is the new value, and the schedule goes on from where it was."""
    trainer = Trainer(dataset, configure(schedule="step", schedule_epochs=1, schedule_factor=0.5))
    trainer.advance(4)
    assert trainer.learning_rate == pytest.approx(0.005)
    trainer.change_learning_rate(1.0)
    assert trainer.learning_rate == pytest.approx(0.5)
    resumed = Trainer(
        dataset, configure(schedule="step", schedule_epochs=1, schedule_factor=0.5), checkpoint=trainer.checkpoint()
    )
    assert resumed.learning_rate == pytest.approx(0.5)
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="learning_rate must be a number above 0"):
            trainer.change_learning_rate(wrong)


@pytest.mark.parametrize(
    ("n_train", "n_val", "n_features", "n_classes", "batch"), [(5, 0, 1, 2, 64), (1, 3, 2, 3, 1), (9, 4, 3, 2, 9)]
)
def test_the_smallest_data_sets(
    configure: Configure, n_train: int, n_val: int, n_features: int, n_classes: int, batch: int
) -> None:
    """One feature, one example, a batch larger than the data, no validation split: all train."""
    tiny = make_dataset(n_train, n_val, n_features, n_classes)
    snapshots = list(train(tiny, configure(batch_size=batch)))
    assert np.isfinite(snapshots[-1].heldout.loss)
    assert snapshots[-1].confusion.sum() == (n_val or 10)


def test_without_anything_held_out_the_figures_are_undefined(dataset: Dataset, configure: Configure) -> None:
    """No held-out example: loss and accuracy are NaN, and training goes on."""
    alone = replace(
        dataset, x_val=dataset.x_val[:0], y_val=dataset.y_val[:0], x_test=dataset.x_test[:0], y_test=dataset.y_test[:0]
    )
    *_, last = train(alone, configure())
    assert np.isnan([last.heldout.loss, last.heldout.accuracy]).all()
    assert last.step == 12
    with pytest.raises(ConfigError, match="has no training examples"):
        Trainer(replace(dataset, x_train=dataset.x_train[:0], y_train=dataset.y_train[:0]), configure())


def test_weights_count_as_repetitions(configure: Configure) -> None:
    """An example of weight 2 is worth the same example twice, in full batches."""
    data = make_dataset(n_train=12)
    weights = np.arange(12) % 3
    rows = np.repeat(np.arange(12), weights)
    options = {"batch_size": "full", "optimizer": "sgd", "learning_rate": 0.1, "dtype": "float64"}
    *_, weighed = train(replace(data, weights_train=weights.astype(float)), configure(**options))
    *_, repeated = train(replace(data, x_train=data.x_train[rows], y_train=data.y_train[rows]), configure(**options))
    np.testing.assert_allclose(weighed.parameters[0].weight, repeated.parameters[0].weight, atol=1e-12)


@given(n=st.integers(1, 40), batch=st.integers(1, 50), seed=st.integers(0, 99), epoch=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_an_epoch_meets_every_example_once(n: int, batch: int, seed: int, epoch: int) -> None:
    """The batches of an epoch are a permutation of the examples, the partial one included, from any step on."""
    x = np.arange(n, dtype=float)[:, None]
    batches = Batches(x, x, None, batch, seed=seed)
    slots = [features for features, _, _ in batches.slots()]
    met = [slots[batches.fill(epoch * batches.per_epoch + k)][:, 0].copy() for k in range(batches.per_epoch)]
    assert sorted(np.concatenate(met).tolist()) == list(range(n))
    late = Batches(x, x, None, batch, seed=seed)
    last = [features for features, _, _ in late.slots()][late.fill((epoch + 1) * batches.per_epoch - 1)]
    assert (last[:, 0] == met[-1]).all()


def test_the_probe_has_as_many_examples_of_each_class_and_twenty_in_all_at_most() -> None:
    """The probe has as many examples of every class."""
    for n_classes, each in ((2, 10), (3, 6), (10, 2)):
        data = make_dataset(n_val=20 * n_classes, n_classes=n_classes)
        probe = Trainer(data, RunConfig().with_values({"hidden": (3,)})).probe
        assert np.bincount(probe.y).tolist() == [each] * n_classes
        np.testing.assert_array_equal(probe.x, data.x_val[probe.indices].astype("float32"))


@pytest.mark.parametrize("one_by_one", [True, False])
def test_errors_through_updated_weights_go_down_three_layers(one_by_one: bool, configure: Configure) -> None:
    """The recipe's mistake as its source makes it: each weight is changed before the errors pass through it."""
    data = make_dataset(n_train=9)
    config = configure(
        hidden=(5, 4), optimizer="sgd", learning_rate=0.3, dtype="float64", activation=("tanh", "sigmoid"),
        delta_weights="updated", batch_size=1 if one_by_one else 3, shuffle=False, epochs=1,
    )  # fmt: skip
    trainer = Trainer(data, config)
    layers = [
        (layer.weight.copy(), layer.bias.copy()) for layer in trainer.snapshot().parameters if layer.bias is not None
    ]
    size = 1 if one_by_one else 3
    for start in range(0, 9, size):
        x, y = data.x_train[start : start + size], np.eye(3)[data.y_train[start : start + size]]
        a1 = np.tanh(x @ layers[0][0] + layers[0][1])
        a2 = 1 / (1 + np.exp(-(a1 @ layers[1][0] + layers[1][1])))
        logits = a2 @ layers[2][0] + layers[2][1]
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        dz = (p - y) / size
        for i, (a_in, slope) in reversed(list(enumerate([(x, None), (a1, 1 - a1 * a1), (a2, a2 * (1 - a2))]))):
            weight, bias = layers[i]
            layers[i] = weight - 0.3 * a_in.T @ dz, bias - 0.3 * dz.sum(axis=0)
            dz = dz if slope is None else dz @ layers[i][0].T * slope
    while trainer.advance(100):
        pass
    for (weight, bias), found in zip(layers, trainer.snapshot().parameters, strict=True):
        np.testing.assert_allclose(found.weight, weight, atol=1e-12)
        np.testing.assert_allclose(found.bias, bias, atol=1e-12)


@pytest.mark.parametrize("name", ["parameters", "gradient", "before", "moment.mean", "moment.square"])
def test_an_array_of_a_checkpoint_that_is_wrong_in_any_one_way_is_named(
    name: str, dataset: Dataset, configure: Configure
) -> None:
    """Missing, of another shape or of another number type: it is rejected."""
    config = configure()
    checkpoint = Trainer(dataset, config).checkpoint()
    right = checkpoint.arrays[name]
    wrong: list[np.ndarray | None] = [None, right[:-1], np.append(right, right[:1]), right.astype("float64")]
    for array in wrong:
        arrays = {key: value for key, value in checkpoint.arrays.items() if key != name}
        if array is not None:
            arrays[name] = array
        with pytest.raises(ConfigError, match=f"checkpoint of step 0 does not belong to this config: {name} is not"):
            Trainer(dataset, config, checkpoint=replace(checkpoint, arrays=arrays))


def test_a_checkpoint_restores_what_a_snapshot_says_of_the_last_step(dataset: Dataset, configure: Configure) -> None:
    """Gradient and update of the step before the interruption are those of the run that was not interrupted."""
    for options in ({}, {"optimizer": "sgd", "batch_size": 1}):
        config = configure(**options)
        trainer = Trainer(dataset, config)
        trainer.advance(3)
        resumed = Trainer(dataset, config, checkpoint=through_json(trainer.checkpoint()))
        assert same(resumed.snapshot(), trainer.snapshot())
        assert (resumed.step, resumed.samples_seen, resumed.epoch) == (
            trainer.step,
            trainer.samples_seen,
            trainer.epoch,
        )


@pytest.mark.parametrize("batch_size", [1, 16, "full"])
def test_balanced_classes_weigh_the_same(batch_size: int | str, configure: Configure) -> None:
    """An example counts n / (number of classes * examples of its class), times its own weight where it has one."""
    data = make_dataset(n_train=40)
    data = replace(data, y_train=np.where(np.arange(40) < 25, 0, np.arange(40) % 2), class_names=("a", "b", "c"))
    counts = np.bincount(data.y_train)
    assert len(counts) == 2, "one class has no example"
    balance = 40 / (3 * counts[data.y_train])
    own = np.random.default_rng(0).uniform(0.5, 2, 40)
    options = {"dtype": "float64", "batch_size": batch_size, "optimizer": "sgd", "learning_rate": 0.1, "epochs": 2}
    for weights, expected in ((None, balance), (own, own * balance)):
        *_, found = train(replace(data, weights_train=weights), configure(**options, class_weight="balanced"))
        *_, by_hand = train(replace(data, weights_train=expected), configure(**options))
        np.testing.assert_allclose(found.parameters[0].weight, by_hand.parameters[0].weight, rtol=1e-12)


@pytest.mark.parametrize("hidden", [(), (7, 5)])
@pytest.mark.parametrize(("batch_size", "limit"), [(16, 0.05), ("full", 0.05), (1, 0.05), (16, 1e6)])
def test_a_gradient_is_no_longer_than_it_may_be(
    hidden: tuple[int, ...], batch_size: int | str, limit: float, configure: Configure
) -> None:
    """A longer one is scaled to the limit, in its direction; a shorter one is the gradient of an unclipped run."""
    options = {"hidden": hidden, "optimizer": "sgd", "batch_size": batch_size, "dtype": "float64", "bias": True}
    data = make_dataset()
    clipped, plain = (Trainer(data, configure(**options, clip_norm=norm)) for norm in (limit, 0.0))
    for trainer in (clipped, plain):
        trainer.advance(1)
    mine, whole = (trainer.checkpoint().arrays["gradient"] for trainer in (clipped, plain))
    norm = float(np.linalg.norm(whole))
    assert (norm > limit) is (limit < 1)
    np.testing.assert_allclose(mine, whole * min(1, limit / norm), rtol=1e-4)
    assert np.linalg.norm(mine) <= limit


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_checkpoint_counts_the_steps_of_its_optimizer(optimizer: str, dataset: Dataset, configure: Configure) -> None:
    """What goes on from it has taken as many steps as the run, also where no optimizer moment depends on them."""
    trainer = Trainer(dataset, configure(optimizer=optimizer, learning_rate=1e-3))
    trainer.advance(3)
    assert trainer.checkpoint().state["engine"]["optimizer_steps"] == trainer.step == 3
