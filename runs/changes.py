"""Changes of the mathematics of a run while it trains: events that, with its settings, reproduce it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from annscope.core.config import RunConfig


@dataclass(frozen=True)
class Change:
    """An event that changed the mathematics from `step` on: a learning rate, or the number of epochs."""

    step: int
    option: str
    value: float | int


def changes_in(lines: Iterable[Mapping[str, Any]]) -> list[Change]:
    """The events that changed the mathematics, in order."""
    options = {"learning_rate": ("learning-rate", "value"), "epochs": ("epochs", "n_epochs")}
    return [
        Change(line["step"], options[line["event"]][0], line[options[line["event"]][1]])
        for line in lines
        if line.get("event") in options
    ]


def apply_changes(config: RunConfig, changes: Iterable[Change]) -> RunConfig:
    """The settings after changes of the number of epochs (a learning rate is changed in the trainer)."""
    for change in changes:
        if change.option == "epochs":
            config = replace(config, training=replace(config.training, n_epochs=int(change.value)))
    return config
