"""Worker processes: started, given a run, watched, and one kept ready for the next run.

The process that starts a worker holds the writing end of its standard input: when that process
ends in any way, the worker sees its input close, writes a checkpoint and ends as well; one that is
only ready ends at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from annscope.core.errors import AnnscopeError
from annscope.runs.reader import RunReader
from annscope.runs.record import recorded_threads
from annscope.runs.status import publish_failure
from annscope.runs.threads import environment, wanted_threads

WAIT = "--wait"
"""Argument of a worker that makes its imports, then reads its other arguments from standard input, as JSON."""


def start_worker(directory: Path, n_epochs: int | None = None) -> None:
    """Train the run in `directory` in a worker: the one that is ready, else a new one.

    A worker that cannot be started, or ends before it begins, is a failure of the run, with the reason.
    """
    arguments = [str(directory)] if n_epochs is None else [str(directory), "--epochs", str(n_epochs)]
    variables = _environment(recorded_threads(RunReader(directory).description))
    try:
        process = _ready.take(arguments, variables) or _start(arguments, variables, directory / "worker.log")
    except OSError as error:
        _publish_failure(directory, f"The worker could not be started: {error.strerror or error}.")
        return
    threading.Thread(target=_watch, args=(process, directory), name=f"watch {directory.name}", daemon=True).start()


@contextlib.contextmanager
def one_kept_ready() -> Iterator[None]:
    """Keep one worker ready while no run is started, so that the next run does not wait for its imports."""
    _ready.is_kept = True
    _ready.make()
    try:
        yield
    finally:
        _ready.is_kept = False
        _ready.drop()


def _environment(n_threads: int) -> dict[str, str]:
    return {**os.environ, **environment(n_threads)}


def _start(arguments: list[str], variables: Mapping[str, str], log: Path | None) -> subprocess.Popen[bytes]:
    with contextlib.ExitStack() as stack:
        output: IO[bytes] | int = subprocess.DEVNULL if log is None else stack.enter_context(log.open("ab"))
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "annscope.runs.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=variables,
            # Ctrl-C in our terminal is for us alone: the worker notices that we ended when its input closes.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )


class _Ready:
    """The worker that waits for a run, if there is one."""

    def __init__(self) -> None:
        self.is_kept = False
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._variables: Mapping[str, str] = {}

    def make(self) -> None:
        """Start a worker that waits, if one is to be kept and there is none; without one, a run starts later."""
        with self._lock, contextlib.suppress(OSError):
            if self.is_kept and self._process is None:
                self._variables = _environment(wanted_threads())
                self._process = _start([WAIT], self._variables, None)

    def take(self, arguments: list[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
        """Give the waiting worker its run; None if there is none that lives and has this environment."""
        with self._lock:
            process = self._process
            if process is None or process.stdin is None or variables != self._variables:
                return None
            self._process = None
        try:
            process.stdin.write(json.dumps(arguments).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            _end(process)
            return None
        return process

    def drop(self) -> None:
        """End the waiting worker."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()  # closes its input, whatever is still in it


_ready = _Ready()


def _watch(process: subprocess.Popen[bytes], directory: Path) -> None:
    # Holds the pipe, reaps the process, and publishes the failure of a worker that ended too early to do so.
    status = process.wait()
    if process.stdin is not None:
        process.stdin.close()
    _ready.make()
    try:
        untouched = RunReader(directory).status()
        if untouched["status"] in {"starting", "unresponsive"} and untouched["pid"] == os.getpid():
            words = (directory / "worker.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            output = words[-1] if words else f"exit status {status}"
            _publish_failure(directory, f"The worker ended before it began: {output}")
    except (AnnscopeError, OSError):
        return  # the run is gone


def _publish_failure(directory: Path, message: str) -> None:
    publish_failure(directory, RunReader(directory).status(), message)
