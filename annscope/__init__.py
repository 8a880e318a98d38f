"""A multilayer perceptron in plain NumPy, its record and its dashboard; this module is the public API."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annscope.estimator import AnnscopeClassifier

__all__ = ["AnnscopeClassifier"]


def __getattr__(name: str) -> Any:
    # Imported lazily: most of annscope does not need scikit-learn, which takes a second to import.
    if name == "AnnscopeClassifier":
        from annscope.estimator import AnnscopeClassifier

        return AnnscopeClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
