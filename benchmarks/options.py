"""Command-line options shared by the benchmarks."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from benchmarks import threads


def parser(name: str, about: str, *, rounds: int | None) -> argparse.ArgumentParser:
    """A parser with `--rounds` (unless None), `--threads`, `--json`, `--markdown` and `--page`."""
    made = argparse.ArgumentParser(prog=f"python -m benchmarks {name}", description=about)
    if rounds is not None:
        made.add_argument("--rounds", type=_positive, default=rounds, metavar="N", help="rounds (default: %(default)s)")
    made.add_argument(
        "--threads", type=_positive, default=threads.DEFAULT, metavar="N", help="cores to use (default: %(default)s)"
    )
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    form.add_argument("--markdown", action="store_true", help="the tables in Markdown")
    form.add_argument("--page", action="store_true", help="write the tables into docs/benchmarks.md")
    return made


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def chosen(what: str, text: str | None, known: Iterable[str]) -> list[str]:
    """The names in a comma-separated list, all of them when nothing is given.

    Exits with status 2 and one line on standard error for an unknown name.
    """
    names = list(known)
    if text is None:
        return names
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    for name in wanted:
        if name not in names:
            raise SystemExit(_print_error(f"{what} must be among {', '.join(names)}, got {name!r}"))
    return wanted


def _print_error(message: str) -> int:
    import sys

    print(message, file=sys.stderr)
    return 2
