"""How many samples a second each contestant trains on."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import contest
from benchmarks.tasks import TASKS


def main(argv: Sequence[str]) -> None:
    """Time training on every task."""
    tasks = [name for name, task in TASKS.items() if not task.inference]
    contest.main("training", "samples trained on per second", tasks, argv)
