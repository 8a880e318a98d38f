"""Schema of the JSON in a record, and its validation: what the reader returns need not be checked again.

A program that reads what another wrote, perhaps years ago and on a disk that has failed since, must expect anything.
"""

from __future__ import annotations

import itertools
import json
import math
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NotRequired, TypedDict, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from annscope.core.config import FIELDS, SECTIONS
from annscope.runs.record import Line

MAX_INTEGER = 2**53
"""Upper bound on the integers in a record: beyond it those of JSON are not exact in every language."""
MAX_THREADS = 1024
LATER = {
    ("training", "megabytes"),
    *(("data", name) for name in ("seed", "inputs", "label", "header", "keep", "drop", "as_number", "as_category")),
    *(("data", name) for name in ("group", "split_by", "classes_from", "transpose")),
}
"""Settings that older records lack, and whose defaults give what those runs computed."""
MAX_SNAPSHOTS = 10_000_000


class About(TypedDict):
    """The data set of a run, in its description."""

    name: str
    fingerprint: str
    n_train: int
    n_validation: int
    n_test: int
    n_features: int
    image_shape: list[int] | None
    is_photo: NotRequired[bool]
    class_names: list[str]
    feature_names: NotRequired[list[str]]
    is_multilabel: NotRequired[bool]
    notes: NotRequired[list[str]]
    left_out: NotRequired[list[str]]
    table: NotRequired[dict[str, Any] | None]


class Description(TypedDict):
    """The content of `config.json`; the content of `config` is validated by `RunConfig`."""

    format: int
    created: str
    config: dict[str, dict[str, Any]]
    dataset: About | None
    layer_sizes: list[int] | None
    histogram_edges: NotRequired[dict[str, list[float]]]
    versions: NotRequired[dict[str, str]]
    threads: NotRequired[int]
    blas_threads: NotRequired[int]


class Figures(TypedDict):
    """Loss and accuracy of a network; null stands for a non-finite number."""

    loss: float | None
    accuracy: float | None


class LayerFigures(TypedDict):
    """Statistics of one layer (`core.snapshot.LayerStatistics`)."""

    weight_norm: float | None
    gradient_norm: float | None
    update_ratio: float | None
    activation_mean: float | None
    activation_std: float | None
    dead_fraction: float | None
    saturated_fraction: float | None


class SnapshotLine(TypedDict):
    """A line of `metrics.jsonl` that commits a snapshot."""

    type: Literal["snapshot"]
    number: int
    step: int
    epoch: int
    samples_seen: int
    train_seconds: float
    learning_rate: float
    train: Figures
    heldout: Figures
    layers: list[LayerFigures]
    judged: NotRequired[bool]  # true of every snapshot in older records
    batch_losses: NotRequired[list[list[float | None]]]  # [step, loss]; not in older records


class EventLine(TypedDict):
    """A line of `metrics.jsonl` that records an event."""

    type: Literal["event"]
    event: str
    step: int
    time: NotRequired[float]
    message: NotRequired[str | None]


class RateLine(EventLine):
    """The learning rate was changed."""

    value: float


class EpochsLine(EventLine):
    """The number of epochs was changed."""

    n_epochs: int


class PaceLine(EventLine):
    """The pace was changed: snapshots a second, or null for as fast as it can."""

    value: float | None


class BestLine(EventLine):
    """Which snapshot is the best so far."""

    number: int
    epoch: int
    train: Figures
    heldout: Figures


class PinLine(EventLine):
    """A snapshot was pinned, so that it keeps its arrays, or unpinned."""

    number: int


class ThinnedLine(EventLine):
    """The arrays of snapshots in these [first, last] ranges were deleted; `n_kept` have arrays, in `budget` bytes."""

    ranges: list[list[int]]
    n_kept: int
    budget: int


class DivergedLine(EventLine):
    """A number stopped being finite; `layer` counts from 0, null if only a loss shows it."""

    quantity: NotRequired[str]
    layer: NotRequired[int | None]
    learning_rate: NotRequired[float]


class TrainerState(TypedDict):
    """The state of a trainer other than arrays (`Trainer.checkpoint`)."""

    engine: dict[str, Any]
    base_rate: float
    n_epochs: int
    judged: float  # a step, or -1 before the first
    best_step: int | None
    best_loss: float | None
    stop_reason: str | None
    batch_losses: NotRequired[list[list[float | None]]]


