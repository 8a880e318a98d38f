"""The record: everything written is read back, whatever state the directory was left in."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from annscope.core.config import RunConfig
from annscope.core.snapshot import Checkpoint
from annscope.runs.atomic import StorageError
from annscope.runs.catalogue import delete_run, run_directory, runs_home
from annscope.runs.changes import Change
from annscope.runs.encoding import parameters_sha256
from annscope.runs.index import find_run, list_runs
from annscope.runs.liveness import LockedError
from annscope.runs.reader import RunReader
from annscope.runs.record import RecordError, recorded_threads
from annscope.runs.status import write_status
from annscope.runs.writer import RunWriter, create_run
from tests.records import EDGES, PROBE, SIZES, describe, handmade_snapshot


@pytest.fixture
def directory(config: RunConfig) -> Path:
    """The directory of a new run."""
    return run_directory(create_run(config))


def rewrite(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def same(a: Any, b: Any) -> bool:
    """Whether two values from a snapshot are equal, NaN to NaN and arrays element by element."""
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if hasattr(a, "__dataclass_fields__"):
        return all(same(getattr(a, item.name), getattr(b, item.name)) for item in fields(a))
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    return bool(a == b or (a != a and b != b))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_snapshot_is_read_back_as_it_was(directory: Path, bias: bool, dtype: str) -> None:
    """Every number and every bit of an appended snapshot comes back from the record."""
    made = handmade_snapshot(3, bias=bias, dtype=dtype)
    with RunWriter(directory) as writer:
        assert writer.append(handmade_snapshot(0)) == 0
        assert writer.append(made) == 1
    read = RunReader(directory).snapshot(1)
    assert same(read, made)
    assert read.parameters[0].weight.dtype == dtype


def test_snapshot_files_hold_the_tensors_other_programs_expect(directory: Path) -> None:
    """A snapshot is a safetensors file with the documented names, counts as 32-bit integers."""
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
    tensors = load_file(directory / "snapshots" / "000000.safetensors")
    assert set(tensors) == {"confusion"} | {
        f"layer{i}.{name}"
        for i in range(2)
        for name in (
            "weight", "bias", "activation", "weight_histogram", "gradient_histogram", "activation_histogram",
            "update_histogram"
        )
    }  # fmt: skip
    assert tensors["confusion"].dtype == np.int32
    assert RunReader(directory).snapshot_bytes(0) == (directory / "snapshots" / "000000.safetensors").read_bytes()


def test_what_is_not_finite_is_null_in_the_file(directory: Path) -> None:
    """A non-finite loss is null in JSON and NaN again for the reader."""
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0, loss=float("inf")))
    assert json.loads((directory / "metrics.jsonl").read_text())["heldout"]["loss"] is None
    assert np.isnan(RunReader(directory).snapshot(0).heldout.loss)


def test_a_reader_yields_each_line_once(directory: Path) -> None:
    """new_lines gives what came since the last call, while lines always gives all."""
    reader = RunReader(directory)
    assert reader.new_lines() == []
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
        assert [line["step"] for line in reader.new_lines()] == [0]
        writer.event("pause", 7)
        writer.append(handmade_snapshot(9))
        assert [line["step"] for line in reader.new_lines()] == [7, 9]
    assert reader.new_lines() == []
    assert [line["step"] for line in reader.lines()] == [0, 7, 9]
    assert [line["number"] for line in reader.snapshot_lines()] == [0, 1]


def test_half_a_line_is_not_believed(directory: Path) -> None:
    """A line without its end is not given out before it is whole."""
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
    path = directory / "metrics.jsonl"
    whole = path.read_bytes()
    reader = RunReader(directory)
    assert len(reader.new_lines()) == 1
    line = b'{"type": "event", "event": "pause", "step": 1}\n'
    path.write_bytes(whole + line[:40])
    assert reader.new_lines() == []
    path.write_bytes(whole + line)
    assert len(reader.new_lines()) == 1


def test_a_reopened_record_continues_where_it_was(directory: Path) -> None:
    """After a crash the incomplete line is cut, committed steps keep their numbers and new ones follow."""
    with RunWriter(directory) as writer:
        for step in (0, 10, 20):
            writer.append(handmade_snapshot(step))
        writer.event("learning_rate", 25, value=0.5)
    before = (directory / "metrics.jsonl").read_bytes()
    with (directory / "metrics.jsonl").open("ab") as file:
        file.write(b'{"type":"snapshot","num')
    with RunWriter(directory) as writer:
        assert (directory / "metrics.jsonl").read_bytes() == before
        assert writer.changes == [Change(25, "learning-rate", 0.5)]
        assert writer.last_step == 25
        assert writer.append(handmade_snapshot(10)) == 1
        assert writer.append(handmade_snapshot(20)) == 2
        assert writer.append(handmade_snapshot(23)) is None
        assert (directory / "metrics.jsonl").read_bytes() == before
        assert writer.append(handmade_snapshot(30)) == 3
    assert [line["step"] for line in RunReader(directory).lines()] == [0, 10, 20, 25, 30]


def test_lost_arrays_of_a_committed_snapshot_are_written_again(directory: Path) -> None:
    """A snapshot whose file was lost in a power cut is repaired once it has been computed again."""
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
    path = directory / "snapshots" / "000000.safetensors"
    content = path.read_bytes()
    path.write_bytes(b"")
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
    assert path.read_bytes() == content


def test_a_record_has_one_writer(directory: Path) -> None:
    """A second writer raises an error until the first has closed."""
    with RunWriter(directory), pytest.raises(LockedError, match="already being written"):
        RunWriter(directory)
    RunWriter(directory).close()


def test_a_checkpoint_comes_back_whole(directory: Path) -> None:
    """Arrays of every kind, big integers of a generator's state and the changes it holds survive."""
    arrays = {"moment": np.arange(6, dtype=np.float64).reshape(2, 3).T, "order": np.arange(5), "on": np.array([True])}
    made = Checkpoint(step=12, arrays=arrays, state={"generator": {"state": 2**127 + 1}, "best": None})
    with RunWriter(directory) as writer:
        assert writer.load_checkpoint() is None
        writer.event("epochs", 10, n_epochs=7)
        writer.save_checkpoint(made, train_seconds=1.25, n_changes=1, snapshot_taken=True)
        saved = writer.load_checkpoint()
    assert saved is not None
    assert (saved.checkpoint.step, saved.train_seconds, saved.n_changes, saved.snapshot_taken) == (12, 1.25, 1, True)
    assert saved.checkpoint.state == made.state
    assert all(np.array_equal(saved.checkpoint.arrays[name], arrays[name]) for name in arrays)
    assert saved.checkpoint.arrays["moment"].dtype == np.float64


