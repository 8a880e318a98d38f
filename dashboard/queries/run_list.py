"""The list of runs as a table: what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from annscope.runs.query import COLUMNS
from annscope.runs.summary import RunSummary

SHOWN = (
    "starred", "name", "created", "status", "data", "layers", "optimizer", "learning-rate", "batch-size", "epochs",
    "seed", "best-accuracy", "best-loss", "accuracy", "curve", "seconds", "bytes", "tags", "note", "run",
)  # fmt: skip
"""The columns of the page, in order."""


def run_frame(runs: Sequence[RunSummary]) -> pd.DataFrame:
    """One row for each run with the columns `SHOWN`, indexed by the run's id; sizes in MB, local times."""
    frame = pd.DataFrame(
        {
            name: [list(about.curve) if name == "curve" else COLUMNS[name].value(about) for about in runs]
            for name in SHOWN
        },
        index=[about.run for about in runs],
    )
    frame["created"] = pd.to_datetime(frame["created"], format="ISO8601", utc=True)
    frame["data"] = [None if data is None else Path(data).stem for data in frame["data"]]
    frame["bytes"] = frame["bytes"].astype(float) / 1e6
    frame["starred"] = ["\N{BLACK STAR}" if starred else "" for starred in frame["starred"]]
    for name in ("name", "note", "batch-size", "epochs"):
        frame[name] = ["" if pd.isna(value) else str(value) for value in frame[name]]
    return frame
