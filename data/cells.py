"""The cells of tables as texts: which of them hold numbers, and which stand for nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

if TYPE_CHECKING:
    import pandas as pd

MISSING = frozenset(
    {"", "?", "na", "n/a", "n.a.", "n.a", "nan", "-nan", "null", "(null)", r"\n", "<na>", "(blank)", "-", "--", ".",
     "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
     "#n/a", "#n/a n/a", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"}
)  # fmt: skip
"""Cells that stand for a missing value, in lower case, the errors of spreadsheets among them."""
WORDS = frozenset({"none", "nil", "missing", "unknown", "unk", "undefined", "not available", "not applicable", "n.d.",
                   "n/d", "nd", "k.a.", "*", "**", "??", "???"})  # fmt: skip
"""Those that stand for a missing number, and are values of a category."""

_SIGNS = r"[$€£¥₹₩₽₺₫฿%‰]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|Rs\.?|kr\.?|zł"
_SIGNED = re.compile(rf"([+-]?)(?:{_SIGNS})?\s?([+-]?\d.*?|[+-]?\.\d.*?)\s?(?:{_SIGNS})?", re.IGNORECASE)
"""A number with a sign of currency before or after it, or of percent."""
_NEGATIVE = re.compile(r"\(([^()+-]+)\)|([^()+-]+)-")
"""A negative number as accountants write it: (12) or 12-."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[dD][+-]\d+)?")
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}([, \u00a0\u202f'’]\d{3})+(\.\d+)?"),
    ",": re.compile(r"[+-]?\d{1,3}([. \u00a0\u202f'’]\d{3})+(,\d+)?"),
}
"""A number with thousands separators, by its decimal mark."""
_WITH_UNIT = re.compile(r"([+-]?[\d.][\d.,]*)\s*([^\W\d_][^\d,;:]{0,11}|°\w?)")
_MANY = 10
"""More different texts than that, each a number with the same unit, are measurements; fewer are a category."""


def is_number(cell: str, decimal: str = ".") -> bool:
    return value_of(cell, decimal) is not None


def value_of(cell: str, decimal: str = ".") -> float | None:
    """The number that a cell holds; None if it holds none."""
    text = cell.strip()
    negative = _NEGATIVE.fullmatch(text)
    if negative:
        value = value_of(negative[1] or negative[2], decimal)
        return None if value is None else -value
    signed = _SIGNED.fullmatch(text)
    if signed:
        text = "".join(signed.groups())
    if _GROUPED[decimal].fullmatch(text):
        text = re.sub("[. \u00a0\u202f'’]" if decimal == "," else "[, \u00a0\u202f'’]", "", text)
    if decimal == ",":
        text = text.replace(",", ".")
    if _NUMBER.fullmatch(text):
        return float(text.replace("d", "e").replace("D", "e"))
    return float(text) if text.lower().lstrip("+-") in {"inf", "infinity"} else None


def typed(column: pd.Series, decimal: str) -> tuple[pd.Series, str]:
    """A column of texts, as numbers where all are that are not missing, and how these are written, in words.

    The words follow the name of the file: "has separators of thousands, which are left out".
    """
    import pandas as pd

    codes, distinct = pd.factorize(column)
    texts = [str(text).strip() for text in distinct]
    numbers, said = _numbers(texts, decimal)
    if numbers is None:
        clean = pd.Series(np.array([*(text or None for text in texts), None], object)[codes], index=column.index)
        return clean.astype("str"), ""
    return pd.Series(np.append(numbers, np.nan)[codes], index=column.index), said


def _numbers(texts: list[str], decimal: str) -> tuple[Float[ndarray, " n"] | None, str]:
    """The numbers in these different texts, NaN for what is missing, and how they are written; None for other texts."""
    words = [text for text in texts if text.lower() in WORDS]
    present = [text for text in texts if text.lower() not in MISSING | WORDS]
    values, unit = _values(present, decimal), ""
    if values is None and len(present) > _MANY:
        with_unit = _WITH_UNIT.fullmatch(present[0])
        unit = with_unit[2].strip() if with_unit else ""
        values = _values(present, decimal, unit) if unit else None
    if not values:
        return None, ""
    numbers = np.array([values.get(text, np.nan) for text in texts], np.float64)
    if unit:
        return numbers, f"has the unit {unit}, which is left out"
    if words:
        return numbers, f"says {words[0]!r} where a number is missing"
    bare = re.compile(_SIGNS, re.IGNORECASE)
    if any(bare.search(text) for text in present):
        return numbers, "has signs of currency or percent, which are left out"
    if any(_GROUPED[decimal].fullmatch(text) for text in present):
        return numbers, "has separators of thousands, which are left out"
    if any(_NEGATIVE.fullmatch(text) for text in present):
        return numbers, "has negative numbers in parentheses or with the sign behind"
    return numbers, ""


def _values(texts: list[str], decimal: str, unit: str = "") -> dict[str, float] | None:
    """The number in each of these texts, before its unit if there is one; None at the first that has none."""
    values: dict[str, float] = {}
    for text in texts:
        value = value_of(text.removesuffix(unit), decimal) if text.endswith(unit) else None
        if value is None:
            return None
        values[text] = value
    return values


def numbers_in(column: pd.Series) -> tuple[Float[ndarray, " n"], Bool[ndarray, " n"]]:
    """The numbers in a column of texts, NaN where there is none, and the rows with a text that is no mark of that."""
    import pandas as pd

    codes, texts = pd.factorize(column)
    values = np.full(len(texts) + 1, np.nan)
    bad = np.zeros(len(texts) + 1, bool)
    for i, text in enumerate(texts):
        value = value_of(str(text))
        values[i] = np.nan if value is None else value
        bad[i] = value is None and str(text).strip().lower() not in MISSING | WORDS
    return values[codes], bad[codes]
