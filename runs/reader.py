"""Reading the record of one run (`runs.record`), while another process may be writing it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from annscope.core.config import RunConfig
from annscope.runs.atomic import GrowingLines, read_file
from annscope.runs.changes import changes_in
from annscope.runs.encoding import parameters_from, read_tensors, snapshot_from
from annscope.runs.liveness import is_alive
from annscope.runs.record import FORMAT, Line, RecordError, best_line, snapshot_path
from annscope.runs.status import LIVE, State, Status, new_status

if TYPE_CHECKING:
    from numpy import ndarray

    from annscope.core.network import Network
    from annscope.core.snapshot import Probe, Snapshot


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
            return read_file(snapshot_path(self.directory, number))
        except OSError as error:
            raise RecordError(f"The arrays of snapshot {number} of run {self.run} cannot be read: {error}.") from error

    def snapshot_written(self, number: int) -> float:
        """When a snapshot's file was written, in seconds since 1970."""
        try:
            return snapshot_path(self.directory, number).stat().st_mtime
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
