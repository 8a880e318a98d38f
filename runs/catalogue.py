"""The catalogue of runs in annscope's home: ids, a summary of each, deletion."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from annscope.core.errors import AnnscopeError, did_you_mean, shortened
from annscope.data.home import annscope_home
from annscope.runs.atomic import StorageError
from annscope.runs.discarding import discarded, purge
from annscope.runs.liveness import LockedError, WriterLock
from annscope.runs.record import RecordError
from annscope.runs.status import LIVE

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")
"""Valid run ids: they are used in URLs and on command lines."""


def runs_home() -> Path:
    """The folder that holds a folder for each run."""
    return annscope_home() / "runs"


def runs_stamp() -> int:
    """Changes whenever a run is begun, deleted or restored; cheap, whatever the number of runs."""
    try:
        return runs_home().stat().st_mtime_ns
    except OSError:
        return 0  # there are no runs yet


def run_directory(run: str) -> Path:
    """The directory of a run, by its full id. Raises RecordError, with the nearest id, if it does not exist."""
    directory = runs_home() / run
    if not RUN_ID.fullmatch(run) or not directory.is_dir():
        raise RecordError(f"There is no run {shortened(run)!r}{did_you_mean(run, run_ids())}.")
    return directory


def run_ids() -> list[str]:
    """Every run's id, oldest first. Raises RecordError if the folder of the runs cannot be read."""
    return [name for name in _folders() if RUN_ID.fullmatch(name)]


def other_folders() -> list[str]:
    """Other folders among the runs, such as a copy: folders whose names are not valid run ids."""
    return [name for name in _folders() if not RUN_ID.fullmatch(name)]


def _folders() -> list[str]:
    try:
        with os.scandir(runs_home()) as entries:
            # A broken or circular link is not a folder.
            return sorted(each.name for each in entries if not each.name.startswith(".") and os.path.isdir(each.path))  # noqa: PTH112
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RecordError(f"The runs in {runs_home()} cannot be listed: {error.strerror or error}.") from error


def size_of(directory: Path) -> int:
    """Total size of the files of a run in bytes; links, and files that are deleted meanwhile, do not count."""
    total = 0
    for folder in (directory, directory / "snapshots"):
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    total += entry.stat().st_size if entry.is_file(follow_symlinks=False) else 0
    return total


def free_bytes() -> int:
    """Free bytes on the disk that holds the runs."""
    home = runs_home()
    return shutil.disk_usage(next(folder for folder in (home, *home.parents) if folder.exists())).free


def delete_run(run: str) -> None:
    """Delete a run and its record.

    Raises RecordError for a run that is starting, that a process is writing (by the writer's lock, whatever
    the status is), or that does not exist.
    """
    discard_run(run)
    leaving = discarded(runs_home() / run)
    try:
        shutil.rmtree(leaving)
    except OSError as error:
        leaving.rename(runs_home() / run)
        raise RecordError(f"Run {run} cannot be deleted: {error.strerror or error}.") from error


def discard_run(run: str) -> None:
    """Take a run out of the list: until `purge_discarded` it can be restored. Raises RecordError as `delete_run`."""
    directory = run_directory(run)
    running = RecordError(f"Run {run} is running; stop it before deleting it.")
    try:
        lock = WriterLock(directory / "worker.lock")
    except LockedError:
        raise running from None
    except StorageError:
        lock = None  # a folder in which the lock cannot be made has no writer
    try:
        if _is_live(directory):  # a worker that is starting has no lock yet
            raise running
        if lock is not None and os.name != "posix":  # pragma: no cover
            lock.release()  # Windows can neither move nor delete what is open
        directory.rename(discarded(directory))
    except OSError as error:
        raise RecordError(f"Run {run} cannot be deleted: {error.strerror or error}.") from error
    finally:
        if lock is not None:
            lock.release()


def restore_run(run: str) -> None:
    """Put a discarded run back into the list. Raises RecordError if it has been deleted meanwhile."""
    try:
        discarded(runs_home() / run).rename(runs_home() / run)
    except OSError as error:
        raise RecordError(f"Run {run} cannot be brought back: {error.strerror or error}.") from error


def purge_discarded() -> None:
    """Delete the runs that were discarded."""
    purge(runs_home())


def _is_live(directory: Path) -> bool:
    from annscope.runs.reader import RunReader

    try:
        return RunReader(directory).status()["status"] in LIVE
    except AnnscopeError:
        return False
