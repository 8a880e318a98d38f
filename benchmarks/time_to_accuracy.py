"""Time-to-accuracy benchmark: wall time of training to 97 % on the MNIST test images, without evaluation."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.recipes import RECIPES
from annscope.runs.thread_workers import ThreadWorkers
from annscope.runs.threads import limit_blas
from benchmarks import options, tables, threads
from benchmarks.measurements import REST_SECONDS, rotated
from benchmarks.tables import Table, counted, times

CHUNK = 6_400
"""Examples trained on between two evaluations on the test images, which are not timed."""
MAX_SECONDS = 60.0
MAX_EXAMPLES = 6_000_000
"""Limit after which a contestant is given up."""


@dataclass(frozen=True)
class Learner:
    """A network during training: `learn` trains on one more chunk, `predict` classifies images."""

    learn: Callable[[], object]
    predict: Callable[[ndarray], ndarray]


Beginner = Callable[[Dataset, RunConfig, int], Learner]
"""Makes a fresh learner from data, recipe and seed."""


@dataclass(frozen=True)
class Attempt:
    """One contestant in one round: seconds of training and examples seen; None when it was given up."""

    seconds: float | None
    n_examples: int
    accuracy: float


def main(argv: Sequence[str]) -> None:
    """Time every contestant with the same recipe, and scikit-learn's defaults."""
    from annscope.core.errors import AnnscopeError
    from annscope.data.datasets import load_dataset

    about = "Wall time until a network reaches an accuracy on the MNIST test images."
    parser = options.parser("time-to-accuracy", about, rounds=3)
    parser.add_argument("--target", type=float, default=0.97, metavar="SHARE", help="(default: %(default)s)")
    given = parser.parse_args(argv)
    config = recipe()
    try:
        dataset = load_dataset(config.data, seed=0)
    except AnnscopeError as error:
        raise SystemExit(str(error)) from error
    contestants, absent = _contestants(config)
    for begin in contestants.values():  # one-time work of a library is not timed
        warm = begin(dataset, config, 0)
        warm.learn()
        warm.predict(dataset.x_test)
    attempts: dict[str, list[Attempt]] = {name: [] for name in contestants}
    for seed in range(given.rounds):
        for name in rotated(list(contestants), seed):
            learner = contestants[name](dataset, config, seed)
            time.sleep(REST_SECONDS)
            attempts[name].append(attempt(learner, dataset.x_test, dataset.y_test, given.target))
    _show(given, config, attempts, absent)


def recipe() -> RunConfig:
    """The recipe of every contestant but scikit-learn's defaults, on all 60,000 training images.

    The recipe `fast` if annscope has it, else 784-128-64-10 with Adam.
    """
    fast = RECIPES.get("fast")
    begun = fast.config if fast is not None else RunConfig().with_values({"hidden": (128, 64), "epochs": 100})
    return begun.with_values({"data": "mnist", "split": 0.0, "snapshot-every": 1_000_000_000})


def attempt(
    learner: Learner, x: ndarray, y: ndarray, target: float, *, clock: Callable[[], float] = time.perf_counter
) -> Attempt:
    """Train chunk by chunk until the target is reached on these images; evaluating them is not timed."""
    spent, n_examples, accuracy = 0.0, 0, 0.0
    while spent < MAX_SECONDS and n_examples < MAX_EXAMPLES:
        begin = clock()
        learner.learn()
        spent += clock() - begin
        n_examples += CHUNK
        accuracy = float((learner.predict(x) == y).mean())
        if accuracy >= target:
            return Attempt(spent, n_examples, accuracy)
    return Attempt(None, n_examples, accuracy)


