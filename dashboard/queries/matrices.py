"""Confusion matrix views: counts, shares of rows or columns, and the difference of two matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from annscope.core.evaluation.curves import column_shares, row_shares

Mode = Literal["counts", "recall", "precision"]
MODES: tuple[Mode, ...] = get_args(Mode)
LABELS: dict[Mode, str] = {
    "counts": "Counts",
    "recall": "Rows: recall",
    "precision": "Columns: precision",
}

Counts = Int[ndarray, "n_classes n_classes"]


@dataclass(frozen=True, eq=False)
class MatrixView:
    """The values, texts and colours of the cells.

    `numbers` are the values in full precision. `tones` set the colour: 0 to `top` for shares, of either sign for a
    difference. NaN where undefined.
    """

    numbers: ndarray
    tones: Float[ndarray, "n_classes n_classes"]
    texts: list[list[str]]
    top: float
    words: str
    name: str
    is_difference: bool = False


def matrix_view(confusion: Counts, mode: Mode) -> MatrixView:
    """The matrix as counts, or as shares of its rows or columns."""
    if mode == "precision":
        shares = column_shares(confusion)
        return MatrixView(
            shares, shares, _percentages(shares), 1.0, "percent of the predicted class; the diagonal is precision", mode
        )
    shares = row_shares(confusion)
    if mode == "recall":
        return MatrixView(
            shares, shares, _percentages(shares), 1.0, "percent of the true class; the diagonal is recall", mode
        )
    texts = [[f"{count:,}" if count else "·" for count in row] for row in confusion.tolist()]
    return MatrixView(
        confusion, shares, texts, 1.0, "number of examples; coloured by share of the true class", "counts"
    )


def difference_view(confusion: Counts, other: Counts) -> MatrixView:
    """The change from another matrix of the same examples, in the number of examples."""
    change = (confusion - other).astype(np.float64)
    texts = [[f"{value:+,.0f}" if value else "·" for value in row] for row in change.tolist()]
    top = float(np.abs(change).max(initial=0.0)) or 1.0
    words = "A less B, in the number of examples"
    return MatrixView(change, change, texts, top, words, "difference", is_difference=True)


def _percentages(shares: Float[ndarray, "n_classes n_classes"]) -> list[list[str]]:
    return [["n/a" if np.isnan(s) else "·" if s == 0 else _percent(s) for s in row] for row in shares.tolist()]


def _percent(share: float) -> str:
    # 99.96 % must not be shown as 100 %.
    if share < 1 and round(100 * share, 1) == 100.0:
        return "99.9"
    return f"{100 * share:.1f}" if share < 1 else "100"
