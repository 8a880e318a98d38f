"""Which networks can be compared example by example: those that judge the same split of the same data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from annscope.core.errors import AnnscopeError, did_you_mean, shortened
from annscope.core.evaluation.comparison import Comparison
from annscope.core.evaluation.predictions import Predictions
from annscope.dashboard.queries.evaluations import predictions_of
from annscope.dashboard.queries.judged import judged
from annscope.dashboard.queries.live_runs import get_live_run
from annscope.runs.catalogue import run_directory, run_ids
from annscope.runs.reader import RunReader

MAX_RUNS = 100
"""How many runs with the same data, the newest, are offered."""


@dataclass(frozen=True)
class Against:
    """The network that the one shown is compared with."""

    run: str
    number: int

    def format(self, run: str) -> str:
        """As text for the address of a page that shows `run`: a snapshot of the same run is its number alone."""
        return str(self.number) if self.run == run else f"{self.run}:{self.number}"


def others(run: str, split: str) -> list[str]:
    """The other runs with snapshots that judge the same split of the same data, the newest first."""
    own = _judged(run, split)
    found = []
    for other in reversed(run_ids()):
        if other != run and own is not None and _judged(other, split) == own and _newest(other) >= 0:
            found.append(other)
        if len(found) == MAX_RUNS:
            break
    return found


def default(run: str, number: int, split: str) -> Against | None:
    """The newest other run with the same data at its last snapshot, else the snapshot before; None without both."""
    return usual(next(iter(others(run, split)), run), run, number)


def usual(other: str, run: str, number: int) -> Against | None:
    """Of another run its last snapshot; of the run itself the one before `number`, or else its last; None without."""
    if other != run:
        return Against(other, get_live_run(other).nearest(_newest(other)))
    numbers = [each for each in get_live_run(run).snapshots().numbers if each != number]
    before = [each for each in numbers if each < number] or numbers
    return Against(run, before[-1]) if before else None


def parse(text: str, run: str, split: str) -> Against | str:
    """What a text in the address names: a snapshot of `run`, or of a run (its last); else a sentence why it cannot be.

    `split` is the one that both judge.
    """
    other, _, spelled = text.rpartition(":") if ":" in text else ((run, "", text) if text.isdigit() else (text, "", ""))
    if other not in run_ids():
        return f"There is no run or snapshot {shortened(text)!r} to compare with{did_you_mean(other, run_ids())}."
    if _newest(other) < 0:
        return f"Run {other} has no snapshot to compare with."
    if other != run and (reason := why_not(run, other, split)):
        return reason
    if spelled and not (spelled.isascii() and spelled.isdigit() and len(spelled) < 10):
        return f"In the address, against must be such as 12, {other} or {other}:12, got {shortened(text)!r}."
    number = min(int(spelled), _newest(other)) if spelled else _newest(other)
    return Against(other, get_live_run(other).nearest(number))


def why_not(run: str, other: str, split: str) -> str:
    """Why two runs cannot be compared example by example; nothing if they can."""
    one, two = _judged(run, split), _judged(other, split)
    if one is not None and one == two:
        return ""
    known = [_about(each, _stamp(each)) for each in (run, other)]
    here, there = (None if each is None else each["dataset"] for each in known)
    if here is None or there is None:
        return f"Run {other} cannot be compared with: its data is not known."
    sizes = [f"{about.get(f'n_{split}', 0):,} examples of {about['name']}" for about in (there, here)]
    reason = f"{sizes[0]}, here {sizes[1]}" if sizes[0] != sizes[1] else "the examples are split or read differently"
    return f"Run {other} judges other data in its {split} split ({reason}): example by example there is no comparison."


def comparison(predictions: Predictions, against: Against) -> Comparison:
    """The predictions beside those of another network. Raises AnnscopeError if these cannot be computed."""
    return Comparison(predictions, predictions_of(against.run, against.number, predictions.split))


def _newest(run: str) -> int:
    try:
        return get_live_run(run).newest
    except AnnscopeError:
        return -1  # a run that cannot be read cannot be compared with


def _judged(run: str, split: str) -> tuple[Any, ...] | None:
    """What decides which examples a split holds; None where it is not known."""
    about = _about(run, _stamp(run))
    return None if about is None else judged(about["data"], about["dataset"], split)


def _stamp(run: str) -> int:
    try:
        return (run_directory(run) / "config.json").stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=2000)
def _about(run: str, stamp: int) -> dict[str, Any] | None:  # noqa: ARG001
    """The data of a run and how it is split; `stamp` changes with its description."""
    try:
        reader = RunReader(run_directory(run))
        data, about = reader.config.data, reader.description["dataset"]
    except AnnscopeError:
        return None
    if about is None:
        return None
    return {"data": data, "dataset": about}
