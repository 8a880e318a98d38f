"""Reader of the record of one run (`runs.record`), while another process may be writing it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from annscope.core.config import RunConfig
from annscope.core.errors import ConfigError
from annscope.core.evaluation.best import best_line
from annscope.core.evaluation.chance import Chance, chance
from annscope.core.explain.health import Divergence, FeatureScales, Finding, RunFacts, diagnose, feature_scales
from annscope.runs.atomic import read_file, require_regular_file
from annscope.runs.changes import changes_in
from annscope.runs.encoding import parameters_from, read_tensors, snapshot_from
from annscope.runs.liveness import is_alive, is_suspended
from annscope.runs.metrics import MetricsFile
from annscope.runs.record import FORMAT, Line, RecordError, snapshot_path
from annscope.runs.schema import check, check_description, parse_json, settings_of_another_version
from annscope.runs.status import LIVE, Recorded, Status
from annscope.runs.thinning import MEGABYTE, Numbers

if TYPE_CHECKING:
    from numpy import ndarray

    from annscope.core.network import Network
    from annscope.core.snapshot import Probe, Snapshot

QUIET_SECONDS = 10.0
"""A process without a heartbeat for longer, in seconds, is unresponsive; it has four a second."""
MAX_JSON_BYTES = 2**24


class RunReader:
    """Reads the record of one run; never writes, and may read while another process is writing.

    Everything it returns is validated, types and shapes, so that callers need not. Safe to use from any thread.

    Raises RecordError when made for a directory that does not exist, and from every method for a
    part of the record that is missing or damaged, or was written by a version with other settings.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory)
        if not os.path.isdir(self.directory):  # noqa: PTH112 (one without read permission does not count either)
            raise RecordError(f"There is no run {self.directory.name!r}.")
        self.run = self.directory.name
        self._description: dict[str, Any] | None = None
        self._config: RunConfig | None = None
        self._features: FeatureScales | None = None
        self._metrics = MetricsFile(self.directory / "metrics.jsonl", self._check_line)

    @property
    def description(self) -> dict[str, Any]:
        """The content of `config.json`; `dataset` and `layer_sizes` are null until the data is loaded."""
        if self._description is None or self._description["dataset"] is None:
            description = self._json("config.json")
            if description.get("format") != FORMAT:
                raise RecordError(
                    f"Run {self.run} is in record format {description.get('format')!r:.40}, "
                    f"this version of annscope reads format {FORMAT}."
                )
            try:
                check_description(description)
                self._config = self._config_of(description["config"])
                sizes = description["layer_sizes"]
                if sizes is not None and tuple(sizes[1:-1]) != self._config.network.hidden_sizes:
                    raise ValueError("layer_sizes does not fit the hidden layers of config")
            except ValueError as error:
                raise RecordError(f"config.json of run {self.run} is damaged: {error}.") from error
            self._description = description
        return self._description

    def _config_of(self, values: Mapping[str, Mapping[str, Any]]) -> RunConfig:
        other = settings_of_another_version(values)
        if other:
            names = ", ".join(name if len(name) <= 40 else f"{name[:37]}..." for name in other[:3])
            names += f" and {len(other) - 3} more" if len(other) > 3 else ""
            raise RecordError(
                f"Run {self.run} was made by a version of annscope with other settings ({names}); "
                "only that version can open it."
            )
        try:
            return RunConfig.from_dict(values)
        except ConfigError as error:
            raise RecordError(f"The settings of run {self.run} cannot be those of a run: {error}.") from error

    @property
    def is_multilabel(self) -> bool:
        """Whether an example of the data may have any number of labels."""
        return bool((self.description["dataset"] or {}).get("is_multilabel"))

    @property
    def accuracy_name(self) -> str:
        """The name of the accuracy: with several labels it is the subset accuracy."""
        return "subset accuracy" if self.is_multilabel else "accuracy"

    @property
    def config(self) -> RunConfig:
        """The settings the run was started with."""
        if self._config is None:
            self.description  # noqa: B018 (reads and checks it)
        return cast(RunConfig, self._config)

    @property
    def config_in_force(self) -> RunConfig:
        """The settings with every recorded change applied: another learning rate, more epochs."""
        return self.config.with_values({change.option: change.value for change in changes_in(self.events())})

    def status(self) -> Status:
        """The status of the run, as its process last published it, unless that has ended or is silent.

        Then the status is "interrupted" or "unresponsive".
        """
        self.description  # noqa: B018 (of a run of another version, nothing is known)
        status = cast(Status, self._json("status.json"))
        try:
            check(status, Status)
            if status["status"] not in get_args(Recorded):
                raise ValueError(f"no process publishes the status {status['status']}")
            is_live = status["status"] in LIVE
            is_gone = is_live and not is_alive(status)
            is_stopped = is_live and not is_gone and is_suspended(status)
        except (ValueError, OverflowError) as error:
            raise RecordError(f"status.json of run {self.run} is damaged: {error}.") from error
        self._check_metrics(ended=status["status"] not in LIVE and status["step"] > 0)
        quiet = time.time() - status["heartbeat"]
        if is_gone:
            status["status"] = "interrupted"
            status["seconds_left"] = status["loading"] = None
            status["message"] = (
                "The process that trained this run is gone; resuming continues from its last checkpoint."
            )
        elif is_live and (is_stopped or quiet > QUIET_SECONDS):
            status["status"] = "unresponsive"
            status["seconds_left"] = status["samples_per_second"] = status["loading"] = None
            status["message"] = f"No heartbeat for {max(0.0, quiet):,.0f} s" + (
                f": process {status['pid']} is suspended." if is_stopped else "."
            )
        return status

    def require_regular_files(self) -> None:
        """Raise RecordError if a part of the record is not a regular file: writing it would block forever, or fail.

        That is a pipe or a device, or a folder in the place of a file.
        """
        try:
            for folder in (self.directory, self.directory / "snapshots"):
                with os.scandir(folder) as entries:
                    for entry in entries:
                        is_folder = entry.name == "snapshots" if folder == self.directory else False
                        if is_folder:
                            continue
                        require_regular_file(entry.stat(), Path(entry.path))
        except FileNotFoundError:
            return
        except OSError as error:
            raise RecordError(
                f"{Path(str(error.filename)).name} of run {self.run} cannot be written: {error.strerror}."
            ) from error

    def lines(self) -> list[Line]:
        """Every snapshot and event so far, in order."""
        self._check_metrics()
        return list(self._metrics.lines())

    def new_lines(self) -> list[Line]:
        """What was recorded since the last call; everything at the first call."""
        self._check_metrics()
        return self._metrics.new()

    def events(self) -> list[Line]:
        """The events so far, in order; of those that thinned out arrays only the last."""
        return self._metrics.events()

    def snapshot_lines(self) -> list[Line]:
        """The lines of the snapshots, in order of their numbers."""
        return list(self._metrics.snapshots())

    def snapshot_line(self, number: int) -> Line:
        """The line of one snapshot. Raises RecordError if there is none with this number."""
        return self._metrics.snapshot(number)

    @property
    def n_snapshots(self) -> int:
        """Number of snapshots so far."""
        return self._metrics.n_snapshots()

    @property
    def thinned(self) -> Numbers:
        """The numbers of the snapshots whose arrays were thinned out to stay within the budget (`runs.thinning`)."""
        return self._metrics.thinned()

    def snapshot_bytes(self, number: int) -> bytes:
        """The bytes of a snapshot's safetensors file."""
        self.snapshot_line(number)
        path = snapshot_path(self.directory, number)
        if not path.exists() and number in self.thinned:
            (*_, thinning) = (event for event in self.events() if event["event"] == "thinned")
            raise RecordError(
                f"The arrays of snapshot {number} of run {self.run} were thinned out to keep the run within "
                f"{thinning['budget'] / MEGABYTE:,.0f} MB; its metrics are still there."
            )
        return self._bytes(path, f"The arrays of snapshot {number}")

    def snapshot_written(self, number: int) -> float:
        """Time at which a snapshot's file was written, in seconds since 1970."""
        try:
            return snapshot_path(self.directory, number).stat().st_mtime
        except OSError as error:
            raise RecordError(f"Snapshot {number} of run {self.run} cannot be found: {error.strerror}.") from error

    def arrays(self, number: int, content: bytes | None = None) -> dict[str, ndarray]:
        """The arrays of a snapshot by name, checked for completeness and shapes once the layer sizes are known.

        `content` is what `snapshot_bytes` returned, if it was already read.
        """
        what = f"The arrays of snapshot {number}"
        tensors = self._load(self.snapshot_bytes(number) if content is None else content, what)
        try:
            if self.description["layer_sizes"] is not None:
                self._check_arrays(tensors)
        except ValueError as error:
            raise RecordError(f"{what} of run {self.run} are damaged: {error}.") from error
        return tensors

    def _check_arrays(self, tensors: Mapping[str, ndarray]) -> None:
        from annscope.core.evaluation.metrics import HISTOGRAM_EDGES, N_BINS

        sizes, network = self.layer_sizes, self.config.network
        n_classes = len(self.description["dataset"]["class_names"])
        shapes: dict[str, tuple[int | None, ...]] = {
            "confusion": (n_classes, 2, 2) if self.is_multilabel else (n_classes, n_classes)
        }
        for i, (n_in, n_out) in enumerate(pairwise(sizes)):
            is_last, layer = i == len(sizes) - 2, f"layer{i}"
            shapes |= {f"{layer}.weight": (n_in, n_out), f"{layer}.activation": (None, n_out)}
            shapes |= {f"{layer}.{name}_histogram": (N_BINS,) for name in HISTOGRAM_EDGES}
            if network.bias or (network.constant_input and i == 0) or (network.batch_norm and not is_last):
                shapes[f"{layer}.bias"] = (n_out,)
            if f"{layer}.normalized.weight" in tensors:
                shapes[f"{layer}.normalized.weight"] = (n_in, n_out)
                shapes |= {f"{layer}.normalized.{name}": (n_out,) for name in ("scale", "shift", "mean", "variance")}
        _check_shapes(tensors, shapes, whole={"confusion", *(name for name in shapes if name.endswith("_histogram"))})

    def snapshot(self, number: int) -> Snapshot:
        """One snapshot of the run, by its number."""
        try:
            return snapshot_from(self.snapshot_line(number), self.arrays(number))
        except KeyError as error:
            raise RecordError(f"Snapshot {number} of run {self.run} is damaged: {error} is missing.") from error

    def network(self, number: int) -> Network:
        """The network as it was at a snapshot."""
        sizes = self.layer_sizes
        from annscope.core.network import Network

        parameters = parameters_from(self.arrays(number), len(sizes) - 1)
        return Network(self.config.network, sizes[0], len(self.description["dataset"]["class_names"]), parameters)

    @property
    def layer_sizes(self) -> list[int]:
        """The number of units of every layer, the input first; raises RecordError before the data is loaded."""
        sizes: list[int] | None = self.description["layer_sizes"]
        if sizes is None:
            raise RecordError(f"Run {self.run} has not loaded its data yet.")
        return sizes

    @property
    def steps_per_epoch(self) -> int:
        """Number of steps per epoch; raises RecordError before the data is loaded."""
        if self.description["dataset"] is None:
            raise RecordError(f"Run {self.run} has not loaded its data yet.")
        return self.config.training.steps_per_epoch(self.description["dataset"]["n_train"])

    def chance(self, number: int) -> Chance:
        """What constant answers give on the examples that the matrix of a snapshot counts."""
        config = self.config
        return chance(self._confusion(number), config.training.loss, config.network.output)

    def findings(self, snapshots: Sequence[Line] | None = None) -> list[Finding]:
        """The health findings from these snapshots' lines, up to some snapshot; by default from all of them.

        A run that diverged did so after its last snapshot, or after the one at that step.
        """
        lines = list(self._metrics.snapshots()) if snapshots is None else snapshots
        if not lines:
            return []
        last, events, data = lines[-1], self.events(), self.description["dataset"]
        changes = [change for change in changes_in(events) if change.step <= last["step"]]
        rates = [(change.step, float(change.value)) for change in changes if change.option == "learning-rate"]
        end = next((event for event in events if event["event"] == "diverged"), None)
        if end is not None and last["number"] < self.n_snapshots - 1 and end["step"] > last["step"]:
            end = None
        return diagnose(
            lines,
            RunFacts(
                config=self.config.with_values({change.option: change.value for change in changes}),
                layer_sizes=self.layer_sizes,
                steps_per_epoch=self.steps_per_epoch,
                class_names=data["class_names"],
                is_image=data["image_shape"] is not None,
                confusion=self._confusion(last["number"]),
                features=self._feature_scales(),
                rates=[(0, self.config.training.learning_rate), *rates],
                diverged=None if end is None else _divergence(end),
            ),
        )

    def _confusion(self, number: int) -> ndarray | None:
        try:
            return self.arrays(number)["confusion"]
        except RecordError:  # thinned out, or damaged: the metrics are still there
            return None

    def _feature_scales(self) -> FeatureScales | None:
        if self._features is None:
            with contextlib.suppress(RecordError):
                self._features = feature_scales(self.probe().x)
        return self._features

    def probe(self) -> Probe:
        """The images whose forward pass every snapshot holds."""
        from annscope.core.snapshot import Probe

        tensors = self._load(self._probe_file(), "The probe images")
        try:
            n_features, about = self.layer_sizes[0], self.description["dataset"]
            n = len(tensors["indices"]) if "indices" in tensors else 0
            y = (n, len(about["class_names"])) if self.is_multilabel else (n,)
            _check_shapes(tensors, {"x": (n, n_features), "indices": (n,), "y": y}, whole={"indices", "y"})
            if n < 1 or not 0 <= tensors["y"].min() <= tensors["y"].max() < len(about["class_names"]):
                raise ValueError("they hold no examples of the classes")
        except ValueError as error:
            raise RecordError(f"The probe images of run {self.run} are damaged: {error}.") from error
        return Probe(indices=tensors["indices"], x=tensors["x"], y=tensors["y"])

    def probe_bytes(self) -> bytes:
        """The bytes of the probe's safetensors file, its checksums verified."""
        content = self._probe_file()
        self._load(content, "The probe images")
        return content

    def _probe_file(self) -> bytes:
        return self._bytes(self.directory / "probe.safetensors", "The probe images")

    def kept_number(self) -> int:
        """The number of the snapshot that the run keeps as its result.

        With early stopping by patience that is the one with the lowest held-out loss, otherwise the last.
        """
        if not self.n_snapshots:
            raise RecordError(f"Run {self.run} has no snapshot yet.")
        best = best_line(self.snapshot_lines()) if self.config.training.patience else None
        return self.n_snapshots - 1 if best is None else int(best["number"])

    def _check_line(self, line: Line) -> None:
        if line["type"] == "snapshot" and len(line["layers"]) != len(self.config.network.hidden_sizes) + 1:
            raise ValueError(f"snapshot {line['number']} has another number of layers than the network")

    def _bytes(self, path: Path, what: str) -> bytes:
        # Twice the largest size possible: a larger file does not belong to this run, and may be endless.
        sizes = self.description["layer_sizes"] or (1024, 1024)
        n_values = sum((n_in + 1024) * n_out for n_in, n_out in pairwise(sizes)) + 1024 * sizes[0]
        try:
            return read_file(path, min(2**32, 2**20 + 32 * n_values))
        except OSError as error:
            raise RecordError(f"{what} of run {self.run} cannot be read: {error.strerror or error}.") from error

    def _load(self, content: bytes, what: str) -> dict[str, ndarray]:
        try:
            return read_tensors(content)[0]
        except ValueError as error:
            raise RecordError(f"{what} of run {self.run} are damaged: {error}.") from error

    def _json(self, name: str) -> dict[str, Any]:
        try:
            values = parse_json(read_file(self.directory / name, MAX_JSON_BYTES))
        except FileNotFoundError:
            raise RecordError(f"Run {self.run} has no {name}.") from None
        except OSError as error:
            raise RecordError(f"{name} of run {self.run} cannot be read: {error.strerror or error}.") from error
        except ValueError as error:
            raise RecordError(f"{name} of run {self.run} cannot be read: {error}.") from error
        if not isinstance(values, dict):
            raise RecordError(f"{name} of run {self.run} does not hold an object.")
        return values

    def _check_metrics(self, *, ended: bool = False) -> None:
        # Made with the run (by earlier versions with the first line, which comes before the first step).
        metrics = self.directory / "metrics.jsonl"
        missing = not os.path.lexists(metrics)  # anything but a regular file is reported when it is read
        lost = (
            (missing or (metrics.is_file() and not metrics.stat().st_size))
            if ended
            else missing and (self.directory / "checkpoint.safetensors").exists()
        )
        if lost and self.directory.is_dir():
            raise RecordError(f"Run {self.run} has lost its metrics.jsonl, and with it all metrics of its snapshots.")


def _divergence(event: Line) -> Divergence:
    return Divergence(event["step"], event.get("quantity", "a number"), event.get("layer"), event.get("learning_rate"))


def _check_shapes(
    tensors: Mapping[str, ndarray], shapes: Mapping[str, tuple[int | None, ...]], whole: Collection[str]
) -> None:
    """Raise ValueError unless all these arrays are present with these shapes (None: any length).

    Those in `whole` must hold integers, the others floats.
    """
    for name, shape in shapes.items():
        if name not in tensors:
            raise ValueError(f"{name} is missing")
        tensor = tensors[name]
        is_alike = tensor.ndim == len(shape) and all(
            n is None or n == m for n, m in zip(shape, tensor.shape, strict=True)
        )
        if not is_alike or tensor.dtype.kind != ("i" if name in whole else "f"):
            raise ValueError(f"{name} is {tensor.dtype} of shape {tensor.shape}, not that of this network")
