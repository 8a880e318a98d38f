"""Which arrays of a file are the examples and which their labels, by the names that people give them.

x, y; X_train, y_test; train_images, val_labels; data, target; arr_0, arr_1; ...
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from annscope.core.dataset import SPLITS
from annscope.core.errors import shortened
from annscope.data.errors import DataError
from annscope.data.split_names import SPLIT_WORDS, words

_X_WORDS = (
    "x",
    "images",
    "image",
    "imgs",
    "img",
    "pixels",
    "data",
    "dataset",
    "features",
    "inputs",
    "input",
    "samples",
)
_Y_WORDS = (
    "y", "labels", "label", "lab", "targets", "target", "truth", "gt", "classes", "class", "outputs", "output",
)  # fmt: skip
"""In the order in which they are preferred where a file has several."""
_FILLERS = {"set", "array", "arr", "split", "orig", "ground"}
_NUMBERED = re.compile(r"arr_\d+")
_MAX_SHOWN = 200


@dataclass(frozen=True)
class Pair:
    """The names of the array of examples and of that of their labels."""

    x: str
    y: str


@dataclass(frozen=True)
class Chosen:
    """The pair of each split, "train" at least, and a sentence for the user if it could have been another."""

    pairs: dict[str, Pair]
    notes: tuple[str, ...] = ()


def choose(place: str, shapes: Mapping[str, tuple[int, ...]]) -> Chosen:
    """The arrays to read, of these with their shapes. Raises DataError, which names `place`, if there are none."""
    found: dict[str | None, tuple[dict[int, str], dict[int, str]]] = {}
    for name in shapes:
        part = _part(name)
        if part is not None:
            split, is_y, rank = part
            found.setdefault(split, ({}, {}))[is_y].setdefault(rank, name)
    numbered = sorted((name for name in shapes if _NUMBERED.fullmatch(name)), key=lambda name: int(name[4:]))
    pairs: dict[str, Pair] = {}
    for split in (*SPLITS, None):
        xs, ys = found.get(split, ({}, {}))
        if xs and ys and not (split is None and "train" in pairs):
            pairs[split or "train"] = Pair(xs[min(xs)], ys[min(ys)])
    if not found and len(numbered) in {2, 4}:
        return _by_number(numbered, shapes)
    for split in SPLITS if "train" in found else ():
        if split in found and split not in pairs:
            xs, ys = found[split]
            there = next(iter((xs or ys).values()))
            raise DataError(f"{place} has {there} without {_partner(there, pairs)}")
    if "train" not in pairs:
        listed = shortened(", ".join(map(repr, sorted(shapes))), _MAX_SHOWN)
        raise DataError(
            f"{place} must hold the arrays x and y (or x_train, y_train, x_test, y_test); it holds [{listed}]"
        )
    return Chosen(pairs, _ambiguity(found, pairs))


def _part(name: str) -> tuple[str | None, bool, int] | None:
    """The split, whether these are labels, and the place in the order of preference; None for any other array."""
    said = words(name)
    splits = {SPLIT_WORDS[word] for word in said if word in SPLIT_WORDS}
    rest = [word for word in said if word not in SPLIT_WORDS and word not in _FILLERS]
    if len(splits) > 1 or len(rest) != 1:
        return None
    split = next(iter(splits), None)
    for is_y, known in enumerate((_X_WORDS, _Y_WORDS)):
        if rest[0] in known:
            return split, bool(is_y), known.index(rest[0])
    return None


def _partner(there: str, pairs: Mapping[str, Pair]) -> str:
    """What the array missing beside this one would be called, in the spelling of the training arrays."""
    part = _part(there)
    if part is None or "train" not in pairs:
        return "its labels"
    is_y = part[1]
    mine, other = (pairs["train"].y, pairs["train"].x) if is_y else (pairs["train"].x, pairs["train"].y)
    word, other_word = (next((w for w in words(name) if w not in SPLIT_WORDS), "") for name in (mine, other))
    return re.sub(rf"(?<![a-z]){word}(?![a-z])", other_word, there, count=1, flags=re.IGNORECASE)


def _by_number(numbered: list[str], shapes: Mapping[str, tuple[int, ...]]) -> Chosen:
    """The pairs of arrays saved without names: examples have more dimensions than labels."""
    first, second = numbered[:2]
    if len(numbered) == 2:
        x, y = (second, first) if len(shapes[first]) < len(shapes[second]) else (first, second)
        return Chosen(
            {"train": Pair(x, y)}, (f"The arrays have no names: {x} is taken as the examples, {y} as labels.",)
        )
    third, fourth = numbered[2:]
    if len(shapes[first]) == len(shapes[second]):  # as scikit-learn's train_test_split returns them
        second, third = third, second
    pairs = {"train": Pair(first, second), "test": Pair(third, fourth)}
    return Chosen(
        pairs,
        (f"The arrays have no names: {first} and {second} are taken for training, {third} and {fourth} for testing.",),
    )


def _ambiguity(
    found: Mapping[str | None, tuple[dict[int, str], dict[int, str]]], pairs: Mapping[str, Pair]
) -> tuple[str, ...]:
    used = {name for pair in pairs.values() for name in (pair.x, pair.y)}
    others = [name for parts in found.values() for part in parts for name in part.values() if name not in used]
    if not others:
        return ()
    train, rest = pairs["train"], shortened(", ".join(sorted(others)), _MAX_SHOWN)
    return (f"Read {train.x} as the examples and {train.y} as their labels, and not {rest}.",)
