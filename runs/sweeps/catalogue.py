"""The catalogue of sweeps in annscope's home: their names and folders, and deletion with their runs.

sweeps/NAME/study.log     the journal of the study, which optuna-dashboard can read as well
sweeps/NAME/status.json   the process that drives the sweep, while it does
sweeps/NAME/worker.lock   held by it
"""

from __future__ import annotations

from pathlib import Path

from annscope.core.errors import did_you_mean, shortened
from annscope.data.home import annscope_home
from annscope.runs.atomic import StorageError
from annscope.runs.catalogue import RUN_ID
from annscope.runs.discarding import discarded, purge
from annscope.runs.liveness import LockedError, WriterLock
from annscope.runs.sweeps.errors import SweepError

JOURNAL, LOCK = "study.log", "worker.lock"


def sweeps_home() -> Path:
    """The folder that holds a folder for each sweep."""
    return annscope_home() / "sweeps"


def sweep_names() -> list[str]:
    """Every sweep's name, newest first."""
    journals = sorted(sweeps_home().glob(f"*/{JOURNAL}"), key=lambda path: path.parent.stat().st_ctime, reverse=True)
    return [path.parent.name for path in journals if RUN_ID.fullmatch(path.parent.name)]


def sweep_directory(name: str) -> Path:
    """The folder of a sweep. Raises SweepError, with the nearest name, if there is none."""
    directory = sweeps_home() / name
    if not RUN_ID.fullmatch(name) or not (directory / JOURNAL).is_file():
        raise SweepError(f"There is no sweep {shortened(name)!r}{did_you_mean(name, sweep_names())}.")
    return directory


def discard_sweep(name: str) -> None:
    """Take a sweep out of the list, with its journal: until `purge_discarded_sweeps` it can be restored.

    Its runs are runs as any other (`runs.catalogue.discard_run`). Raises SweepError while a process drives it.
    """
    directory = sweep_directory(name)
    try:
        WriterLock(directory / LOCK).release()
    except LockedError:
        raise SweepError(f"The sweep {name} is in progress; stop it before deleting it.") from None
    except StorageError:
        pass  # a folder in which the lock cannot be made has no driver
    try:
        directory.rename(discarded(directory))
    except OSError as error:
        raise SweepError(f"The sweep {name} cannot be deleted: {error.strerror or error}.") from error


def restore_sweep(name: str) -> None:
    """Put a discarded sweep back into the list. Raises SweepError if it has been deleted meanwhile."""
    try:
        discarded(sweeps_home() / name).rename(sweeps_home() / name)
    except OSError as error:
        raise SweepError(f"The sweep {name} cannot be brought back: {error.strerror or error}.") from error


def purge_discarded_sweeps() -> None:
    """Delete the sweeps that were discarded."""
    purge(sweeps_home())
