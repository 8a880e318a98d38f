"""Comparison of all contestants on one task, built, warmed up and timed in one process, and its tables."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from annscope.runs.threads import limit_blas
from benchmarks import options, tables, threads
from benchmarks.measurements import Measurement, interleaved, ratio
from benchmarks.peers import ANNSCOPE, MATMUL, PEERS, Peer
from benchmarks.tables import Table, counted, percent, short, times
from benchmarks.tasks import TASKS, Task, examples

MIN_SECONDS = 0.3
"""Minimum duration of a turn, in seconds."""
WARM_UP_PASSES = 2


@dataclass(frozen=True)
class Entry:
    """A contestant on one task: its measurement, or the reason for none ("-" if its framework does not support it)."""

    label: str
    measurement: Measurement | None = None
    absence: str = "-"


@dataclass(frozen=True)
class Contest:
    """Measurements on one task, annscope first; `share` is that of bare multiplications in annscope's time, or None."""

    task: Task
    entries: tuple[Entry, ...]
    share: float | None

    @property
    def ours(self) -> Measurement | None:
        return self.entries[0].measurement

    def ratio(self, entry: Entry) -> float | None:
        """How many times as fast annscope is."""
        if self.ours is None or entry.measurement is None:
            return None
        return ratio(self.ours, entry.measurement)


def main(name: str, about: str, tasks: Sequence[str], argv: Sequence[str]) -> None:
    """Measure the chosen tasks with the chosen peers, and print the result."""
    parser = options.parser(name, about, rounds=7)
    parser.add_argument("--tasks", metavar="T1,T2", help=f"which tasks (default: all of {', '.join(tasks)})")
    parser.add_argument("--peers", metavar="NAMES", help=f"which peers (default: all of {', '.join(PEERS)})")
    if any(TASKS[key].shuffles for key in tasks):
        parser.add_argument("--in-order", action="store_true", help="then measure again without shuffling")
    parser.set_defaults(in_order=False)
    given = parser.parse_args(argv)
    chosen = options.chosen("--tasks", given.tasks, tasks)
    peers = [PEERS[key] for key in options.chosen("--peers", given.peers, PEERS)]
    quiet = given.json or given.markdown or given.page
    machine = threads.machine(given.threads)
    made, contests = [], []
    for task_list in _orders([TASKS[key] for key in chosen], also_in_order=given.in_order):
        held = []
        for task in task_list:
            contest = compare(task, peers, rounds=given.rounds)
            held.append(contest)
            if not quiet:
                task_table(contest).print()
        contests += held
        order = _order(task_list)
        made.append(summary(held, about + order, (_about(machine, given.rounds), *_failures(held))))
    figures = {
        "machine": machine,
        "rounds": given.rounds,
        "least_seconds": MIN_SECONDS,
        "tasks": [figures_of(contest) for contest in contests],
    }
    tables.show(name, made, figures, as_json=given.json, as_markdown=given.markdown, page=given.page)


def _orders(chosen: Sequence[Task], *, also_in_order: bool) -> list[list[Task]]:
    """The tasks, and then those with shuffling again without it."""
    in_order = [replace(task, shuffle=False) for task in chosen if task.shuffles] if also_in_order else []
    return [list(chosen), *([in_order] if in_order else [])]


def _order(chosen: Sequence[Task]) -> str:
    if any(task.shuffles for task in chosen):
        return ", with shuffling"
    return ", without shuffling" if any(task.batch_size for task in chosen) else ""


def compare(task: Task, peers: Sequence[Peer], *, rounds: int, least_seconds: float = MIN_SECONDS) -> Contest:
    """Build and warm up all contestants, then measure them and the bare multiplications in interleaved rounds."""
    x, y = examples(task)
    passes: dict[str, Callable[[], object]] = {}
    absences: dict[str, str] = {}
    contestants = [ANNSCOPE, *peers, MATMUL]
    has_own_threads = {peer.label for peer in contestants if peer.has_own_threads}

    def prepare(label: str) -> None:
        limit_blas(1 if label in has_own_threads else threads.from_environment())

    for peer in contestants:
        try:
            one_pass = peer.builder()(task, x, y)
            if one_pass is None:
                absences[peer.label] = "-"
                continue
            prepare(peer.label)
            for _ in range(WARM_UP_PASSES):
                one_pass()
            passes[peer.label] = one_pass
        except ImportError as error:
            if peer is ANNSCOPE:
                raise
            absences[peer.label] = f"not installed ({error.name or peer.package})"
        except Exception as error:  # one that fails on this machine is reported, and the others continue
            if peer is ANNSCOPE:
                raise
            absences[peer.label] = (
                f"failed ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})"
            )
    gc.collect()
    gc.freeze()
    try:
        measured = interleaved(passes, task.n_examples, rounds=rounds, least_seconds=least_seconds, prepare=prepare)
    finally:
        gc.unfreeze()
    entries = tuple(
        Entry(peer.label, measured.get(peer.label), absences.get(peer.label, "-"))
        for peer in contestants
        if peer is not MATMUL
    )
    share = ratio(measured[ANNSCOPE.label], measured[MATMUL.label])
    return Contest(task, entries, share)


