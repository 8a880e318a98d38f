"""Summaries of runs for tests, made without training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from annscope.core.config import FIELDS, RunConfig
from annscope.runs.annotations import Annotations
from annscope.runs.summary import RunSummary


def summary(run: str, *, name: str = "", **about: Any) -> RunSummary:
    """A finished run, with the default settings but for those given by the names of their options (`learning_rate`)."""
    settings = {option: RunConfig().get(item) for option, item in FIELDS.items()}
    settings |= {option: about.pop(option.replace("-", "_")) for option in FIELDS if option.replace("-", "_") in about}
    known: dict[str, Any] = {"status": "finished", "data": settings["data"], "annotations": Annotations(name)}
    return RunSummary(run=run, directory=Path(run), settings=settings, **known | about)


def repeats(prefix: str, accuracies: list[float], **settings: Any) -> list[RunSummary]:
    """A run for each best accuracy, with the seeds 0, 1, 2, ..., the newest first."""
    runs = [
        summary(f"{prefix}{seed}", seed=seed, best_accuracy=accuracy, best_loss=1 - accuracy, seconds=0.5, **settings)
        for seed, accuracy in enumerate(accuracies)
    ]
    return runs[::-1]
