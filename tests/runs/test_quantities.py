"""Times and sizes in words."""

import math

import pytest

from annscope.runs.quantities import byte_words, duration, seconds_apart, seconds_words


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (7.6, "8 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (12_000, "3 h 20 min")]
)
def test_durations_have_their_units(seconds: float, text: str) -> None:
    """A duration is read the same way on the command line and on the pages."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("n", "words"), [(0, "0 kB"), (512_000, "512 kB"), (3_400_000, "3.4 MB"), (21e9, "21 GB"), (1e6, "1.0 MB")]
)
def test_sizes_have_a_unit_that_fits(n: float, words: str) -> None:
    """A size in bytes is told in the unit that people read."""
    assert byte_words(int(n)) == words


@pytest.mark.parametrize(
    ("seconds", "deviation", "words"),
    [
        (0.0, math.nan, "under 1 ms"),
        (7.9e-5, 1e-6, "under 1 ms"),
        (0.012, 0.0034, "0.012 ± 0.003 s"),
        (1.234, math.nan, "1.23 s"),
        (12.34, 0.4, "12.3 ± 0.4 s"),
        (1234.5, 3, "1,234 ± 3 s"),
    ],
)
def test_measured_times_have_no_exponent(seconds: float, deviation: float, words: str) -> None:
    """A time and its spread have the same decimals, down to milliseconds."""
    assert seconds_words(seconds, deviation) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(-7.9e-5, "under 1 ms"), (0.0, "under 1 ms"), (-0.0123, "−0.012 s"), (3.4, "+3.40 s")]
)
def test_differences_of_times_have_no_exponent(seconds: float, words: str) -> None:
    """A difference near zero is said to be so, not in scientific notation."""
    assert seconds_apart(seconds) == words
