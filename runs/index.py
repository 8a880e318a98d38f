"""The index of the runs: a summary of each run that has ended, in an SQLite file beside them.

The folders stay the truth. An entry counts only while the files of its run have the sizes and times that it was made
from, so that the index may be missing, damaged or of another version: it is made again from the folders.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any
from zlib import crc32

from annscope.core.config import FIELDS
from annscope.core.errors import AnnscopeError, did_you_mean, shortened
from annscope.data.download import Progress
from annscope.data.home import annscope_home
from annscope.runs.annotations import FILE as ANNOTATIONS
from annscope.runs.annotations import Annotations
from annscope.runs.atomic import to_json
from annscope.runs.catalogue import other_folders, run_ids, runs_home
from annscope.runs.record import RecordError
from annscope.runs.status import LIVE
from annscope.runs.summary import RunSummary, summarize

_FILES = ("config.json", "status.json", "metrics.jsonl", ANNOTATIONS)
_VERSION = crc32(repr([*(each.name for each in fields(RunSummary)), *FIELDS]).encode()) & 0x7FFFFFFF
"""Of the summaries in the index: another one of annscope may have other settings."""
_BUSY_SECONDS = 2.0


def list_runs(progress: Progress | None = None) -> list[RunSummary]:
    """Every run, newest first; runs that cannot be read come last, as "unreadable" and with the reason.

    `progress` hears how many of the runs that are not in the index are read.
    """
    found = summaries([*reversed(run_ids()), *other_folders()], progress)
    return sorted(found.values(), key=lambda about: about.status == "unreadable")


def find_run(text: str) -> str:
    """The full id of the run that `text` means: an id, a unique part of one, a name, or "latest".

    Raises RecordError unless exactly one run matches.
    """
    ids = run_ids()
    if text in ids:
        return text
    if not ids:
        raise RecordError(f"There is no run {text!r}: there are no runs yet.")
    if text == "latest":
        return ids[-1]
    names = {run: about.annotations.name for run, about in summaries(ids).items()}
    matches = [run for run in ids if text and text.casefold() == names[run].casefold()]
    matches = matches or [run for run in ids if text.lower() in run]
    if len(matches) == 1:
        return matches[0]
    if matches:
        shown = ", ".join(matches[-3:]) + (", ..." if len(matches) > 3 else "")
        raise RecordError(f"{text!r} fits {len(matches)} runs ({shown}); give more of the id.")
    known = [*ids, *filter(None, names.values()), "latest"]
    raise RecordError(f"There is no run {shortened(text)!r}{did_you_mean(text, known)}.")


def summaries(runs: Iterable[str], progress: Progress | None = None) -> dict[str, RunSummary]:
    """The summary of each of these runs, by its id, in the same order."""
    home = str(runs_home())
    stamps = {run: _stamp(f"{home}{os.sep}{run}") for run in runs}
    known = _read(stamps)
    missing = [run for run in stamps if run not in known]
    new: dict[str, RunSummary] = {}
    for k, run in enumerate(missing):
        if progress is not None:
            progress("Reading runs", k, len(missing))
        new[run] = summarize(run)
    _write({run: about for run, about in new.items() if about.status not in {*LIVE, "unreadable"}}, stamps)
    return {run: known.get(run) or new[run] for run in stamps}


def _stamp(directory: str) -> str:
    """Sizes and times of the files that a summary is made from."""
    parts = []
    for name in _FILES:
        try:
            about = os.stat(f"{directory}{os.sep}{name}")  # noqa: PTH116 (far faster than Path, and there are thousands)
            parts.append(f"{about.st_size}.{about.st_mtime_ns}.{about.st_ctime_ns}")  # ctime: of permissions, too
        except OSError:
            parts.append("-")
    return " ".join(parts)


def _path() -> Path:
    return annscope_home() / "runs.sqlite3"


def _read(stamps: dict[str, str]) -> dict[str, RunSummary]:
    """The summaries in the index that are up to date; none if it cannot be read."""
    if not _path().is_file():
        return {}
    try:
        with closing(_connected()) as index:
            if not _is_of_this_version(index):
                return {}
            if len(stamps) == 1:
                rows = index.execute("SELECT run, stamp, summary FROM runs WHERE run = ?", tuple(stamps)).fetchall()
            else:
                rows = index.execute("SELECT run, stamp, summary FROM runs").fetchall()
        home = runs_home()
        return {run: _decoded(home / run, summary) for run, stamp, summary in rows if stamps.get(run) == stamp}
    except (sqlite3.Error, ValueError, TypeError, KeyError, AnnscopeError):
        return {}


def _write(summaries: dict[str, RunSummary], stamps: dict[str, str]) -> None:
    """Put summaries into the index; an index that cannot be written is left for another time."""
    if not summaries:
        return
    rows = [(run, stamps[run], _encoded(about)) for run, about in summaries.items()]
    for _ in range(2):
        try:
            with closing(_connected()) as index, index:
                index.execute("CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, stamp TEXT, summary TEXT)")
                if not _is_of_this_version(index):
                    index.execute("DELETE FROM runs")
                    index.execute(f"PRAGMA user_version = {_VERSION}")
                index.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", rows)
            return
        except sqlite3.OperationalError:
            return  # locked by another process, read only, or on a full disk
        except sqlite3.Error:
            with suppress(OSError):  # damaged: it is made again
                _path().unlink()


def _connected() -> sqlite3.Connection:
    return sqlite3.connect(_path(), timeout=_BUSY_SECONDS)


def _is_of_this_version(index: sqlite3.Connection) -> bool:
    return bool(index.execute("PRAGMA user_version").fetchone()[0] == _VERSION)


def _encoded(about: RunSummary) -> str:
    return to_json(asdict(about) | {"directory": None})


_SEVERAL = tuple(option for option, item in FIELDS.items() if isinstance(item.default, tuple) or item.kind == "choices")
"""The settings whose values may be tuples, which JSON has as lists."""


def _decoded(directory: Path, text: str) -> RunSummary:
    values: dict[str, Any] = json.loads(text)
    settings, annotations = values["settings"], values["annotations"]
    for name in ("layer_sizes", "hidden_sizes", "curve"):
        _to_tuple(values, name)
    for option in _SEVERAL:
        _to_tuple(settings, option)
    _to_tuple(annotations, "tags")
    values["rates"] = tuple((step, rate) for step, rate in values["rates"])
    return RunSummary(**values | {"directory": directory, "annotations": Annotations(**annotations)})


def _to_tuple(values: dict[str, Any], name: str) -> None:
    if isinstance(values[name], list):
        values[name] = tuple(values[name])
