"""Serial steps: gather a batch, forward, backward, update. It can do all that a config asks for."""

from __future__ import annotations

from collections.abc import Callable

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
        self._passes = self._passes_of()

    def take(self, start: int, end: int, rate_of: Callable[[int], float]) -> None:
        batches, passes, context = self._batches, self._passes, self.context
        for step in range(start, end):
            if step == end - 1:
                context.before[...] = context.parameters.flat
            if self._steps_in_pass:
                context.rate[...] = rate_of(step)
            for operation in passes[batches.fill(step)]:
                operation()
            self._shape_gradient()
            self._check(step)
            if not self._steps_in_pass:
                context.optimizer.step(rate_of(step))

    def _passes_of(self) -> list[tuple[Operation, ...]]:
        made: dict[int, Backpropagation] = {}
        passes = []
        for x, targets, weights in self._batches.slots():
            if len(x) not in made:
                made[len(x)] = self.context.backpropagation(len(x))
            step = made[len(x)]
            passes.append((*step.draw(), *step.forward(x), *step.backward(x, targets, weights)))
        return passes