def test_a_damaged_checkpoint_is_named(directory: Path) -> None:
    """A checkpoint that cannot be read is reported as damaged, not treated as missing."""
    (directory / "checkpoint.safetensors").write_bytes(b"no checkpoint")
    with RunWriter(directory) as writer, pytest.raises(RecordError, match=r"checkpoint of run .* is damaged"):
        writer.load_checkpoint()


def test_the_description_is_completed_when_the_data_is_there(directory: Path) -> None:
    """config.json names the data set, shape and versions, and the probe images can be read."""
    reader = RunReader(directory)
    assert reader.description["dataset"] is None
    with RunWriter(directory) as writer:
        describe(writer)
    assert reader.description["dataset"]["fingerprint"] == "f00d"
    assert reader.description["dataset"]["feature_names"] == ["height", "weight", "age", "dose"]
    assert reader.description["layer_sizes"] == list(SIZES)
    assert reader.description["histogram_edges"] == {name: edges.tolist() for name, edges in EDGES.items()}
    assert reader.description["threads"] == 1
    assert np.array_equal(reader.probe().x, PROBE.x)
    assert reader.probe().indices.dtype == np.int32


def test_the_best_snapshot_is_named_once(directory: Path) -> None:
    """The event "best" points at the lowest held-out loss, and is repeated only when that has changed."""
    with RunWriter(directory) as writer:
        writer.record_best()
        for step, loss in ((0, 3.0), (10, 1.0), (20, 2.0)):
            writer.append(handmade_snapshot(step, loss=loss))
        writer.record_best()
        writer.record_best()
    with RunWriter(directory) as writer:
        writer.record_best()
        writer.append(handmade_snapshot(30, loss=0.5))
        writer.record_best()
    best = [line for line in RunReader(directory).lines() if line.get("event") == "best"]
    assert [(line["step"], line["number"]) for line in best] == [(10, 1), (30, 3)]


