"""Steps with the bias trick, for small networks: where calling NumPy takes longer than what it computes.

The bias of a layer is the weight of an input that is always 1: one multiplication makes weighted sums with
their biases, one makes the gradient of both. The mean over the batch is part of the softmax, and a softmax
without the search for the largest logit is tried first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.config import NetworkConfig
from annscope.core.engines.backpropagation import Backpropagation
from annscope.core.engines.kernels import least_probability, loss_kernel, softmax_in_place
from annscope.core.engines.strategy import StepContext, Strategy, Workload
from annscope.core.engines.update_kernels import update_kernel
from annscope.core.engines.workers import SINGLE, Operation
from annscope.core.network import Parameters

MOST_NUMBERS = 20_000
"""Parameters, or numbers in the widest layer of a batch: with more the arithmetic takes longer than the calls."""


class BiasTrickSteps(Strategy):
    """Works on a copy of the parameters, the gradient and the optimizer, with each bias the last row of its weight.

    What it was given is brought up to date when `take` ends.
    """

    @classmethod
    def suits(cls, workload: Workload) -> bool:
        """A network is small, and each layer has biases that are treated just as its weights are."""
        network, training, sizes = workload.config.network, workload.config.training, workload.sizes
        plain = training.delta_weights == "current" and not (training.decays or training.is_augmented)
        has_biases = network.bias and not network.batch_norm
        n_parameters = sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
        return plain and has_biases and max(n_parameters, workload.batch_size * max(sizes)) <= MOST_NUMBERS

    def __init__(self, context: StepContext) -> None:
        # The examples are held once, with their column of ones.
        self._given = replace(context, x=context.x[:0].copy(), targets=context.targets[:0], weights=None)
        config, dtype = context.config, context.parameters.flat.dtype
        sizes = (context.x.shape[1], *(weight.shape[1] for weight in context.parameters.weights))
        self._order = _order(config.network, sizes)
        self._is_quick = loss_kernel(config).is_softmax_cross_entropy and context.weights is None
        targets = QuickSoftmax.shares(context.targets, context.batch_size) if self._is_quick else context.targets
        # What a quick softmax sums lies in front of the gradient: so one sum of squares checks both.
        self._scratch = SINGLE.zeros(self._n_sums(context.batch_size) + len(context.parameters.flat), dtype)
        flat = self._scratch[-len(context.parameters.flat) :]
        parameters = _with_bias_rows(config.network, sizes, dtype)
        gradient = _with_bias_rows(config.network, sizes, dtype, lambda _n, _dtype: flat)
        x = np.ones((len(context.x), sizes[0] + 1), dtype)
        x[:, :-1] = context.x
        super().__init__(
            replace(
                context,
                x=x,
                targets=targets,
                parameters=parameters,
                gradient=gradient,
                before=np.empty_like(parameters.flat),
                optimizer=update_kernel(context.optimizer.optimizer, config.training, parameters, gradient),
                workers=SINGLE,
            )
        )
        self._batches = self.context.batches()
        self._passes = list(self._passes_of())

    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        self._enter()
        try:
            with np.errstate(all="ignore"):  # a quick softmax that overflows is computed again
                self._take(start, end, rate_of)
        finally:
            self._leave()

    def _take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        context, passes, is_finite = self.context, self._passes, math.isfinite
        optimizer, shapes_gradient = context.optimizer, self._shapes_gradient
        losses, every = context.batch_losses, context.batch_losses.every
        begin, update, has_moments = optimizer.begin, tuple(optimizer.operations[0]), bool(optimizer.moments)
        begin_at_same_rate, rate, last = optimizer.begin_at_same_rate, math.nan, end - 1
        coming = map(passes.__getitem__, self._batches.visits(start, end))
        for step, one in zip(range(start, end), coming, strict=True):
            if step == last:
                context.before[...] = context.parameters.flat
            for operation in one.forward:
                operation()
            if step % every == 0:
                losses.note(step, one.logits)
            for operation in one.backward:
                operation()
            if not is_finite(one.square()):
                for operation in one.again:
                    operation()
                self._check(step)
            if shapes_gradient:
                self._shape_gradient()
            now = rate_of(step)
            if has_moments or now != rate:
                begin(now)
                rate = now
            else:
                begin_at_same_rate()
            for operation in update:
                operation()

    def _passes_of(self) -> Iterator[_Pass]:
        made: dict[int, tuple[Backpropagation, QuickSoftmax | None]] = {}
        for x, targets, weights in self._batches.slots():
            n, n_sums = len(x), self._n_sums(len(x))
            watched = self._scratch[-len(self._watched) - n_sums :]
            square = partial(watched.dot, watched)
            if n not in made:
                step = self.context.backpropagation(n, bias_trick=True)
                sums = watched[:n_sums].reshape(2, -1)
                made[n] = step, QuickSoftmax(step.logits, sums, self.context.batch_size) if self._is_quick else None
            step, softmax = made[n]
            draw, forward, logits = step.draw(), step.forward(x), step.logits
            if softmax is None:
                yield _Pass((*draw, *forward), logits, tuple(step.backward(x, targets, weights)), square)
            else:
                quick, careful = (step.backward(x, targets, errors=errors) for errors in softmax.errors(targets))
                yield _Pass((*draw, *forward), logits, tuple(quick), square, (*forward, *careful))

    def _n_sums(self, n_examples: int) -> int:
        return 2 * n_examples * self._given.targets.shape[1] if self._is_quick else 0

    def _enter(self) -> None:
        mine, given, order = self.context, self._given, self._order
        for with_rows, vector in self._pairs():
            vector.take(order, 0, with_rows, "clip")
        mine.optimizer.n_steps = given.optimizer.n_steps

    def _leave(self) -> None:
        for with_rows, vector in self._pairs():
            vector[self._order] = with_rows
        self._given.optimizer.n_steps = self.context.optimizer.n_steps

    def _pairs(self) -> Iterator[tuple[Float[ndarray, " n_parameters"], Float[ndarray, " n_parameters"]]]:
        """Each vector of the network with bias rows, beside that of the network it was given."""
        mine, given = self.context, self._given
        yield mine.parameters.flat, given.parameters.flat
        yield mine.gradient.flat, given.gradient.flat
        yield mine.before, given.before
        for name, moment in mine.optimizer.moments.items():
            yield moment, given.optimizer.moments[name]


@dataclass(frozen=True, eq=False, slots=True)
class _Pass:
    """The operations of a step; `logits` are there after those of `forward`.

    Where the `square` of what they made is not finite, `again` makes it with more care.
    """

    forward: tuple[Operation, ...]
    logits: Float[ndarray, "n_outputs batch"]
    backward: tuple[Operation, ...]
    square: Callable[[], Any]
    again: tuple[Operation, ...] = ()


class QuickSoftmax:
    """Softmax with cross-entropy, in as few operations as possible: dz = p / n - t / n, with p / n = e^z / (n sum e^z).

    The logits lie by example. `n` is the size of a whole batch; a smaller one has its errors scaled. No largest logit
    is subtracted before e^z: that was in order, with no sum near 0 or near infinity, if the squares of `sums`, which
    are n sum e^z and the reciprocals of that, are finite: in float32 for largest logits between -40 and 38 or so.
    """

    def __init__(self, logits: Float[ndarray, "n_classes batch"], sums: Float[ndarray, "2 _"], n: int) -> None:
        self._logits = logits.T
        n_examples, n_classes = self._logits.shape
        self._more = np.array(n / n_examples, logits.dtype)
        both = sums.reshape(2, n_examples, n_classes)
        self._quick, self._careful = self._both(both[0], both[1], n)

    def _both(
        self, sums: Float[ndarray, "batch n_classes"], reciprocals: Float[ndarray, "batch n_classes"], n: int
    ) -> tuple[list[Operation], list[Operation]]:
        z = self._logits
        times_n = np.full((z.shape[1], z.shape[1]), n, z.dtype)  # a multiplication sums, and for each class at once
        quick: list[Operation] = [
            partial(np.exp, z, z),
            partial(z.dot, times_n, sums),
            partial(np.reciprocal, sums, reciprocals),
            partial(np.multiply, z, reciprocals, z),
        ]
        careful: list[Operation] = [softmax_in_place(z.T), partial(np.multiply, z, np.array(1 / n, z.dtype), z)]
        return quick, careful

    @staticmethod
    def shares(targets: Float[ndarray, "n n_classes"], n: int) -> Float[ndarray, "n n_classes"]:
        """What `errors` wants of the targets: t / n, less the least probability, so that it is added to every p."""
        shares: ndarray = (targets - targets.dtype.type(least_probability(targets.dtype))) / targets.dtype.type(n)
        return shares

    def errors(self, shares: Float[ndarray, "batch n_classes"]) -> tuple[list[Operation], list[Operation]]:
        """From the logits to the errors in their place: quickly, and carefully, without overflow."""
        difference: list[Operation] = [partial(np.subtract, self._logits, shares, self._logits)]
        if self._more != 1:
            difference.append(partial(np.multiply, self._logits, self._more, self._logits))
        return self._quick + difference, self._careful + difference


def _with_bias_rows(
    network: NetworkConfig,
    sizes: Sequence[int],
    dtype: str | np.dtype,
    allocate: Callable[[int, np.dtype], ndarray] = SINGLE.zeros,
) -> Parameters:
    """The parameters with each bias as the last row of its weight."""
    shapes = [(n_in + 1, n_out) for n_in, n_out in pairwise(sizes)]
    no_biases = replace(network, bias=False, constant_input=False)
    return Parameters(no_biases, sizes, dtype, allocate=allocate, shapes=shapes)


def _order(network: NetworkConfig, sizes: Sequence[int]) -> Int[ndarray, " n_parameters"]:
    """The place of each parameter of the network with bias rows in the flat vector of the network itself."""
    with_rows, plain = _with_bias_rows(network, sizes, "int64"), Parameters(network, sizes, "int64")
    plain.flat[...] = np.arange(len(plain.flat))
    for both, weight, bias in zip(with_rows.weights, plain.weights, plain.biases, strict=True):
        both[:-1], both[-1] = weight, bias
    return with_rows.flat
