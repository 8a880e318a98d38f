"""The network as a scikit-learn estimator."""

from annscope.estimator import AnnscopeClassifier

__all__ = ["AnnscopeClassifier"]
