"""The losses of the batches as training meets them, from the logits that each step computes anyway."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.config import RunConfig
from annscope.core.dataset import Dataset
from annscope.core.engines.batches import epoch_order
from annscope.core.engines.examples import batch_size_of
from annscope.core.functions.losses import fused_loss
from annscope.core.functions.outputs import OUTPUTS

MOST = 200
"""For about how many steps of a run the loss is noted: what it costs does not grow with the run."""
MOST_PENDING = 32_768
"""Logits that wait to be evaluated together, which takes a fraction of the calls; a batch with more does not wait."""


class BatchLosses:
    """The mean loss of the batch of every `every`-th step, by the parameters before it.

    It is that of the forward pass of the step, with its dropout, its augmented features and, with batch
    normalisation, the statistics of the batch; without penalties, label smoothing and weights of examples, as the
    losses of a snapshot are. Noting changes nothing that a step depends on.
    """

    def __init__(self, dataset: Dataset, config: RunConfig) -> None:
        training, n = config.training, len(dataset.y_train)
        self._dataset, self._output, self._seed = dataset, OUTPUTS[config.network.output], training.seed
        self._values = fused_loss(training.loss, config.network.output).values
        self._batch_size = batch_size_of(dataset, training)
        self._per_epoch = training.steps_per_epoch(n)
        self.every = max(1, -(-self._per_epoch * training.n_epochs // MOST))
        self._shuffle = training.shuffle and self._batch_size < n  # all examples at once have no order
        self._smoothing = training.label_smoothing
        self._losses: dict[int, float] = {}
        self._logits: dict[int, Float[ndarray, "batch n_outputs"]] = {}
        self._n_pending = 0
        self._epoch = -1
        self._order: Int[ndarray, " n"] = np.empty(0, np.int64)

    def note(self, step: int, logits: Float[ndarray, "n_outputs batch"]) -> None:
        """Note the loss of step number `step` (from 0), by the logits of its batch, which are copied."""
        self._logits[step] = logits.T.copy()
        self._n_pending += logits.size
        if self._n_pending >= MOST_PENDING:
            self._evaluate()

    def put(self, step: int, loss: float) -> None:
        """Note a loss that is known."""
        self._losses[step] = loss

    def sum_of(self, logits: Float[ndarray, "n_outputs n"], targets: Float[ndarray, "n n_outputs"]) -> float:
        """The sum of the losses of some examples, by the targets that they are trained with."""
        if self._smoothing:
            n_values = 2 if self._dataset.is_multilabel else self._dataset.n_classes
            targets = (targets - self._smoothing / n_values) / (1 - self._smoothing)
        return float(self._values(logits.T, targets).sum(dtype=np.float64))

    def take(self) -> list[tuple[int, float]]:
        """What was noted since the last call, as pairs of a step and its loss, in order; NaN if it is not finite."""
        self._evaluate()
        taken = [(step, loss if math.isfinite(loss) else math.nan) for step, loss in sorted(self._losses.items())]
        self._losses.clear()
        return taken

    def state(self) -> list[list[Any]]:
        """What was noted since `take` was called, as plain data; None stands for a loss that is not finite."""
        self._evaluate()
        return [[step, loss if math.isfinite(loss) else None] for step, loss in sorted(self._losses.items())]

    def restore(self, state: Iterable[Sequence[Any]]) -> None:
        """Go on where another one's `state` was."""
        self._logits.clear()
        self._n_pending = 0
        self._losses = {int(step): math.nan if loss is None else float(loss) for step, loss in state}

    def _evaluate(self) -> None:
        if not self._logits:
            return
        sizes = [len(each) for each in self._logits.values()]
        logits = np.concatenate(list(self._logits.values()))
        labels = self._dataset.y_train[np.concatenate([self._rows(step) for step in self._logits])]
        targets = self._output.targets(labels, self._dataset.n_classes, logits.dtype)
        with np.errstate(all="ignore"):  # a run that diverges
            sums = np.add.reduceat(self._values(logits, targets).astype(np.float64), np.cumsum([0, *sizes[:-1]]))
        self._losses.update(zip(self._logits, (sums / sizes).tolist(), strict=True))
        self._logits.clear()
        self._n_pending = 0

    def _rows(self, step: int) -> Int[ndarray, " batch"]:
        epoch, batch = divmod(step, self._per_epoch)
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = epoch_order(len(self._dataset.y_train), self._seed, epoch, shuffle=self._shuffle)
        return self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
