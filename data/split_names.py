"""Names of splits, in every usual spelling: of folders, of arrays in a file, of IDX files."""

from __future__ import annotations

import re

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "tr", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "eval", "evaluation"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "te", "t10k", "holdout"), "test"),
}
"""Each spelling in lower case, with the split of `core.dataset.SPLITS` that it means."""
_FILLERS = {"set", "data", "dataset", "images", "imgs", "split", "folder", "seg"}


_JOINED = re.compile(rf"\b(?:([xy])({'|'.join(SPLIT_WORDS)})|({'|'.join(SPLIT_WORDS)})([xy]))\b")


def words(name: str) -> list[str]:
    """The words of a name in lower case: train, images for train-images and trainImages; x, test for xtest."""
    spaced = re.sub(r"[^a-z0-9]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    return _JOINED.sub(lambda found: " ".join(part for part in found.groups() if part), spaced).split()


def split_of(name: str) -> str | None:
    """The split that a name means (train, Training_set, VAL, 01_train, val2017, ...), or None for any other name."""
    bare = re.sub(r"^\d+[\W_]*|[\W_]*\d+$", "", name)
    said = [word for word in words(bare) if word not in _FILLERS]
    if len(said) != 1:
        return None
    return SPLIT_WORDS.get(said[0]) or SPLIT_WORDS.get(said[0].removesuffix("set"))
