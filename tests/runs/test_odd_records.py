"""Unrelated folders and damaged records: each is one line in the list, and no other run is affected."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from annscope.core.config import RunConfig
from annscope.runs.atomic import GrowingLines, read_file
from annscope.runs.catalogue import other_folders, run_directory, run_ids
from annscope.runs.cli import annscope
from annscope.runs.control import ControlError, send
from annscope.runs.index import find_run, list_runs
from annscope.runs.launch import prepare_to_go_on
from annscope.runs.reader import RunReader
from annscope.runs.record import RecordError
from annscope.runs.schema import MAX_INTEGER, check, check_line, parse_json
from annscope.runs.status import Status, new_status, write_status
from annscope.runs.writer import RunWriter, create_run
from tests.records import train_run, train_to_the_end


@pytest.fixture
def run(config: RunConfig) -> str:
    """A run that was trained to its end."""
    return train_run(config).run


def change(path: Path, **values: Any) -> None:
    """Put other values into a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def reason(run: str) -> str:
    """The message in the list for a run that cannot be read."""
    (about,) = [about for about in list_runs() if about.run == run]
    assert about.status == "unreadable"
    return str(about.message)


@pytest.mark.parametrize("name", ["copy (2)", "x.bak", "__MACOSX", "é", os.fsdecode(b"\xff")])
def test_a_folder_whose_name_no_run_has_is_one_line(run: str, name: str) -> None:
    """A copy beside the runs is listed last with the reason, is never the latest, and hides nothing."""
    shutil.copytree(run_directory(run), run_directory(run).with_name(name))
    assert [about.status for about in list_runs()] == ["finished", "unreadable"]
    assert "only letters, digits" in str(list_runs()[-1].message)
    assert (run_ids(), other_folders(), find_run("latest")) == ([run], [name], run)
    shown = CliRunner().invoke(annscope, ["runs", "list"])
    assert shown.exit_code == 0
    assert run in shown.output


def test_links_that_lead_nowhere_or_in_a_circle_are_no_runs(run: str) -> None:
    """A dangling link among the runs changes nothing."""
    runs = run_directory(run).parent
    (runs / "circle").symlink_to("circle")
    (runs / "nowhere").symlink_to("gone")
    assert [about.run for about in list_runs()] == [run]


@pytest.mark.parametrize("name", ["worker.log", "snapshots/000000.safetensors", "snapshots", "own"])
def test_a_circular_link_inside_a_run_leaves_the_list_as_it_is(run: str, name: str) -> None:
    """Links within a run's folder have no size, and no list fails because of one."""
    path = run_directory(run) / name
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(path.name)
    (about,) = list_runs()
    assert about.run == run
    assert about.n_bytes > 0


def test_a_home_that_cannot_be_listed_is_one_sentence(run: str) -> None:
    """A file in place of the folder of runs is an error on the command line."""
    runs = run_directory(run).parent
    runs.rename(runs.with_name("elsewhere"))
    runs.write_text("")
    with pytest.raises(RecordError, match="cannot be listed"):
        list_runs()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("name", ["config.json", "status.json", "metrics.jsonl"])
