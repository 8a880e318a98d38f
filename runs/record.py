"""The record of a run: a directory that one process writes and any number may read.

    config.json               the settings, the data set's fingerprint, versions, everything that is fixed
    probe.safetensors         the few images whose way through the network every snapshot shows
    snapshots/000012.safetensors   parameters, probe activations, histograms and confusion matrix
    metrics.jsonl             one line a snapshot or event, in order; the only thing that is appended to
    status.json               what the run is doing now
    checkpoint.safetensors    all that an exact resume needs
    control.jsonl             commands to the worker (`runs.control`)
    worker.lock, worker.log   held by the writer; what it printed, tracebacks among it

A snapshot's arrays are written under a temporary name and renamed, then its line is appended: the
line is the commit. A reader believes complete lines only, so a process that is killed at any
instant loses at most the snapshot it was writing, and resuming computes that one again. Forcing
each snapshot to the disk would cost more than it saves: checkpoints are forced, and everything
before them, so a *power cut* may lose what came after the last checkpoint (seconds), and resuming
computes that again too.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from annscope.core.config import RunConfig
from annscope.core.errors import AnnscopeError, did_you_mean
from annscope.data.home import annscope_home
from annscope.runs.atomic import GrowingLines, append_line, drop_half_line, read_file, replace_file, to_json
from annscope.runs.changes import changes_in
from annscope.runs.encoding import (
    parameters_from,
    read_tensors,
    snapshot_from,
    snapshot_line,
    snapshot_tensors,
    tensor_bytes,
)
from annscope.runs.liveness import WriterLock, is_alive
from annscope.runs.status import LIVE as LIVE
from annscope.runs.status import State, new_status, write_status
from annscope.runs.status import Status as Status
from annscope.runs.threads import wanted_threads

if TYPE_CHECKING:
    from numpy import ndarray

    from annscope.core.dataset import Dataset
    from annscope.core.network import Network
    from annscope.core.snapshot import Checkpoint, Probe, Snapshot

FORMAT = 1

Line = dict[str, Any]
"""One object of `metrics.jsonl`."""


class RecordError(AnnscopeError):
    """A run that is not there, or a record that cannot be read: the text says what is wrong with it."""


@dataclass(frozen=True)
class SavedCheckpoint:
    """A trainer's checkpoint, with what the record needs to go on from it.

    `n_changes` counts the changes of the record that the checkpoint already holds; `looked` says
    whether the snapshot of its step had been taken.
    """

    checkpoint: Checkpoint
    train_seconds: float
    n_changes: int
    looked: bool


def create_run(config: RunConfig) -> str:
    """Make the directory of a new run, in state "starting", and return the run's id.

    Ids begin with the time (UTC), so that they sort by it; two runs of the same second get
    different ones.
    """
    now = datetime.now(UTC)
    stem = f"{now:%Y-%m-%d-%H%M-%S}-{_slug(config)}"
    try:
        _home().mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=_home()))
        new.chmod(0o755)
    except OSError as error:
        raise RecordError(f"Cannot make a run in {_home()}: {error.strerror or error}.") from error
    # Filled first and named then: whoever sees the run sees all of it. A name that is taken cannot be taken again.
    write_status(new, new_status(config))
    for attempt in range(1, 1000):
        run = stem if attempt == 1 else f"{stem}-{attempt}"
        description = {
            "format": FORMAT,
            "run": run,
            "created": now.isoformat(timespec="milliseconds"),
            "config": config.to_dict(),
            "dataset": None,
            "layer_sizes": None,
        }
        _write_json(new / "config.json", description)
        try:
            new.rename(_home() / run)
        except OSError:
            if (_home() / run).exists():
                continue
            raise
        return run
    raise RecordError(f"Too many runs begin with {stem}.")


def _slug(config: RunConfig) -> str:
    name = config.data.name
    if "/" in name or "\\" in name or "." in name:
        name = Path(name.replace("\\", "/")).stem
    name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30] or "data"
    sizes = config.network.hidden_sizes
    shape = "-".join(map(str, sizes)) if 0 < len(sizes) <= 4 else f"{len(sizes)}-layers" if sizes else "linear"
    return f"{name}-{shape}"


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    replace_file(path, (to_json(values, indent=1) + "\n").encode())


class RunReader:
    """Reads the record of one run; never writes, and may read while another process does.

    Raises RecordError when made for a directory that is not there, and from every method for a
    part of the record that is missing or damaged.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory)
        if not self.directory.is_dir():
            raise RecordError(f"There is no run {self.directory.name!r}.")
        self.run = self.directory.name
        self._description: dict[str, Any] | None = None
        self._new = GrowingLines(self.directory / "metrics.jsonl")
        self._all = GrowingLines(self.directory / "metrics.jsonl")
        self._lines: list[Line] = []
        self._by_number: dict[int, Line] = {}

    @property
    def description(self) -> dict[str, Any]:
        """What `config.json` says; `dataset` and `layer_sizes` are null until the data is loaded."""
        if self._description is None or self._description.get("dataset") is None:
            description = self._json("config.json")
            if description.get("format") != FORMAT:
                raise RecordError(
                    f"Run {self.run} is in record format {description.get('format')!r}, "
                    f"this version of annscope reads format {FORMAT}."
                )
            self._description = description
        return self._description

    @property
    def is_multilabel(self) -> bool:
        """Whether an example of the data may carry any number of labels."""
        return bool((self.description["dataset"] or {}).get("is_multilabel"))

    @property
    def accuracy_name(self) -> str:
        """What the share of right answers is called: of several labels all have to be right."""
        return "subset accuracy" if self.is_multilabel else "accuracy"

    @property
    def config(self) -> RunConfig:
        """The settings the run was started with."""
        return RunConfig.from_dict(self.description.get("config", {}))

    @property
    def config_in_force(self) -> RunConfig:
        """The settings with every recorded change made: a moved learning rate, more epochs."""
        return self.config.with_values({change.option: change.value for change in changes_in(self.lines())})

    def status(self) -> Status:
        """What the run is doing; "interrupted" when its process is gone without having said so."""
        values = self._json("status.json")
        status: Status = {**new_status(self.config), **values}  # type: ignore[typeddict-item]
        try:
            gone = status["status"] in LIVE and not is_alive(status)
        except (TypeError, ValueError) as error:
            raise RecordError(f"status.json of run {self.run} is damaged: {error}.") from error
        if status["status"] not in get_args(State):
            raise RecordError(f"status.json of run {self.run} names no state that a run can be in.")
        if gone:
            status["status"] = "interrupted"
            status["seconds_left"] = status["loading"] = None
            status["message"] = "The process that trained this run is gone; resuming continues where it was."
        return status

    def lines(self) -> list[Line]:
        """Every snapshot and event so far, in order."""
        self._read_on()
        return list(self._lines)

    def new_lines(self) -> list[Line]:
        """What was recorded since the last call; everything at the first."""
        return self._read(self._new)

    def snapshot_lines(self) -> list[Line]:
        """The lines of the snapshots, in order of their numbers."""
        self._read_on()
        return list(self._by_number.values())

    def snapshot_bytes(self, number: int) -> bytes:
        """A snapshot's safetensors file as it is."""
        self._line(number)
        try:
            return read_file(_snapshot_path(self.directory, number))
        except OSError as error:
            raise RecordError(f"The arrays of snapshot {number} of run {self.run} cannot be read: {error}.") from error

    def snapshot_written(self, number: int) -> float:
        """When a snapshot's file was written, in seconds since 1970."""
        try:
            return _snapshot_path(self.directory, number).stat().st_mtime
        except OSError as error:
            raise RecordError(f"Snapshot {number} of run {self.run} cannot be found: {error.strerror}.") from error

    def snapshot(self, number: int) -> Snapshot:
        """One moment of the run, by its number."""
        line, tensors = self._line(number), self._tensors(number)
        try:
            return snapshot_from(line, tensors)
        except (KeyError, TypeError) as error:
            raise RecordError(f"Snapshot {number} of run {self.run} is damaged: {error} is missing.") from error

    def network(self, number: int) -> Network:
        """The network as it was at a snapshot."""
        sizes = self.description["layer_sizes"]
        if sizes is None:
            raise RecordError(f"Run {self.run} has not loaded its data yet.")
        from annscope.core.network import Network

        tensors = self._tensors(number)
        try:
            parameters = parameters_from(tensors, len(sizes) - 1)
        except KeyError as error:
            raise RecordError(f"Snapshot {number} of run {self.run} is damaged: {error} is missing.") from error
        return Network(self.config.network, sizes[0], len(self.description["dataset"]["class_names"]), parameters)

    def probe(self) -> Probe:
        """The images whose way through the network every snapshot shows."""
        from annscope.core.snapshot import Probe

        tensors = self._load(self.probe_bytes(), "The probe images")
        try:
            return Probe(indices=tensors["indices"], x=tensors["x"], y=tensors["y"])
        except KeyError as error:
            raise RecordError(f"The probe images of run {self.run} are damaged: {error} is missing.") from error

    def probe_bytes(self) -> bytes:
        """The probe's safetensors file as it is."""
        try:
            return read_file(self.directory / "probe.safetensors")
        except OSError as error:
            raise RecordError(f"The probe images of run {self.run} cannot be read: {error.strerror}.") from error

    def kept_number(self) -> int:
        """The number of the snapshot that stands for the run.

        With early stopping by patience that is the one with the lowest held-out loss, otherwise the last.
        """
        lines = self.snapshot_lines()
        if not lines:
            raise RecordError(f"Run {self.run} has no snapshot yet.")
        line = best_line(lines) if self.config.training.patience else None
        return int((line or lines[-1])["number"])

    def _line(self, number: int) -> Line:
        if number not in self._by_number:
            self._read_on()
        if number not in self._by_number:
            count = len(self._by_number)
            has = f"it has 0 to {count - 1}" if count else "it has none yet"
            raise RecordError(f"Run {self.run} has no snapshot {number}; {has}.")
        return self._by_number[number]

    def _read_on(self) -> None:
        lines = self._read(self._all)
        self._lines += lines
        self._by_number |= {line["number"]: line for line in lines if line["type"] == "snapshot"}

    def _tensors(self, number: int) -> dict[str, ndarray]:
        return self._load(self.snapshot_bytes(number), f"The arrays of snapshot {number}")

    def _load(self, content: bytes, what: str) -> dict[str, ndarray]:
        try:
            return read_tensors(content)
        except ValueError as error:
            raise RecordError(f"{what} of run {self.run} are damaged: {error}.") from error

    def _json(self, name: str) -> dict[str, Any]:
        try:
            values = json.loads(read_file(self.directory / name))
        except FileNotFoundError:
            raise RecordError(f"Run {self.run} has no {name}.") from None
        except (OSError, ValueError) as error:
            raise RecordError(f"{name} of run {self.run} cannot be read: {error}.") from error
        if not isinstance(values, dict):
            raise RecordError(f"{name} of run {self.run} does not hold an object.")
        return values

    def _read(self, lines: GrowingLines) -> list[Line]:
        try:
            return [_parse_line(text) for text in lines.read()]
        except (OSError, ValueError) as error:
            raise RecordError(f"The metrics of run {self.run} cannot be read: {error}.") from error


