"""Which random numbers a run draws: from its seed and a number of their own for each purpose, in every version."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.batches import epoch_order
from annscope.core.evaluation.metrics import evaluate
from annscope.core.network import Network
from annscope.core.training import Trainer

Configure = Callable[..., RunConfig]


def test_the_first_weights_are_drawn_by_number_0(dataset: Dataset, configure: Configure) -> None:
    """Layer by layer, normal with the deviation of He."""
    trainer = Trainer(dataset, configure(seed=7, dtype="float64"))
    generator = np.random.default_rng([7, 0])
    for layer in trainer.snapshot().parameters:
        n_in = len(layer.weight)
        np.testing.assert_array_equal(layer.weight, generator.normal(0, np.sqrt(2 / n_in), layer.weight.shape))


def test_the_order_of_an_epoch_is_drawn_by_number_1() -> None:
    """One permutation an epoch, whichever examples were met before."""
    for epoch in (0, 5):
        expected = np.random.default_rng([7, 1, epoch]).permutation(30)
        np.testing.assert_array_equal(epoch_order(30, 7, epoch), expected)


def test_the_train_sample_is_drawn_by_number_2(dataset: Dataset, configure: Configure) -> None:
    """The train figures of a snapshot are those of these examples, in file order."""
    config = configure(seed=7, train_sample=20)
    snapshot = Trainer(dataset, config).snapshot()
    rows = np.sort(np.random.default_rng([7, 2]).choice(50, 20, replace=False))
    network = Network(config.network, dataset.n_features, dataset.n_classes, snapshot.parameters)
    found = evaluate(network, dataset.x_train[rows].astype("float32"), dataset.y_train[rows], "cross_entropy")
    assert (snapshot.train.loss, snapshot.train.accuracy) == (found.loss, found.accuracy)


def test_dropout_is_drawn_by_number_3(dataset: Dataset, configure: Configure) -> None:
    """A step with dropout is the one that these numbers switch neurons off in."""
    config = configure(
        hidden=(6,), seed=7, dropout=0.4, batch_size="full", optimizer="sgd", learning_rate=0.1, dtype="float64",
        activation="tanh",
    )  # fmt: skip
    trainer = Trainer(dataset, config)
    (w1, w2) = (layer.weight for layer in trainer.snapshot().parameters)
    keep = (np.random.default_rng([7, 3]).random((6, 50)) >= 0.4).T / 0.6
    x, y = dataset.x_train, np.eye(3)[dataset.y_train]
    a = np.tanh(x @ w1)
    logits = (a * keep) @ w2
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    dz2 = (p - y) / 50
    dz1 = dz2 @ w2.T * keep * (1 - a * a)
    trainer.advance(1)
    found = trainer.snapshot().parameters
    np.testing.assert_allclose(found[1].weight, w2 - 0.1 * (a * keep).T @ dz2, atol=1e-12)
    np.testing.assert_allclose(found[0].weight, w1 - 0.1 * x.T @ dz1, atol=1e-12)
