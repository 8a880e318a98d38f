"""Where annscope keeps what it writes."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def annscope_home() -> Path:
    """The folder of runs and downloaded data: `ANNSCOPE_HOME`, or the platform's user data directory.

    Read anew at every call, and not created here: whoever writes into it makes what it needs.
    """
    chosen = os.environ.get("ANNSCOPE_HOME", "")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_data_path("annscope", appauthor=False)
