"""Permutation importance: scikit-learn's definition."""

from __future__ import annotations

import numpy as np
from sklearn.inspection import permutation_importance as oracle
from sklearn.linear_model import LogisticRegression
from sklearn.utils import check_random_state

from annscope.core.explain.permutation_importance import permutation_importance

N, N_REPEATS = 90, 7


def orders_of_scikit_learn(seed: int) -> np.ndarray:
    """The permutations that scikit-learn draws: it shuffles what it shuffled before."""
    random = check_random_state(check_random_state(seed).randint(np.iinfo(np.int32).max + 1))
    steps, order, orders = np.arange(N), np.arange(N), []
    for _ in range(N_REPEATS):
        random.shuffle(steps)
        order = order[steps]
        orders.append(order)
    return np.array(orders)


def test_it_is_that_of_scikit_learn() -> None:
    """With the same permutations, every repeat of every column of a table of numbers is the same to 1e-10."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 5))
    y = (x[:, 0] + 0.5 * x[:, 3] + rng.normal(size=N) > 0).astype(int)
    model = LogisticRegression().fit(x, y)
    found = oracle(model, x, y, n_repeats=N_REPEATS, random_state=3)
    baseline, drops = permutation_importance(
        lambda inputs: (model.predict(inputs) == np.tile(y, len(inputs) // N)).astype(float),
        x, [slice(k, k + 1) for k in range(5)], orders_of_scikit_learn(3),
    )  # fmt: skip
    np.testing.assert_allclose(drops, found.importances, atol=1e-10)
    np.testing.assert_allclose(drops.mean(axis=1), found.importances_mean, atol=1e-10)
    np.testing.assert_allclose(drops.std(axis=1), found.importances_std, atol=1e-10)
    assert baseline == model.score(x, y)


def test_the_parts_of_a_category_are_shuffled_together() -> None:
    """No example is ever given a category that is two at once, or none; and the inputs are left as they were."""
    rng = np.random.default_rng(1)
    x = np.column_stack([np.eye(3)[rng.integers(0, 3, 40)], rng.normal(size=40)])
    before = x.copy()
    seen: list[np.ndarray] = []

    def judge(inputs: np.ndarray) -> np.ndarray:
        seen.append(inputs.copy())
        return np.zeros(len(inputs))

    orders = np.array([rng.permutation(40) for _ in range(4)])
    permutation_importance(judge, x, [slice(0, 3), slice(3, 4)], orders)
    first, second, third = seen
    np.testing.assert_array_equal(first, x)
    np.testing.assert_array_equal(second[:, :3], x[orders.ravel(), :3])
    np.testing.assert_array_equal(second[:, 3], np.tile(x[:, 3], 4))
    np.testing.assert_array_equal(third[:, :3], np.tile(x[:, :3], (4, 1)))
    np.testing.assert_array_equal(third[:, 3], x[orders.ravel(), 3])
    np.testing.assert_array_equal(x, before)
