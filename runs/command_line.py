"""A configuration as the command that trains with it."""

from __future__ import annotations

import shlex
from typing import Any

from annscope.core.config import FIELDS, Field, RunConfig


def command_line(config: RunConfig) -> str:
    """`annscope train` with an option for each setting that is not at its default, quoted for a shell."""
    options = [
        part for item in FIELDS.values() if (value := config.get(item)) != item.default for part in _option(item, value)
    ]
    return shlex.join(["annscope", "train", *options])


def _option(item: Field, value: Any) -> list[str]:
    if item.kind == "switch":
        return [f"--{'' if value else 'no-'}{item.option}"]
    return [f"--{item.option}", item.format(value)]
