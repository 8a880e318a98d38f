"""Scaling of the cost of a training sample with width, depth and batch size, as tables and as the docs' plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import options, tables, threads
from benchmarks.contest import compare
from benchmarks.peers import PEERS
from benchmarks.tables import Table, counted, percent
from benchmarks.tasks import Task

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PICTURE = """<picture>
  <source media="(prefers-color-scheme: dark)" srcset="pictures/scaling-dark.png">
  <img src="pictures/scaling-light.png" alt="Microseconds of training per sample against width, depth and batch size">
</picture>"""
MIN_SECONDS = 0.15

SWEEPS = {
    "width": ("neurons in each of two hidden layers", (16, 32, 64, 128, 256, 512, 1024)),
    "depth": ("hidden layers of 128 neurons", (1, 2, 3, 4, 6, 8)),
    "batch": ("batch size (784-128-64-10)", (1, 4, 16, 64, 256, 1024)),
}

Point = dict[str, float | None]

THEMES = {
    "light": {
        "paper": "#ffffff", "ink": "#17202c", "muted": "#566173", "line": "#d5dbe4",
        "annscope": "#2F6FDE", "PyTorch eager": "#D9660B", "multiplication alone": "#8a94a3",
    },
    "dark": {
        "paper": "#0f141b", "ink": "#eef2f7", "muted": "#9aa7b8", "line": "#323c4a",
        "annscope": "#6EA0FF", "PyTorch eager": "#FF9F4A", "multiplication alone": "#7c899a",
    },
}  # fmt: skip
STYLES = {"annscope": ("o", "-"), "PyTorch eager": ("s", "-"), "multiplication alone": ("", "--")}


def main(argv: Sequence[str]) -> None:
    """Measure every point of the three sweeps; draw them on request."""
    about = "Microseconds of training per sample against width, depth and batch size."
    parser = options.parser("scaling", about, rounds=3)
    parser.add_argument("--folder", type=Path, help="draw into this folder (--page draws into docs/pictures)")
    given = parser.parse_args(argv)
    measured = {name: [measure(task_at(name, value), given.rounds) for value in SWEEPS[name][1]] for name in SWEEPS}
    machine = threads.machine(given.threads)
    cores = counted(given.threads, "thread")
    rounds = counted(given.rounds, "interleaved round")
    note = f"{machine['processor']}, {cores}, float32, Adam; medians of {rounds}."
    figures = {
        "machine": machine,
        "rounds": given.rounds,
        "sweeps": {
            name: [{name: value, **point} for value, point in zip(SWEEPS[name][1], points, strict=True)]
            for name, points in measured.items()
        },
    }
    made = [table_of(name, points, note) for name, points in measured.items()]
    if given.page or given.folder:
        draw(measured, note, given.folder or PICTURES)
    tables.show(
        "scaling", made, figures, as_json=given.json, as_markdown=given.markdown, page=given.page, preface=PICTURE
    )


def task_at(sweep: str, value: int) -> Task:
    """The task at one point of a sweep; the batch size divides its number of examples."""
    hidden = {"width": (value, value), "depth": (128,) * value, "batch": (128, 64)}[sweep]
    batch = value if sweep == "batch" else 64
    n_examples = 512 if batch == 1 else 4_096
    return Task(f"{sweep} {value}", (784, *hidden, 10), batch, "adam", 1e-3, n_examples)


def measure(task: Task, rounds: int) -> Point:
    """Microseconds per sample of each contestant, interleaved; None for one that did not take part."""
    contest = compare(task, [PEERS["pytorch"]], rounds=rounds, least_seconds=MIN_SECONDS)
    point: Point = {
        entry.label: None if entry.measurement is None else 1e6 / entry.measurement.median for entry in contest.entries
    }
    ours = point["annscope"]
    point["multiplication alone"] = None if ours is None or contest.share is None else ours * contest.share
    return point


def table_of(sweep: str, points: Sequence[Point], note: str) -> Table:
    """The table of one sweep."""
    about, values = SWEEPS[sweep]
    rows = []
    for value, point in zip(values, points, strict=True):
        ours, alone = point["annscope"], point["multiplication alone"]
        share = percent(alone / ours) if ours and alone else "-"
        rows.append([f"{value:,}", *(_microseconds(point.get(name)) for name in STYLES), share])
    return Table(f"Cost of a training sample: {about}", [sweep, *STYLES, "share"], rows, [note])


def _microseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g} µs"


def draw(measured: dict[str, list[Point]], note: str, folder: Path) -> list[Path]:
    """Draw the three sweeps side by side, for a light and a dark page; returns the files."""
    import matplotlib as mpl

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for scheme, theme in THEMES.items():
        path = folder / f"scaling-{scheme}.png"
        _draw_one(measured, note, theme, path)
        paths.append(path)
    return paths


def _draw_one(measured: dict[str, list[Point]], note: str, theme: dict[str, str], path: Path) -> None:
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    plain: Any = FuncFormatter(lambda value, _: f"{value:g}")
    settings: Any = {
        "font.family": "sans-serif", "font.size": 10, "text.color": theme["ink"], "axes.labelcolor": theme["muted"],
        "xtick.color": theme["muted"], "ytick.color": theme["muted"], "axes.edgecolor": theme["line"],
        "figure.facecolor": theme["paper"], "axes.facecolor": theme["paper"], "savefig.facecolor": theme["paper"],
    }  # fmt: skip
    with plt.rc_context(settings):
        figure, axes = plt.subplots(1, 3, figsize=(12, 4.2), sharey=True, layout="constrained")
        for axis, (sweep, points) in zip(axes, measured.items(), strict=True):
            about, values = SWEEPS[sweep]
            for name, (marker, line) in STYLES.items():
                drawn = [
                    (value, cost)
                    for value, point in zip(values, points, strict=True)
                    if (cost := point.get(name)) is not None
                ]
                if drawn:
                    axis.plot(
                        *zip(*drawn, strict=True), label=name, color=theme[name], marker=marker, linestyle=line,
                        linewidth=2, markersize=5.5,
                    )  # fmt: skip
            axis.set(xscale="log", yscale="log", xticks=values)
            axis.set_title(sweep.capitalize(), loc="left", fontweight="bold", fontsize=11.5)
            axis.set_xlabel(about)
            axis.xaxis.set_major_formatter(plain)
            axis.xaxis.set_minor_locator(NullLocator())
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter(plain)
            axis.yaxis.set_minor_locator(NullLocator())
            axis.grid(color=theme["line"], linewidth=0.7)
            axis.tick_params(length=0, which="both")
            axis.set_axisbelow(True)
            axis.spines[["top", "right", "left"]].set_visible(False)
        axes[0].set_ylabel("µs of training per sample")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=len(labels), frameon=False)
        figure.suptitle("Cost of a training sample", x=0.008, ha="left", fontweight="bold", fontsize=13)
        figure.text(0.008, -0.03, note, color=theme["muted"], fontsize=8.5, ha="left")
        figure.savefig(path, dpi=160, bbox_inches="tight", pad_inches=0.2)
        plt.close(figure)
