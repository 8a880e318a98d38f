"""Launching of sweeps for the dashboard: each in a process of its own, which ends with the dashboard.

python -m annscope.runs.sweeps NAME
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress

import psutil

from annscope.runs.launch import checked
from annscope.runs.sweeps.catalogue import sweep_directory
from annscope.runs.sweeps.driver import Progress, driver_status, write_driver_status
from annscope.runs.sweeps.errors import SweepError
from annscope.runs.sweeps.study import Sweep, create_study
from annscope.runs.threads import environment, wanted_threads

LOG = "driver.log"


def start_sweep(sweep: Sweep) -> None:
    """Create a sweep and drive it in a process of its own. Raises SweepError, ConfigError, StorageError."""
    checked(sweep.config)
    create_study(sweep)
    resume_sweep(sweep.name)


def resume_sweep(name: str) -> None:
    """Drive a sweep in a process of its own. Raises SweepError if that cannot be started, or there is no such sweep."""
    directory = sweep_directory(name)
    try:
        with (directory / LOG).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "annscope.runs.sweeps", name],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment(wanted_threads())},
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
    except OSError as error:
        raise SweepError(f"The sweep {name} could not be started: {error.strerror or error}.") from error
    write_driver_status(directory, Progress(0, 0, 0, None, "Starting the workers."), process.pid)
    threading.Thread(target=_watch, args=(process,), name=f"watch {name}", daemon=True).start()


def _watch(process: subprocess.Popen[bytes]) -> None:
    # Holds the pipe, and reaps the process.
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def stop_sweep(name: str) -> None:
    """Have the process that drives a sweep end; the sweep can be resumed."""
    status = driver_status(name)
    if status is not None:
        with suppress(psutil.Error):
            psutil.Process(status[0]).terminate()


def problem_of(name: str) -> str | None:
    """Why the last process that drove a sweep ended, if it said so."""
    with suppress(OSError):
        lines = (sweep_directory(name) / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else None
    return None
