"""The table of runs on the Runs page."""

from __future__ import annotations

import pandas as pd

from annscope.dashboard.queries.run_list import SHOWN, run_frame
from annscope.runs.annotations import Annotations, write_annotations
from annscope.runs.index import list_runs
from tests.records import train_run


def test_the_table_has_what_is_known_and_nothing_where_nothing_is() -> None:
    """Figures are the recorded ones, times those of the record, and a run without a name has none."""
    plain = train_run(data="digits", hidden=(4,), epochs=2)
    named = train_run(data="moons", hidden=(4,), epochs=2, optimizer="sgd")
    write_annotations(named.directory, Annotations("mine", starred=True))
    frame = run_frame(list_runs())
    assert list(frame.columns) == list(SHOWN)
    assert list(frame.index) == [named.run, plain.run]
    assert frame["name"].tolist() == ["mine", ""]
    assert frame["note"].tolist() == ["", ""]
    assert frame["starred"].tolist() == ["\N{BLACK STAR}", ""]
    assert frame.loc[plain.run, "accuracy"] == plain.snapshot_lines()[-1]["heldout"]["accuracy"]
    assert frame.loc[plain.run, "epochs"] == "2"
    assert frame.loc[plain.run, "created"] == pd.Timestamp(plain.description["created"])
