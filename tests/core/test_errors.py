"""What a user reads when something is wrong."""

from __future__ import annotations

import pytest

from annscope.core.errors import AnnscopeError, ConfigError, DivergedError, did_you_mean, one_of, shortened


@pytest.mark.parametrize(
    ("name", "hint"),
    [("rleu", " (did you mean 'relu'?)"), ("RELU", " (did you mean 'relu'?)"), ("quadratic", ""), ("", "")],
)
def test_the_nearest_name_is_suggested(name: str, hint: str) -> None:
    """A slip of the finger gets the name that was meant; what is near nothing gets no hint."""
    assert did_you_mean(name, ["relu", "tanh", "sigmoid"]) == hint


def test_a_long_text_is_no_slip_of_the_finger() -> None:
    """What nobody typed gets no hint, at once, and a sentence quotes its beginning."""
    assert did_you_mean("a" * 1_000_000, ["a" * 1_000_000, "b" * 300]) == ""
    assert shortened("a" * 1_000_000) == "a" * 200 + "..."
    assert shortened("short") == "short"
    assert shortened("a" * 200) == "a" * 200, "nothing is left out of what just fits"
    assert did_you_mean("a" * 200, ["a" * 199]) == f" (did you mean '{'a' * 199}'?)"
    assert did_you_mean("a" * 199, ["a" * 200]) == f" (did you mean '{'a' * 200}'?)"


def test_what_is_no_text_is_shown_as_it_is() -> None:
    """The sentence names the setting, what it may be and what it was."""
    assert one_of("output", 3, ("softmax", "sigmoid")) == "output must be one of ['softmax', 'sigmoid'], got 3"


def test_layers_are_counted_from_one_for_people() -> None:
    """Layer 0 is the first; a divergence that only the loss shows names none."""
    error = DivergedError(step=1200, layer=0, quantity="gradient", advice="Slow down.")
    assert str(error) == "Training diverged at step 1,200: gradient not finite in layer 1. Slow down."
    assert (error.step, error.layer, error.quantity, error.advice) == (1200, 0, "gradient", "Slow down.")
    nowhere = DivergedError(step=5, layer=None, quantity="the train loss", advice="Slow down.")
    assert str(nowhere) == "Training diverged at step 5: the train loss not finite. Slow down."


def test_every_error_for_users_is_of_one_family() -> None:
    """One except clause finds them all, and each is also the kind of error Python would raise."""
    assert issubclass(ConfigError, AnnscopeError)
    assert issubclass(ConfigError, ValueError)
    assert issubclass(DivergedError, AnnscopeError)
    assert issubclass(DivergedError, ArithmeticError)