@pytest.mark.parametrize(("patience", "number"), [(0, 2), (3, 1)])
def test_the_kept_snapshot_is_the_best_one_with_patience_and_else_the_last(
    config: RunConfig, patience: int, number: int
) -> None:
    """Early stopping keeps the parameters with the lowest held-out loss."""
    directory = run_directory(create_run(config.with_values({"patience": patience})))
    with pytest.raises(RecordError, match="no snapshot yet"):
        RunReader(directory).kept_number()
    with RunWriter(directory) as writer:
        for step, loss in ((0, 3.0), (10, 1.0), (20, 2.0)):
            writer.append(handmade_snapshot(step, loss=loss))
    assert RunReader(directory).kept_number() == number


def test_settings_in_force_follow_the_recorded_changes(directory: Path) -> None:
    """Settings and events give the config in force."""
    with RunWriter(directory) as writer:
        writer.event("learning_rate", 5, value=0.25)
        writer.event("epochs", 8, n_epochs=9)
    reader = RunReader(directory)
    assert reader.config.training.n_epochs == 2
    assert reader.config_in_force.training.n_epochs == 9
    assert reader.config_in_force.training.learning_rate == 0.25


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", None, "has no config.json"),
        ("config.json", b"{", "config.json of run .* cannot be read"),
        ("config.json", b"[]", "does not hold an object"),
        ("config.json", b'{"format": 99}', "record format 99"),
        ("config.json", b'{"format": 1, "config": {}, "dataset": null, "layer_sizes": null}', "created is missing"),
        ("status.json", None, "has no status.json"),
        ("status.json", b"\xff\xfe", "status.json of run .* cannot be read"),
    ],
)  # fmt: skip
def test_a_damaged_run_is_listed_with_the_reason(
    directory: Path, name: str, content: bytes | None, message: str
) -> None:
    """A run that cannot be read is in the list as unreadable and does not hide the others."""
    other = create_run(RunConfig())
    if content is None:
        (directory / name).unlink()
    else:
        (directory / name).write_bytes(content)
    by_run = {summary.run: summary for summary in list_runs()}
    assert by_run[other].status == "starting"
    assert by_run[directory.name].status == "unreadable"
    with pytest.raises(Exception, match=message) as caught:
        RunReader(directory).status()
    assert by_run[directory.name].message == str(caught.value)
    delete_run(directory.name)
    assert [summary.run for summary in list_runs()] == [other]


@pytest.mark.parametrize("name", ["config.json", "status.json", "metrics.jsonl"])
@pytest.mark.parametrize(
    "content",
    [
        b"", b"\0", b"{}", b"7\n", b'"x"', b'{"format": 1}', b'{"format": 1, "layer_sizes": 5}',
        b'{"status": "running", "pid": "x"}', b'{"status": "dancing"}', b'{"status": []}', b'{"type": "snapshot"}\n',
        b'{"type": "snapshot", "heldout": [], "step": 1}\n', b'{"format": 1, "config": 5}',
    ],
)  # fmt: skip
def test_listing_never_fails(directory: Path, name: str, content: bytes) -> None:
    """Whatever a file of one run holds, every run is listed."""
    (directory / name).write_bytes(content)
    other = create_run(RunConfig())
    assert {summary.run for summary in list_runs()} == {directory.name, other}


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", '{"type": "snapshot", "step": 1}', '{"type": ["x"]}'])
def test_damaged_metrics_are_one_sentence(directory: Path, line: str) -> None:
    """A complete line that is neither a snapshot nor an event is an error that names the run."""
    (directory / "metrics.jsonl").write_text(line + "\n")
    with pytest.raises(RecordError, match=directory.name):
        RunReader(directory).lines()
    with pytest.raises(RecordError, match=directory.name):
        RunWriter(directory)
    RunReader(directory).status()


def test_a_snapshot_that_is_not_there_or_damaged_is_one_sentence(directory: Path) -> None:
    """Asking for a snapshot that cannot be read raises RecordError, whatever is wrong with it."""
    reader = RunReader(directory)
    with pytest.raises(RecordError, match="no snapshot 0; it has none yet"):
        reader.snapshot(0)
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
        writer.append(handmade_snapshot(1))
        writer.append(handmade_snapshot(2, bias=False))
    with pytest.raises(RecordError, match="no snapshot 3; it has 0 to 2"):
        reader.snapshot(3)
    (directory / "snapshots" / "000000.safetensors").unlink()
    with pytest.raises(RecordError, match=r"snapshot 0 .* cannot be read"):
        reader.snapshot(0)
    (directory / "snapshots" / "000001.safetensors").write_bytes(b"12345678")
    with pytest.raises(RecordError, match=r"snapshot 1 .* damaged"):
        reader.snapshot(1)
    with pytest.raises(RecordError, match=r"probe images .* cannot be read"):
        reader.probe()
    with pytest.raises(RecordError, match="not loaded its data"):
        reader.network(2)


