"""Queries of the list of runs: what is known of a run as named columns, filtered, searched and sorted by them."""

from __future__ import annotations

import operator
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from annscope.core.config import FIELDS
from annscope.core.errors import AnnscopeError, ConfigError, did_you_mean
from annscope.runs.summary import RunSummary


class QueryError(AnnscopeError):
    """A filter or an order that cannot be followed: the message names the part, and what would be right."""


@dataclass(frozen=True)
class Column:
    """One thing that is known of each run. `best` says which values of a figure come first: they are better."""

    title: str
    value: Callable[[RunSummary], Any]
    kind: Literal["text", "number", "switch", "tags", "setting"] = "text"
    best: Literal["high", "low"] = "low"


def _setting(option: str) -> Callable[[RunSummary], Any]:
    return lambda about: about.settings.get(option)


COLUMNS: dict[str, Column] = {
    "run": Column("Run", lambda about: about.run),
    "name": Column("Name", lambda about: about.annotations.name or None),
    "starred": Column("Star", lambda about: about.annotations.starred, "switch"),
    "tags": Column("Tags", lambda about: about.annotations.tags, "tags"),
    "note": Column("Note", lambda about: about.annotations.note or None),
    "status": Column("Status", lambda about: about.status),
    "created": Column("Created", lambda about: about.created),
    "layers": Column("Layers", lambda about: about.layers or None),
    "accuracy": Column("Last accuracy", lambda about: about.accuracy, "number", "high"),
    "heldout-loss": Column("Last loss", lambda about: about.loss, "number"),
    "best-accuracy": Column("Best accuracy", lambda about: about.best_accuracy, "number", "high"),
    "best-loss": Column("Best loss", lambda about: about.best_loss, "number"),
    "step": Column("Step", lambda about: about.step, "number"),
    "epoch": Column("Epoch", lambda about: about.epoch, "number"),
    "rate-changes": Column("Learning rates set live", lambda about: len(about.rates), "number"),
    "seconds": Column("Training time", lambda about: about.seconds, "number"),
    "bytes": Column("Size on disk", lambda about: about.n_bytes, "number"),
    "message": Column("Message", lambda about: about.message),
    **{option: Column(item.label, _setting(option), "setting") for option, item in FIELDS.items()},
}
"""What a run can be filtered, searched and sorted by; losses and accuracies are of held-out examples."""

Best = Literal["best-accuracy", "best-loss"]
"""The figures that settings are judged by: those of the best snapshot, never the last."""

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, ">=": operator.ge, "!=": operator.ne, "=": operator.eq, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_CONDITION = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(<=|>=|!=|=|<|>)(.*)", re.DOTALL)
EXAMPLE = "optimizer=adam accuracy>0.95"


def select(runs: Iterable[RunSummary], text: str) -> list[RunSummary]:
    """The runs that meet every condition of a text such as `optimizer=adam accuracy>0.95 moons`.

    A word without an operator is searched for in id, name, note, tags and data. Raises QueryError.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise QueryError(f"The filter {text!r} cannot be read: {error}; write one such as {EXAMPLE!r}.") from None
    conditions = [_condition(word) for word in words]
    return [about for about in runs if all(is_met(about) for is_met in conditions)]


def order(runs: Iterable[RunSummary], name: str) -> list[RunSummary]:
    """The runs sorted by a column: figures best first, others from the least on; `-NAME` reverses. Unknown values last.

    Raises QueryError for a name that is no column.
    """
    column = _column(name.removeprefix("-"), "sort by")
    reverse = (column.best == "high") != name.startswith("-")
    every = list(runs)
    known = [about for about in every if column.value(about) is not None]
    known.sort(key=lambda about: _sortable(column.value(about)), reverse=reverse)
    return known + [about for about in every if column.value(about) is None]


def differing(runs: Sequence[RunSummary]) -> list[str]:
    """The options that have different values in these runs, in the order of the settings."""
    return [option for option in FIELDS if len({repr(about.settings.get(option)) for about in runs}) > 1]


def _column(name: str, what: str) -> Column:
    if name not in COLUMNS:
        raise QueryError(
            f"Runs have no {name!r} to {what}{did_you_mean(name, COLUMNS)}; there are {', '.join(COLUMNS)}."
        )
    return COLUMNS[name]


def _condition(word: str) -> Callable[[RunSummary], bool]:
    found = _CONDITION.fullmatch(word)
    if found is None:
        return lambda about: word.casefold() in _searched(about)
    name, sign, text = found.groups()
    column = _column(name, "filter by")
    if column.kind == "tags":
        if sign not in {"=", "!="}:
            raise QueryError(f"Tags are filtered by = or !=, not {word!r}.")
        return lambda about: (text in about.annotations.tags) == (sign == "=")
    wanted, compare = _parsed(name, column.kind, text), _OPERATORS[sign]

    def is_met(about: RunSummary) -> bool:
        value = column.value(about)
        if value is None:
            return False
        if isinstance(value, str) and isinstance(wanted, str) and sign in {"=", "!="}:
            return compare(value.casefold(), wanted.casefold())
        try:
            return compare(value, wanted)
        except TypeError:  # a word such as "auto" is neither more nor less than a number
            return sign == "!="

    return is_met


def _parsed(name: str, kind: str, text: str) -> Any:
    try:
        if kind == "setting":
            item = FIELDS[name]
            return item.check(_SWITCH.get(text, text)) if item.kind == "switch" else item.parse(text)
        if kind == "switch":
            return _SWITCH[text]
        return float(text) if kind == "number" else text
    except ConfigError as error:
        raise QueryError(f"{name} cannot be compared with {text!r}: {error}.") from None
    except (ValueError, KeyError):
        rule = "a number" if kind == "number" else "yes or no"
        raise QueryError(f"{name} is compared with {rule}, not {text!r}.") from None


_SWITCH = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}


def _searched(about: RunSummary) -> str:
    annotations = about.annotations
    return "\n".join(
        (about.run, annotations.name, annotations.note, *annotations.tags, about.data or "", about.status)
    ).casefold()


def _sortable(value: Any) -> tuple[int, Any]:
    # Numbers before words before lists: a setting may be a number or a word such as "auto".
    if isinstance(value, bool | int | float):
        return (0, value)
    if isinstance(value, str):
        return (1, value.casefold())
    return (2, [_sortable(each) for each in value])
