"""The scikit-learn estimator: its conformance, and what it adds."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from annscope import AnnscopeClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@parametrize_with_checks([AnnscopeClassifier()])
def test_scikit_learn_finds_nothing_amiss(estimator: Any, check: Any) -> None:
    """The estimator keeps every convention that scikit-learn checks, with no expected failures."""
    check(estimator)
