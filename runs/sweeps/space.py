"""The space of a sweep: which settings are varied, each over choices or a range, as `--vary` says."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from annscope.core.config import FIELDS, Field
from annscope.core.errors import ConfigError, did_you_mean, shortened
from annscope.runs.sweeps.errors import SweepError

if TYPE_CHECKING:
    from optuna import Trial

FORM = "NAME=A|B|C or NAME=LOW..HIGH[:log]"
PREPARATION = ("scaling", "image-size", "extra-inputs", "keep", "drop", "as-number", "as-category")
"""The settings of the data that leave the examples what they are."""
VARIABLE = [name for name, item in FIELDS.items() if name != "seed" and (item.section != "data" or name in PREPARATION)]
"""The settings that can be varied: whatever leaves the held-out examples the same, or figures could not be compared."""
DIGITS = 4
"""Digits of a number that is chosen from a range: as many as people can compare."""
RANGED = ("integer", "number", "count")
"""The kinds of settings that have ranges."""


@dataclass(frozen=True)
class Choices:
    """Values of a setting, each as it is typed."""

    option: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.option}={'|'.join(self.values)}"

    def suggest(self, trial: Trial) -> str:
        """The value that the sampler wants."""
        return str(trial.suggest_categorical(self.option, self.values))


@dataclass(frozen=True)
class Range:
    """Numbers of a setting from `low` to `high`, both included, evenly or evenly in the logarithm."""

    option: str
    low: int | float
    high: int | float
    log: bool

    def __str__(self) -> str:
        return f"{self.option}={self.low}..{self.high}{':log' if self.log else ''}"

    def suggest(self, trial: Trial) -> int | float:
        """The value that the sampler wants."""
        if FIELDS[self.option].kind == "number":
            return trial.suggest_float(self.option, self.low, self.high, log=self.log)
        return trial.suggest_int(self.option, int(self.low), int(self.high), log=self.log)


Dimension: TypeAlias = Choices | Range


def parse_space(texts: Iterable[str]) -> tuple[Dimension, ...]:
    """The space that some `--vary` describe. Raises SweepError, in one sentence, for an invalid one."""
    space: dict[str, Dimension] = {}
    for text in texts:
        dimension = parse_dimension(text)
        if dimension.option in space:
            raise SweepError(f"--vary names {dimension.option} twice; give all of its values in one: {FORM}.")
        space[dimension.option] = dimension
    return tuple(space.values())


def parse_dimension(text: str) -> Dimension:
    """What one `--vary` says. Raises SweepError, in one sentence, if it is invalid."""
    option, equals, values = text.partition("=")
    option = option.strip().removeprefix("--")
    if not equals:
        raise SweepError(f"--vary must be {FORM}, got {shortened(text)!r}.")
    if option == "seed":
        raise SweepError("--vary cannot vary the seed; --seeds N trains each setting with N seeds.")
    if option in FIELDS and option not in VARIABLE:
        raise SweepError(f"--vary cannot vary {option}: figures of other held-out examples cannot be compared.")
    if option not in FIELDS:
        raise SweepError(f"--vary knows no setting {shortened(option)!r}{did_you_mean(option, VARIABLE)}.")
    item = FIELDS[option]
    return _range(item, values) if item.kind in RANGED and ".." in values else _choices(item, values)


def _range(item: Field, text: str) -> Range:
    ends, colon, scale = text.partition(":")
    if colon and scale.strip() != "log":
        raise SweepError(f"--vary {item.option}={text} must end in :log or in its highest value, got {scale!r}.")
    low, high = (_checked(item, end) for end in ends.split("..", 1))
    if isinstance(low, str) or isinstance(high, str):
        raise SweepError(f"--vary {item.option}={text} must go from a number to a number; choose words as A|B|C.")
    if low >= high:
        raise SweepError(f"--vary {item.option}={text} must go from a lower to a higher value.")
    if colon and low <= 0:
        raise SweepError(f"--vary {item.option}={text} must begin above 0 to be even in the logarithm.")
    return Range(item.option, low, high, bool(colon))


def _choices(item: Field, text: str) -> Choices:
    values = tuple(value.strip() for value in text.split("|"))
    meanings = [_checked(item, value) for value in values]
    if len(values) == 1:
        form = "NAME=A|B|C" + (" or NAME=LOW..HIGH[:log]" if item.kind in RANGED else "")
        raise SweepError(f"--vary {item.option}={text} has one value only; vary it as {form}.")
    for k, value in enumerate(values):
        if meanings[k] in meanings[:k]:
            raise SweepError(f"--vary {item.option}={text} has {value!r} twice.")
    return Choices(item.option, values)


def _checked(item: Field, text: str) -> Any:
    try:
        return item.parse(text)
    except ConfigError as error:
        raise SweepError(f"--vary {item.option}: {error}.") from error


def settings_of(parameters: dict[str, Any]) -> dict[str, Any]:
    """The settings, by option, that the parameters of a trial stand for; numbers of a range in four digits."""
    return {
        option: FIELDS[option].parse(value if isinstance(value, str) else f"{value:.{DIGITS}g}")
        if isinstance(value, str | float)
        else FIELDS[option].check(value)
        for option, value in parameters.items()
    }


def n_combinations(space: Sequence[Dimension]) -> int | None:
    """Number of settings in the space; None if it has a range."""
    n = 1
    for dimension in space:
        if isinstance(dimension, Range):
            return None
        n *= len(dimension.values)
    return n


def combinations(space: Sequence[Dimension]) -> Iterator[dict[str, str]]:
    """Every combination of the choices, the last setting changing fastest."""
    options = [dimension.option for dimension in space]
    for values in itertools.product(*(each.values for each in space if isinstance(each, Choices))):
        yield dict(zip(options, values, strict=True))