@pytest.mark.parametrize("kind", ["pipe", "endless", "folder", "circle", "huge"])
def test_what_is_no_file_is_neither_waited_for_nor_read(run: str, name: str, kind: str) -> None:
    """A pipe, a device without end, a folder or a file of 64 GB in a file's place is rejected at once."""
    path = run_directory(run) / name
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "circle":
        path.symlink_to(name)
    else:
        path.touch()
        os.truncate(path, 2**36)
    for action in (
        lambda: RunReader(run_directory(run)).lines() and RunReader(run_directory(run)).status(),
        lambda: prepare_to_go_on(run, 9),
    ):
        with pytest.raises(RecordError, match=run):
            action()
    if name != "metrics.jsonl" or kind not in {"huge"}:
        assert reason(run)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_commands_and_locks_that_would_be_waited_for_are_rejected(run: str) -> None:
    """Neither sending a command nor resuming blocks on a pipe."""
    directory = run_directory(run)
    write_status(directory, {**RunReader(directory).status(), **new_status(RunConfig()), "status": "running"})  # type: ignore[typeddict-item]
    for name in ("control.jsonl", "worker.lock"):
        (directory / name).unlink(missing_ok=True)
        os.mkfifo(directory / name)
    with pytest.raises(ControlError, match="cannot take commands"):
        send(run, "pause")
    with pytest.raises(RecordError, match="it is not a file"):
        RunWriter(directory)


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("config.json", {"created": "1999-13-77"}, "created must be a date"),
        ("config.json", {"created": 5}, "created must be a text"),
        ("config.json", {"layer_sizes": [2, 9, 2]}, "does not fit the hidden layers"),
        ("config.json", {"dataset": None}, "do not match"),
        ("config.json", {"threads": 10**9}, "threads must be from 1 to"),
        ("config.json", {"config": 5}, "config must be an object"),
        ("status.json", {"pid": "x"}, "pid must be a whole number"),
        ("status.json", {"pid": 10**30}, "a number out of range"),
        ("status.json", {"heartbeat": None}, "heartbeat must be a number, not null"),
        ("status.json", {"status": "unresponsive"}, "no process publishes the status unresponsive"),
        ("status.json", {"loading": {"what": "x"}}, "loading.done is missing"),
    ],
)
def test_values_that_cannot_be_are_named(run: str, name: str, values: dict[str, Any], words: str) -> None:
    """The line of a damaged record names the invalid value, and each command gives the same message."""
    change(run_directory(run) / name, **values)
    assert words in reason(run)
    for command in (["runs", "show", run], ["evaluate", run], ["check-gradient", run], ["resume", run]):
        if name == "status.json" and command[0] in {"evaluate", "check-gradient"}:
            continue  # they do not ask for it
        with pytest.raises(RecordError, match=run):
            CliRunner().invoke(annscope, command, catch_exceptions=False)


@pytest.mark.parametrize("text", [b"[" * 100_000, b"NaN", b'{"a": Infinity}', b'"\\ud800"', b"9" * 5000, b"\xff"])
def test_json_that_no_program_can_use_is_rejected(text: bytes) -> None:
    """Endless nesting, non-finite numbers and half a surrogate pair all raise the same kind of error."""
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_what_the_worker_writes_passes_the_check(run: str, config: RunConfig) -> None:
    """The shapes that a reader requires are those of the record."""
    directory = run_directory(run)
    check(json.loads((directory / "status.json").read_text()), Status)
    check(new_status(config), Status)
    for text in (directory / "metrics.jsonl").read_bytes().splitlines():
        check_line(json.loads(text))
    with pytest.raises(ValueError, match="step must be a whole number"):
        check_line({"type": "event", "event": "x", "step": MAX_INTEGER})


@pytest.mark.parametrize("how", ["unknown", "missing"])
def test_settings_of_another_version_are_rejected_in_a_sentence(run: str, how: str) -> None:
    """A run of a version with other settings is not read as if it had those of this one, on no command."""
    path = run_directory(run) / "config.json"
    config = json.loads(path.read_text())["config"]
    if how == "unknown":
        config["training"]["lookahead"] = 3
    else:
        del config["training"]["momentum"]
    change(path, config=config)
    name = "training lookahead" if how == "unknown" else "training momentum"
    assert f"was made by a version of annscope with other settings ({name})" in reason(run)
    for command in (["runs", "show", run], ["evaluate", run], ["check-gradient", run], ["resume", run]):
        with pytest.raises(RecordError, match="other settings"):
            CliRunner().invoke(annscope, command, catch_exceptions=False)


def test_damage_in_the_middle_stays_damage(run: str) -> None:
    """A line that cannot be read is an error at the second read as well; what follows it is not trusted."""
    path = run_directory(run) / "metrics.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"nonsense\n", *lines[1:]]))
    reader = RunReader(run_directory(run))
    for _ in range(2):
        with pytest.raises(RecordError, match="metrics"):
            reader.new_lines()


def test_snapshots_come_in_the_order_of_their_numbers(run: str) -> None:
    """A line that is missing, or twice there, is noticed: every view counts on the numbers."""
    path = run_directory(run) / "metrics.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for wrong in (lines[1:], [lines[0], *lines]):
        path.write_bytes(b"".join(wrong))
        with pytest.raises(RecordError, match="found where"):
            RunReader(run_directory(run)).lines()


