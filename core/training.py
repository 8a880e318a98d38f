"""Training: from a data set and a config to a stream of snapshots, the same bits every time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy import ndarray

from annscope.core.cadence import cadence_of
from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.choice import engine_for
from annscope.core.engines.engine import NotFiniteError
from annscope.core.engines.examples import batch_size_of
from annscope.core.engines.inference import Inference
from annscope.core.engines.workers import SINGLE, Workers
from annscope.core.errors import ConfigError, DivergedError
from annscope.core.evaluation.metrics import EVALUATION_BLOCK, Evaluation, evaluate
from annscope.core.evaluation.statistics import layer_statistics
from annscope.core.network import Network
from annscope.core.snapshot import Checkpoint, Metrics, Probe, Snapshot

MOST_PROBES = 20


class Trainer:
    """A network in training, advanced step by step; snapshots can be taken at any step.

    `snapshot` and `checkpoint` change nothing that training depends on. The stopping rules are checked at the ends of
    the cadence's periods only (`core.cadence`), so snapshots in between cannot change when a run ends.

    `advance` and `snapshot` raise DivergedError as soon as a gradient, a parameter or a loss is not
    finite. The constructor raises ConfigError for settings that do not fit together or do not fit
    the data set.
    """

    def __init__(
        self, dataset: Dataset, config: RunConfig, *, checkpoint: Checkpoint | None = None, workers: Workers = SINGLE
    ) -> None:
        training = config.training
        if not len(dataset.y_train):
            raise ConfigError(f"data set {dataset.name} has no training examples")
        self._dataset, self._config, self._workers = dataset, config, workers
        self._dtype = np.dtype(training.dtype)
        self._x_heldout, self._y_heldout = (self._typed(part) for part in dataset.split(dataset.heldout))
        x_train = self._typed(dataset.x_train)
        self._engine = engine_for(dataset, config, x_train, workers)
        sample = np.arange(len(x_train))
        if 0 < training.train_sample < len(x_train):
            sample = np.sort(
                np.random.default_rng([training.seed, 2]).choice(sample, training.train_sample, replace=False)
            )
        self._x_sample, self._y_sample = x_train[sample], dataset.y_train[sample]
        self.probe = _probe_of(self._x_heldout, self._y_heldout, dataset.n_classes)

        self._batch_size = batch_size_of(dataset, training)
        self.steps_per_epoch = training.steps_per_epoch(len(x_train))
        self.total_steps = self.steps_per_epoch * training.n_epochs
        self._cadence = cadence_of(training, self.steps_per_epoch)
        self._changes_rate = training.schedule != "constant" or training.warmup_epochs > 0

        self.step = 0
        self.stop_reason: str | None = None
        self.best_step: int | None = None
        self._best_loss = math.inf
        self._judged = -1  # the last step at which the stopping rules were checked
        self._batch_losses: tuple[int, tuple[tuple[int, float], ...]] = (-1, ())  # of the last snapshot, by its step
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
        return epoch * len(self._dataset.y_train) + batch * self._batch_size

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self._rate_of(self.step)

    def _rate_of(self, step: int) -> float:
        if not self._changes_rate:
            return self._base_rate
        return self._base_rate * self._config.training.rate_factor(step, self.steps_per_epoch)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done or a stopping rule has fired."""
        return self.stop_reason is not None or self.step >= self.total_steps

    @property
    def should_snapshot(self) -> bool:
        """Whether a snapshot is scheduled at this step: every `snapshot_every`, at step 0 and at the end."""
        return self._cadence.is_scheduled(self.step) or self.finished

    @property
    def should_judge(self) -> bool:
        """Whether the stopping rules are checked at this step, so that a snapshot must be taken: at a period's end."""
        return self.step % self._cadence.period == 0 or self.finished

    def advance(self, max_steps: int) -> int:
        """Take up to `max_steps` steps, never past the next scheduled snapshot or the end; returns how many."""
        if self.finished or max_steps <= 0:
            return 0
        start = self.step
        end = min(start + max_steps, self.total_steps, self._cadence.next_after(start))
        with np.errstate(all="ignore"):  # non-finite values are found and named
            try:
                self._engine.advance(start, end, self._rate_of)
            except NotFiniteError as error:
                self.step = error.step
                raise self._diverged(error.layer, error.quantity) from None
        self.step = end
        return end - start

    def snapshot(self, train_seconds: float = 0.0) -> Snapshot:
        """The current state as copies; `train_seconds` is the time that the caller measured in `advance`."""
        network = self._network()
        inference = Inference(network, self._workers)
        with np.errstate(all="ignore"):
            first = inference.outputs_and_logits(self._x_heldout[:EVALUATION_BLOCK])
            loss = self._config.training.loss
            heldout = evaluate(
                network, self._x_heldout, self._y_heldout, loss, first_logits=first[-1], workers=self._workers
            )
            train = self._evaluate(network, self._x_sample, self._y_sample)
            statistics = layer_statistics(
                network,
                inference.with_probabilities(first),
                gradients=self._engine.gradient if self.step else None,
                before=self._engine.before,
                parameters=self._engine.parameters,
                workers=self._workers,
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
            parameters=self._engine.parameters.copy_layers(),
            layers=statistics,
            probe_activations=inference.activations(self.probe.x),
            judged=self.should_judge,
            batch_losses=self._losses_since_the_last(),
        )
        if snapshot.judged and self.step > self._judged:
            self._judge(snapshot)
        return snapshot

    def _losses_since_the_last(self) -> tuple[tuple[int, float], ...]:
        if self._batch_losses[0] != self.step:
            self._batch_losses = (self.step, tuple(self._engine.batch_losses.take()))
        return self._batch_losses[1]

    def change_learning_rate(self, value: float) -> None:
        """Use another learning rate from the next step on; a schedule keeps its shape and is scaled to it."""
        if not (math.isfinite(value) and value > 0):
            raise ConfigError(f"learning_rate must be a number above 0, got {value!r}")
        self._base_rate = value

    def checkpoint(self) -> Checkpoint:
        """Everything needed to continue training from this step with the same bits."""
        return Checkpoint(
            step=self.step,
            arrays={name: array.copy() for name, array in self._engine.arrays().items()},
            state={
                "engine": self._engine.state(),
                "batch_losses": self._engine.batch_losses.state(),
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
        try:
            self._engine.restore(checkpoint.step, checkpoint.arrays, state["engine"])
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise ConfigError(
                f"the checkpoint of step {checkpoint.step:,} does not belong to this config: {error} is not what it was"
            ) from error
        self._engine.batch_losses.restore(state.get("batch_losses", ()))
        self.step = checkpoint.step
        self._base_rate = state["base_rate"]
        self._judged = state["judged"]
        self.best_step = state["best_step"]
        self._best_loss = math.inf if state["best_loss"] is None else state["best_loss"]
        if state["n_epochs"] == self._config.training.n_epochs:
            self.stop_reason = state["stop_reason"]
        elif state["stop_reason"] is not None:  # more epochs were asked for: patience begins again
            self.best_step, self._best_loss = None, math.inf

    def _typed(self, array: ndarray) -> ndarray:
        return array.astype(self._dtype, copy=False) if array.dtype.kind == "f" else array

    def _network(self) -> Network:
        dataset = self._dataset
        layers = self._engine.parameters.layers
        return Network(self._config.network, dataset.n_features, dataset.n_classes, layers)

    def _evaluate(self, network: Network, x: ndarray, y: ndarray) -> Evaluation:
        return evaluate(network, x, y, self._config.training.loss, workers=self._workers)

    def _judge(self, snapshot: Snapshot) -> None:
        training, loss, step = self._config.training, snapshot.heldout.loss, snapshot.step
        self._judged = step
        if loss < self._best_loss:
            self._best_loss = loss
            self.best_step = step if training.patience else None
        reason = None
        if training.target_accuracy and snapshot.heldout.accuracy >= training.target_accuracy:
            name = "subset accuracy" if self._dataset.is_multilabel else "accuracy"
            reason = (
                f"The held-out {name} reached {snapshot.heldout.accuracy:.2%}, "
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

    def _diverged(self, layer: int | None, quantity: str) -> DivergedError:
        rate = self.learning_rate
        advice = f"Try a learning rate below {rate:g}, for example {rate / 10:g}"
        if self._config.data.scaling == "none" and np.abs(self._x_sample).max() > 10:
            advice += ", or scaled features"
        return DivergedError(step=self.step, layer=layer, quantity=quantity, advice=f"{advice}.")


def train(dataset: Dataset, config: RunConfig) -> Iterator[Snapshot]:
    """Train from the beginning; yields the snapshot of step 0 and every scheduled one, to the end."""
    trainer = Trainer(dataset, config)
    yield trainer.snapshot()
    while not trainer.finished:
        trainer.advance(trainer.total_steps)
        yield trainer.snapshot()


def _probe_of(x: ndarray, y: ndarray, n_classes: int) -> Probe:
    """The first held-out examples of each class, as many of each, in the order of the classes.

    With several labels an example: one of each label, then of each combination of labels in turn.
    """
    if y.ndim == 2:
        combination, counts = np.unique(y, axis=0, return_inverse=True, return_counts=True)[1:]
        together = np.argsort(combination.ravel(), kind="stable")
        turn = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
        with_label = y.argmax(axis=0)[y.any(axis=0)].tolist()
        wanted = dict.fromkeys([*with_label, *together[np.argsort(turn, kind="stable")].tolist()])
        indices = np.sort(list(wanted)[: max(MOST_PROBES, len(set(with_label)))])
    else:
        each = max(1, MOST_PROBES // n_classes)
        indices = np.concatenate([np.flatnonzero(y == label)[:each] for label in range(n_classes)])
    return Probe(indices=indices, x=x[indices].copy(), y=y[indices].copy())
