"""Figures with their intervals in words, the same on the pages, in tables and in a report."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.evaluation.intervals import FEW

Interval = Float[ndarray, " 2"]


def percent(share: float) -> str:
    """A share as a percentage; n/a if it is undefined."""
    return "n/a" if np.isnan(share) else f"{100 * share:.1f} %"


def few(n: int) -> str:
    """That so many examples are too few to tell; nothing if they are enough, or none."""
    return f"n = {n}: too few" if 0 < n < FEW else ""


def percent_range(interval: Interval) -> str:
    """An interval of a share, such as "64 to 88 %"; nothing if it is undefined."""
    if np.isnan(interval).any():
        return ""
    digits = 0 if interval[1] - interval[0] >= 0.02 else 1
    low, high = (f"{100 * end:.{digits}f}" for end in interval)
    return f"{low} to {high} %"


def figure_range(interval: Interval) -> str:
    """An interval of any other figure, such as "0.641 to 0.883"; nothing if it is undefined."""
    return "" if np.isnan(interval).any() else f"{interval[0]:.3f} to {interval[1]:.3f}"


def percent_words(share: float, interval: Interval, n: int) -> str:
    """A share of `n` examples with its interval: "77.8 % (64 to 88 %)"."""
    about = few(n) or percent_range(interval)
    return percent(share) + (f" ({about})" if about else "")


def figure_words(value: float, interval: Interval) -> str:
    """A figure with its interval: "0.7711 (0.641 to 0.883)"."""
    about = figure_range(interval)
    return ("n/a" if np.isnan(value) else f"{value:.4f}") + (f" ({about})" if about else "")
