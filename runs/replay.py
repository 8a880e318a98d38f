"""Replay: the way of a run to some step, computed again from its last checkpoint, to the same bits.

So a run that diverged can record the steps before it without having kept them: what does not diverge costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from annscope.runs.changes import apply_changes

if TYPE_CHECKING:
    from annscope.core.dataset import Dataset
    from annscope.core.engines.workers import Workers
    from annscope.core.snapshot import Checkpoint
    from annscope.core.training import Trainer
    from annscope.runs.writer import RunWriter

N_LAST_STEPS = 10
CHUNK = 20
"""Steps at a time, so that who replays can tell that it is at work."""


def replay(writer: RunWriter, dataset: Dataset, end: int, workers: Workers) -> Iterator[Trainer]:
    """The trainer on its way to step `end`: now and then, and at each of the last `N_LAST_STEPS` steps."""
    saved = writer.load_checkpoint()
    changes, n_applied = writer.changes, saved.n_changes if saved else 0

    def trainer_from(checkpoint: Checkpoint | None) -> Trainer:
        from annscope.core.training import Trainer

        config = apply_changes(writer.config, changes[:n_applied])
        never = replace(config.training, patience=0, target_accuracy=0.0, stop_when_all_right=False)
        return Trainer(dataset, replace(config, training=never), checkpoint=checkpoint, workers=workers)

    trainer = trainer_from(saved.checkpoint if saved else None)
    while True:
        while n_applied < len(changes) and changes[n_applied].step == trainer.step:
            change, n_applied = changes[n_applied], n_applied + 1
            if change.option == "epochs":
                trainer = trainer_from(trainer.checkpoint())
            else:
                trainer.change_learning_rate(float(change.value))
        yield trainer
        stops = [trainer.step + CHUNK, max(trainer.step, end - N_LAST_STEPS) + 1]
        stops += [change.step for change in changes[n_applied : n_applied + 1]]
        if trainer.step >= end or not trainer.advance(min(stops) - trainer.step):
            return