def begin_annscope(dataset: Dataset, config: RunConfig, seed: int) -> Learner:
    """The trainer of a run, and the network of its snapshots."""
    from annscope.core.engines.inference import Inference
    from annscope.core.network import Network
    from annscope.core.training import Trainer

    limit_blas(1)  # as in a run
    trainer = Trainer(dataset, config.with_values({"seed": seed}), workers=_workers())
    n_steps = CHUNK // int(config.training.batch_size)

    def learn() -> None:
        left = n_steps
        while left and not trainer.finished:
            left -= trainer.advance(left)

    def predict(x: ndarray) -> ndarray:
        parameters = trainer.snapshot().parameters
        network = Network(config.network, dataset.n_features, dataset.n_classes, parameters)
        labels: ndarray = Inference(network).predict(x)[0]
        return labels

    return Learner(learn, predict)


@cache
def _workers() -> ThreadWorkers:
    return ThreadWorkers(threads.from_environment())


def begin_pytorch(dataset: Dataset, config: RunConfig, seed: int) -> Learner:
    """Eager PyTorch with its fused optimizers, shuffling each epoch."""
    import torch

    training = config.training
    batch_size = int(training.batch_size)
    torch.manual_seed(seed)
    torch.set_num_threads(threads.from_environment())
    sizes = (dataset.n_features, *config.network.hidden_sizes, dataset.n_classes)
    layers: list[Any] = []
    for n_in, n_out in pairwise(sizes):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
        torch.nn.init.kaiming_normal_(layers[-2].weight, nonlinearity="relu")
        torch.nn.init.zeros_(layers[-2].bias)
    network = torch.nn.Sequential(*layers[:-1])
    kind, settings = {
        "sgd": (torch.optim.SGD, {}),
        "momentum": (torch.optim.SGD, {"momentum": training.momentum}),
        "nesterov": (torch.optim.SGD, {"momentum": training.momentum, "nesterov": True}),
        "adam": (torch.optim.Adam, {}),
    }[training.optimizer]
    optimizer = kind(network.parameters(), lr=training.learning_rate, fused=True, **settings)
    steps_per_epoch = -(-len(dataset.y_train) // batch_size)
    rates = [
        training.learning_rate * training.rate_factor(step, steps_per_epoch)
        for step in range(training.n_epochs * steps_per_epoch)
    ]
    changes = len(set(rates)) > 1
    coming = iter(rates)
    loss_of = torch.nn.CrossEntropyLoss()
    x, y = torch.from_numpy(dataset.x_train), torch.from_numpy(dataset.y_train.astype(np.int64))
    order = _Order(len(y), torch.randperm, batch_size)

    def learn() -> None:
        for batch in order.batches():
            if changes:
                optimizer.param_groups[0]["lr"] = next(coming, 0.0)
            optimizer.zero_grad(set_to_none=True)
            loss_of(network(x[batch]), y[batch]).backward()
            optimizer.step()

    def predict(images: ndarray) -> ndarray:
        with torch.inference_mode():
            found: ndarray = network(torch.from_numpy(images)).argmax(dim=1).numpy()
            return found

    return Learner(learn, predict)


def begin_scikit_learn(dataset: Dataset, config: RunConfig, seed: int) -> Learner:
    """scikit-learn's MLPClassifier with the recipe."""
    return _scikit_learn(
        dataset, seed, hidden_layer_sizes=config.network.hidden_sizes, batch_size=int(config.training.batch_size),
        learning_rate_init=config.training.learning_rate, alpha=0.0,
    )  # fmt: skip


def begin_scikit_learn_defaults(dataset: Dataset, config: RunConfig, seed: int) -> Learner:  # noqa: ARG001
    """scikit-learn's MLPClassifier with its defaults: 100 hidden neurons, batches of 200."""
    return _scikit_learn(dataset, seed)


def _scikit_learn(dataset: Dataset, seed: int, **settings: Any) -> Learner:
    from sklearn.neural_network import MLPClassifier

    limit_blas(threads.from_environment())
    generator = np.random.default_rng(seed)
    network = MLPClassifier(random_state=seed, **settings)
    order = _Order(len(dataset.y_train), generator.permutation, CHUNK)
    classes = np.arange(dataset.n_classes)

    def learn() -> None:
        for chunk in order.batches():
            network.partial_fit(dataset.x_train[chunk], dataset.y_train[chunk], classes=classes)

    return Learner(learn, network.predict)


class _Order:
    """Endless shuffled batches: a new permutation in each epoch, whose last batch may be smaller."""

    def __init__(self, n_examples: int, permutation: Callable[[int], Any], batch_size: int) -> None:
        self._n_examples, self._permutation, self._batch_size = n_examples, permutation, batch_size
        self._order: Any = None
        self._start = n_examples

    def batches(self) -> Any:
        """The batches of one chunk."""
        for _ in range(CHUNK // self._batch_size):
            if self._start >= self._n_examples:
                self._order, self._start = self._permutation(self._n_examples), 0
            yield self._order[self._start : self._start + self._batch_size]
            self._start += self._batch_size


def _contestants(config: RunConfig) -> tuple[dict[str, Beginner], dict[str, str]]:
    """The contestants that can take part, and the reasons of the others: not installed, or "-" if not supported."""
    contestants: dict[str, Beginner] = {"annscope": begin_annscope}
    absent: dict[str, str] = {}
    try:
        import torch  # noqa: F401

        contestants["PyTorch eager, same recipe"] = begin_pytorch
    except ImportError:
        absent["PyTorch eager, same recipe"] = "not installed"
    if (config.training.optimizer, config.training.schedule) == ("adam", "constant"):
        contestants["scikit-learn, same recipe"] = begin_scikit_learn
    else:
        absent["scikit-learn, same recipe"] = "-"
    contestants["scikit-learn, its defaults"] = begin_scikit_learn_defaults
    return contestants, absent


def _show(given: Any, config: RunConfig, attempts: dict[str, list[Attempt]], absent: dict[str, str]) -> None:
    medians = {name: _median([each.seconds for each in tries]) for name, tries in attempts.items()}
    ours = medians["annscope"]
    rows, figures = [], []
    for name, tries in attempts.items():
        middle = medians[name]
        reached = sorted(each.seconds for each in tries if each.seconds is not None)
        spread = f"{reached[0]:.2f} to {reached[-1]:.2f} s" if reached else ""
        compared = middle / ours if middle is not None and ours is not None else None
        n_examples = statistics.median(each.n_examples for each in tries)
        shown = f"{middle:.2f} s" if middle is not None else "not reached"
        beside = times(compared) if compared is not None and name != "annscope" else ""
        rows.append([name, shown, spread, f"{n_examples:,.0f}", beside])
        figures.append(
            {"name": name, "status": "measured", "seconds": middle, "all_seconds": [each.seconds for each in tries],
             "examples": n_examples, "ratio_to_annscope": compared}
        )  # fmt: skip
    rows += [[name, why, "", "", ""] for name, why in absent.items()]
    figures += [{"name": name, "status": "cannot" if why == "-" else why} for name, why in absent.items()]
    sizes = "-".join(map(str, (784, *config.network.hidden_sizes, 10)))
    training = config.training
    note = (
        f"Recipe: {sizes}, {training.optimizer} at {training.learning_rate:g}, batch {training.batch_size}, 60,000 "
        f"images, shuffled; evaluated every {CHUNK:,} images, not timed. {counted(given.threads, 'thread')}; "
        f"medians of {counted(given.rounds, 'round')}, each with its own seed, interleaved."
    )
    title = f"Wall time to {100 * given.target:g} % on MNIST test"
    table = Table(title, ["", "training time", "range", "images trained on", "it / annscope"], rows, [note])
    whole = {
        "machine": threads.machine(given.threads),
        "rounds": given.rounds,
        "target": given.target,
        "recipe": config.to_dict(),
        "contestants": figures,
    }
    tables.show("time-to-accuracy", [table], whole, as_json=given.json, as_markdown=given.markdown, page=given.page)


def _median(values: Sequence[float | None]) -> float | None:
    reached = [value for value in values if value is not None]
    return statistics.median(reached) if len(reached) == len(values) else None
