"""Overhead of recording: epochs of a recorded run interleaved with epochs of the bare trainer."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import median
from typing import Any
from unittest.mock import patch

from benchmarks import options, tables, threads
from benchmarks.measurements import Measurement
from benchmarks.tables import Table, counted, percent, seconds

GOAL = 0.02
"""Goal: maximum share of an epoch for taking and recording snapshots, without evaluation."""
PARTS = {
    "evaluation": "evaluation of held-out and some training images, with all their forward passes",
    "snapshot": "the rest of the snapshot",
    "record": "record: arrays and line",
    "checkpoint": "checkpoint, flushed to the disk",
    "rest": "status, commands and the rest",
}

Seconds = dict[str, float]


def main(argv: Sequence[str]) -> None:
    """Train T1's network on the whole of MNIST, recorded and bare, in alternating epochs."""
    given = options.parser("telemetry", "Overhead of recording, as a share of an epoch.", rounds=7).parse_args(argv)
    watched, bare = measure(given.rounds)
    _show(given, watched, bare)


def measure(rounds: int) -> tuple[list[Seconds], Measurement]:
    """Seconds of each recorded epoch, in total and by part, and of each bare one.

    The recorded run is a real one: `runs.worker.work` in a temporary home. Raises SystemExit, with the run's
    own message, if it fails (for example without MNIST).
    """
    from annscope.core.config import RunConfig
    from annscope.core.training import Trainer
    from annscope.data.datasets import load_dataset
    from annscope.runs.catalogue import run_directory
    from annscope.runs.thread_workers import ThreadWorkers
    from annscope.runs.threads import wanted_threads
    from annscope.runs.worker import work
    from annscope.runs.writer import create_run

    config = RunConfig().with_values(
        {"data": "mnist", "hidden": (128, 64), "optimizer": "adam", "batch-size": 64, "epochs": rounds + 2}
    )
    with tempfile.TemporaryDirectory() as home, patch.dict(os.environ, {"ANNSCOPE_HOME": home}):
        run = create_run(config)
        statuses = work(run_directory(run))
        status = _next_epoch(statuses, 0)
        if status["status"] != "running":
            raise SystemExit(f"the run ended as {status['status']}: {status['message']}")
        dataset = load_dataset(config.data, dtype=config.training.dtype, seed=config.training.seed)
        endless = config.with_values({"epochs": 1_000_000, "snapshot-every": 1_000_000_000})
        trainer = Trainer(dataset, endless, workers=ThreadWorkers(wanted_threads()))
        watched: list[Seconds] = []
        bare: list[float] = []
        for epoch in range(1, rounds + 2):
            # Alternating, so that the first one after a pause is not always the same.
            for turn in (0, 1) if epoch % 2 else (1, 0):
                if turn:
                    bare.append(_timed(partial(_bare_epoch, trainer)))
                    continue
                with _parts_timed() as parts:
                    whole = _timed(partial(_next_epoch, statuses, epoch))
                watched.append({**parts, "whole": whole, "rest": whole - sum(parts.values())})
        statuses.close()  # type: ignore[attr-defined]
    return watched[1:], Measurement(tuple(bare[1:]))  # the first epoch of each warms up


def _next_epoch(statuses: Iterator[Any], epoch: int) -> Any:
    """Continue until the snapshot of an epoch is recorded."""
    for status in statuses:
        if status["status"] not in {"starting", "running"}:
            return status
        if status["status"] == "running" and status["epoch"] >= epoch:
            return status
    raise RuntimeError("the run ended without a final status")


def _bare_epoch(trainer: Any) -> None:
    left = trainer.steps_per_epoch
    while left:
        left -= trainer.advance(left)


def _timed(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


@contextmanager
def _parts_timed() -> Iterator[Seconds]:
    """Context manager that times each part of the recorded epochs; `training` is the updates themselves."""
    import annscope.core.training
    from annscope.core.engines.inference import Inference
    from annscope.core.training import Trainer
    from annscope.runs.writer import RunWriter

    spent: Seconds = defaultdict(float)

    def clocked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                spent[name] += time.perf_counter() - begin

        return call

    watched: dict[str, tuple[Any, str]] = {
        "training": (Trainer, "advance"),
        "evaluation": (annscope.core.training, "evaluate"),
        "forward": (Inference, "outputs_and_logits"),
        "probe": (Inference, "activations"),
        "snapshot": (Trainer, "snapshot"),
        "record": (RunWriter, "append"),
        "checkpoint": (RunWriter, "save_checkpoint"),
    }
    with ExitStack() as stack:
        for name, (owner, method) in watched.items():
            spent[name] = 0.0
            stack.enter_context(patch.object(owner, method, clocked(name, getattr(owner, method))))
        yield spent
    # The first held-out images are judged by the forward pass that shows the activations; the probe images are not.
    spent["evaluation"] += spent.pop("forward") - spent.pop("probe")
    spent["snapshot"] -= spent["evaluation"]  # which is a part of it


def _show(given: argparse.Namespace, watched: Sequence[Seconds], bare: Measurement) -> None:
    epoch = bare.median
    parts = {name: median(each[name] for each in watched) for name in PARTS}
    # Few epochs have a checkpoint: the mean shows its cost per epoch, a median would be 0.
    parts["checkpoint"] = sum(each["checkpoint"] for each in watched) / len(watched)
    overhead = parts["snapshot"] + parts["record"]
    whole = median(each["whole"] for each in watched)
    rows = [["a bare epoch", seconds(epoch), "100 %"]]
    rows += [[about, seconds(parts[name]), percent(parts[name] / epoch)] for name, about in PARTS.items()]
    rows += [
        [
            "taking and recording snapshots, without evaluation",
            seconds(overhead),
            f"{percent(overhead / epoch)} (goal: at most {percent(GOAL)})",
        ],
        ["and with it", seconds(overhead + parts["evaluation"]), percent((overhead + parts["evaluation"]) / epoch)],
        ["all of the above", seconds(sum(parts.values())), percent(sum(parts.values()) / epoch)],
        ["a recorded epoch less a bare one", seconds(whole - epoch), percent((whole - epoch) / epoch)],
    ]
    low, high = bare.quartiles
    notes = [
        f"784-128-64-10, batch 64, Adam on MNIST; {counted(given.threads, 'thread')}; medians of "
        f"{counted(given.rounds, 'epoch')} each, interleaved; "
        f"the middle half of the bare epochs took {seconds(low)} to {seconds(high)}.",
        "The difference in the last row holds the machine's noise; the parts above it were timed one by one.",
    ]
    table = Table("Overhead of recording", ["", "time", "share of an epoch"], rows, notes)
    figures = {
        "machine": threads.machine(given.threads),
        "rounds": given.rounds,
        "bare_epoch_seconds": epoch,
        "recorded_epoch_seconds": whole,
        "parts_seconds": parts,
        "share": overhead / epoch,
        "share_with_evaluation": (overhead + parts["evaluation"]) / epoch,
        "share_with_everything": sum(parts.values()) / epoch,
        "share_by_difference": (whole - epoch) / epoch,
        "goal": GOAL,
    }
    tables.show("telemetry", [table], figures, as_json=given.json, as_markdown=given.markdown, page=given.page)
