"""Figures with their intervals in words, the same on the pages, in tables and in a report."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.core.evaluation.intervals import FEW, LEVEL, Paired

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


def points(difference: float) -> str:
    """A difference of shares in percentage points, such as "+1.5 points"."""
    if np.isnan(difference):
        return "n/a"
    return f"{100 * difference:+.1f} points".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")


def points_range(interval: Interval) -> str:
    """An interval of a difference of shares, such as "−0.4 to +3.1"; nothing if it is undefined."""
    if np.isnan(interval).any():
        return ""
    return " to ".join(f"{100 * end:+.1f}" for end in interval).replace("-", "−")


def difference_words(difference: float, interval: Interval) -> str:
    """A difference of any figure with its interval: "+0.0123 (−0.001 to +0.025)"."""
    if np.isnan(difference):
        return "n/a"
    about = "" if np.isnan(interval).any() else f" ({interval[0]:+.3f} to {interval[1]:+.3f})"
    return f"{difference:+.4f}{about}".replace("-", "−")


def p_words(p_value: float) -> str:
    """A p-value: "p 0.15"."""
    return "p < 0.001" if p_value < 0.001 else f"p {p_value:.2g}"


def mcnemar_words(found: Paired, *, short: bool = False) -> str:
    """What McNemar's exact test says of A, the second of the pair, and B: "cannot be told apart, p 0.15"."""
    p = p_words(found.p_value)
    if found.p_value >= 1 - LEVEL:
        return f"cannot tell, {p}" if short else f"They cannot be told apart, {p} (McNemar's exact test)."
    better = "better" if found.difference > 0 else "worse"
    return f"A {better}, {p}" if short else f"A is {better} than B, {p} (McNemar's exact test)."
