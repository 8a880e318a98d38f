"""The snapshots of a run as moments in its training, and what a class did at each."""

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
class Moments:
    """The lines of the snapshots that are kept, in order; those in `thinned` have figures, but no arrays to look at."""

    lines: Sequence[dict[str, Any]]
    thinned: Collection[int] = ()

    @cached_property
    def numbers(self) -> list[int]:
        """The snapshots that can be looked at."""
        return [line["number"] for line in self.lines if line["number"] not in self.thinned]

    @cached_property
    def unit(self) -> str:
        """What tells the snapshots apart: the epoch, or the step where an epoch has several."""
        epochs = [line["epoch"] for line in self.lines]
        return "epoch" if len(set(epochs)) == len(epochs) else "step"

    def at(self, number: int) -> int:
        """The epoch or step of a snapshot."""
        place = bisect_right(self.lines, number, key=lambda line: int(line["number"])) - 1
        return int(self.lines[max(0, place)][self.unit])

    def name(self, number: int) -> str:
        """A snapshot in words: epoch 7."""
        return f"{self.unit} {self.at(number):,}"

    def spread(self, most: int) -> list[int]:
        """The numbers of at most `most` snapshots (2 or more), every 2^k-th, and the last.

        As a run goes on they are the same ones, until there are so many that every second is left out.
        """
        last, apart = len(self.numbers) - 1, 1
        while last // apart + 1 + (last % apart > 0) > most:
            apart *= 2
        return [self.numbers[place] for place in sorted({*range(0, last + 1, apart), last}) if place >= 0]


def class_figure(confusion: Confusion, name: str) -> Float[ndarray, " n_classes"]:
    """Precision, recall, f1 or specificity of each class."""
    if name == "specificity":
        return specificity(confusion)
    figure: ndarray = getattr(class_metrics(confusion), name)
    return figure
