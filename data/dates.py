"""Dates in a column of texts: which form they have, and as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from annscope.data.cells import MISSING

if TYPE_CHECKING:
    import pandas as pd

ISO = "ISO8601"
"""The form of dates such as 2024-12-31 or 2024-12-31T23:59:59Z, as `pandas.to_datetime` calls it."""
_ISO = re.compile(r"\d{4}-\d{1,2}(-\d{1,2}([T ]\d{1,2}:\d\d(:\d\d([.,]\d+)?)?( ?(Z|UTC|[+-]\d\d:?\d\d))?)?)?")
_DAYS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d %Y", "%B %d %Y",
    "%b %d, %Y", "%B %d, %Y", "%b %Y", "%B %Y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_LIKE_A_DATE = re.compile(r"(\d{1,4}|[A-Za-z]{3,9})[\s./-]\D*\d.{0,36}")
_PEEKED = 20  # cells, which show that most columns hold no dates
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class DateForm:
    """How dates are written: a format of `strptime`, or `ISO`, and whether day and month can be told apart."""

    format: str
    is_ambiguous: bool = False


def date_form(texts: Sequence[str]) -> DateForm | None:
    """The form that all of these different texts have as dates; None if they are no dates."""
    return _form(tuple(texts)) if texts and _LIKE_A_DATE.fullmatch(texts[0].strip()) else None


@lru_cache(maxsize=16)
def _form(texts: tuple[str, ...]) -> DateForm | None:
    if all(_ISO.fullmatch(text.strip()) for text in texts):
        return DateForm(ISO) if np.isfinite(days(texts, DateForm(ISO))).all() else None
    forms = [DateForm(day + time) for time in _TIMES for day in _DAYS]
    likely = [form for form in forms if np.isfinite(days(texts[:1], form)).all()]
    fits = [form for form in likely if np.isfinite(days(texts, form)).all()]
    others = [form for form in fits[1:] if not np.array_equal(days(texts, form), days(texts, fits[0]))]
    return DateForm(fits[0].format, bool(others)) if fits else None


def form_in(column: pd.Series) -> DateForm | None:
    """The form of the dates in a column of texts, of which some may be missing; None if it holds no dates."""
    some = column.iloc[:_PEEKED].dropna()
    if len(some) and not some.map(lambda text: text.lower() in MISSING or bool(_LIKE_A_DATE.fullmatch(text))).all():
        return None
    return date_form([text for text in column.dropna().unique() if text.lower() not in MISSING])


def days(texts: Iterable[str], form: DateForm) -> Float[ndarray, " n"]:
    """Days since 1970-01-01 with their fractions, in UTC where a time zone is given; NaN for what has another form."""
    import pandas as pd

    made = pd.to_datetime(
        pd.Series(list(texts), dtype="str").str.strip(), format=form.format, errors="coerce", utc=True
    )
    found = made.dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.where(np.isnat(found), np.nan, (found - np.datetime64(0, "us")) / _DAY)


def date_of(n_days: float) -> str:
    """The date of a number of days since 1970-01-01."""
    return str(np.datetime64(int(np.floor(n_days)), "D"))
