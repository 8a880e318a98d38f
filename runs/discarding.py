"""Folders that are taken out of a list, and wait to be deleted: until then they can be restored."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

_PREFIX = ".deleted-"


def discarded(directory: Path) -> Path:
    """Where a folder waits: under a name that no list shows, so that half a folder is never listed."""
    return directory.with_name(_PREFIX + directory.name)


def purge(home: Path) -> None:
    """Delete what waits in this folder."""
    with suppress(OSError):
        for directory in home.glob(f"{_PREFIX}*"):
            shutil.rmtree(directory, ignore_errors=True)
