"""Failed writes: the file stays unchanged, and the reason is one sentence."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from annscope.core.config import RunConfig
from annscope.core.snapshot import Checkpoint
from annscope.runs import launch
from annscope.runs.atomic import StorageError, append_line, drop_half_line, replace_file, writing
from annscope.runs.catalogue import run_directory, runs_home
from annscope.runs.control import end_of_commands
from annscope.runs.liveness import is_alive, started
from annscope.runs.reader import RunReader
from annscope.runs.status import Status, new_status
from annscope.runs.worker import work
from annscope.runs.writer import RunWriter, create_run
from tests.records import damage, final_sha256, handmade_snapshot, train_run, train_to_the_end

resource = pytest.importorskip("resource")  # Windows has no limit of this kind


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file can grow beyond this size: the system then writes a part of what it was given, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """If there is no space for the new content, the old file stays and nothing is left beside it."""
    path = tmp_path / "kept"
    replace_file(path, b"old")
    for durable in (False, True):
        with largest_file(100), pytest.raises(StorageError, match=r"kept would be larger .* raise the limit"):
            replace_file(path, bytes(101), durable=durable)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_line_is_added_whole_or_not_at_all(tmp_path: Path) -> None:
    """A line that does not fit leaves the file as it was, and the next one begins on a line of its own."""
    path = tmp_path / "lines"
    append_line(path, {"a": 1})
    with largest_file(20), pytest.raises(StorageError, match="lines would be larger"):
        append_line(path, {"b": "x" * 20})
    append_line(path, {"c": 3})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"a": 1}, {"c": 3}]


@pytest.mark.parametrize("whole", [b"", b'{"a":1}\n', b'{"a":1}\n' * 20_000])
@pytest.mark.parametrize("half", [b"", b"{", b"\0" * 70_000, b"x" * 65_536])
def test_half_a_line_is_cut_off_before_the_next(tmp_path: Path, whole: bytes, half: bytes) -> None:
    """What a killed writer or a power cut left after the last complete line is gone, however long it is."""
    path = tmp_path / "lines"
    path.write_bytes(whole + half)
    append_line(path, {"b": 2})
    assert path.read_bytes() == whole + b'{"b": 2}\n'
    path.write_bytes(whole + half)
    drop_half_line(path)
    assert path.read_bytes() == whole


def test_commands_begin_after_the_last_complete_line(tmp_path: Path) -> None:
    """Half a command of a killed program does not hide the next one from a new worker."""
    path = tmp_path / "control.jsonl"
    append_line(path, {"command": "stop"})
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b'{"command": "st')
    assert end_of_commands(tmp_path) == size


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """The error names the full disk and what to do."""
    sentence = r"^The disk mounted at /\S* is full, so \S*x cannot be written; free some space"
    with pytest.raises(StorageError, match=sentence), writing(tmp_path / "x"):
        raise OSError(28, "No space left on device")


def test_a_run_that_cannot_be_made_leaves_nothing(config: RunConfig) -> None:
    """A start that fails on a full disk raises an error, and leaves no folder behind."""
    for size in (0, 100, 16_000):
        with largest_file(size), pytest.raises(StorageError, match="would be larger"):
            launch.start(config)
        assert list(runs_home().iterdir()) == []
    create_run(config)


@pytest.mark.parametrize("size", [17_000, 20_000])
def test_a_run_on_a_full_disk_fails_and_resumes_to_the_same_bits(size: int) -> None:
    """A run whose record cannot grow ends with the reason and what is saved; resumed with space, nothing is missing."""
    values = {"data": "xor", "samples": 60, "hidden": (3,), "batch-size": 4, "epochs": 2, "snapshot-every": 1}
    config = RunConfig().with_values(values)
    directory = run_directory(create_run(config))
    with largest_file(size):
        last = train_to_the_end(directory)
    assert last["status"] == "failed"
    reader = RunReader(directory)
    status = reader.status()
    assert status["status"] == "failed"
    assert "metrics.jsonl would be larger" in str(status["message"])
    assert f"Saved: {len(reader.snapshot_lines())} snapshots" in str(status["message"])
    launch.prepare_resume(directory.name)
    last = train_to_the_end(directory)
    assert last["status"] == "finished"
    assert final_sha256(reader.run) == final_sha256(train_run(config).run)
    assert damage(reader.run) is None


def test_a_run_whose_data_do_not_fit_fails_with_the_reason(config: RunConfig) -> None:
    """If there is no space for the very first arrays, that is the reported error."""
    config = config.with_values({"hidden": (2000,)})
    directory = run_directory(create_run(config))
    with largest_file(17_000):
        last = train_to_the_end(directory)
    assert last["status"] == RunReader(directory).status()["status"] == "failed"
    assert "would be larger" in str(last["message"])
    assert "attribute" not in str(last["message"])


def test_closing_a_generator_on_a_full_disk_is_quiet(config: RunConfig) -> None:
    """Closing a run that can no longer be written is quiet, and the reason is in its status."""
    directory = run_directory(create_run(config.with_values({"hidden": (500,)})))
    statuses = work(directory)
    while next(statuses)["status"] != "running":
        pass
    with largest_file(16_500):
        statuses.close()  # type: ignore[attr-defined]
    assert "would be larger" in str(RunReader(directory).status()["message"])


def test_the_old_checkpoint_stays_until_the_new_one_is_whole(config: RunConfig) -> None:
    """A checkpoint for which there is no space leaves the previous one intact."""
    import numpy as np

    directory = run_directory(create_run(config))
    with RunWriter(directory) as writer:
        writer.event("pause", 1)
        writer.save_checkpoint(Checkpoint(1, {"w": np.ones(9)}, {}), train_seconds=0, n_changes=0, snapshot_taken=True)
        with largest_file(3000), pytest.raises(StorageError):
            writer.save_checkpoint(
                Checkpoint(2, {"w": np.ones(999)}, {}), train_seconds=0, n_changes=0, snapshot_taken=True
            )
        saved = writer.load_checkpoint()
    assert saved is not None
    assert saved.checkpoint.step == 1


def test_lost_arrays_are_written_again_when_they_are_computed_again(config: RunConfig) -> None:
    """A snapshot whose arrays were zeroed at their full length is whole again after a resume."""
    directory = run_directory(create_run(config))
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
    path = directory / "snapshots" / "000000.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-500] + bytes(500))
    with RunWriter(directory) as writer:
        writer.append(handmade_snapshot(0))
    assert path.read_bytes() == content


def test_setting_the_clock_ends_no_run(config: RunConfig) -> None:
    """The identity of a run's process does not depend on the clock."""
    status = new_status(config)
    later: Status = {**status, "heartbeat": status["heartbeat"] + 86_400}
    assert is_alive(status)
    assert is_alive(later)
    assert not is_alive({**status, "pid_started": "another start of the machine/1"})
    assert status["pid_started"] == started(os.getpid())
    assert status["host"] == platform.node()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system keeps the time at which a process began")
def test_the_start_of_a_process_is_counted_from_the_start_of_the_machine() -> None:
    """The boot time that Linux derives from the clock is no part of it."""
    boot, ticks = str(started(os.getpid())).split("/")
    assert boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    seconds = int(ticks) / os.sysconf("SC_CLK_TCK")
    assert 0 < seconds <= float(Path("/proc/uptime").read_text().split()[0])


def test_a_status_of_an_earlier_version_is_understood(config: RunConfig) -> None:
    """A process whose start was recorded by the clock is known again."""
    import psutil

    status = new_status(config)
    created = psutil.Process().create_time()
    assert is_alive({**status, "pid_started": created})
    assert not is_alive({**status, "pid_started": created - 100})
