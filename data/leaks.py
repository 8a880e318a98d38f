"""Columns that tell the class alone: what ought not to be known when the class is asked for."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from annscope.data.columns import Column
from annscope.data.examples import Examples

WARNING = "Possible leak"
"""How a warning of this module begins."""
ACCURACY = 0.995
"""A column whose cross-validated decision tree is better than this, or makes no more than one error, is named."""
MIN_EXAMPLES = 50
MAX_EXAMPLES = 2000
MAX_COLUMNS = 300
N_FOLDS = 5


def leak_warnings(examples: Examples, rows: Int[ndarray, " n_rows"]) -> tuple[str, ...]:
    """A sentence if single columns of a table predict the class of the training rows nearly without an error.

    Each column alone is given to a decision tree with one leaf a class (a stump, for two), or one a value of a
    category, cross-validated on at most `MAX_EXAMPLES` of the rows.
    """
    leaks = leaking_columns(examples, rows)
    if not leaks:
        return ()
    names = ", ".join(f"{column.name} ({accuracy:.1%})" for column, accuracy in leaks[:6])
    which = "one column tells" if len(leaks) == 1 else f"{len(leaks)} columns each tell"
    alone, them = ("it is", "it") if len(leaks) == 1 else ("they are", "them")
    return (
        f"{WARNING}: {which} the class alone: {names}. If {alone} not known before the class is, "
        f"leave {them} out with --drop.",
    )


def leaking_columns(examples: Examples, rows: Int[ndarray, " n_rows"]) -> list[tuple[Column, float]]:
    """The columns that tell the class alone, each with its cross-validated accuracy."""
    if not 0 < len(examples.columns) <= MAX_COLUMNS or len(rows) < MIN_EXAMPLES or examples.y.ndim > 1:
        return []
    rows = rows[np.linspace(0, len(rows) - 1, min(MAX_EXAMPLES, len(rows))).astype(int)]
    y = examples.y[rows]
    counts = np.bincount(y)
    if counts[counts > 0].min() < N_FOLDS:
        return []
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.tree import DecisionTreeClassifier

    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    found = []
    for k, column in enumerate(examples.columns):
        x = np.nan_to_num(examples.x[rows, k : k + 1].astype(np.float64), nan=-1.0 if column.values else np.nan)
        x = _ranks(x)
        n_leaves = max(2, np.count_nonzero(counts), len(column.values))
        tree = DecisionTreeClassifier(max_leaf_nodes=n_leaves, random_state=0)
        if tree.fit(x, y).score(x, y) >= ACCURACY:
            n_errors = int((cross_val_predict(tree, x, y, cv=folds) != y).sum())
            if n_errors <= max(1.0, (1 - ACCURACY) * len(y)):
                found.append((column, 1 - n_errors / len(y)))
    return found


def _ranks(x: ndarray) -> ndarray:
    """The order of values, which is all that a tree looks at, as small numbers; what is missing comes first."""
    ranks = np.unique(np.nan_to_num(x, nan=-np.inf), return_inverse=True)[1]
    return ranks.reshape(-1, 1).astype(np.float64)