def test_an_uncommitted_snapshot_is_not_believed(directory: Path) -> None:
    """Arrays whose line was never written are not given out."""
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
    (directory / "snapshots" / "000001.safetensors").write_bytes(RunReader(directory).snapshot_bytes(0))
    with pytest.raises(RecordError, match="no snapshot 1"):
        RunReader(directory).snapshot_bytes(1)


def test_a_run_whose_process_is_gone_is_interrupted(directory: Path) -> None:
    """A status "running" is not trusted if the process it names has ended."""
    reader = RunReader(directory)
    status = reader.status()
    assert status["status"] == "starting"
    for gone in ({"pid": 2**22 + 1}, {"pid_started": 1.0}, {"host": "elsewhere", "heartbeat": 0.0}, {"pid": 0}):
        write_status(directory, {**status, **gone})  # type: ignore[typeddict-item]
        assert reader.status()["status"] == "interrupted"
        assert "resum" in str(reader.status()["message"])
    write_status(directory, {**status, "host": "elsewhere"})
    assert reader.status()["status"] == "starting"
    write_status(directory, {**status, "status": "finished", "pid": 0})
    assert reader.status()["status"] == "finished"


def test_ids_are_distinct_and_sort_by_time(config: RunConfig) -> None:
    """Runs started in the same second have different ids, in the order of their creation."""
    made = [create_run(config) for _ in range(5)]
    assert len(set(made)) == 5
    assert [summary.run for summary in list_runs()] == sorted(made, reverse=True)
    assert made[0].endswith("-xor-3")


@pytest.mark.parametrize(
    ("values", "end"),
    [
        ({"data": "mnist-5k", "hidden": (64, 32)}, "-mnist-5k-64-32"),
        ({"data": "C:\\Users\\Zoë\\My Data.csv", "hidden": ()}, "-my-data-linear"),
        ({"data": "/tmp/%%.csv", "hidden": (2,) * 9}, "-data-9-layers"),
    ],
)
def test_ids_say_what_is_trained_in_safe_letters(values: dict[str, Any], end: str) -> None:
    """An id names the data and the layers, and is safe as a file name and in a URL."""
    assert create_run(RunConfig().with_values(values)).endswith(end)


def test_a_run_is_found_by_a_unique_part(config: RunConfig) -> None:
    """An id may be shortened as long as one run fits; a mistake names the nearest."""
    with pytest.raises(RecordError, match="there are no runs yet"):
        find_run("latest")
    first, second = create_run(config), create_run(RunConfig())
    assert find_run(first) == first
    assert find_run("xor") == first
    assert find_run("MNIST-5k") == second
    assert find_run("latest") == max(first, second)
    with pytest.raises(RecordError, match="fits 2 runs"):
        find_run("20")
    with pytest.raises(RecordError, match="did you mean 'latest'"):
        find_run("lates")


@pytest.mark.parametrize("run", ["..", "../home", "", ".", "a/b", "nothing", "x" * 300])
def test_only_a_run_has_a_directory(config: RunConfig, run: str) -> None:
    """No id leads out of the folder of runs."""
    create_run(config)
    with pytest.raises(RecordError, match="There is no run"):
        run_directory(run)
    with pytest.raises(RecordError, match="There is no run"):
        delete_run(run)


def test_a_running_run_is_not_deleted(config: RunConfig) -> None:
    """Deleting a run that a process works on raises an error; afterwards it is deleted."""
    run = create_run(config)
    with pytest.raises(RecordError, match="is running"):
        delete_run(run)
    directory = run_directory(run)
    rewrite(directory / "status.json", status="finished")
    delete_run(run)
    assert not directory.exists()


def test_a_live_run_is_not_deleted_whatever_its_status(config: RunConfig) -> None:
    """The writer's lock protects a run from being deleted, also where its status has gone wrong."""
    run = create_run(config)
    directory = run_directory(run)
    rewrite(directory / "status.json", status="finished")
    with RunWriter(directory):
        with pytest.raises(RecordError, match="is running"):
            delete_run(run)
        (directory / "status.json").write_text("{")
        with pytest.raises(RecordError, match="is running"):
            delete_run(run)
    delete_run(run)
    assert list(runs_home().iterdir()) == []


