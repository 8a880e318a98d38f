"""A small table with a column of every kind, as users have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from annscope.core.config import DataConfig


def mixed_table(n: int = 160) -> str:
    """CSV text: whole numbers with gaps, fractions, a category with gaps, True and False, and the label last.

    The class follows from `fare` and `alone`; "Nowhere" stands in two rows alone.
    """
    rng = np.random.default_rng(4)
    lines = ["age,fare,port,alone,survived"]
    for i in range(n):
        age = "" if i % 7 == 0 else str(rng.integers(1, 80))
        port = "Nowhere" if i in {3, 9} else rng.choice(["Southampton", "Cherbourg", ""], p=[0.3, 0.6, 0.1])
        fare, alone = round(rng.gamma(2, 15), 2), rng.random() < 0.3
        lines.append(f"{age},{fare},{port},{alone},{'yes' if fare > 28 or alone else 'no'}")
    return "\n".join(lines) + "\n"


def mixed_config(folder: Path, **settings: Any) -> DataConfig:
    """The settings for `mixed_table`, which is written to a folder."""
    path = folder / "mixed.csv"
    path.write_text(mixed_table())
    return DataConfig(name=str(path), label="survived", **settings)
