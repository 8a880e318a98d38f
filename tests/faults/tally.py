"""Tally of trials and failures, and its table."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class Tally:
    """One guarantee under one fault: the number of trials, and each failure."""

    fault: str
    guarantee: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)

    def count(self, failure: str | None = None) -> None:
        """Count a trial; `failure` describes what went wrong, if anything did."""
        self.tried += 1
        if failure is not None:
            self.failures.append(failure)


Check = Callable[[int], Iterable[Tally]]


def run(checks: dict[str, tuple[Check, int]]) -> int:
    """Run each check with its count, print one table and some of the failures; returns the exit status."""
    tallies: list[Tally] = []
    for name, (check, runs) in checks.items():
        started = time.monotonic()
        try:
            tallies += check(runs)
        except Exception:  # the others are still worth their table
            tallies.append(Tally(name, "it runs to its end", 1, [traceback.format_exc()]))
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    width = max((len(f"{tally.fault}: {tally.guarantee}") for tally in tallies), default=0)
    print(f"\n{'fault: guarantee':<{width}}  {'tried':>6}  {'failed':>6}")
    for tally in tallies:
        about = f"{tally.fault}: {tally.guarantee}"
        print(f"{about:<{width}}  {tally.tried:>6,}  {len(tally.failures):>6,}")
    for tally in tallies:
        for failure in tally.failures[:5]:
            print(f"\n{tally.fault}: {tally.guarantee}: {failure}")
    # What was never tried was not shown to hold.
    return int(any(tally.failures or not tally.tried for tally in tallies))


def main(name: str, check: Check, runs: int) -> None:
    """The command line of one module."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}")
    parser.add_argument("--runs", type=int, default=runs, help="how many times (default: %(default)s)")
    sys.exit(run({name.rpartition(".")[2]: (check, parser.parse_args().runs)}))
