"""Learning rate range test: its points as they are measured, and a sketch of them as text."""

from __future__ import annotations

import json
import math
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import fields
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from annscope.core.config import FIELDS, RunConfig
from annscope.core.errors import AnnscopeError
from annscope.core.explain.range_test import RangePoint, Suggestion, range_test
from annscope.runs.threads import environment, wanted_threads

if TYPE_CHECKING:
    from rich.console import RenderableType

    from annscope.data.download import Progress

N_STEPS = 100
"""Number of steps that `search_elsewhere` takes."""
ROWS = 24
BAR = 40
MOMENT_SECONDS = 0.2
"""How long `search_elsewhere` waits for a point before it yields None, in seconds."""
_POINT = tuple(item.name for item in fields(RangePoint))


def search(
    config: RunConfig, *, low: float, high: float, n_steps: int, progress: Progress | None = None
) -> Iterator[RangePoint]:
    """Load the data of a config and run the range test, point by point.

    Raises ConfigError for an invalid range, DataError for data that cannot be read.
    """
    from annscope.data.datasets import load_run_dataset

    dataset = load_run_dataset(config, progress)
    yield from range_test(dataset, config, low=low, high=high, n_steps=n_steps)


def options_of(config: RunConfig) -> list[str]:
    """The settings of a config that differ from the defaults, as options of the command line."""
    options: list[str] = []
    for option, item in FIELDS.items():
        value = config.get(item)
        if value == item.default:
            continue
        if item.kind == "switch":
            options.append(f"--{option}" if value else f"--no-{option}")
        else:
            options += [f"--{option}", item.format(value)]
    return options


def rounded(rate: float) -> float:
    """A learning rate rounded to two digits: its exact value matters little."""
    return float(f"{rate:.1e}")


def sketch(points: Sequence[RangePoint], found: Suggestion) -> list[RenderableType]:
    """Bars of the smoothed loss against the learning rate, and the suggestion in words."""
    from rich.table import Table

    shown = _spread(points, found)
    losses = [point.smoothed for point in points if math.isfinite(point.smoothed)]
    # A loss that exploded is drawn as a full bar, or the fall before it would not be visible.
    lowest, top = min(losses), min(max(losses), 1.25 * losses[0])
    table = Table(box=None, pad_edge=False)
    table.add_column("Learning rate", justify="right")
    table.add_column("Loss", justify="right")
    table.add_column("", no_wrap=True)
    for point in shown:
        finite = math.isfinite(point.smoothed)
        share = (point.smoothed - lowest) / (top - lowest) if finite and top > lowest else float(not finite)
        mark = "  < suggested" if point.learning_rate == found.learning_rate else ""
        mark += "  < lowest loss" if point.learning_rate == found.lowest else ""
        table.add_row(
            f"{point.learning_rate:.2g}",
            f"{point.smoothed:.4f}" if finite else "not finite",
            "#" * (1 + round(min(1.0, share) * (BAR - 1))) + mark,
        )
    return [table, "\n" + in_words(found)]


def _spread(points: Sequence[RangePoint], found: Suggestion) -> list[RangePoint]:
    """At most about `ROWS` points over the whole range, including the marked ones and the last."""
    every = max(1, math.ceil(len(points) / ROWS))
    marked = {found.learning_rate, found.lowest, points[-1].learning_rate}
    return [point for i, point in enumerate(points) if i % every == 0 or point.learning_rate in marked]


def in_words(found: Suggestion) -> str:
    """The result of the test in one or two sentences."""
    if found.learning_rate is None:
        return "The loss never fell: no learning rate in this range can be suggested."
    return (
        f"The loss fell fastest at a learning rate of {rounded(found.learning_rate):g}: start with that. "
        f"It was lowest at {rounded(found.lowest):g}; beyond that it rises again."
    )


# The search in a separate process, for a server that must not train itself


class SearchError(AnnscopeError):
    """A search that failed: the message gives the reason."""


def search_elsewhere(config: RunConfig) -> Generator[RangePoint | Suggestion | None, None, None]:
    """Run `annscope find-learning-rate` in a separate process; yields its points and finally the suggestion.

    Yields None whenever there is nothing new, so that the caller can do something else, or stop. Closing the
    generator ends the process. Raises SearchError, with the message of the command line, if there is no result.
    """
    command = [sys.executable, "-P", "-m", "annscope.runs.cli", "find-learning-rate", "--json"]
    command += ["--steps", str(N_STEPS), *options_of(config)]
    with TemporaryFile() as error_output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=error_output,
            env={**os.environ, **environment(wanted_threads())},
        )
        lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        reading = threading.Thread(target=_read, args=(process, lines), name="learning-rate search", daemon=True)
        reading.start()
        try:
            yield from _parsed(lines)
            status = process.wait()
            if status:
                error_output.seek(0)
                raise SearchError(_sentence(error_output.read().decode(errors="replace"), status))
        finally:
            process.kill()
            process.wait()
            reading.join()


def _read(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    if process.stdout is not None:
        with process.stdout as output:
            for line in output:
                lines.put(line)
    lines.put(None)


def _parsed(lines: queue.SimpleQueue[bytes | None]) -> Iterator[RangePoint | Suggestion | None]:
    while True:
        try:
            line = lines.get(timeout=MOMENT_SECONDS)
        except queue.Empty:
            yield None
            continue
        if line is None:
            return
        message = json.loads(line)
        if message["type"] == "end":
            yield Suggestion(message["suggestion"], message["lowest"])
        else:
            yield RangePoint(*(math.nan if message[name] is None else message[name] for name in _POINT))


def _sentence(message: str, status: int) -> str:
    last = message.strip().splitlines()[-1:] or [f"the search ended before it was done (exit status {status})."]
    text = last[0].removeprefix("annscope: ")
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
