"""Parallel steps: workers share a large first layer, such as MNIST's 784 inputs with batches of some dozens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import zip_longest

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.engines.batches import epoch_order
from annscope.core.engines.engine import check_finite
from annscope.core.engines.partition import layer_rows, row_shares
from annscope.core.engines.strategy import StepContext, Strategy, Workload
from annscope.core.engines.workers import Operation, sequence


class ParallelSteps(Strategy):
    """Workers share a large first layer, and wait for each other only once a step.

    Each worker owns some features: their columns of all examples, their rows of the weight, gradient and
    moments, all of which stay with its core. In one go it ends a step (gradient and update of what it
    owns) and begins the next one (its features of the next batch, and their part of the first sums). What
    lies between is the first worker's alone, except for layers that are large themselves.
    """

    needs_persistent_workers = True

    @classmethod
    def suits(cls, workload: Workload) -> bool:
        """There is enough to share, and nothing has to see a whole gradient before its step."""
        training, (n_features, n_units, *_) = workload.config.training, workload.sizes
        plain = not (training.shapes_gradient or training.is_augmented)
        is_large = len(row_shares(n_features, n_units, workload.n_workers)) > 1
        return plain and training.delta_weights == "current" and is_large

    def __init__(self, context: StepContext) -> None:
        # The features are held once, by their owners.
        weights = None if context.weights is None else context.weights[:0]
        super().__init__(replace(context, x=context.x[:0].copy(), targets=context.targets[:0], weights=weights))
        self._n_examples = len(context.x)
        self._per_epoch = -(-self._n_examples // context.batch_size)
        owned = layer_rows(context.parameters, 0, context.workers.size)
        sources = [np.ascontiguousarray(context.x[:, columns]) for columns in owned]
        rest = self._n_examples % context.batch_size
        self._passes = {size: _ParallelPass(context, size, sources) for size in (context.batch_size, rest) if size}
        self._begin = {key: context.workers.parallel(each.begin) for key, each in self._passes.items()}
        self._end = {key: context.workers.parallel(each.end) for key, each in self._passes.items()}
        self._turn = {
            (key, next_size): context.workers.parallel(_joined(each.end, after.begin))
            for key, each in self._passes.items()
            for next_size, after in self._passes.items()
        }
        self._epoch = -1
        self._order: Int[ndarray, " n"] = np.empty(0, np.int64)

    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        context, optimizer, losses = self.context, self.context.optimizer, self.context.batch_losses
        if start == end:
            return
        size = self._choose(start)
        self._begin[size]()
        for step in range(start, end):
            one = self._passes[size]
            for operation in one.forward:
                operation()
            if step % losses.every == 0:
                losses.note(step, one.logits)
            for operation in one.backward:
                operation()
            self._check_errors(step, one)
            is_last = step == end - 1
            if is_last:
                context.before[...] = context.parameters.flat
            optimizer.begin(rate_of(step))
            if is_last:
                self._end[size]()
            else:
                next_size = self._choose(step + 1)
                self._turn[size, next_size]()
                size = next_size

    def _check_errors(self, step: int, turn: _ParallelPass) -> None:
        if self._biases_tell:
            self._check(step)
        elif not np.isfinite(turn.errors).all():  # there is no whole gradient yet, but what is wrong above comes down
            for part in turn.end_gradients:
                part()
            check_finite(self.context.gradient, "gradient", step)

    def _choose(self, step: int) -> int:
        """Choose the rows of a step's batch; returns how many."""
        training, batch_size = self.context.config.training, self.context.batch_size
        epoch, batch = divmod(step, self._per_epoch)
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = epoch_order(self._n_examples, training.seed, epoch, shuffle=training.shuffle)
        rows = self._order[batch * batch_size : (batch + 1) * batch_size]
        self._passes[len(rows)].rows[...] = rows
        return len(rows)


class _ParallelPass:
    """A step with one size of batch: `begin` and `end` have an operation for each worker.

    Between them are the operations of `forward`, to the `logits`, and of `backward`.
    """

    def __init__(self, context: StepContext, size: int, sources: Sequence[Float[ndarray, "n _"]]) -> None:
        self.rows: Int[ndarray, " size"] = context.workers.zeros(size, np.dtype(np.int64))
        gathers: list[list[Operation]] = [[] for _ in sources]
        own = [self._gathered(source, gather) for source, gather in zip(sources, gathers, strict=True)]
        targets = self._gathered(context.targets, gathers[0])
        weights = None if context.weights is None else self._gathered(context.weights, gathers[0])
        step = context.backpropagation(size)
        inputs = [part.T for part in own]
        self.begin = [sequence([*gather, sums]) for gather, sums in zip(gathers, step.sums(inputs), strict=True)]
        self.forward = (*step.draw(), *step.outputs)
        self.logits, self.errors = step.logits, step.errors
        self.backward = tuple(step.errors_of(targets, weights))
        gradients = step.gradients(inputs)[: len(context.optimizer.updates)]
        self.end_gradients = [operation for operations in gradients for operation in operations]
        self.end = [
            sequence([*operations, update])
            for operations, update in zip(gradients, context.optimizer.updates, strict=True)
        ]

    def _gathered(self, source: Float[ndarray, "n *_"], gather: list[Operation]) -> Float[ndarray, "size *_"]:
        """Where the batch's rows of `source` are to be found, once what is added to `gather` has run."""
        size = len(self.rows)
        if size == len(source):  # a batch of all examples is the examples
            return source
        into = np.empty((size, *source.shape[1:]), source.dtype)
        # mode="clip" writes straight into `into`; the rows are within bounds anyway.
        gather.append(partial(source.take, self.rows, 0, into, "clip"))
        return into


def _joined(first: Sequence[Operation], then: Sequence[Operation]) -> list[Operation]:
    """What each worker does first and then; a layer above may keep more workers busy than the first one does."""
    return [sequence([each for each in pair if each]) for pair in zip_longest(first, then)]