def _parse_line(text: bytes) -> Line:
    line = json.loads(text)
    needed = {"snapshot": ("number", "step", "heldout"), "event": ("event", "step")}
    kind = line.get("type") if isinstance(line, dict) else None
    if not isinstance(kind, str) or kind not in needed or any(name not in line for name in needed[kind]):
        raise ValueError("a line is neither a snapshot nor an event")
    return dict(line)


class RunWriter:
    """Writes the record of one run, as its only writer; opening it again continues it.

    What was already committed is never written a second time: a resumed trainer computes the
    snapshots since its checkpoint anew, and they are recognised by their step.

    `changes` are the recorded events that changed the mathematics, `last_step` is the step of the
    last snapshot or event (-1 in a record without any).

    Raises LockedError when another process writes this record, RecordError when it cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory)
        reader = RunReader(self.directory)
        self.run = reader.run
        self.config = reader.config
        self._lock = WriterLock(self.directory / "worker.lock")
        try:
            drop_half_line(self.directory / "metrics.jsonl")
            lines = reader.lines()
            self.description = dict(reader.description)
            (self.directory / "snapshots").mkdir(exist_ok=True)
        except BaseException:
            self._lock.release()
            raise
        snapshots = [line for line in lines if line["type"] == "snapshot"]
        self.changes = changes_in(lines)
        self._numbers: dict[int, int] = {line["step"]: line["number"] for line in snapshots}
        self.last_step = max((line["step"] for line in lines), default=-1)
        self._best = best_line(snapshots)
        self._best_said = max((line["step"] for line in lines if line.get("event") == "best"), default=None)
        self._unforced: list[Path] = []

    def describe(
        self, dataset: Dataset, probe: Probe, layer_sizes: Iterable[int], histogram_edges: Mapping[str, ndarray],
        threads: int,
    ) -> None:  # fmt: skip
        """Complete `config.json` with what is known once the data is loaded, and store the probe images."""
        import numpy as np

        self.description |= {
            "dataset": {
                "name": dataset.name,
                "fingerprint": dataset.fingerprint,
                "n_train": len(dataset.y_train),
                "n_validation": len(dataset.y_val),
                "n_test": len(dataset.y_test),
                "n_features": dataset.n_features,
                "image_shape": dataset.image_shape,
                "class_names": dataset.class_names,
                "is_multilabel": dataset.is_multilabel,
            },
            "layer_sizes": list(layer_sizes),
            "histogram_edges": {name: edges.tolist() for name, edges in histogram_edges.items()},
            "versions": library_versions(),
            "threads": threads,
        }
        content = tensor_bytes(
            {
                "x": np.ascontiguousarray(probe.x, dtype=np.float32),
                "y": np.ascontiguousarray(probe.y, dtype=np.int32),
                "indices": np.ascontiguousarray(probe.indices, dtype=np.int32),
            }
        )
        replace_file(self.directory / "probe.safetensors", content, durable=True)
        _write_json(self.directory / "config.json", self.description)

    def append(self, snapshot: Snapshot) -> int | None:
        """Commit a snapshot and return its number.

        A step that is already committed keeps its number and is not written again. None for a
        step that the record is already past without having kept it.
        """
        number = self._numbers.get(snapshot.step)
        if number is not None:
            self._mend(number, snapshot)
            return number
        if snapshot.step < self.last_step:
            return None
        number = len(self._numbers)
        path = _snapshot_path(self.directory, number)
        replace_file(path, tensor_bytes(snapshot_tensors(snapshot)))
        self._unforced.append(path)
        line = snapshot_line(number, snapshot)
        append_line(self.directory / "metrics.jsonl", line)
        self._numbers[snapshot.step] = number
        self.last_step = snapshot.step
        self._best = best_line([self._best, line] if self._best else [line])
        return number

    def _mend(self, number: int, snapshot: Snapshot) -> None:
        # After a power cut a line may have outlived its arrays.
        path = _snapshot_path(self.directory, number)
        content = tensor_bytes(snapshot_tensors(snapshot))
        if not path.exists() or path.stat().st_size != len(content):
            replace_file(path, content)

    def event(self, event: str, step: int, **details: Any) -> None:
        """Record something that happened at a step.

        A change of the learning rate or of the number of epochs must be recorded before it takes
        effect: then settings and events together reproduce the run.
        """
        line = {"type": "event", "event": event, "step": step, "time": time.time(), **details}
        append_line(self.directory / "metrics.jsonl", line)
        self.changes += changes_in([line])
        self.last_step = max(self.last_step, step)

    def say_best(self) -> None:
        """Record which snapshot has the lowest held-out loss so far, unless that has been said."""
        if self._best is not None and self._best["step"] != self._best_said:
            self.event(
                "best", self._best["step"], **{key: self._best[key] for key in ("number", "epoch", "train", "heldout")}
            )
            self._best_said = self._best["step"]

    def save_checkpoint(self, checkpoint: Checkpoint, *, train_seconds: float, n_changes: int, looked: bool) -> None:
        """Make this the point from which a resume goes on, and force it and all before it to the disk.

        See `SavedCheckpoint` for the arguments.
        """
        import numpy as np

        for path in self._unforced:
            _force(path)
        self._unforced.clear()
        if (self.directory / "metrics.jsonl").exists():
            _force(self.directory / "metrics.jsonl")
        state = {
            "step": checkpoint.step,
            "state": dict(checkpoint.state),
            "train_seconds": train_seconds,
            "n_changes": n_changes,
            "looked": looked,
        }
        arrays = {name: np.ascontiguousarray(array) for name, array in checkpoint.arrays.items()}
        content = tensor_bytes(arrays, {"annscope": json.dumps(state)})
        replace_file(self.directory / "checkpoint.safetensors", content, durable=True)

    def load_checkpoint(self) -> SavedCheckpoint | None:
        """The point from which to go on, or None when the run has to begin at its beginning.

        Raises RecordError for a damaged checkpoint.
        """
        from safetensors import SafetensorError, safe_open

        from annscope.core.snapshot import Checkpoint

        path = self.directory / "checkpoint.safetensors"
        if not path.exists():
            return None
        try:
            with safe_open(path, framework="numpy") as file:
                state = json.loads((file.metadata() or {})["annscope"])
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            checkpoint = Checkpoint(step=state["step"], arrays=arrays, state=state["state"])
            return SavedCheckpoint(checkpoint, state["train_seconds"], state["n_changes"], state["looked"])
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            raise RecordError(f"The checkpoint of run {self.run} is damaged: {error}.") from error

    def close(self) -> None:
        """Let another process write the record."""
        self._lock.release()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def best_line(lines: Iterable[Line]) -> Line | None:
    """The snapshot line with the lowest held-out loss, the earliest of equals; None without any finite one."""
    judged = [line for line in lines if line["heldout"]["loss"] is not None]
    return min(judged, key=lambda line: line["heldout"]["loss"], default=None)


def recorded_threads(description: Mapping[str, Any]) -> int:
    """The number of threads that going on with a run has to use for the same bits, or a new one may use."""
    return int(description.get("threads") or description.get("blas_threads") or wanted_threads())


def _snapshot_path(directory: Path, number: int) -> Path:
    return directory / "snapshots" / f"{number:06d}.safetensors"


def _force(path: Path) -> None:
    # Windows forces only what is open for writing.
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def library_versions() -> dict[str, str]:
    """What a run's bits may depend on besides its settings."""
    import numpy as np

    try:
        annscope = version("annscope")
    except PackageNotFoundError:
        annscope = "unknown"
    return {"annscope": annscope, "numpy": np.__version__, "python": platform.python_version()}


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


