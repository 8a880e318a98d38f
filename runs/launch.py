"""Launching of runs: created or resumed, and given to a worker, a training process on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from annscope.core.config import FIELDS, RunConfig, check_fits
from annscope.core.errors import AnnscopeError, ConfigError, did_you_mean
from annscope.runs.catalogue import run_directory
from annscope.runs.control import check_pace, end_of_commands, send
from annscope.runs.processes import start_worker
from annscope.runs.reader import RunReader
from annscope.runs.status import LIVE, Status, new_status, write_status
from annscope.runs.writer import RunWriter, create_run


class LaunchError(AnnscopeError):
    """A run that cannot be started or resumed: the message gives the reason, and what to do instead."""


def start(config: RunConfig, *, pace: float | None = None, paused: bool = False) -> str:
    """Start a new run in its own worker and return its id at once, in state "starting".

    With a pace (`control.send`) it keeps to it from the first step on; `paused`, it waits at step 0.

    Raises ConfigError for an unknown data set, ControlError for an invalid pace, StorageError if the run cannot be
    created.
    """
    run = prepare(config, pace=pace, paused=paused)
    start_worker(run_directory(run))
    return run


def prepare(config: RunConfig, *, pace: float | None = None, paused: bool = False) -> str:
    """Create a run as `start` does, for a worker that begins later, and return its id."""
    check_pace(pace)
    run = create_run(checked(config))
    _keep_pace(run, pace)
    if paused:
        send(run, "pause")
    return run


def _keep_pace(run: str, pace: float | None) -> None:
    if pace is not None:
        send(run, "pace", pace)


def resume(run: str, *, pace: float | None = None) -> None:
    """Resume a run that was stopped or interrupted, in its own worker; raises what `prepare_resume` does."""
    start_worker(prepare_resume(run, pace=pace))


def go_on(run: str, n_more: int, *, pace: float | None = None) -> None:
    """Train a finished run for `n_more` epochs, in its own worker; raises what `prepare_to_go_on` does."""
    directory, n_epochs = prepare_to_go_on(run, n_more, pace=pace)
    start_worker(directory, n_epochs)


def checked(config: RunConfig) -> RunConfig:
    """Validate that the data set of a config exists; returns the config, with a file named by its full path.

    Raises ConfigError, with the nearest name, and for settings that do not suit a listed data set; DataError for a
    path that cannot be written into a record.
    """
    from annscope.data.datasets import DATASETS, check_name, find_path

    name = config.data.name
    check_data_of(config)
    if name in DATASETS:
        return config
    path = find_path(name)
    if path is None and os.path.lexists(name):
        check_name(name)
    if path is None:
        known = f"known are {list(DATASETS)}, or the path of a CSV or NPZ file or of a folder of images"
        raise ConfigError(f"there is no data set {name!r}{did_you_mean(name, DATASETS)}; {known}")
    full = str(path.resolve())
    check_name(full)
    return config.with_values({"data": full})


def check_data_of(config: RunConfig) -> None:
    """Raise ConfigError if settings do not suit a listed data set; a file is only checked when it is loaded."""
    from annscope.data.datasets import DATASETS

    if config.data.name in DATASETS:
        info = DATASETS[config.data.name]
        check_fits(config, info.n_classes, f"data set {info.name}", is_multilabel=info.is_multilabel)


def prepare_resume(run: str, *, pace: float | None = None) -> Path:
    """Put a run that was stopped or interrupted into state "starting", owned by this process; returns its directory.

    Raises LaunchError for a run that a process works on, that has finished or that diverged; RecordError for a run
    that does not exist or is damaged; ControlError for an invalid pace.
    """
    status = _idle_status(run)
    if status["status"] == "finished":
        raise LaunchError(f"Run {run} has finished its {status['epoch']} epochs; say how many more it is to go on.")
    return _prepare(run, status, pace)


def prepare_to_go_on(run: str, n_more: int, *, pace: float | None = None) -> tuple[Path, int]:
    """Put a finished run into state "starting", owned by this process; returns its directory and its new total.

    Raises LaunchError for a run that has not finished; ConfigError for an invalid number of epochs; RecordError for
    a run that does not exist or is damaged; ControlError for an invalid pace.
    """
    status = _idle_status(run)
    if status["status"] != "finished":
        raise LaunchError(f"Run {run} is {status['status']}; resume it before it goes on beyond its epochs.")
    more = FIELDS["epochs"].check(n_more)
    n_epochs = FIELDS["epochs"].check(status["epoch"] + more)
    return _prepare(run, status, pace), n_epochs


def _idle_status(run: str) -> Status:
    """The status of a run that no process works on, and that did not diverge."""
    status = RunReader(run_directory(run)).status()
    if status["status"] in LIVE:
        raise LaunchError(f"Run {run} is {status['status']}; only one process can train it at a time.")
    if status["status"] == "diverged":
        raise LaunchError(f"Run {run} diverged and would do so again; start a new run with a smaller learning rate.")
    return status


def _prepare(run: str, status: Status, pace: float | None) -> Path:
    check_pace(pace)
    directory = run_directory(run)
    RunWriter(directory).close()  # raises for a record that is damaged, or being written by another process
    config = RunReader(directory).config_in_force
    starting = new_status(config, control_from=end_of_commands(directory))
    starting["step"], starting["epoch"] = status["step"], status["epoch"]
    write_status(directory, starting)
    _keep_pace(run, pace)
    return directory
