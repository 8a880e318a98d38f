"""Summary of a run for a list of many: its annotations, settings, state and figures, as plain values."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annscope.core.config import FIELDS
from annscope.core.evaluation.best import best_line
from annscope.runs.annotations import Annotations, read_annotations
from annscope.runs.atomic import open_file
from annscope.runs.catalogue import RUN_ID, runs_home, size_of
from annscope.runs.changes import changes_in
from annscope.runs.record import Line, RecordError
from annscope.runs.schema import parse_line
from annscope.runs.status import LIVE, State

if TYPE_CHECKING:
    from annscope.runs.reader import RunReader

TAIL_BYTES = 65_536
"""Bytes read from the end of the metrics: a line is at most a few kilobytes, so this holds the last snapshot's."""
MAX_LIVE_BYTES = 2_000_000
"""Of a live run with longer metrics only the last snapshot is read: its summary is asked for again and again."""
CURVE_POINTS = 40


@dataclass(frozen=True)
class RunSummary:
    """Summary of one run; what is unknown is None, and `message` says why a run cannot be read.

    Losses and accuracies are of held-out examples. The best are those of the snapshot with the lowest held-out loss.
    """

    run: str
    directory: Path
    status: State
    message: str | None = None
    annotations: Annotations = field(default_factory=Annotations)
    created: str | None = None
    data: str | None = None
    layer_sizes: tuple[int, ...] | None = None
    hidden_sizes: tuple[int, ...] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    """The value of each option, as it was when the run was started."""
    rates: tuple[tuple[int, float], ...] = ()
    """The learning rates that were set while it trained, each with the step from which it held."""
    step: int | None = None
    epoch: int | None = None
    n_epochs: int | None = None
    seconds: float | None = None
    """Training time up to the last snapshot."""
    loss: float | None = None
    accuracy: float | None = None
    best_loss: float | None = None
    best_accuracy: float | None = None
    curve: tuple[float, ...] = ()
    """The accuracy of at most `CURVE_POINTS` snapshots, evenly spaced from the first to the last."""
    n_bytes: int | None = None
    """Size of its files on the disk."""

    @property
    def layers(self) -> str:
        """The sizes of the layers, such as 784-64-10; of the hidden ones before the data is loaded."""
        return "-".join(map(str, self.layer_sizes or self.hidden_sizes or ()))


def summarize(run: str) -> RunSummary:
    """Summary of one run; "unreadable", with the reason, if its record is damaged or the folder does not hold a run."""
    from annscope.runs.reader import RunReader  # a list whose runs are all in the index needs none

    directory = runs_home() / run
    try:
        if not RUN_ID.fullmatch(run):
            raise RecordError("This is not a run: the name of a run has only letters, digits, - and _.")
        return _summary(RunReader(directory))
    except RecordError as error:
        name = run.encode(errors="backslashreplace").decode()  # a file name need not be valid text
        return RunSummary(run=name, directory=directory, status="unreadable", message=str(error))


def _summary(reader: RunReader) -> RunSummary:
    description, config, status = reader.description, reader.config, reader.status()
    metrics = reader.directory / "metrics.jsonl"
    if status["status"] in LIVE and _size(metrics) > MAX_LIVE_BYTES:
        tail = _last_snapshot_line(metrics)
        lines = [] if tail is None else [tail]
        best = None
    else:
        lines = reader.snapshot_lines()
        best = best_line(lines)
    last = lines[-1] if lines else None
    sizes = description["layer_sizes"]
    return RunSummary(
        run=reader.run,
        directory=reader.directory,
        status=status["status"],
        message=status["message"],
        annotations=read_annotations(reader.directory),
        created=description["created"],
        data=config.data.name,
        layer_sizes=tuple(sizes) if sizes else None,
        hidden_sizes=config.network.hidden_sizes,
        settings={option: config.get(item) for option, item in FIELDS.items()},
        rates=_rates(reader.events()) if lines else (),
        step=max(status["step"], last["step"]) if last else status["step"],
        epoch=max(status["epoch"], last["epoch"]) if last else status["epoch"],
        n_epochs=status["n_epochs"],
        seconds=last["train_seconds"] if last else None,
        loss=last["heldout"]["loss"] if last else None,
        accuracy=last["heldout"]["accuracy"] if last else None,
        best_loss=best["heldout"]["loss"] if best else None,
        best_accuracy=best["heldout"]["accuracy"] if best else None,
        curve=_curve(lines),
        n_bytes=size_of(reader.directory),
    )


def _rates(events: Sequence[Line]) -> tuple[tuple[int, float], ...]:
    changes = changes_in(events)
    return tuple((change.step, float(change.value)) for change in changes if change.option == "learning-rate")


def _curve(lines: Sequence[Line]) -> tuple[float, ...]:
    accuracies = [line["heldout"]["accuracy"] for line in lines if line["heldout"]["accuracy"] is not None]
    n = len(accuracies)
    places = range(n) if n <= CURVE_POINTS else [round(k * (n - 1) / (CURVE_POINTS - 1)) for k in range(CURVE_POINTS)]
    return tuple(round(accuracies[k], 4) for k in places)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _last_snapshot_line(path: Path) -> Line | None:
    try:
        with open_file(path) as file:
            start = max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES)
            file.seek(start)
            content = file.read(TAIL_BYTES)
        texts = content[: content.rfind(b"\n") + 1].splitlines()
        for text in reversed(texts[1:] if start else texts):
            line = parse_line(text)
            if line["type"] == "snapshot":
                return line
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecordError(
            f"The metrics of run {path.parent.name} cannot be read: {error.strerror or error}."
        ) from error
    except ValueError as error:
        raise RecordError(f"The metrics of run {path.parent.name} cannot be read: {error}.") from error
    return None
