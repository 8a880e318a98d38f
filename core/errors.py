"""Errors that a person using annscope can cause. The text of each is one clear sentence to show as it is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class AnnscopeError(Exception):
    """Base of every error whose text is meant for the user: no traceback should reach them."""


class ConfigError(AnnscopeError, ValueError):
    """A setting that breaks its rule: the text names the setting, the rule and the value it got."""


class DivergedError(AnnscopeError, ArithmeticError):
    """Training produced a NaN or an infinity.

    `step` counts finished updates, `layer` counts from 0 (None when only the loss shows it) and
    `quantity` is what stopped being finite: "loss", "gradient" or "parameters".
    """

    def __init__(self, *, step: int, layer: int | None, quantity: str, advice: str) -> None:
        self.step, self.layer, self.quantity, self.advice = step, layer, quantity, advice
        where = "" if layer is None else f" in layer {layer + 1}"
        super().__init__(f"Training diverged at step {step:,}: {quantity} not finite{where}. {advice}")


LONGEST_NAME = 200
"""What is longer is no misspelled name: comparing takes time with the square of the length."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint such as ` (did you mean 'relu'?)`, or nothing when no known name is near."""
    if len(name) > LONGEST_NAME:
        return ""
    near = get_close_matches(name.lower(), [other for other in known if len(other) <= LONGEST_NAME], n=1, cutoff=0.5)
    return f" (did you mean {near[0]!r}?)" if near else ""


def one_of(what: str, name: object, known: Iterable[str]) -> str:
    """The sentence for a name that is not among the known ones."""
    names = list(known)
    return f"{what} must be one of {names}, got {name!r}{did_you_mean(str(name), names)}"


def shortened(text: str, longest: int = LONGEST_NAME) -> str:
    """A text as a sentence can quote it: its beginning, where it is long."""
    return text if len(text) <= longest else f"{text[:longest]}..."
