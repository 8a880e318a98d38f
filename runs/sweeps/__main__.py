"""The process that drives a sweep for the dashboard (`runs.sweeps.launch`): it ends when its input closes."""

from __future__ import annotations

import sys

from annscope.core.errors import AnnscopeError
from annscope.runs.sweeps.cluster import Cluster
from annscope.runs.sweeps.driver import drive
from annscope.runs.sweeps.priority import yield_to_others
from annscope.runs.sweeps.study import open_study
from annscope.runs.worker import interrupt_when_input_closes, interrupted_by_signals


def main(name: str) -> int:
    """Drive a sweep; the exit status is 0 however far it came, and 2 with a sentence if it could not be driven."""
    yield_to_others()
    with interrupted_by_signals() as interrupt:
        interrupt_when_input_closes(interrupt)
        try:
            sweep, study = open_study(name)
            with Cluster() as cluster:
                for _ in drive(sweep, study, cluster, interrupt):
                    pass
        except AnnscopeError as error:
            sys.stderr.write(f"{error}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
