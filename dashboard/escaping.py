"""Escaping of foreign text (names of classes, files and runs, and messages that contain them) for each output format.

Streamlit parses text as Markdown, plotly as a subset of HTML (a spreadsheet as a formula: `runs.spreadsheet`). Escaped
text is shown literally: nothing in it is interpreted or fetched. The browser modules do not need this: they set
`textContent`.
"""

from __future__ import annotations

import re

from annscope.runs.terminal import visible

_MARKUP = re.compile(r"[\\`*_{}\[\]()#+!|<>$:~&^-]")
_NUMBERED = re.compile(r"\A(\d+)\.")
_LATE = re.compile(
    r"(?<=:)(?=//|material[/_]|streamlit:) | (?<=www)(?=\.) | (?<=@)(?=\w)"
    r"| (?<=-)(?=[->]) | (?<=<)(?=[-=]) | (?<=[>~])(?==)",
    re.IGNORECASE | re.VERBOSE,
)
"""Where Streamlit makes a link, an arrow or an icon after it has removed the escapes."""
_NOTHING = ":red[]"
"""A directive that renders as nothing and separates the characters around it."""


def markdown(text: str) -> str:
    """The text for anything in Streamlit that accepts Markdown (nearly every label and message), on one line."""
    parts = _LATE.split(" ".join(visible(text).split()))
    return _NUMBERED.sub(r"\1\\.", _NOTHING.join(_MARKUP.sub(r"\\\g<0>", part) for part in parts))


def plotly(text: str) -> str:
    """The text for a figure: names of traces and axes, annotations, hover texts and templates (`%{x}`)."""
    return re.sub("[&<{]", lambda sign: f"&#{ord(sign[0])};", visible(text))
