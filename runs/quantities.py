"""Times and sizes in words, for people."""

from __future__ import annotations

import math


def duration(seconds: float) -> str:
    """A duration with its units: 8 s, 2 min 5 s, 3 h 20 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def byte_words(n: int) -> str:
    """A number of bytes with its unit: 512 kB, 3.4 MB, 21 GB."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if n >= size:
            return f"{n / size:.{1 if n < 10 * size else 0}f} {unit}"
    return f"{n / 1e3:.0f} kB"


def seconds_words(seconds: float, deviation: float = math.nan) -> str:
    """A measured time, with its standard deviation if there is one: 0.123 s, 12.3 ± 0.4 s, under 1 ms."""
    if seconds < _MILLISECOND / 2:
        return _TINY
    digits = _digits(seconds)
    spread = "" if math.isnan(deviation) else f" ± {deviation:,.{digits}f}"
    return f"{seconds:,.{digits}f}{spread} s"


def seconds_apart(seconds: float) -> str:
    """A difference of measured times: +0.012 s, −3.40 s, under 1 ms."""
    if abs(seconds) < _MILLISECOND / 2:
        return _TINY
    return f"{seconds:+,.{_digits(abs(seconds))}f} s".replace("-", "−")


_MILLISECOND = 1e-3
_TINY = "under 1 ms"


def _digits(seconds: float) -> int:
    """Decimals of a time: down to milliseconds, three digits if there are as many."""
    return max(0, min(3, 2 - math.floor(math.log10(seconds))))
