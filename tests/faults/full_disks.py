"""Full disks while a run is recorded, at every size: nothing is lost, nothing damaged is listed, errors are reported.

Where root is there, the disk is a small tmpfs; elsewhere the largest size of a file is limited, as `ulimit -f` does.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

from annscope.core.config import RunConfig
from annscope.core.errors import AnnscopeError
from annscope.runs import launch, worker
from annscope.runs.atomic import StorageError
from annscope.runs.catalogue import run_directory, run_ids
from annscope.runs.reader import RunReader
from annscope.runs.writer import create_run
from tests.faults.tally import Tally, main
from tests.records import damage, final_sha256, train_to_the_end

RUNS = 300
BY_COMMAND = 15
"""One run in this many is started by the command line, as a separate process."""

Settings = dict[str, Any]
NETWORKS: dict[str, tuple[Settings, int, int]] = {
    # name: settings, and the least and the largest disk in bytes
    "small": ({"data": "xor", "samples": 60, "hidden": (3,), "batch-size": 16, "epochs": 20, "snapshot-every": 2},
              6_000, 300_000),
    "784-512-256-10": ({"data": "mnist-5k", "hidden": (512, 256), "batch-size": 500, "optimizer": "adam", "epochs": 1,
                        "snapshot-every": 3}, 10_000, 14_000_000),
}  # fmt: skip
LARGE_SHARE = 5
"""One run in this many has the large network."""


class Disk(Protocol):
    """A place for files that can be made small and large again."""

    folder: Path
    words: str

    def shrink(self, size: int) -> None: ...
    def grow(self) -> None: ...


class SmallDisk:
    """A tmpfs of its own."""

    words = "is full"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", folder], check=True, capture_output=True)

    def shrink(self, size: int) -> None:
        self._resize(f"{size // 1024}k")

    def grow(self) -> None:
        self._resize("512m")

    def _resize(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], check=True)


class SmallFiles:
    """Files that cannot grow beyond a size."""

    words = "ulimit -f"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def shrink(self, size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 8, self._hard))

    def grow(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._hard, self._hard))


@contextlib.contextmanager
def small_disk() -> Iterator[Disk]:
    """A place to fill up."""
    with tempfile.TemporaryDirectory(prefix="annscope-disk-") as made:
        folder = Path(made)
        try:
            disk: Disk = SmallDisk(folder)
        except (OSError, subprocess.CalledProcessError):
            yield SmallFiles(folder)
            return
        try:
            yield disk
        finally:
            subprocess.run(["umount", folder], check=True)


def check(runs: int) -> Iterator[Tally]:
    """Fill this many disks of random size."""
    chance = random.Random(0)
    with (
        small_disk() as disk,
        patch.dict(os.environ, {"ANNSCOPE_HOME": str(disk.folder), "ANNSCOPE_THREADS": "1"}),
        # As often as can be, so that many a disk fills up in the middle of one.
        patch.multiple(worker, CHECKPOINT_SECONDS=0.0, CHECKPOINT_SHARE=1.0),
    ):
        for name, (settings, least, most) in NETWORKS.items():
            share = runs // LARGE_SHARE if name != "small" else runs - runs // LARGE_SHARE
            yield from _fill(disk, name, settings, share, least, most, chance)


def _fill(
    disk: Disk, name: str, settings: Settings, runs: int, least: int, most: int, chance: random.Random
) -> list[Tally]:
    fault = f"full disk, {name}"
    lost, damaged, words, starts = (
        Tally(fault, guarantee)
        for guarantee in (
            "the run is resumed to the same bits", "every listed snapshot is whole", "the disk is named, no traceback",
            "a failed start leaves nothing",
        )
    )  # fmt: skip
    config = RunConfig().with_values(settings)
    disk.grow()
    uninterrupted = create_run(config)
    _finish(uninterrupted)
    expected = final_sha256(uninterrupted)
    _clear(disk)
    for number in range(runs):
        disk.shrink(round(least * (most / least) ** chance.random()))
        try:
            reported = _by_command(settings) if number % BY_COMMAND == BY_COMMAND - 1 else _here(config)
            if reported is not None:
                words.count(None if disk.words in reported and "Traceback" not in reported else reported)
        except Exception as error:
            words.count(repr(error))
        ids = run_ids()
        if not ids:
            left = sorted(path.name for path in (disk.folder / "runs").glob(".*"))
            starts.count(f"{left} were left" if left else None)
        for run in ids:
            damaged.count(damage(run))
            disk.grow()
            lost.count(_loss(run, expected))
            damaged.count(damage(run))
        disk.grow()
        _clear(disk)
    return [lost, damaged, words, starts]


def _here(config: RunConfig) -> str | None:
    """Record a run in this process; what was reported if it failed, None if the disk was large enough."""
    try:
        run = create_run(config)
        last = train_to_the_end(run_directory(run))
    except StorageError as error:
        return str(error)
    reported = RunReader(run_directory(run)).status()
    if reported["status"] != last["status"]:
        return f"{last['status']} is listed as {reported['status']}: {reported['message']}"
    return (
        reported["message"]
        if reported["status"] == "failed"
        else None
        if reported["status"] == "finished"
        else repr(reported)
    )


def _by_command(settings: Settings) -> str | None:
    """The same by the command line."""
    command = [sys.executable, "-m", "annscope.runs.cli", "train"]
    for option, value in settings.items():
        command += [f"--{option}", ",".join(map(str, value)) if isinstance(value, tuple) else str(value)]
    ended = subprocess.run(command, capture_output=True, text=True)
    return None if ended.returncode == 0 else ended.stderr or f"nothing, with exit status {ended.returncode}"


def _finish(run: str) -> str | None:
    """Work on a run until it ends; what it reported if it is not finished then."""
    last = train_to_the_end(run_directory(run))
    return None if last["status"] == "finished" else f"{last['status']}: {last['message']}"


def _loss(run: str, expected: str) -> str | None:
    """What is wrong with a run that is resumed once there is space."""
    try:
        if RunReader(run_directory(run)).status()["status"] != "finished":
            launch.prepare_resume(run)
            if reported := _finish(run):
                return reported
        return None if final_sha256(run) == expected else "other bits"
    except AnnscopeError as error:
        return str(error)


def _clear(disk: Disk) -> None:
    shutil.rmtree(disk.folder / "runs", ignore_errors=True)


if __name__ == "__main__":
    main("tests.faults.full_disks", check, RUNS)