def _home() -> Path:
    return annscope_home() / "runs"


def run_directory(run: str) -> Path:
    """The directory of a run, by its full id. Raises RecordError, with the nearest id, when there is none."""
    directory = _home() / run
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}", run) or not directory.is_dir():
        raise RecordError(f"There is no run {run!r}{did_you_mean(run, run_ids())}.")
    return directory


def run_ids() -> list[str]:
    """Every run's id, oldest first."""
    try:
        return sorted(path.name for path in _home().iterdir() if path.is_dir() and not path.name.startswith("."))
    except FileNotFoundError:
        return []


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
    raise RecordError(f"There is no run {text!r}{did_you_mean(text, [*ids, 'latest'])}.")


def list_runs() -> list[RunSummary]:
    """Every run, newest first; one that cannot be read is in the list as "unreadable", with the reason."""
    return [summarize(run) for run in reversed(run_ids())]


def summarize(run: str) -> RunSummary:
    """One run in a few words; "unreadable", with the reason, when its record is damaged."""
    directory = _home() / run
    try:
        return _summary(RunReader(directory))
    except AnnscopeError as error:
        message = str(error)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        message = f"The record of run {run} is damaged: {error!r}."
    return RunSummary(run=run, directory=directory, status="unreadable", message=message)


def _summary(reader: RunReader) -> RunSummary:
    description, config, status = reader.description, reader.config, reader.status()
    last = _last_snapshot_line(reader.directory / "metrics.jsonl")
    sizes = description.get("layer_sizes")
    return RunSummary(
        run=reader.run,
        directory=reader.directory,
        status=status["status"],
        message=status["message"],
        created=description.get("created"),
        data=config.data.name,
        layer_sizes=tuple(sizes) if sizes else None,
        hidden_sizes=config.network.hidden_sizes,
        step=max(status["step"], last["step"]) if last else status["step"],
        epoch=max(status["epoch"], last["epoch"]) if last else status["epoch"],
        n_epochs=status["n_epochs"],
        loss=last["heldout"]["loss"] if last else None,
        accuracy=last["heldout"]["accuracy"] if last else None,
    )


def _last_snapshot_line(path: Path) -> Line | None:
    # A line is at most a few kilobytes; the end of the file is enough to know where a run stands.
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 65_536))
            content = file.read()
    except OSError:
        return None
    for text in reversed(content[: content.rfind(b"\n") + 1].splitlines()):
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and line.get("type") == "snapshot" and "heldout" in line:
            return line
    return None


def delete_run(run: str) -> None:
    """Remove a run and its record. Raises RecordError for one that is running or not there."""
    directory = run_directory(run)
    try:
        live = RunReader(directory).status()["status"] in LIVE
    except AnnscopeError:
        live = False
    if live:
        raise RecordError(f"Run {run} is running; stop it before deleting it.")
    try:
        shutil.rmtree(directory)
    except OSError as error:
        raise RecordError(f"Run {run} cannot be deleted: {error.strerror or error}.") from error
