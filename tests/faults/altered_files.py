"""Altered files: what is read is what was written, or an error is raised."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from annscope.core.config import RunConfig
from annscope.core.errors import AnnscopeError
from annscope.runs.reader import RunReader
from annscope.runs.writer import RunWriter
from tests.faults.tally import Tally, main
from tests.records import train_run

RUNS = 3000

CONFIG = RunConfig().with_values({"data": "xor", "samples": 60, "hidden": (3,), "batch-size": 16, "epochs": 2})


def check(runs: int) -> Iterator[Tally]:
    """Alter snapshots, probe images and checkpoints this many times in total."""
    chance = random.Random(0)
    kinds: dict[str, tuple[str, Callable[[Path], Any]]] = {
        "snapshot": ("snapshots/000001.safetensors", lambda directory: RunReader(directory).snapshot(1)),
        "probe": ("probe.safetensors", lambda directory: RunReader(directory).probe()),
        "checkpoint": ("checkpoint.safetensors", _checkpoint),
    }
    with (
        tempfile.TemporaryDirectory(prefix="annscope-altered-") as home,
        patch.dict(os.environ, {"ANNSCOPE_HOME": home, "ANNSCOPE_THREADS": "1"}),
    ):
        directory = train_run(CONFIG).directory
        for kind, (name, read) in kinds.items():
            yield _altered(kind, directory / name, lambda read=read: read(directory), runs // len(kinds), chance)


def _altered(kind: str, path: Path, read: Callable[[], Any], runs: int, chance: random.Random) -> Tally:
    tally = Tally(f"altered {kind}", "noticed when it is read")
    before, whole = path.with_name("before"), read()
    shutil.copy(path, before)
    content = before.read_bytes()
    for _ in range(runs):
        path.write_bytes(_alter(content, chance))
        try:
            found = read()
        except AnnscopeError:
            tally.count()
        except Exception as error:
            tally.count(repr(error))
        else:
            tally.count(None if _same(found, whole) else f"{kind} is not what was written")
    shutil.move(before, path)
    return tally


def _alter(content: bytes, chance: random.Random) -> bytes:
    altered = bytearray(content)
    start = chance.randrange(len(content))
    match chance.randrange(5):
        case 0:
            altered[start] ^= 1 << chance.randrange(8)
        case 1:
            end = min(len(content), start + chance.choice((16, 512, 4096)))
            altered[start:end] = bytes(end - start)
        case 2:
            del altered[start:]
        case 3:
            altered[start:start] = chance.randbytes(chance.randrange(1, 9))
        case _:
            other = chance.randrange(len(content))
            altered[start], altered[other] = altered[other], altered[start]
    return bytes(altered)


def _checkpoint(directory: Path) -> Any:
    with RunWriter(directory) as writer:
        return writer.load_checkpoint()


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, two))
    if isinstance(one, tuple):
        return len(one) == len(two) and all(map(_same, one, two))
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(_same(one[key], two[key]) for key in one)
    if hasattr(one, "__dataclass_fields__"):
        return all(_same(getattr(one, name), getattr(two, name)) for name in one.__dataclass_fields__)
    return bool(one == two or (one != one and two != two))


if __name__ == "__main__":
    main("tests.faults.altered_files", check, RUNS)
