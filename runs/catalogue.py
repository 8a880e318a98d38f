"""The catalogue of runs in annscope's home: ids, a summary of each, deletion."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from annscope.core.errors import AnnscopeError, did_you_mean, shortened
from annscope.data.home import annscope_home
from annscope.runs.atomic import StorageError, open_file
from annscope.runs.liveness import LockedError, WriterLock
from annscope.runs.reader import RunReader
from annscope.runs.record import Line, RecordError
from annscope.runs.schema import parse_line
from annscope.runs.status import LIVE, State


@dataclass(frozen=True)
class RunSummary:
    """Summary of one run for a list; what cannot be read is None, and `message` gives the reason."""

    run: str
    directory: Path
    status: State
    message: str | None = None
    created: str | None = None
    data: str | None = None
    layer_sizes: tuple[int, ...] | None = None
    hidden_sizes: tuple[int, ...] | None = None
    step: int | None = None
    epoch: int | None = None
    n_epochs: int | None = None
    loss: float | None = None
    accuracy: float | None = None
    """Of the last snapshot, on held-out examples."""
    n_bytes: int | None = None
    """Size of its files on the disk."""


RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")
"""Valid run ids: they are used in URLs and on command lines."""
TAIL_BYTES = 65_536
"""Bytes read from the end of the metrics: a line is at most a few kilobytes, so this holds the last snapshot's."""


def runs_home() -> Path:
    """The folder that holds a folder for each run."""
    return annscope_home() / "runs"


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


def find_run(text: str) -> str:
    """The full id of the run that `text` abbreviates: an id, a unique part of one, or "latest".

    Raises RecordError unless exactly one run matches.
    """
    ids = run_ids()
    if text in ids:
        return text
    if not ids:
        raise RecordError(f"There is no run {text!r}: there are no runs yet.")
    if text == "latest":
        return ids[-1]
    matches = [run for run in ids if text.lower() in run]
    if len(matches) == 1:
        return matches[0]
    if matches:
        shown = ", ".join(matches[-3:]) + (", ..." if len(matches) > 3 else "")
        raise RecordError(f"{text!r} fits {len(matches)} runs ({shown}); give more of the id.")
    raise RecordError(f"There is no run {shortened(text)!r}{did_you_mean(text, [*ids, 'latest'])}.")


def list_runs() -> list[RunSummary]:
    """Every run, newest first; runs that cannot be read come last, as "unreadable" and with the reason."""
    found = [summarize(run) for run in [*reversed(run_ids()), *other_folders()]]
    return sorted(found, key=lambda about: about.status == "unreadable")


def summarize(run: str) -> RunSummary:
    """Summary of one run; "unreadable", with the reason, if its record is damaged or the folder does not hold a run."""
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
    last = _last_snapshot_line(reader.directory / "metrics.jsonl")
    sizes = description["layer_sizes"]
    return RunSummary(
        run=reader.run,
        directory=reader.directory,
        status=status["status"],
        message=status["message"],
        created=description["created"],
        data=config.data.name,
        layer_sizes=tuple(sizes) if sizes else None,
        hidden_sizes=config.network.hidden_sizes,
        step=max(status["step"], last["step"]) if last else status["step"],
        epoch=max(status["epoch"], last["epoch"]) if last else status["epoch"],
        n_epochs=status["n_epochs"],
        loss=last["heldout"]["loss"] if last else None,
        accuracy=last["heldout"]["accuracy"] if last else None,
        n_bytes=size_of(reader.directory),
    )


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


def delete_run(run: str) -> None:
    """Delete a run and its record.

    Raises RecordError for a run that is starting, that a process is writing (by the writer's lock, whatever
    the status is), or that does not exist.
    """
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
        # Renamed out of the list first: a half-deleted run is never listed.
        leaving = directory.rename(directory.with_name(f".deleted-{run}"))
        try:
            shutil.rmtree(leaving)
        except OSError:
            leaving.rename(directory)
            raise
    except OSError as error:
        raise RecordError(f"Run {run} cannot be deleted: {error.strerror or error}.") from error
    finally:
        if lock is not None:
            lock.release()


def _is_live(directory: Path) -> bool:
    try:
        return RunReader(directory).status()["status"] in LIVE
    except AnnscopeError:
        return False
