"""Terminal output, made safe.

Names of classes, files and runs, and messages that contain them, are untrusted. They are shown literally: no markup in
them is interpreted, no control character reaches the terminal, and a character that the terminal cannot show is escaped
(`\\xe9`) instead of raising an error. All output of the command line goes through `print_text`, `print_json` and
`console`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

import click

from annscope.runs.atomic import to_json

if TYPE_CHECKING:
    from rich.console import Console

_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that move the cursor, ring, colour or change the writing direction; not the line feed."""
WIDTH_OF_A_FILE = 120
"""Width of a table in columns where the output is not a terminal."""


def visible(text: str, encoding: str = "utf-8") -> str:
    """The text with control characters, and those that `encoding` lacks, escaped: ESC as `\\x1b`."""
    shown = _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def escape_unencodable() -> None:
    """Have characters that the terminal cannot show escaped instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            with suppress(ValueError):  # closed
                stream.reconfigure(errors="backslashreplace")


def print_text(text: str, *, err: bool = False, bold: bool = False) -> None:
    """Print a text and a line feed on standard output or standard error."""
    stream = sys.stderr if err else sys.stdout
    text = visible(text, stream.encoding)
    click.echo(click.style(text, bold=True) if bold else text, file=stream)


def print_json(values: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own, in ASCII, at once."""
    click.echo(to_json(values, ascii=True), file=sys.stdout)
    sys.stdout.flush()


def console() -> Console:
    """Rich's console, for tables and progress, reading no markup in any text."""
    from rich.console import Console
    from rich.text import Text

    class Literal(Console):
        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(visible(text, self.encoding), **options)

    width = None if sys.stdout.isatty() else WIDTH_OF_A_FILE
    return Literal(width=width, markup=False, emoji=False, highlight=False)
