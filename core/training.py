"""Training: from a data set and a config to a stream of snapshots, the same bits every time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy import ndarray

from core.backpropagation import Backpropagation
from core.batches import Batches
from core.config import RunConfig, TrainingConfig
from core.dataset import Dataset
from core.errors import ConfigError, DivergedError
from core.layers import Operation
from core.losses import one_hot
from core.metrics import Evaluation, evaluate
from core.network import Network, Parameters, initial_parameters, layer_sizes
from core.optimizers import OPTIMIZERS, add_penalties, schedule_factor
from core.snapshot import Checkpoint, Metrics, Probe, Snapshot
from core.statistics import layer_statistics

MOST_PROBES = 20
STATISTICS_EXAMPLES = 1000
"""The held-out examples, the first ones, whose activations the statistics of a snapshot are taken on."""


class Trainer:
    """A network in training, advanced step by step and looked at whenever someone wants to.

    Looking (`snapshot`, `checkpoint`) changes nothing that training depends on. The stopping rules
    are judged on due snapshots alone, so that an extra look cannot change when a run ends.

    `advance` and `snapshot` raise DivergedError as soon as a gradient, a parameter or a loss is not
    finite. The constructor raises ConfigError for settings that do not fit together or do not fit
    the data set.
    """

    def __init__(self, dataset: Dataset, config: RunConfig, *, checkpoint: Checkpoint | None = None) -> None:
        training, network = config.training, config.network
        if not len(dataset.y_train):
            raise ConfigError(f"data set {dataset.name} has no training examples")
        self._dataset, self._config = dataset, config
        self._dtype = np.dtype(training.dtype)
        self._x_heldout, self._y_heldout = (self._typed(part) for part in dataset.split(dataset.heldout))
        x_train = self._typed(dataset.x_train)
        n_classes = dataset.n_classes
        sizes = layer_sizes(network, dataset.n_features, n_classes)

        seed = training.seed
        self._parameters = initial_parameters(network, sizes, self._dtype, seed)
        self._gradient = Parameters(network, sizes, self._dtype)
        self._before = self._parameters.flat.copy()  # the parameters before the last step
        # A bias gradient is the sum of its layer's deltas: what is not finite anywhere shows in them, at no cost.
        has_all = all(bias is not None for bias in self._gradient.biases)
        self._watched = self._gradient.flat_others if has_all else self._gradient.flat
        self._optimizer = OPTIMIZERS[training.optimizer](training, self._parameters, self._gradient)
        self._generator = np.random.default_rng([seed, 3])  # what is drawn in a step

        batch_size = len(x_train) if training.batch_size == "full" else int(training.batch_size)
        targets = one_hot(dataset.y_train, n_classes, self._dtype)
        if training.label_smoothing:
            targets = targets * (1 - training.label_smoothing) + self._dtype.type(training.label_smoothing / n_classes)
        weights = _weights_of(dataset, training, self._dtype)
        self._batches = Batches(x_train, targets, weights, batch_size, seed=seed, shuffle=training.shuffle)
        self._rate = np.zeros((), self._dtype)  # for a pass that takes its step itself
        self._passes = self._passes_of()
        sample = np.arange(len(x_train))
        if 0 < training.train_sample < len(x_train):
            sample = np.sort(np.random.default_rng([seed, 2]).choice(sample, training.train_sample, replace=False))
        self._x_sample, self._y_sample = x_train[sample], dataset.y_train[sample]
        self.probe = _probe_of(self._x_heldout, self._y_heldout, n_classes)

        self.steps_per_epoch = self._batches.per_epoch
        self.total_steps = self.steps_per_epoch * training.n_epochs
        self._cadence = self.steps_per_epoch if training.snapshot_every == "epoch" else int(training.snapshot_every)
        self._changes_rate = training.schedule != "constant" or training.warmup_epochs > 0
        self._shapes_gradient = bool(training.l1 or training.l2 or training.clip_norm)
        self._steps_in_pass = training.delta_weights == "updated"

        self.step = 0
        self.stop_reason: str | None = None
        self.best_step: int | None = None
        self._best_loss = math.inf
        self._judged = -1  # the last step that the stopping rules have seen
        self._base_rate = training.learning_rate
        if checkpoint is not None:
            self._restore(checkpoint)

    @property
    def epoch(self) -> int:
        """Finished passes over the training examples."""
        return self.step // self.steps_per_epoch

    @property
    def samples_seen(self) -> int:
        """Examples learned from, counted each time."""
        epoch, batch = divmod(self.step, self.steps_per_epoch)
        return epoch * self._batches.n_examples + batch * self._batches.batch_size

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        if not self._changes_rate:
            return self._base_rate
        return self._base_rate * schedule_factor(self._config.training, self.step, self.steps_per_epoch)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done or a stopping rule has fired."""
        return self.stop_reason is not None or self.step >= self.total_steps

    @property
    def due(self) -> bool:
        """Whether the cadence asks for a snapshot now: at step 0, at the end, and in between."""
        return self.step % self._cadence == 0 or self.finished

    def advance(self, max_steps: int) -> int:
        """Take up to `max_steps` steps, never past the next due snapshot nor the end; returns how many."""
        if self.finished or max_steps <= 0:
            return 0
        start = self.step
        end = min(start + max_steps, self.total_steps, (start // self._cadence + 1) * self._cadence)
        batches, passes, watched = self._batches, self._passes, self._watched
        take_step = self._optimizer.step
        with np.errstate(all="ignore"):  # what overflows is found below, and named
            while self.step < end:
                if self.step == end - 1:
                    self._before[...] = self._parameters.flat
                if self._steps_in_pass:
                    self._rate[...] = self.learning_rate
                for operation in passes[batches.fill(self.step)]:
                    operation()
                if self._shapes_gradient:
                    self._shape_gradient()
                if not math.isfinite(watched.dot(watched)):
                    self._refuse(self._gradient, "gradient")
                if not self._steps_in_pass:
                    take_step(self.learning_rate)
                self.step += 1
            if not math.isfinite(self._parameters.flat.dot(self._parameters.flat)):
                self._refuse(self._parameters, "parameters")
        return self.step - start

    def snapshot(self, train_seconds: float = 0.0) -> Snapshot:
        """The present moment as copies; `train_seconds` is the time that the caller measured in `advance`."""
        network = self._network()
        with np.errstate(all="ignore"):
            heldout = self._evaluate(network, self._x_heldout, self._y_heldout)
            train = self._evaluate(network, self._x_sample, self._y_sample)
            statistics = layer_statistics(
                network,
                self._x_heldout[:STATISTICS_EXAMPLES],
                gradients=self._gradient if self.step else None,
                before=self._before,
                parameters=self._parameters,
            )
        for evaluation, split in ((train, "train"), (heldout, "held-out")):
            if math.isinf(evaluation.loss) or (math.isnan(evaluation.loss) and evaluation.confusion.any()):
                raise self._diverged(None, f"the {split} loss")
        snapshot = Snapshot(
            step=self.step,
            epoch=self.epoch,
            samples_seen=self.samples_seen,
            train_seconds=train_seconds,
            learning_rate=self.learning_rate,
            train=Metrics(train.loss, train.accuracy),
            heldout=Metrics(heldout.loss, heldout.accuracy),
            confusion=heldout.confusion,
            parameters=self._parameters.copy_layers(),
            layers=statistics,
            probe_activations=network.activations(self.probe.x),
        )
        if self.due and self.step > self._judged:
            self._judge(snapshot)
        return snapshot

    def change_learning_rate(self, value: float) -> None:
        """Go on with another learning rate from the next step; a schedule keeps its shape and is scaled to it."""
        if not (math.isfinite(value) and value > 0):
            raise ConfigError(f"learning_rate must be a number above 0, got {value!r}")
        self._base_rate = value

    def checkpoint(self) -> Checkpoint:
        """All that is needed to go on from here as if nothing had happened."""
        return Checkpoint(
            step=self.step,
            arrays={
                "parameters": self._parameters.flat.copy(),
                "gradient": self._gradient.flat.copy(),
                "before": self._before.copy(),
                **{f"running.{i}": part.copy() for i, part in enumerate(self._parameters.running) if part is not None},
                **{f"moment.{name}": moment.copy() for name, moment in self._optimizer.moments.items()},
            },
            state={
                "optimizer_steps": self._optimizer.n_steps,
                "generator": self._generator.bit_generator.state,
                "base_rate": self._base_rate,
                "n_epochs": self._config.training.n_epochs,
                "judged": self._judged,
                "best_step": self.best_step,
                "best_loss": self._best_loss if math.isfinite(self._best_loss) else None,
                "stop_reason": self.stop_reason,
            },
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.state
        targets = {"parameters": self._parameters.flat, "gradient": self._gradient.flat, "before": self._before}
        targets |= {f"running.{i}": part for i, part in enumerate(self._parameters.running) if part is not None}
        targets |= {f"moment.{name}": moment for name, moment in self._optimizer.moments.items()}
        for name, target in targets.items():
            found = checkpoint.arrays.get(name)
            if found is None or found.shape != target.shape or found.dtype != target.dtype:
                raise ConfigError(f"the checkpoint of step {checkpoint.step:,} does not belong to this config: {name}")
            target[...] = found
        self.step = checkpoint.step
        self._optimizer.n_steps = state["optimizer_steps"]
        self._generator.bit_generator.state = state["generator"]
        self._base_rate = state["base_rate"]
        self._judged = state["judged"]
        self.best_step = state["best_step"]
        self._best_loss = math.inf if state["best_loss"] is None else state["best_loss"]
        if state["n_epochs"] == self._config.training.n_epochs:
            self.stop_reason = state["stop_reason"]
        elif state["stop_reason"] is not None:  # more epochs were asked for: patience begins anew
            self.best_step, self._best_loss = None, math.inf

    def _typed(self, array: ndarray) -> ndarray:
        return array.astype(self._dtype, copy=False) if array.dtype.kind == "f" else array

    def _passes_of(self) -> list[tuple[Operation, ...]]:
        made: dict[int, Backpropagation] = {}
        passes = []
        for x, targets, weights in self._batches.slots():
            if len(x) not in made:
                made[len(x)] = Backpropagation(
                    self._config, self._parameters, self._gradient, len(x), generator=self._generator, rate=self._rate
                )
            step = made[len(x)]
            passes.append((*step.draw(), *step.forward(x), *step.backward(x, targets, weights)))
        return passes

    def _shape_gradient(self) -> None:
        training, gradient = self._config.training, self._gradient.flat
        add_penalties(training, self._parameters.flat_weights, self._gradient.flat_weights)
        if training.clip_norm:
            norm = math.sqrt(gradient.dot(gradient))
            if norm > training.clip_norm:
                gradient *= gradient.dtype.type(training.clip_norm / (norm + 1e-6))

    def _network(self) -> Network:
        dataset = self._dataset
        return Network(self._config.network, dataset.n_features, dataset.n_classes, self._parameters.layers)

    def _evaluate(self, network: Network, x: ndarray, y: ndarray) -> Evaluation:
        return evaluate(network, x, y, self._config.training.loss)

    def _judge(self, snapshot: Snapshot) -> None:
        training, loss, step = self._config.training, snapshot.heldout.loss, snapshot.step
        self._judged = step
        if loss < self._best_loss:
            self._best_loss = loss
            self.best_step = step if training.patience else None
        reason = None
        if training.target_accuracy and snapshot.heldout.accuracy >= training.target_accuracy:
            reason = (
                f"The held-out accuracy reached {snapshot.heldout.accuracy:.2%}, "
                f"the target was {training.target_accuracy:.2%}."
            )
        elif training.stop_when_all_right and self._all_right():
            reason = "Every training example is classified correctly."
        elif training.patience and self.best_step is not None and step > 0:
            epochs = (step - self.best_step) / self.steps_per_epoch
            if epochs >= training.patience:
                reason = (
                    f"The held-out loss has not fallen for {training.patience} "
                    f"{'epoch' if training.patience == 1 else 'epochs'}; "
                    f"the best was {self._best_loss:.4f} at epoch {self.best_step / self.steps_per_epoch:g}."
                )
        if step < self.total_steps:
            self.stop_reason = reason

    def _all_right(self) -> bool:
        x, y = self._typed(self._dataset.x_train), self._dataset.y_train
        return self._evaluate(self._network(), x, y).accuracy == 1.0

    def _refuse(self, vectors: Parameters, quantity: str) -> None:
        layers = zip(vectors.weights, vectors.biases, vectors.scales, strict=True)
        for i, parts in enumerate(layers):
            if not all(np.isfinite(part).all() for part in parts if part is not None):
                raise self._diverged(i, quantity)
        # Only the square was too large for its type: the numbers themselves are still finite.

    def _diverged(self, layer: int | None, quantity: str) -> DivergedError:
        rate = self.learning_rate
        advice = f"Try a learning rate below {rate:g}, for example {rate / 10:g}"
        if self._config.data.scaling == "none" and np.abs(self._x_sample).max() > 10:
            advice += ", or scaled features"
        return DivergedError(step=self.step, layer=layer, quantity=quantity, advice=f"{advice}.")


def train(dataset: Dataset, config: RunConfig) -> Iterator[Snapshot]:
    """Train from the beginning; yields the snapshot of step 0 and every one that the cadence asks for, to the end."""
    trainer = Trainer(dataset, config)
    yield trainer.snapshot()
    while not trainer.finished:
        trainer.advance(trainer.total_steps)
        yield trainer.snapshot()


def _weights_of(dataset: Dataset, training: TrainingConfig, dtype: np.dtype) -> ndarray | None:
    """How much each training example counts, or None where all count the same."""
    weights = dataset.weights_train
    if training.class_weight == "balanced":
        counts = np.bincount(dataset.y_train, minlength=dataset.n_classes)
        balance = len(dataset.y_train) / (dataset.n_classes * np.maximum(counts, 1))
        balanced = balance[dataset.y_train]
        weights = balanced if weights is None else weights * balanced
    return None if weights is None else weights.astype(dtype)


def _probe_of(x: ndarray, y: ndarray, n_classes: int) -> Probe:
    """The first held-out examples of each class, as many of each, in the order of the classes."""
    each = max(1, MOST_PROBES // n_classes)
    indices = np.concatenate([np.flatnonzero(y == label)[:each] for label in range(n_classes)])
    return Probe(indices=indices, x=x[indices].copy(), y=y[indices].copy())