def test_the_latest_run_is_the_one_begun_last(config: RunConfig) -> None:
    """Of runs begun in the same second, whatever their names, the last comes first and is "latest"."""
    values = [{"data": name} for name in ("xor", "moons", "digits", "xor", "circles", "blobs", "moons")]
    made = [create_run(config.with_values(each)) for each in values]
    assert find_run("latest") == made[-1]
    assert [summary.run for summary in list_runs()] == made[::-1]


@pytest.mark.parametrize("threads", ["1", "2", "7"])
def test_what_decides_the_bits_is_recorded_when_the_run_is_made(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch, threads: str
) -> None:
    """A run that is resumed before its data was loaded computes with the threads it was made with."""
    monkeypatch.setenv("ANNSCOPE_THREADS", threads)
    description = RunReader(run_directory(create_run(config))).description
    monkeypatch.setenv("ANNSCOPE_THREADS", "3")
    assert recorded_threads(description) == int(threads)
    assert {"numpy", "python", "annscope", "blas"} <= description["versions"].keys()


@pytest.mark.parametrize("where", range(0, 1000, 37))
@pytest.mark.parametrize("name", ["snapshots/000000.safetensors", "probe.safetensors", "checkpoint.safetensors"])
def test_an_altered_array_is_noticed(directory: Path, name: str, where: int) -> None:
    """A byte that is not what was written, in header or arrays, is one sentence and never a number."""
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
        describe(writer)
        checkpoint = Checkpoint(3, {"weight": np.arange(90.0)}, {"epoch": 2})
        writer.save_checkpoint(checkpoint, train_seconds=1.0, n_changes=0, snapshot_taken=True)
    content = bytearray((directory / name).read_bytes())
    content[-1 - where % len(content)] ^= 4
    (directory / name).write_bytes(content)
    read = {
        "snapshots/000000.safetensors": lambda: RunReader(directory).arrays(0),
        "probe.safetensors": RunReader(directory).probe_bytes,
        "checkpoint.safetensors": writer.load_checkpoint,
    }
    with pytest.raises(RecordError, match="damaged"):
        read[name]()


def test_arrays_without_checksums_are_read(directory: Path) -> None:
    """Records of versions that wrote no checksums are read as before."""
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
    path = directory / "snapshots" / "000000.safetensors"
    path.write_bytes(save(load_file(path)))
    assert same(RunReader(directory).snapshot(0), handmade_snapshot(0))


@pytest.mark.parametrize("state", ["finished", "diverged", "stopped", "failed"])
def test_a_run_that_has_lost_its_metrics_is_not_finished(directory: Path, state: str) -> None:
    """Without metrics.jsonl there is no result, so the run is listed with that error."""
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
        writer.save_checkpoint(Checkpoint(3, {}, {}), train_seconds=1.0, n_changes=0, snapshot_taken=True)
    rewrite(directory / "status.json", status=state, step=3)
    assert list_runs()[0].status == state
    for lose in (lambda path: path.write_bytes(b""), Path.unlink):
        lose(directory / "metrics.jsonl")
        (summary,) = list_runs()
        assert summary.status == "unreadable"
        assert "has lost its metrics.jsonl" in str(summary.message)
    with pytest.raises(RecordError, match="has lost its metrics"):
        RunWriter(directory)


def test_a_summary_tells_the_last_figures(directory: Path) -> None:
    """The list shows the progress of each run without reading all of its record."""
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
        writer.append(handmade_snapshot(30, loss=0.25))
        writer.event("pause", 31)
    (summary,) = list_runs()
    assert (summary.step, summary.epoch, summary.loss, summary.accuracy) == (30, 3, 0.25, 0.5)
    assert (summary.data, summary.hidden_sizes) == ("xor", (3,))


def test_the_parameters_have_one_sum() -> None:
    """The sum depends on the values alone: not on memory order or byte order."""
    parameters = handmade_snapshot(1).parameters
    turned = tuple(
        type(layer)(np.asfortranarray(layer.weight), None if layer.bias is None else layer.bias.astype(">f4"))
        for layer in parameters
    )
    assert parameters_sha256(parameters) == parameters_sha256(turned)
    assert parameters_sha256(parameters) != parameters_sha256(handmade_snapshot(2).parameters)


def test_a_folder_that_cannot_be_written_is_one_sentence(config: RunConfig, home: Path) -> None:
    """If no run can be created, the error names the folder."""
    home.write_text("a file")
    with pytest.raises(StorageError, match="runs cannot be written: Not a directory"):
        create_run(config)