def task_table(contest: Contest) -> Table:
    """One task for the terminal, the fastest first."""
    measured = sorted(
        (entry for entry in contest.entries if entry.measurement), key=lambda e: -(e.measurement or _NONE).median
    )
    rows = []
    for entry in [*measured, *(entry for entry in contest.entries if not entry.measurement)]:
        if entry.measurement is None:
            rows.append([entry.label, entry.absence, "", ""])
            continue
        low, high = entry.measurement.quartiles
        compared = contest.ratio(entry) if entry is not contest.entries[0] else None
        spread = f"{short(low)} to {short(high)}"
        rows.append([entry.label, short(entry.measurement.median), spread, times(compared) if compared else ""])
    notes = (
        [] if contest.share is None else [f"matrix multiplication alone: {percent(contest.share)} of annscope's time"]
    )
    columns = ["", "samples/s", "middle half of the rounds", "annscope / it"]
    return Table(contest.task.label, columns, rows, notes)


_NONE = Measurement((0.0,))


def summary(contests: Sequence[Contest], about: str, notes: Sequence[str] = ()) -> Table:
    """All tasks side by side: samples/s, and in brackets how many times as fast annscope is."""
    rows = [
        [entries[0].label, *(_cell(contest, entry) for contest, entry in zip(contests, entries, strict=True))]
        for entries in zip(*(contest.entries for contest in contests), strict=True)
    ]
    shares = ["-" if contest.share is None else percent(contest.share) for contest in contests]
    rows.append(["multiplication alone, of annscope's time", *shares])
    labels = [f"{contest.task.label}." for contest in contests]
    title = f"{about[0].upper()}{about[1:]}; in brackets annscope / peer"
    return Table(title, ["", *(contest.task.name for contest in contests)], rows, [*labels, *notes])


def _cell(contest: Contest, entry: Entry) -> str:
    if entry.measurement is None:
        return entry.absence.partition(" (")[0]
    compared = contest.ratio(entry) if entry is not contest.entries[0] else None
    return short(entry.measurement.median) + (f" ({times(compared)})" if compared else "")


def figures_of(contest: Contest) -> dict[str, Any]:
    """One task as plain values."""
    contestants: list[dict[str, Any]] = []
    for entry in contest.entries:
        if entry.measurement is None:
            contestants.append({"name": entry.label, "status": _status(entry), "message": entry.absence})
            continue
        low, high = entry.measurement.quartiles
        contestants.append(
            {
                "name": entry.label,
                "status": "measured",
                "samples_per_second": entry.measurement.median,
                "quartiles": [low, high],
                "annscope_ratio": contest.ratio(entry),
            }
        )
    return {
        "task": contest.task.name,
        "shuffles": contest.task.shuffles,
        "label": contest.task.label,
        "matmul_share": contest.share,
        "contestants": contestants,
    }


def _status(entry: Entry) -> str:
    return "cannot" if entry.absence == "-" else entry.absence.partition(" (")[0]


def _about(machine: dict[str, Any], rounds: int) -> str:
    return (
        f"{machine['processor']}, {machine['threads']} of {machine['cores']} cores, float32, {machine['system']}, "
        f"Python {machine['python']}, NumPy {machine['numpy']}; medians of {counted(rounds, 'interleaved round')}."
    )


def _failures(contests: Sequence[Contest]) -> list[str]:
    reasons = {
        f"{entry.label}: {entry.absence}."
        for contest in contests
        for entry in contest.entries
        if entry.measurement is None and entry.absence != "-"
    }
    return sorted(reasons)
