"""A multilayer perceptron in plain NumPy, its record and its dashboard; what people import stands here."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annscope.estimator import AnnscopeClassifier

__all__ = ["AnnscopeClassifier"]


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for: most of annscope does without scikit-learn, which takes a second to import.
    if name == "AnnscopeClassifier":
        from annscope.estimator import AnnscopeClassifier

        return AnnscopeClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