class CheckpointState(TypedDict):
    """The content of a checkpoint other than arrays; `state` is a `TrainerState`."""

    step: int
    state: dict[str, Any]
    train_seconds: float
    n_changes: int
    looked: bool


EVENTS: dict[str, type] = {
    "learning_rate": RateLine, "epochs": EpochsLine, "pace": PaceLine, "best": BestLine, "pin": PinLine,
    "unpin": PinLine, "thinned": ThinnedLine, "diverged": DivergedLine,
}  # fmt: skip
"""The events that have further keys."""


def parse_json(content: bytes) -> Any:
    """Parse JSON. Raises ValueError for invalid JSON, too deep nesting, and text that is not valid Unicode."""
    try:
        values = json.loads(content, parse_constant=_reject_constant)
        if b"\\ud" in content.lower():  # half a surrogate pair is valid JSON, but cannot be encoded
            json.dumps(values, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeError:
        raise ValueError("it holds text that is not Unicode") from None
    return values


def _reject_constant(name: str) -> None:
    raise ValueError(f"it holds {name}, which is not valid JSON")


def check(values: Any, kind: Any) -> None:
    """Raise ValueError, naming the place, if values parsed from JSON do not match a TypedDict.

    Whole numbers are at least 0 and below `MAX_INTEGER`, numbers finite. Further keys are allowed.
    """
    _check_of(kind)(values, "")


Check = Callable[[Any, str], None]


@lru_cache(maxsize=256)
def _check_of(kind: Any) -> Check:
    # Built once for each TypedDict, since every line of a long run is checked.
    origin, inner = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        return _object_of(kind)
    if kind is Any:
        return _plain(lambda _: True, "be anything")
    if origin is Literal:
        return _plain(lambda value: isinstance(value, str) and value in inner, f"be one of {', '.join(inner)}")
    if origin in {Union, types.UnionType}:
        return _one_of([_check_of(each) for each in inner if each is not type(None)], or_null=type(None) in inner)
    if origin is list:
        return _list_of(_check_of(inner[0]))
    if origin is dict:
        return _mapping_of(_check_of(inner[1]))
    return _PLAIN[kind]


def _one_of(checks: list[Check], *, or_null: bool) -> Check:
    *others, last = checks

    def check_one(value: Any, place: str) -> None:
        if value is None and or_null:
            return
        for check_value in others:
            with suppress(ValueError):
                check_value(value, place)
                return
        last(value, place)

    return check_one


def _object_of(kind: type) -> Check:
    hints = get_type_hints(kind, include_extras=True)
    optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    checks = {name: _check_of(get_args(hint)[0] if name in optional else hint) for name, hint in hints.items()}

    def check_object(value: Any, place: str) -> None:
        _require(isinstance(value, dict), value, place, "be an object")
        for name, check_value in checks.items():
            if name in value:
                check_value(value[name], f"{place}.{name}" if place else name)
            elif name not in optional:
                raise ValueError(f"{f'{place}.{name}' if place else name} is missing")

    return check_object


def _list_of(check_value: Check) -> Check:
    def check_list(values: Any, place: str) -> None:
        _require(isinstance(values, list), values, place, "be a list")
        for value in values:
            check_value(value, place)

    return check_list


def _mapping_of(check_value: Check) -> Check:
    def check_mapping(values: Any, place: str) -> None:
        _require(isinstance(values, dict), values, place, "be an object")
        for name, value in values.items():
            check_value(value, f"{place}.{name}")

    return check_mapping


def _is_whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < MAX_INTEGER


def _is_number(value: Any) -> bool:
    return (type(value) is float and math.isfinite(value)) or (
        type(value) is int and -MAX_INTEGER < value < MAX_INTEGER
    )


def _plain(is_such: Callable[[Any], bool], rule: str) -> Check:
    def check_plain(value: Any, place: str) -> None:
        if not is_such(value):
            _require(False, value, place, rule)

    return check_plain


_PLAIN: dict[type, Check] = {
    int: _plain(_is_whole, "be a whole number, 0 or more"),
    float: _plain(_is_number, "be a number"),
    bool: _plain(lambda value: isinstance(value, bool), "be true or false"),
    str: _plain(lambda value: isinstance(value, str), "be a text"),
}


def _require(is_right: bool, value: Any, place: str, rule: str) -> None:
    if not is_right:
        kinds = {dict: "an object", list: "a list", bool: "true or false", type(None): "null"}
        got = kinds.get(type(value))
        if got is None:
            text = repr(value) if isinstance(value, str | float) or _is_whole(value) else "a number out of range"
            got = text if len(text) <= 40 else f"{text[:37]}..."
        raise ValueError(f"{place or 'it'} must {rule}, not {got}")


def check_description(values: Any) -> None:
    """Raise ValueError unless `config.json` holds a `Description` whose parts are consistent.

    Whether `config` holds settings is left to `settings_of_another_version` and `RunConfig`.
    """
    check(values, Description)
    try:
        datetime.fromisoformat(values["created"]).astimezone()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"created must be a date, not {values['created'][:40]!r}") from None
    for name in ("threads", "blas_threads"):
        if not 1 <= values.get(name, 1) <= MAX_THREADS:
            raise ValueError(f"{name} must be from 1 to {MAX_THREADS}, not {values[name]}")
    about, sizes = values["dataset"], values["layer_sizes"]
    if about is None and sizes is None:
        return
    if about is None or sizes is None or len(sizes) < 2 or min(sizes) < 1:
        raise ValueError("dataset and layer_sizes do not match")
    for name in ("histogram_edges", "versions"):
        if name not in values:
            raise ValueError(f"{name} is missing")
    n_classes = len(about["class_names"])
    if about["n_features"] != sizes[0] or n_classes < 1 or sizes[-1] not in {1, n_classes}:
        raise ValueError("layer_sizes fits neither the features nor the classes of dataset")
    if len(about.get("feature_names") or range(sizes[0])) != sizes[0]:
        raise ValueError("feature_names does not fit the features of dataset")
    shape = about["image_shape"]
    if shape is not None and (len(shape) not in {2, 3} or math.prod(shape) != sizes[0]):
        raise ValueError("image_shape does not fit the features of dataset")


