"""Serial steps: gather a batch, forward, backward, update. It can do all that a config asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray

from annscope.core.engines.backpropagation import Backpropagation
from annscope.core.engines.strategy import StepContext, Strategy, Workload
from annscope.core.engines.workers import Operation


class SerialSteps(Strategy):
    """One thing after the other."""

    @classmethod
    def suits(cls, workload: Workload) -> bool:
        del workload
        return True

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self._batches = context.batches()
        self._steps_in_pass = context.config.training.delta_weights == "updated"
        self._passes = list(self._passes_of())

    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        batches, passes, context = self._batches, self._passes, self.context
        losses = context.batch_losses
        for step in range(start, end):
            if step == end - 1:
                context.before[...] = context.parameters.flat
            if self._steps_in_pass:
                context.rate[...] = rate_of(step)
            one = passes[batches.fill(step)]
            for operation in one.forward:
                operation()
            if step % losses.every == 0:
                losses.note(step, one.logits)
            for operation in one.backward:
                operation()
            self._shape_gradient()
            self._check(step)
            if not self._steps_in_pass:
                context.optimizer.step(rate_of(step))

    def _passes_of(self) -> Iterator[_Pass]:
        made: dict[int, Backpropagation] = {}
        for x, targets, weights in self._batches.slots():
            if len(x) not in made:
                made[len(x)] = self.context.backpropagation(len(x))
            step = made[len(x)]
            forward, backward = (*step.draw(), *step.forward(x)), tuple(step.backward(x, targets, weights))
            yield _Pass(forward, step.logits, backward)


@dataclass(frozen=True, eq=False, slots=True)
class _Pass:
    """The operations of a step; `logits` are there after those of `forward`."""

    forward: tuple[Operation, ...]
    logits: Float[ndarray, "n_outputs batch"]
    backward: tuple[Operation, ...]
