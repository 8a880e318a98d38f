"""Inference benchmark: images classified per second by each contestant."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import contest
from benchmarks.tasks import TASKS


def main(argv: Sequence[str]) -> None:
    """Time predictions on every inference task."""
    tasks = [name for name, task in TASKS.items() if task.inference]
    contest.main("inference", "samples predicted per second", tasks, argv)
