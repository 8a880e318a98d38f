"""Escaping of foreign text (names of classes, files and runs, and messages that contain them) for each output format.

Streamlit parses text as Markdown, plotly as a subset of HTML, a spreadsheet as a formula. Escaped text is shown
literally: nothing in it is interpreted or fetched. The browser modules do not need this: they set `textContent`.
"""

from __future__ import annotations

import re
from typing import Any

from annscope.runs.terminal import visible

_MARKUP = re.compile(r"[\\`*_{}\[\]()#+!|<>$:~&^-]")
_NUMBERED = re.compile(r"\A(\d+)\.")
_LATE = re.compile(
    r"(?<=:)(?=//) | (?<=www)(?=\.) | (?<=@)(?=\w) | (?<=-)(?=[->]) | (?<=<)(?=[-=]) | (?<=[>~])(?==)",
    re.IGNORECASE | re.VERBOSE,
)
"""Where Streamlit makes a link or an arrow after it has removed the escapes."""
_NOTHING = ":red[]"
"""A directive that renders as nothing and separates the characters around it."""
_FORMULA = re.compile("[=+@\t\n＝＋－＠-]")


def markdown(text: str) -> str:
    """The text for anything in Streamlit that accepts Markdown (nearly every label and message), on one line."""
    parts = _LATE.split(" ".join(visible(text).split()))
    return _NUMBERED.sub(r"\1\\.", _NOTHING.join(_MARKUP.sub(r"\\\g<0>", part) for part in parts))


def plotly(text: str) -> str:
    """The text for a figure: names of traces and axes, annotations, hover texts and templates (`%{x}`)."""
    return re.sub("[&<{]", lambda sign: f"&#{ord(sign[0])};", visible(text))


def csv(value: Any) -> Any:
    """A cell for a CSV file: a text that a spreadsheet would evaluate gets a leading apostrophe; numbers stay."""
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n")  # which Python before 3.13 would not quote
    return f"'{value}" if _FORMULA.match(value) and not _is_number(value) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text