@pytest.mark.parametrize("wrong", ["shape", "missing", "type"])
def test_arrays_of_another_network_are_rejected(run: str, wrong: str) -> None:
    """A snapshot's file must hold this network's arrays, each of its shape."""
    from annscope.runs.encoding import snapshot_tensors, tensor_bytes

    reader = RunReader(run_directory(run))
    tensors = snapshot_tensors(reader.snapshot(0))
    if wrong == "shape":
        tensors["layer0.weight"] = tensors["layer0.weight"].T.copy()
    elif wrong == "missing":
        del tensors["layer1.bias"]
    else:
        tensors["confusion"] = tensors["confusion"].astype("float32")
    (run_directory(run) / "snapshots" / "000000.safetensors").write_bytes(tensor_bytes(tensors))
    for read in (reader.arrays, reader.snapshot, reader.network):
        with pytest.raises(RecordError, match="arrays of snapshot 0"):
            read(0)


def test_a_checkpoint_that_cannot_be_resumed_from_is_one_sentence(run: str) -> None:
    """Invalid values in a checkpoint end the run as failed, with the reason and without a traceback."""
    from safetensors import safe_open
    from safetensors.numpy import save_file

    path = run_directory(run) / "checkpoint.safetensors"
    with safe_open(path, framework="numpy") as file:
        state = json.loads(file.metadata()["annscope"])
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(arrays, path, {"annscope": json.dumps(state | {"n_changes": "x"})})
    last = train_to_the_end(run_directory(run), n_epochs=5)
    assert last["status"] == "failed"
    assert "n_changes must be a whole number" in str(last["message"])
    assert not (run_directory(run) / "worker.log").exists()


def test_a_process_without_a_heartbeat_is_unresponsive(config: RunConfig) -> None:
    """A live run without a heartbeat is unresponsive, without an estimate of the time left."""
    run = create_run(config)
    quiet: dict[str, Any] = {"status": "running", "seconds_left": 480.0, "heartbeat": time.time() - 12}
    write_status(run_directory(run), {**new_status(config), **quiet})  # type: ignore[typeddict-item]
    status = RunReader(run_directory(run)).status()
    assert (status["status"], status["message"], status["seconds_left"]) == (
        "unresponsive", "No heartbeat for 12 s.", None,
    )  # fmt: skip
    listed = CliRunner().invoke(annscope, ["runs", "list"])
    assert "No heartbeat for 12 s" in listed.output
    assert "No heartbeat for 12 s" in CliRunner().invoke(annscope, ["runs", "show", run]).output


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows suspends no process so")
def test_a_suspended_process_is_reported_as_suspended(config: RunConfig) -> None:
    """A suspended worker, as by Ctrl-Z, is not listed as running."""
    import signal
    import subprocess

    from annscope.runs.liveness import started

    sleeper = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        sleeper.send_signal(signal.SIGSTOP)
        os.waitpid(sleeper.pid, os.WUNTRACED)
        run = create_run(config)
        values = {"status": "running", "pid": sleeper.pid, "pid_started": started(sleeper.pid)}
        write_status(run_directory(run), {**new_status(config), **values})  # type: ignore[typeddict-item]
        status = RunReader(run_directory(run)).status()
        assert status["status"] == "unresponsive"
        assert f"process {sleeper.pid} is suspended" in str(status["message"])
    finally:
        sleeper.kill()
        sleeper.communicate()


def test_files_are_read_up_to_a_size(tmp_path: Path) -> None:
    """A file larger than anything annscope writes is rejected before it is read."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 101)
    with pytest.raises(OSError, match="larger than 100"):
        read_file(path, 100)
    lines = GrowingLines(path)
    assert list(lines.read()) == []
    path.write_bytes(b"x" * 2**23)
    with pytest.raises(ValueError, match="lines"):
        list(lines.read())


def test_a_file_of_lines_that_has_become_shorter_is_damaged(tmp_path: Path) -> None:
    """A file that has become shorter is an error."""
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntwo\n")
    lines = GrowingLines(path)
    assert list(lines.read()) == [b"one", b"two"]
    path.write_bytes(b"one\n")
    with pytest.raises(ValueError, match="shorter"):
        list(lines.read())


def test_listing_reads_a_damaged_end(run: str) -> None:
    """A record whose last lines are damaged is unreadable in the list as well, not finished."""
    with (run_directory(run) / "metrics.jsonl").open("ab") as file:
        file.write(b'{"type": "snapshot", "step": 1}\n')
    assert "number is missing" in reason(run)
