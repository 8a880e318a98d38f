"""Worker processes: started, killed, orphaned and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from annscope.core.config import RunConfig
from annscope.core.errors import ConfigError
from annscope.runs import launch
from annscope.runs.catalogue import run_directory
from annscope.runs.control import send
from annscope.runs.index import list_runs
from annscope.runs.reader import RunReader
from annscope.runs.status import LIVE, new_status, write_status
from annscope.runs.writer import create_run
from tests.records import final_sha256, train_run, train_to_the_end

DEADLINE = 60.0


@pytest.fixture
def long(config: RunConfig) -> RunConfig:
    """A config of very many epochs, with a snapshot now and then."""
    return config.with_values({"epochs": 1_000_000, "snapshot-every": 500, "learning-rate": 0.01})


@pytest.fixture(autouse=True)
def _no_worker_left(home: Path) -> Iterator[None]:
    yield
    assert home is not None
    for summary in list_runs():
        if summary.status in LIVE:
            psutil.Process(RunReader(summary.directory).status()["pid"]).kill()
            wait(lambda directory=summary.directory: state(directory) not in LIVE)


def wait(condition: Callable[[], object]) -> None:
    """Poll until a condition holds; fail after a generous timeout."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            pytest.fail("what was waited for did not happen")
        time.sleep(0.01)


def state(directory: Path) -> str:
    return RunReader(directory).status()["status"]


def n_snapshots(directory: Path) -> int:
    return len(RunReader(directory).snapshot_lines())


def test_a_killed_worker_is_noticed_and_resumed_to_the_same_bits(config: RunConfig) -> None:
    """SIGKILL in the middle of training, then resume: the parameters are those of an uninterrupted run."""
    config = config.with_values({"epochs": 12_000, "snapshot-every": 1000})
    run = launch.start(config)
    directory = run_directory(run)
    assert state(directory) in LIVE
    wait(lambda: n_snapshots(directory) >= 2)
    send(run, "pause")
    wait(lambda: state(directory) == "paused")
    paused_at = n_snapshots(directory)
    send(run, "resume")
    wait(lambda: n_snapshots(directory) > paused_at)
    psutil.Process(RunReader(directory).status()["pid"]).kill()
    wait(lambda: state(directory) not in LIVE)
    assert state(directory) == "interrupted"
    recorded = RunReader(directory).snapshot_lines()[-1]["step"]
    launch.resume(run)
    wait(lambda: state(directory) not in LIVE)
    reader = RunReader(directory)
    assert reader.status()["status"] == "finished"
    assert recorded < reader.snapshot_lines()[-1]["step"] == reader.status()["total_steps"]
    assert final_sha256(run) == final_sha256(train_run(config).run)


def test_a_worker_handles_commands_and_starts_are_distinct(long: RunConfig) -> None:
    """Two runs started at once are two, and each is stopped by its own command."""
    one, two = launch.start(long), launch.start(long)
    assert one != two
    for run in (one, two):
        wait(lambda run=run: state(run_directory(run)) == "running")
    send(one, "stop")
    wait(lambda: state(run_directory(one)) == "stopped")
    assert state(run_directory(two)) == "running"
    with pytest.raises(launch.LaunchError, match="is running"):
        launch.resume(two)
    send(two, "stop")
    wait(lambda: state(run_directory(two)) == "stopped")


@pytest.mark.parametrize("how", ["end", "kill"])
def test_no_worker_outlives_the_process_that_started_it(long: RunConfig, home: Path, how: str) -> None:
    """When the dashboard's process ends, by itself or by SIGKILL, the worker writes a checkpoint and ends."""
    script = (
        "import sys; from annscope.core.config import RunConfig; from annscope.runs import launch; import json;"
        "print(launch.start(RunConfig.from_dict(json.loads(sys.argv[1]))), flush=True); sys.stdin.read()"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", script, json.dumps(long.to_dict())],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "ANNSCOPE_HOME": str(home)},
    )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    with server.stdin, server.stdout:
        directory = run_directory(server.stdout.readline().strip())
        wait(lambda: n_snapshots(directory) >= 2)
        pid = RunReader(directory).status()["pid"]
        if how == "kill":
            server.kill()
        else:
            server.stdin.close()
        server.wait()
        wait(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    assert RunReader(directory).lines()[-1]["event"] == "interrupted"
    assert (directory / "checkpoint.safetensors").exists()
    assert state(directory) == "interrupted"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM to catch")
def test_a_terminated_worker_writes_its_checkpoint(long: RunConfig) -> None:
    """SIGTERM ends a worker as a closed input does."""
    directory = run_directory(launch.start(long))
    wait(lambda: n_snapshots(directory) >= 2)
    psutil.Process(RunReader(directory).status()["pid"]).send_signal(signal.SIGTERM)
    wait(lambda: state(directory) not in LIVE)
    assert RunReader(directory).lines()[-1]["event"] == "interrupted"
    assert (directory / "checkpoint.safetensors").exists()


def test_a_worker_that_ends_before_it_begins_is_a_failed_run(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the worker cannot start, the run fails with the reason instead of staying in "starting" forever."""
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    directory = run_directory(launch.start(config))
    wait(lambda: state(directory) == "failed")
    assert "ended before it began" in str(RunReader(directory).status()["message"])
    monkeypatch.delenv("PYTHONHOME")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    directory = run_directory(launch.start(config))
    assert RunReader(directory).status()["message"] == "The worker could not be started: No such file or directory."


def test_the_data_set_is_checked_before_a_run_is_created(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong name creates no run; the path of a file is stored as a full path, valid from any folder."""
    with pytest.raises(ConfigError, match="did you mean 'mnist'"):
        launch.start(config.with_values({"data": "mnits"}))
    assert list_runs() == []
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    monkeypatch.chdir(tmp_path)
    assert launch.checked(config.with_values({"data": "mine.csv"})).data.name == str(tmp_path / "mine.csv")


def test_commands_for_an_earlier_worker_are_not_handled_again(config: RunConfig) -> None:
    """A command that arrived too late for one worker does not reach the next."""
    run = create_run(config)
    directory = run_directory(run)
    send(run, "stop")
    write_status(directory, {**new_status(config), "status": "stopped"})
    launch.prepare_resume(run)
    last = train_to_the_end(directory)
    assert last["status"] == "finished"
