"""Snapshots of a run: their numbers, epochs and steps, and a metric of each class."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jaxtyping import Float
from numpy import ndarray

from annscope.core.evaluation.curves import specificity
from annscope.core.evaluation.metrics import class_metrics
from annscope.core.snapshot import Confusion


@dataclass(frozen=True)
class Snapshots:
    """The lines of the snapshots that are kept, in order; those in `thinned` have metrics, but no arrays."""

    lines: Sequence[dict[str, Any]]
    thinned: Collection[int] = ()
    steps_per_epoch: int = 1

    @cached_property
    def numbers(self) -> list[int]:
        """The numbers of the snapshots that have arrays."""
        return [line["number"] for line in self.lines if line["number"] not in self.thinned]

    @cached_property
    def unit(self) -> str:
        """ "epoch" if no two snapshots are of the same epoch, else "step"."""
        epochs = [line["epoch"] for line in self.lines]
        return "epoch" if len(set(epochs)) == len(epochs) else "step"

    def at(self, number: int) -> int:
        """The epoch or step of a snapshot."""
        return int(self._line(number)[self.unit])

    def name(self, number: int) -> str:
        """The name of a snapshot: epoch 7 at an epoch's end, step 1,234 within one."""
        epoch, within = divmod(self._line(number)["step"], self.steps_per_epoch)
        return f"step {self.at(number):,}" if within and self.unit == "step" else f"epoch {epoch:,}"

    def _line(self, number: int) -> dict[str, Any]:
        index = bisect_right(self.lines, number, key=lambda line: int(line["number"])) - 1
        return self.lines[max(0, index)]

    def spread(self, limit: int) -> list[int]:
        """The numbers of at most `most` snapshots (2 or more), every 2^k-th, and the last.

        While a run trains they stay the same, until there are too many and every second is dropped.
        """
        last, stride = len(self.numbers) - 1, 1
        while last // stride + 1 + (last % stride > 0) > limit:
            stride *= 2
        return [self.numbers[index] for index in sorted({*range(0, last + 1, stride), last}) if index >= 0]


def class_metric(confusion: Confusion, name: str) -> Float[ndarray, " n_classes"]:
    """Precision, recall, f1 or specificity of each class."""
    if name == "specificity":
        return specificity(confusion)
    figure: ndarray = getattr(class_metrics(confusion), name)
    return figure
