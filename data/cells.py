"""The cells of tables as texts: which of them hold numbers, and which stand for nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

if TYPE_CHECKING:
    import pandas as pd

MISSING = frozenset({"", "?", "na", "n/a", "#n/a", "nan", "null", "<na>", "-", "--", ".", "#div/0!", "#value!", "#ref!",
                     "#name?", "#num!", "#null!"})  # fmt: skip
"""Cells that stand for a missing value, in lower case, the errors of spreadsheets among them; for a number `none` does
as well."""

_SIGNS = "$€£¥%"
_SIGNED = re.compile(rf"([+-]?)[{_SIGNS}]?\s?([+-]?\d.*?|[+-]?\.\d.*?)\s?[{_SIGNS}]?")
"""A number with a sign of currency before or after it, or of percent."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}([, \u00a0\u202f'’]\d{3})+(\.\d+)?"),
    ",": re.compile(r"[+-]?\d{1,3}([. \u00a0\u202f'’]\d{3})+(,\d+)?"),
}
"""A number with thousands separators, by its decimal mark."""


def is_number(cell: str, decimal: str = ".") -> bool:
    return value_of(cell, decimal) is not None


def value_of(cell: str, decimal: str = ".") -> float | None:
    """The number that a cell holds; None if it holds none."""
    text = cell.strip()
    if any(sign in text for sign in _SIGNS):
        signed = _SIGNED.fullmatch(text)
        text = "".join(signed.groups()) if signed else text
    if _GROUPED[decimal].fullmatch(text):
        text = re.sub("[. \u00a0\u202f'’]" if decimal == "," else "[, \u00a0\u202f'’]", "", text)
    if decimal == ",":
        text = text.replace(",", ".")
    if _NUMBER.fullmatch(text):
        return float(text)
    return float(text) if text.lower().lstrip("+-") in {"inf", "infinity"} else None


def typed(column: pd.Series, decimal: str) -> tuple[pd.Series, str]:
    """A column of texts, as numbers where all are that are not missing, and what was left out of these, in words."""
    import pandas as pd

    codes, texts = pd.factorize(column)
    texts = [str(text).strip() for text in texts]
    values = np.full(len(texts) + 1, np.nan)  # the last for empty cells
    n_numbers = 0
    for i, text in enumerate(texts):
        if text.lower() in MISSING or text.lower() == "none":
            continue
        value = value_of(text, decimal)
        if value is None:
            clean = pd.Series(np.array([*(text or None for text in texts), None], object)[codes], index=column.index)
            return clean.astype("str"), ""
        values[i] = value
        n_numbers += 1
    if not n_numbers:
        clean = pd.Series(np.array([*(text or None for text in texts), None], object)[codes], index=column.index)
        return clean.astype("str"), ""
    is_grouped = any(_GROUPED[decimal].fullmatch(text) for text in texts)
    is_signed = any(sign in text for text in texts for sign in _SIGNS)
    left_out = "signs of currency or percent" if is_signed else "separators of thousands" if is_grouped else ""
    return pd.Series(values[codes], index=column.index), left_out


def numbers_in(column: pd.Series) -> tuple[Float[ndarray, " n"], Bool[ndarray, " n"]]:
    """The numbers in a column of texts, NaN where there is none, and the rows with a text that is no mark of that."""
    import pandas as pd

    codes, texts = pd.factorize(column)
    values = np.full(len(texts) + 1, np.nan)
    bad = np.zeros(len(texts) + 1, bool)
    for i, text in enumerate(texts):
        value = value_of(str(text))
        values[i] = np.nan if value is None else value
        bad[i] = value is None and str(text).strip().lower() not in MISSING | {"none"}
    return values[codes], bad[codes]
