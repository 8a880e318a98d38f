"""Writer of the record of a run (`runs.record`): creates it, and appends to it as its only writer."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annscope.core.config import RunConfig
from annscope.core.evaluation.best import best_line
from annscope.runs.atomic import (
    append_line,
    drop_half_line,
    flush_directory,
    flush_file,
    read_file,
    replace_file,
    to_json,
    writing,
)
from annscope.runs.catalogue import run_ids, runs_home
from annscope.runs.changes import changes_in
from annscope.runs.encoding import STATE, read_tensors, snapshot_line, snapshot_tensors, tensor_bytes
from annscope.runs.liveness import WriterLock
from annscope.runs.reader import RunReader
from annscope.runs.record import FORMAT, RecordError, library_versions, snapshot_path
from annscope.runs.schema import CheckpointState, check, parse_json
from annscope.runs.status import new_status, reserve_space, write_status
from annscope.runs.thinning import Numbers, StoredArrays, budget_of
from annscope.runs.threads import wanted_threads

if TYPE_CHECKING:
    from numpy import ndarray

    from annscope.core.dataset import Dataset
    from annscope.core.snapshot import Checkpoint, Probe, Snapshot


@dataclass(frozen=True)
class SavedCheckpoint:
    """A trainer's checkpoint, with what the record needs to continue from it.

    `n_changes` counts the changes of the record that the checkpoint already holds; `snapshot_taken` tells
    whether the snapshot of its step had been taken.
    """

    checkpoint: Checkpoint
    train_seconds: float
    n_changes: int
    snapshot_taken: bool


def create_run(config: RunConfig) -> str:
    """Create the directory of a new run, in state "starting", and return the run's id.

    Ids begin with the time (UTC), to the millisecond, so that they sort by it; no two runs have
    the same one. Everything that determines the run's bits is recorded now: the settings, the number
    of threads, the versions. When this returns, a power cut leaves the run whole.

    Raises StorageError, and leaves nothing behind, if the run cannot be created.
    """
    home = runs_home()
    with writing(home):
        home.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=home))
    try:
        return _fill_and_name(new, config)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _fill_and_name(new: Path, config: RunConfig) -> str:
    # Filled before it is renamed, so that a run is only ever seen complete. Renaming fails if the name is taken.
    with writing(new):
        new.chmod(0o755)
        (new / "metrics.jsonl").touch()
    reserve_space(new)
    write_status(new, new_status(config), durable=True)
    while True:
        now = _unused_time()
        run = f"{_stamp(now)}-{_slug(config)}"
        description = {
            "format": FORMAT,
            "run": run,
            "created": now.isoformat(timespec="milliseconds"),
            "config": config.to_dict(),
            "dataset": None,
            "layer_sizes": None,
            "versions": library_versions(),
            "threads": wanted_threads(),
        }
        _write_json(new / "config.json", description)
        directory = runs_home() / run
        with writing(directory):
            try:
                new.rename(directory)
            except OSError:
                if directory.exists():
                    continue
                raise
        flush_directory(directory.parent)
        return run


def _unused_time() -> datetime:
    """The current time, in a millisecond in which no other run was created."""
    taken = {run[: len(_stamp(datetime.now(UTC)))] for run in run_ids()}
    while _stamp(now := datetime.now(UTC)) in taken:
        time.sleep(0.0005)
    return now


def _stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%d-%H%M-%S}-{when.microsecond // 1000:03}"


def _slug(config: RunConfig) -> str:
    name = config.data.name
    if "/" in name or "\\" in name or "." in name:
        name = Path(name.replace("\\", "/")).stem
    name = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30] or "data"
    sizes = config.network.hidden_sizes
    shape = "-".join(map(str, sizes)) if 0 < len(sizes) <= 4 else f"{len(sizes)}-layers" if sizes else "linear"
    return f"{name}-{shape}"


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    replace_file(path, (to_json(values, indent=1) + "\n").encode(), durable=True)


class RunWriter:
    """Writes the record of one run, as its only writer; opening an existing record continues it.

    What was already committed is never written a second time: a resumed trainer computes the
    snapshots since its checkpoint again, and they are recognised by their step.

    `changes` are the recorded events that changed the mathematics, `last_step` is the step of the
    last snapshot or event (-1 in a record without any), `checkpoint_step` that of the last checkpoint
    that was saved or loaded.

    Raises LockedError if another process writes this record, RecordError if it cannot be read,
    and from every method StorageError if it cannot be written: everything that was
    recorded before is then unchanged.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory)
        reader = RunReader(self.directory)
        self.run = reader.run
        self.config = reader.config
        reader.require_regular_files()
        self._lock = WriterLock(self.directory / "worker.lock")
        try:
            lines = reader.lines()
            self.description = dict(reader.description)
            with writing(self.directory):
                drop_half_line(self.directory / "metrics.jsonl")
                (self.directory / "metrics.jsonl").touch()
                (self.directory / "snapshots").mkdir(exist_ok=True)
            reserve_space(self.directory)
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
        self._arrays = StoredArrays(self.directory, lines, budget_of(self.config.training.megabytes, self.directory))
        self.checkpoint_step: int | None = None

    @property
    def n_snapshots(self) -> int:
        """Number of committed snapshots."""
        return len(self._numbers)

    def is_recorded(self, step: int) -> bool:
        """Whether the snapshot of a step is committed."""
        return step in self._numbers

    def next_recorded(self, step: int) -> int | None:
        """The first step after this one with a committed snapshot; None if there is none."""
        return min((each for each in self._numbers if each > step), default=None)

    def describe(
        self, dataset: Dataset, probe: Probe, layer_sizes: Iterable[int], histogram_edges: Mapping[str, ndarray],
        threads: int,
    ) -> None:  # fmt: skip
        """Complete `config.json` with what is known once the data is loaded, and save the probe images."""
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
                "is_photo": dataset.is_photo,
                "class_names": dataset.class_names,
                "feature_names": dataset.feature_names,
                "is_multilabel": dataset.is_multilabel,
                "notes": dataset.notes,
                "left_out": dataset.left_out,
                "table": dataset.table,
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

        A step that is already committed keeps its number and is not written again. Returns None for
        an earlier step without a committed snapshot.
        """
        number = self._numbers.get(snapshot.step)
        if number is not None:
            self._repair(number, snapshot)
            return number
        if snapshot.step < self.last_step:
            return None
        number = len(self._numbers)
        path = snapshot_path(self.directory, number)
        content = tensor_bytes(snapshot_tensors(snapshot))
        replace_file(path, content)
        self._unforced.append(path)
        line = snapshot_line(number, snapshot)
        before = next(reversed(self._numbers), 0)  # a trainer that began at a checkpoint may have met more than is new
        line["batch_losses"] = [pair for pair in line["batch_losses"] if pair[0] >= before]
        append_line(self.directory / "metrics.jsonl", line)
        self._numbers[snapshot.step] = number
        self.last_step = snapshot.step
        self._best = best_line((self._best, line))
        self._arrays.add(line, len(content))
        self._thin_out()
        return number

    def _thin_out(self) -> None:
        # The line is the commit here as well: it is written before the files are deleted.
        numbers = self._arrays.surplus(self._best["number"] if self._best else None)
        if not numbers:
            return
        n_kept = len(self._arrays) - len(numbers)
        ranges = Numbers.of(numbers).ranges
        self.event("thinned", self.last_step, ranges=ranges, n_kept=n_kept, budget=self._arrays.limit)
        self._arrays.remove(numbers)
        self._unforced = [path for path in self._unforced if path.exists()]

    def _repair(self, number: int, snapshot: Snapshot) -> None:
        # After a power cut a line may be there without its arrays.
        if number in self._arrays.removed:
            return
        path = snapshot_path(self.directory, number)
        try:
            read_tensors(read_file(path))
        except (OSError, ValueError):
            replace_file(path, tensor_bytes(snapshot_tensors(snapshot)))
            self._unforced.append(path)

    def event(self, event: str, step: int, *, durable: bool = False, **details: Any) -> None:
        """Record an event at a step; with `durable` it survives a power cut.

        A change of the learning rate or of the number of epochs must be recorded before it takes
        effect: then settings and events reproduce the run.
        """
        line = {"type": "event", "event": event, "step": step, "time": time.time(), **details}
        append_line(self.directory / "metrics.jsonl", line, durable=durable)
        self.changes += changes_in([line])
        self._arrays.note(line)
        self.last_step = max(self.last_step, step)

    def record_best(self) -> None:
        """Record which snapshot has the lowest held-out loss so far, unless it is recorded already."""
        if self._best is not None and self._best["step"] != self._best_said:
            self.event(
                "best", self._best["step"], **{key: self._best[key] for key in ("number", "epoch", "train", "heldout")}
            )
            self._best_said = self._best["step"]

    def save_checkpoint(
        self, checkpoint: Checkpoint, *, train_seconds: float, n_changes: int, snapshot_taken: bool
    ) -> None:
        """Save the checkpoint to resume from, and flush it and everything before it to the disk.

        See `SavedCheckpoint` for the arguments.
        """
        import numpy as np

        for path in self._unforced:
            flush_file(path)
        if self._unforced:
            flush_directory(self.directory / "snapshots")
        self._unforced.clear()
        flush_file(self.directory / "metrics.jsonl")
        state = {
            "step": checkpoint.step,
            "state": dict(checkpoint.state),
            "train_seconds": train_seconds,
            "n_changes": n_changes,
            "looked": snapshot_taken,
        }
        arrays = {name: np.ascontiguousarray(array) for name, array in checkpoint.arrays.items()}
        content = tensor_bytes(arrays, {STATE: json.dumps(state)})
        replace_file(self.directory / "checkpoint.safetensors", content, durable=True)
        self.checkpoint_step = checkpoint.step

    def load_checkpoint(self) -> SavedCheckpoint | None:
        """The checkpoint to resume from, or None if the run must start from the beginning.

        Raises RecordError for a damaged checkpoint.
        """
        from annscope.core.snapshot import Checkpoint

        path = self.directory / "checkpoint.safetensors"
        if not path.exists():
            return None
        try:
            arrays, metadata = read_tensors(read_file(path))
            state = parse_json(metadata[STATE].encode())
            check(state, CheckpointState)
            if state["n_changes"] > len(self.changes):
                raise ValueError("it holds more changes than the record")
            checkpoint = Checkpoint(step=state["step"], arrays=arrays, state=state["state"])
            saved = SavedCheckpoint(checkpoint, state["train_seconds"], state["n_changes"], state["looked"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RecordError(
                f"The checkpoint of run {self.run} is damaged: {error}. Without {path} the run starts again at its "
                "first step, and gives the same result."
            ) from error
        self.checkpoint_step = checkpoint.step
        return saved

    def close(self) -> None:
        """Release the lock on the record."""
        self._lock.release()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
