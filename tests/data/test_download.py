"""A download that was broken off goes on where it was, where that is possible, and is never half of one thing."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from annscope.data.download import _CHUNK as CHUNK
from annscope.data.download import fetch
from annscope.data.errors import DataError
from tests.data.conftest import Mirror

StartMirror = Callable[[dict[str, bytes]], Mirror]

NAME = "archive.gz"
BODY = np.random.default_rng(0).bytes(400_000)
OTHER = np.random.default_rng(1).bytes(400_000)
WALL = 10 * CHUNK


@pytest.fixture
def mirror(start_mirror: StartMirror) -> Mirror:
    """A mirror that sends parts of one file."""
    started = start_mirror({NAME: BODY})
    started.ranges = True
    return started


def check(partial: Path, url: str) -> None:
    """As the hash of MNIST is checked."""
    if partial.read_bytes() not in (BODY, OTHER):
        raise DataError(f"{url} is not what was asked for")


def get(folder: Path, *mirrors: Mirror) -> list[tuple[int, int]]:
    """Fetch the file; returns how far it was each time that it said so, and out of how much."""
    told: list[tuple[int, int]] = []
    fetch(
        folder / NAME, [mirror.url for mirror in mirrors], what="It", check=check, advice="sit back",
        progress=lambda _, done, total: told.append((done, total)),
    )  # fmt: skip
    return told


def answers(mirror: Mirror) -> list[tuple[int, int]]:
    """What each answer began with, and how many bytes it held."""
    return [(start, n) for _, start, n in mirror.sent]


def only(folder: Path) -> Path:
    """The one file in a folder."""
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize("n_breaks", [1, 2, 4])
def test_a_broken_transfer_goes_on_where_it_was(mirror: Mirror, tmp_path: Path, n_breaks: int) -> None:
    """However often it breaks, next to nothing is sent twice, and what is shown never goes back."""
    mirror.cut[NAME] = n_breaks
    told = get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert len(answers(mirror)) == n_breaks + 1
    assert sum(n for _, n in answers(mirror)) <= len(BODY) + n_breaks * CHUNK
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert {total for _, total in told} == {len(BODY)}
    assert told[-1] == (len(BODY), len(BODY))


def test_a_server_that_sends_no_parts_begins_anew(mirror: Mirror, tmp_path: Path) -> None:
    """Then the whole is fetched again, and nothing is kept that nobody could use."""
    mirror.ranges = False
    mirror.cut[NAME] = 1
    get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert answers(mirror) == [(0, 200_000), (0, 400_000)]
    (tmp_path / NAME).unlink()
    mirror.cut[NAME] = 2
    with pytest.raises(DataError, match="the transfer broke off"):
        get(tmp_path, mirror)
    assert list(tmp_path.iterdir()) == []


def test_the_next_call_goes_on(mirror: Mirror, tmp_path: Path) -> None:
    """What was got before everything failed is not fetched again."""
    mirror.wall[NAME] = WALL
    with pytest.raises(DataError, match=r"It could not be downloaded \(127.*: the transfer broke off\): sit back"):
        get(tmp_path, mirror)
    assert only(tmp_path).name.endswith(".part")
    mirror.wall.clear()
    mirror.sent.clear()
    told = get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert answers(mirror) == [(WALL, len(BODY) - WALL)]
    assert min(told)[0] > WALL


def test_a_stuck_server_is_left_for_the_next_one(mirror: Mirror, start_mirror: StartMirror, tmp_path: Path) -> None:
    """An attempt that brings nothing new ends the attempts, and parts of two servers are never put together."""
    mirror.wall[NAME] = WALL
    whole = start_mirror({NAME: OTHER})
    get(tmp_path, mirror, whole)
    assert (tmp_path / NAME).read_bytes() == OTHER
    assert answers(mirror) == [(0, WALL), (WALL, 0)]
    assert answers(whole) == [(0, 400_000)]


@pytest.mark.parametrize("version", ['"1"', None])
def test_a_file_that_changed_meanwhile_is_fetched_whole(mirror: Mirror, tmp_path: Path, version: str | None) -> None:
    """Whether the server says so, or only the hash does."""
    mirror.version, mirror.wall[NAME] = version, WALL

    class Changing(dict[str, bytes]):
        def __getitem__(self, name: str) -> bytes:
            if not mirror.sent:
                return BODY
            mirror.wall.clear()
            mirror.version = version and '"2"'
            return OTHER

    mirror.files = Changing(mirror.files)
    get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == OTHER
    spliced = [] if version else [(WALL, len(BODY) - WALL)]
    assert answers(mirror) == [(0, WALL), *spliced, (0, 400_000)]


def test_what_a_killed_process_left_is_used(mirror: Mirror, tmp_path: Path) -> None:
    """Once it has been silent for long enough to be sure; the file of a living one is left alone."""
    mirror.wall[NAME] = WALL
    with pytest.raises(DataError):
        get(tmp_path, mirror)
    mirror.wall.clear()
    kept = only(tmp_path)
    killed = kept.with_name(f"{kept.stem}.abc.part")
    kept.rename(killed)
    mirror.sent.clear()
    get(tmp_path, mirror)
    assert answers(mirror) == [(0, 400_000)]
    assert killed.exists()
    (tmp_path / NAME).unlink()
    os.utime(killed, (time.time() - 100,) * 2)
    mirror.sent.clear()
    get(tmp_path, mirror)
    assert answers(mirror) == [(WALL, len(BODY) - WALL)]
    assert only(tmp_path).read_bytes() == BODY


@pytest.mark.parametrize("there", [BODY, BODY + b"more", OTHER[:100] + BODY[100:], OTHER[:1000]])
def test_whatever_was_left_the_file_is_right(mirror: Mirror, tmp_path: Path, there: bytes) -> None:
    """All of it, more than all, or something else: what comes out is the file."""
    digest = hashlib.sha256(f"{mirror.url}/{NAME}".encode()).hexdigest()[:12]
    (tmp_path / f".{NAME}.{digest}.part").write_bytes(there)
    get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert len(mirror.asked) == (1 if there == BODY else 2)


@pytest.mark.parametrize("shifted", [10, -10, None])
def test_a_part_that_begins_elsewhere_is_not_believed(mirror: Mirror, tmp_path: Path, shifted: int | None) -> None:
    """A server that answers with another part than it was asked for is asked for the whole."""
    mirror.cut[NAME], mirror.shifted = 1, shifted
    get(tmp_path, mirror)
    assert only(tmp_path).read_bytes() == BODY
    assert answers(mirror)[-1] == (0, 400_000)


def test_two_at_once_do_not_meet(mirror: Mirror, tmp_path: Path) -> None:
    """Two that fetch the same file at the same time both have it, and nothing else is left."""
    mirror.cut[NAME] = 3
    faults: list[Exception] = []

    def run() -> None:
        try:
            get(tmp_path, mirror)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert only(tmp_path).read_bytes() == BODY


def test_wrong_content_is_not_kept(mirror: Mirror, tmp_path: Path) -> None:
    """A whole file that is not the right one is no beginning of anything."""
    mirror.files[NAME] = b"<html>Please log in</html>"
    with pytest.raises(DataError, match="is not what was asked for"):
        get(tmp_path, mirror)
    assert list(tmp_path.iterdir()) == []
