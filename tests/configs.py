"""Configs for tests, by the names of options."""

from __future__ import annotations

from typing import Any

from annscope.core.config import RunConfig


def make_config(**options: Any) -> RunConfig:
    """The config with these options, `learning_rate` for the option learning-rate, and else the defaults."""
    return RunConfig().with_values({name.replace("_", "-"): value for name, value in options.items()})
