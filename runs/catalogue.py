"""The runs in annscope's home: their names, one line about each, and their removal."""

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
    """One run in a list; what cannot be read is None, and `message` says why."""

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
    """What its files take on the disk."""


RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")
"""How a run may be called: its name stands in addresses and on command lines."""
TAIL_BYTES = 65_536
"""A line is at most a few kilobytes; the end of a file of lines is enough to know where a run stands."""


def runs_home() -> Path:
    """The folder that holds a folder for each run."""
    return annscope_home() / "runs"


def run_directory(run: str) -> Path:
    """The directory of a run, by its full id. Raises RecordError, with the nearest id, when there is none."""
    directory = runs_home() / run
    if not RUN_ID.fullmatch(run) or not directory.is_dir():
        raise RecordError(f"There is no run {shortened(run)!r}{did_you_mean(run, run_ids())}.")
    return directory


def run_ids() -> list[str]:
    """Every run's id, oldest first. Raises RecordError where the folder of the runs cannot be read."""
    return [name for name in _folders() if RUN_ID.fullmatch(name)]


def other_folders() -> list[str]:
    """What else lies among the runs, such as a copy: folders whose name no run can have."""
    return [name for name in _folders() if not RUN_ID.fullmatch(name)]


def _folders() -> list[str]:
    try:
        with os.scandir(runs_home()) as entries:
            # A link that leads nowhere or in a circle is no folder.
            return sorted(each.name for each in entries if not each.name.startswith(".") and os.path.isdir(each.path))  # noqa: PTH112
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RecordError(f"The runs in {runs_home()} cannot be listed: {error.strerror or error}.") from error


def find_run(text: str) -> str:
    """The full id of the run that `text` abbreviates: an id, a part that only one id has, or "latest".

    Raises RecordError when there is none, or more than one.
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
    """Every run, newest first; what cannot be read comes last, as "unreadable" and with the reason."""
    found = [summarize(run) for run in [*reversed(run_ids()), *other_folders()]]
    return sorted(found, key=lambda about: about.status == "unreadable")


def summarize(run: str) -> RunSummary:
    """One run in a few words; "unreadable", with the reason, when its record is damaged or the folder is no run's."""
    directory = runs_home() / run
    try:
        if not RUN_ID.fullmatch(run):
            raise RecordError("This is no run: the name of one has only letters, digits, - and _.")
        return _summary(RunReader(directory))
    except RecordError as error:
        name = run.encode(errors="backslashreplace").decode()  # a name need not be text
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
    """How many bytes the files of a run take; those that go meanwhile count for nothing."""
    total = 0
    for folder in (directory, directory / "snapshots"):
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    total += entry.stat(follow_symlinks=False).st_size if entry.is_file() else 0
    return total


def free_bytes() -> int:
    """How many bytes are free on the disk that holds the runs."""
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
    """Remove a run and its record.

    Raises RecordError for one that is starting, that a process works on (by the writer's lock, whatever
    the status says), or that is not there.
    """
    directory = run_directory(run)
    running = RecordError(f"Run {run} is running; stop it before deleting it.")
    try:
        lock = WriterLock(directory / "worker.lock")
    except LockedError:
        raise running from None
    except StorageError:
        lock = None  # a folder in which nobody can make the lock has no writer
    try:
        if _is_live(directory):  # a worker that is starting has no lock yet
            raise running
        if lock is not None and os.name != "posix":  # pragma: no cover
            lock.release()  # Windows moves and removes nothing that is open
        # Out of the list first: nobody sees half a run.
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
