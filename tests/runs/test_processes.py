"""The worker that is kept ready: it takes the next run, and is nobody's burden otherwise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from annscope.core.config import RunConfig
from annscope.runs import launch
from annscope.runs.catalogue import run_directory
from annscope.runs.processes import one_kept_ready
from annscope.runs.reader import RunReader
from annscope.runs.status import LIVE
from tests.records import final_sha256, train_run
from tests.runs.test_launch import wait


def ready(process: int | None = None) -> list[psutil.Process]:
    """The workers of a process that wait for a run."""
    alive = [each for each in psutil.Process(process).children() if each.status() != psutil.STATUS_ZOMBIE]
    return [each for each in alive if "--wait" in each.cmdline()]


def trained(config: RunConfig) -> RunReader:
    """The record of a run that was started and has ended."""
    directory = run_directory(launch.start(config))
    wait(lambda: RunReader(directory).status()["status"] not in LIVE)
    return RunReader(directory)


@pytest.mark.usefixtures("home")
def test_the_next_run_is_trained_by_the_worker_that_is_ready(config: RunConfig) -> None:
    """Its imports are made before; the result has the same bits; the next worker is ready when the run has ended."""
    expected = final_sha256(train_run(config).run)
    with one_kept_ready():
        (worker,) = ready()
        run = trained(config)
        assert run.status()["pid"] == worker.pid
        assert final_sha256(run.run) == expected
        wait(lambda: [each.pid for each in ready()] not in ([], [worker.pid]))
    assert ready() == []


@pytest.mark.usefixtures("home")
def test_a_ready_worker_that_died_or_has_another_environment_is_not_used(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run starts in a new worker then."""
    with one_kept_ready():
        (worker,) = ready()
        worker.kill()
        worker.wait()
        assert trained(config).status()["status"] == "finished"
        wait(ready)
        monkeypatch.setenv("ANNSCOPE_HOME", str(tmp_path / "elsewhere"))
        assert trained(config).status()["status"] == "finished"


def test_a_ready_worker_ends_with_the_process_that_keeps_it() -> None:
    """However that process ends, the worker sees its input close."""
    script = (
        "import sys; from annscope.runs.processes import one_kept_ready\n"
        "with one_kept_ready(): print(flush=True); sys.stdin.read()"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdin is not None
    assert owner.stdout is not None
    with owner.stdin, owner.stdout:
        owner.stdout.readline()
        (worker,) = ready(owner.pid)
        owner.kill()
        owner.wait()
        wait(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
