"""Training benchmark: samples per second of each contestant."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import contest
from benchmarks.tasks import TASKS


def main(argv: Sequence[str]) -> None:
    """Time training on every training task."""
    tasks = [name for name, task in TASKS.items() if not task.inference]
    contest.main("training", "training samples per second", tasks, argv)
