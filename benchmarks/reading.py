"""Time and memory of reading a table as large as Kaggle's copy of MNIST: 42,000 images of 785 columns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import options, tables, threads
from benchmarks.measurements import Measurement, ratio, rotated
from benchmarks.tables import Table, counted, seconds

ROOT = Path(__file__).parents[1]
N_ROWS, N_PIXELS = 42_000, 784
INK = 0.19
"""Share of the pixels of MNIST that are not 0."""
GOAL_SECONDS, GOAL_MEGABYTES = 2.0, 500.0
READERS = {
    "annscope": "from annscope.data.user_file import load_user_file as read",
    "plain pandas.read_csv": "from pandas import read_csv as read",
    "csv module, row by row": "from benchmarks.peers.csv_module import read",
}
"""How each reader is imported, in a process of its own."""
_PROGRAM = """
import json, resource, sys, time
from pathlib import Path
import numpy, pandas
{imports}
begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
read(Path({path!r}))
seconds, user = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
status = Path("/proc/self/status")
if status.exists():  # ru_maxrss counts what the parent had in memory too
    peak = next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps([seconds, user, peak / 1e6]))
"""


def main(argv: Sequence[str]) -> None:
    """Read the same file with each reader in turn, each time in a new process."""
    given = options.parser("reading", "Time and memory of reading a large table.", rounds=5).parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        path = write_table(Path(folder) / "train.csv")
        n_megabytes = path.stat().st_size / 1e6
        found = measure(path, given.rounds)
    times = {name: Measurement(tuple(each[0] for each in values)) for name, values in found.items()}
    users = {name: Measurement(tuple(each[1] for each in values)) for name, values in found.items()}
    peaks = {name: Measurement(tuple(each[2] for each in values)) for name, values in found.items()}
    ours, *others = READERS
    columns = {"seconds": times, "user_seconds": users, "peak_megabytes": peaks}
    rows = [
        [name, seconds(times[name].median), seconds(users[name].median), f"{peaks[name].median:,.0f} MB"]
        for name in READERS
    ]
    ratios = {
        other: {column: ratio(measured[ours], measured[other]) for column, measured in columns.items()}
        for other in others
    }
    rows += [[f"annscope / {other}", *(f"{share:.2f}" for share in each.values())] for other, each in ratios.items()]
    rows.append(["goal", f"under {seconds(GOAL_SECONDS)}", "", f"under {GOAL_MEGABYTES:.0f} MB"])
    notes = [
        f"{N_ROWS:,} rows of {N_PIXELS + 1} columns, {n_megabytes:.0f} MB; medians of {counted(given.rounds, 'round')} "
        "in new processes, interleaved. Peak memory is that of the whole process, with NumPy and pandas imported. "
        "Times are those of the wall clock, and of the processor in user mode, which says more beside other work. "
        "annscope also finds the dialect and the label and makes an array of bytes; pandas alone stops at a data frame "
        "of int64, and the csv module is how annscope read before."
    ]
    figures = {
        "machine": threads.machine(given.threads),
        "rounds": given.rounds,
        **{column: {name: each.median for name, each in measured.items()} for column, measured in columns.items()},
        "ratios": ratios,
    }
    table = Table("Reading a large table", ["", "time", "user time", "peak memory"], rows, notes)
    tables.show("reading", [table], figures, as_json=given.json, as_markdown=given.markdown, page=given.page)


def write_table(path: Path, n_rows: int = N_ROWS) -> Path:
    """Write a table of random images with as much ink as digits have, the label first."""
    rng = np.random.default_rng(0)
    x = (rng.random((n_rows, N_PIXELS)) < INK) * rng.integers(0, 256, (n_rows, N_PIXELS))
    rows = np.column_stack([rng.integers(0, 10, n_rows), x]).tolist()
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(["label", *(f"pixel{k}" for k in range(N_PIXELS))]) + "\n")
        file.writelines(",".join(map(str, row)) + "\n" for row in rows)
    return path


def measure(path: Path, rounds: int) -> dict[str, list[list[float]]]:
    """Seconds, seconds of the processor in user mode, and megabytes of each reader in each round."""
    found: dict[str, list[list[float]]] = {name: [] for name in READERS}
    for number in range(rounds):
        for name in rotated(list(READERS), number):
            program = _PROGRAM.format(imports=READERS[name], path=str(path))
            done = subprocess.run(
                [sys.executable, "-P", "-c", program], env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            found[name].append(json.loads(done.stdout))
    return found
