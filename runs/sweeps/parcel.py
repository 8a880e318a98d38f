"""Parcels: how the record of a run travels from a worker that shares no disk with the dashboard.

The record is append-only and its line is the commit, so all that is new since some size of `metrics.jsonl` is: the
lines after it, the arrays of their snapshots, and the small files that have been replaced. Here the truth is what has
arrived: its size says what is to be sent next, so a parcel that is lost, late or sent twice does no harm. That holds
for one attempt: a scheduler that has lost a worker has the run trained again from where it was then sent off, with
other times in its lines, so that attempt is ended, and another one sent off with what has arrived.
Commands go the other way, as the whole of `control.jsonl`, which is small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from annscope.runs.atomic import GrowingLines, drop_half_line, read_file, replace_file, writing
from annscope.runs.control import FILE as CONTROL
from annscope.runs.record import snapshot_path
from annscope.runs.schema import parse_line
from annscope.runs.thinning import Numbers

METRICS = "metrics.jsonl"
BEFORE_LINES = ("probe.safetensors", "config.json")
"""The files that are complete before the first line is written."""
AFTER_LINES = ("checkpoint.safetensors", "status.json")
"""The files that speak of lines, and are replaced after those."""
PARCEL_BYTES = 32_000_000
"""About as many bytes of arrays are sent at a time; the lines after them wait for the next parcel."""


@dataclass(frozen=True)
class Received:
    """What has arrived: bytes of the metrics, and the time of each replaced file as its sender stamped it.

    `attempt` is the one that it came from, None before anything has.
    """

    n_bytes: int
    stamps: Mapping[str, int] = field(default_factory=dict)
    attempt: str | None = None


@dataclass(frozen=True)
class Parcel:
    """What is new in a record: whole lines of the metrics from the byte `start` on, and files by their names.

    `arrays` are the files of snapshots; `files` those that are replaced whole, with the stamps of these versions.
    """

    attempt: str
    start: int
    lines: bytes
    arrays: Mapping[str, bytes]
    files: Mapping[str, bytes]
    stamps: Mapping[str, int]


def pack(directory: Path, received: Received, attempt: str, at_most: int = PARCEL_BYTES) -> Parcel:
    """What is new in the record in `directory`, written by its worker meanwhile. Raises OSError, ValueError."""
    after = _changed(directory, AFTER_LINES, received)  # read before the lines: no newer than they are
    lines = list(GrowingLines(directory / METRICS, received.n_bytes).read())
    before = _changed(directory, BEFORE_LINES, received)
    arrays: dict[str, bytes] = {}
    sent: list[bytes] = []
    n_bytes = 0
    for text in lines:
        sent.append(text)
        line = parse_line(text)
        if line["type"] == "snapshot":
            path = snapshot_path(directory, line["number"])
            with suppress(FileNotFoundError):  # thinned out since
                arrays[path.name] = read_file(path)
                n_bytes += len(arrays[path.name])
        if n_bytes > at_most:
            break
    files = before | (after if len(sent) == len(lines) else {})
    return Parcel(
        attempt=attempt,
        start=received.n_bytes,
        lines=b"".join(text + b"\n" for text in sent),
        arrays=arrays,
        files={name: content for name, (content, _) in files.items()},
        stamps={name: stamp for name, (_, stamp) in files.items()},
    )


def _changed(directory: Path, names: Iterable[str], received: Received) -> dict[str, tuple[bytes, int]]:
    """The content and the stamp of those files that are not what has arrived."""
    found = {}
    for name in names:
        with suppress(FileNotFoundError):
            stamp = (directory / name).stat().st_mtime_ns
            if stamp != received.stamps.get(name):
                found[name] = read_file(directory / name), stamp
    return found


def unpack(directory: Path, parcel: Parcel, received: Received) -> Received:
    """Put what a parcel holds into the record in `directory`; returns what has arrived by now.

    Raises StorageError if it cannot be written.
    """
    with writing(directory):
        (directory / "snapshots").mkdir(exist_ok=True)
    for name, content in parcel.arrays.items():
        replace_file(directory / "snapshots" / Path(name).name, content)
    _replace(directory, BEFORE_LINES, parcel)
    lines = parcel.lines[received.n_bytes - parcel.start :] if received.n_bytes >= parcel.start else b""
    if lines:
        with writing(directory / METRICS), (directory / METRICS).open("ab") as file:
            file.write(lines)
        for text in lines.splitlines():
            line = parse_line(text)
            if line["type"] == "event" and line["event"] == "thinned":
                for number in Numbers(line["ranges"]):
                    snapshot_path(directory, number).unlink(missing_ok=True)
    _replace(directory, AFTER_LINES, parcel)
    return Received(received.n_bytes + len(lines), {**received.stamps, **parcel.stamps}, parcel.attempt)


def _replace(directory: Path, names: Iterable[str], parcel: Parcel) -> None:
    for name in names:
        if name in parcel.files:
            replace_file(directory / name, parcel.files[name])


def what_is_here(directory: Path) -> Received:
    """What a record already holds, none of its replaced files being known to the sender."""
    drop_half_line(directory / METRICS)
    return Received((directory / METRICS).stat().st_size)


def outset(directory: Path) -> dict[str, bytes]:
    """What a worker needs to begin or to resume a run: its record without the arrays of the snapshots."""
    files = {}
    for name in (METRICS, CONTROL, *BEFORE_LINES, *AFTER_LINES):
        with suppress(FileNotFoundError):
            files[name] = read_file(directory / name)
    return files


def lay_out(directory: Path, files: Mapping[str, bytes]) -> None:
    """Make the record that `outset` gave. Raises OSError, StorageError."""
    with writing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        replace_file(directory / name, content)


def pass_on_commands(directory: Path, content: bytes) -> None:
    """Append the commands that have not been passed on to the worker of the record in `directory` yet."""
    path = directory / CONTROL
    with writing(path), path.open("ab") as file:
        new = content[file.tell() :]
        file.write(new[: new.rfind(b"\n") + 1])


def commands_of(directory: Path) -> bytes:
    """The commands so far."""
    try:
        return read_file(directory / CONTROL)
    except FileNotFoundError:
        return b""
