"""Text on a terminal or in a log.

Names of classes, files and runs, and messages that hold them, were written by others. They are shown letter by letter:
no markup is read in them, no control character reaches the terminal, and a terminal that cannot show a letter gets its
number (`\\xe9`) instead of an error. Whatever the command line says goes through `say`, `say_json` and `console`.
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
"""What moves the cursor, rings, colours or turns the direction of writing; not the line feed."""
WIDTH_OF_A_FILE = 120
"""How many columns a table has where it is not shown on a terminal."""


def visible(text: str, encoding: str = "utf-8") -> str:
    """The text with what a terminal would obey, or cannot show in `encoding`, spelt out: ESC as `\\x1b`."""
    shown = _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def accept_every_letter() -> None:
    """Let no letter stop the command line, whatever the terminal can show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            with suppress(ValueError):  # closed
                stream.reconfigure(errors="backslashreplace")


def say(text: str, *, err: bool = False, bold: bool = False) -> None:
    """Print a text and a line feed on standard output or standard error."""
    stream = sys.stderr if err else sys.stdout
    text = visible(text, stream.encoding)
    click.echo(click.style(text, bold=True) if bold else text, file=stream)


def say_json(values: Mapping[str, Any]) -> None:
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
