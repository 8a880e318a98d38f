"""The priority of a sweep: what a person looks at meanwhile comes first."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

NICENESS = 10
"""Of the processes of a sweep on this machine: a tenth of the share of others, and all that they leave."""


def yield_to_others() -> None:
    """Lower the priority of this process and of those that it starts."""
    if sys.platform == "win32":  # pragma: no cover
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(NICENESS)
        if os.getsid(0) == os.getpid():  # else the session is that of a terminal, with other programs
            with suppress(OSError):  # Linux alone shares its time among sessions first
                Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")
