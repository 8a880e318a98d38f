"""Which snapshot of a run is the best: the one with the lowest held-out loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def best_line(lines: Iterable[Mapping[str, Any] | None]) -> Any:
    """The snapshot line with the lowest held-out loss, the earliest of equals; None without any finite one.

    Only the snapshots that the stopping rules go by are compared (`Snapshot.judged`), so that the best one does not
    depend on who looked in between. A None among the lines is passed over, so that the best so far and a new line can
    be compared.
    """
    judged = [
        line for line in lines if line is not None and line["heldout"]["loss"] is not None and line.get("judged", True)
    ]
    return min(judged, key=lambda line: line["heldout"]["loss"], default=None)
