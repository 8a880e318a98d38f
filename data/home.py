"""Home directory of annscope: the folder for everything it writes."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def annscope_home() -> Path:
    """The folder of runs and downloaded data: `ANNSCOPE_HOME`, or the platform's user data directory.

    Read again at every call, and not created here: callers create what they write into.
    """
    chosen = os.environ.get("ANNSCOPE_HOME", "")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_data_path("annscope", appauthor=False)