def settings_of_another_version(config: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The names of settings that only this version of annscope has, or only another one; empty if they are the same."""
    known = {(item.section, item.name) for item in FIELDS.values()}
    given = {(section, name) for section, part in config.items() for name in part}
    given |= {(section, "") for section in config if section not in SECTIONS}
    return sorted(" ".join(name).strip() for name in (known ^ given) - (LATER - given))


def parse_line(text: bytes) -> Line:
    """Parse a line of `metrics.jsonl`. Raises ValueError for one that is neither a snapshot nor an event."""
    line = parse_json(text)
    check_line(line)
    return cast(Line, line)


def _check_ranges(ranges: list[list[int]]) -> None:
    ends = [-1, *itertools.chain.from_iterable(ranges)]
    if any(len(each) != 2 for each in ranges) or ends != sorted(ends) or ends[-1] > MAX_SNAPSHOTS:
        raise ValueError("its ranges are not those of snapshots")


def check_pairs(batch_losses: list[list[float | None]]) -> None:
    """Raise ValueError if one of these is not a step with its loss."""
    if any(len(pair) != 2 or not _is_whole(pair[0]) for pair in batch_losses):
        raise ValueError("batch_losses must be pairs of a step and a loss")


def check_line(line: Any) -> None:
    """Raise ValueError if a parsed line of `metrics.jsonl` is neither a snapshot nor an event."""
    kind = line.get("type") if isinstance(line, dict) else None
    if kind == "snapshot":
        check(line, SnapshotLine)
        check_pairs(line.get("batch_losses", []))
    elif kind == "event":
        check(line, EventLine)
        check(line, EVENTS.get(line["event"], EventLine))
        if line["event"] == "learning_rate":
            FIELDS["learning-rate"].check(line["value"])
        elif line["event"] == "epochs":
            FIELDS["epochs"].check(line["n_epochs"])
        elif line["event"] == "thinned":
            _check_ranges(line["ranges"])
    else:
        raise ValueError("a line is neither a snapshot nor an event")
