"""What the Data page is told about a data set before anything is trained on it."""

from __future__ import annotations

from pathlib import Path

from annscope.core.config import RunConfig
from annscope.dashboard.queries.data_sets import overview_of


def test_duplicates_of_a_table_are_named_by_their_lines(tmp_path: Path) -> None:
    """Who wants to look at two rows that are the same finds them in the file, whatever stands between."""
    rows = [f"{i},{i % 7}.5,{'uv'[i % 2]}" for i in range(0, 120, 2)]
    rows[30] = rows[10]
    rows[40] = rows[20].replace("u", "v")
    path = tmp_path / "points.csv"
    path.write_text("\n".join(["a,b,kind", *rows[:5], "", '"1","2.5","v"', *rows[5:]]) + "\n")
    overview = overview_of(RunConfig().with_values({"data": str(path)}))
    found = [(twins.group.n_labels, sorted(twins.lines)) for twins in overview.twins]
    assert found == [(2, ["line 24", "line 44"]), (1, ["line 14", "line 34"])]
