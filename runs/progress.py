"""Progress of a run on the command line: JSON lines, a progress bar, or plain lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol, Self

from annscope.core.explain.health import Finding
from annscope.runs.catalogue import run_directory
from annscope.runs.encoding import parameters_sha256
from annscope.runs.quantities import duration
from annscope.runs.reader import RunReader
from annscope.runs.record import Line
from annscope.runs.status import Status
from annscope.runs.terminal import console, print_json, print_text, visible

if TYPE_CHECKING:
    from rich.progress import Progress

    from annscope.data.download import Progress as Reading


class View(Protocol):
    """Output for the progress of a run."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def show(self, lines: Iterable[Line], status: Status) -> None:
        """Show what was recorded since the last call, and the status of the run."""

    def end(self, reader: RunReader, status: Status) -> None:
        """Show how the run ended."""


def view_for(run: str) -> View:
    """A progress bar on a terminal, plain lines elsewhere."""
    return BarView(run) if sys.stdout.isatty() else PlainView(run)


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Reading | None]:
    """A progress bar while data is read, which is removed afterwards; None if `quiet` or not on a terminal."""
    if quiet or not sys.stdout.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn

    bar = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(bar_width=None), console=console(), transient=True
    )
    task = bar.add_task("Reading the data", total=None)

    def show(what: str, done: int, total: int) -> None:
        bar.update(task, description=visible(what), completed=done, total=total or None)

    with bar:
        yield show


class JsonView:
    """One JSON object per line on standard output: what is said about a user's data, each snapshot, and the end."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._has_data = False
        self._speed = _Speed()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, lines: Iterable[Line], status: Status) -> None:  # noqa: ARG002
        for line in lines:
            if line["type"] != "snapshot":
                continue
            if line["step"] == 0 and not self._has_data:
                self._has_data = True
                _print_data(self._run)
            print_json(
                {
                    "type": "snapshot",
                    "run": self._run,
                    "step": line["step"],
                    "epoch": line["epoch"],
                    "learning_rate": line["learning_rate"],
                    "train_loss": line["train"]["loss"],
                    "train_accuracy": line["train"]["accuracy"],
                    "heldout_loss": line["heldout"]["loss"],
                    "heldout_accuracy": line["heldout"]["accuracy"],
                    "samples_per_second": self._speed.since_last(line),
                }
            )

    def end(self, reader: RunReader, status: Status) -> None:
        end = {"type": "end", "status": status["status"], "run": self._run, "directory": str(reader.directory)}
        findings = [asdict(finding) for finding in reader.findings()]
        print_json({**end, "parameters_sha256": last_sha256(reader), "findings": findings})


def _print_data(run: str) -> None:
    """The `data` object of a run on a user's data: how it was read and prepared, and everything that was said."""
    about = RunReader(run_directory(run)).description["dataset"] or {}
    if about.get("notes") or about.get("table"):
        keys = ("name", "n_train", "n_validation", "n_test", "class_names", "feature_names", "notes", "table")
        print_json({"type": "data", "run": run, **{key: about.get(key) for key in keys}})


def last_sha256(reader: RunReader) -> str | None:
    """The hash of a run's last recorded parameters; None before its first snapshot."""
    last = reader.n_snapshots - 1
    return parameters_sha256(reader.snapshot(last).parameters) if last >= 0 else None


class _Speed:
    """Samples per second between two snapshots, counting the time of updates alone."""

    def __init__(self) -> None:
        self._last: Line | None = None

    def since_last(self, line: Line) -> float | None:
        last, self._last = self._last, line
        if last is None or line["train_seconds"] <= last["train_seconds"]:
            return None
        return float((line["samples_seen"] - last["samples_seen"]) / (line["train_seconds"] - last["train_seconds"]))


class PlainView:
    """One line per snapshot, for logs."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._speed = _Speed()
        self._last_loading = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, lines: Iterable[Line], status: Status) -> None:
        loading = status["loading"]
        if loading and loading["what"] != self._last_loading:
            self._last_loading = loading["what"]
            print_text(self._last_loading)
        for line in lines:
            if line["type"] == "snapshot":
                speed = self._speed.since_last(line)
                print_text(describe(line) + (f"  {speed:,.0f} samples/s" if speed else ""))
            elif line["event"] == "warning":
                print_text(line["message"], err=True)

    def end(self, reader: RunReader, status: Status) -> None:
        print_text(closing(reader, status))


class BarView:
    """A progress bar with the metrics of the last snapshot, the speed and the time left."""

    def __init__(self, run: str) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        self._run = run
        self._progress: Progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[figures]}", markup=False),
            console=console(),
        )
        self._task = self._progress.add_task(visible(f"Run {run}"), total=None, figures="")
        self._last: Line | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, lines: Iterable[Line], status: Status) -> None:
        for line in lines:
            if line["type"] == "snapshot":
                self._last = line
            elif line["event"] == "warning":
                self._progress.console.print(line["message"])
        loading = status["loading"]
        if loading:
            self._progress.update(
                self._task,
                description=visible(loading["what"]),
                completed=loading["done"],
                total=loading["total"] or None,
            )
            return
        epoch = f"epoch {status['epoch']} of {status['n_epochs']}"
        state = "" if status["status"] == "running" else f" ({status['status']})"
        self._progress.update(
            self._task,
            description=epoch + state,
            completed=status["step"],
            total=status["total_steps"],
            figures=figures(self._last, status),
        )

    def end(self, reader: RunReader, status: Status) -> None:
        self._progress.stop()
        print_text(closing(reader, status))


def figures(line: Line | None, status: Status) -> str:
    """Loss, accuracy, samples per second and time left, in few characters."""
    parts = []
    if line is not None:
        parts.append(f"loss {_loss(line['heldout']['loss'])}  accuracy {line['heldout']['accuracy']:.2%}")
    if status["samples_per_second"]:
        parts.append(f"{status['samples_per_second']:,.0f} samples/s")
    if status["seconds_left"] is not None:
        parts.append(f"{duration(status['seconds_left'])} left")
    return "  ".join(parts)


def describe(line: Line) -> str:
    """One snapshot, training metrics first."""
    train, heldout = line["train"], line["heldout"]
    return (
        f"epoch {line['epoch']:>3}  step {line['step']:>7,}"
        f"  loss {_loss(train['loss'])} train {_loss(heldout['loss'])} held-out"
        f"  accuracy {train['accuracy']:.2%} train {heldout['accuracy']:.2%} held-out"
    )


def closing(reader: RunReader, status: Status) -> str:
    """How a run ended and what to do next."""
    words = [f"Run {reader.run}: {status['status']} at epoch {status['epoch']}, step {status['step']:,}."]
    if status["message"] and status["status"] in {"finished", "stopped"}:
        words.append(status["message"])
    last = reader.n_snapshots - 1
    hint = ""
    if last >= 0:
        words.append(f"Held-out {reader.accuracy_name} {reader.snapshot_line(last)['heldout']['accuracy']:.2%}.")
        hint = f"\nEvaluate it with: annscope evaluate {reader.run}"
    health = "".join(f"\n{text}" for text in finding_lines(reader.findings()))
    return " ".join(words) + f"{health}\nRecord: {reader.directory}{hint}"


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """The health findings of a run, one line each after a heading; empty without findings."""
    if not findings:
        return []
    heading = f"Health: {len(findings)} finding{'' if len(findings) == 1 else 's'}"
    return [heading, *(f"  {each.title}. {each.why} {each.remedy}" for each in findings)]


def _loss(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.4f}"
