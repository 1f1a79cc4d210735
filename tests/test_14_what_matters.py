"""Tests of the exercise of chapter 14."""

import numpy as np

from tests.test_13_compare_runs import expect_number, unchanged


def test_probability_of_improvement(probability_of_improvement):
    for x, y, expected, why in [
        ([2.0], [1.0], 1.0, "x is higher"),
        ([1.0], [2.0], 0.0, "x is lower"),
        ([3.0], [3.0], 0.5, "equal scores count half"),
        ([1.0, 4.0], [2.0, 3.0], 0.5, "of four pairs two have a higher x: 4 > 2 and 4 > 3"),
        ([1.0, 2.0, 3.0], [2.0], 0.5, "lower, equal, higher"),
        ([5.0, 0.0, 5.0], [4.0, 6.0], 2 / 6, "of six pairs two have a higher x"),
        ([9.0, 9.0], [1.0, 9.0, 9.0, 20.0], (2 + 4 / 2) / 8, "of eight pairs two have a higher x, and four are equal"),
        ([-1.0, -2.0], [-3.0, 100.0], 0.5, "how much higher does not matter"),
    ]:
        seen = unchanged(probability_of_improvement, np.array(x), np.array(y))
        expect_number(seen, expected, "probability_of_improvement", f"x {x}, y {y}: {why}")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 12, 30).astype(float), rng.integers(2, 12, 17).astype(float)
    expected = sum((a > b) + (a == b) / 2 for a in x for b in y) / (30 * 17)
    expect_number(probability_of_improvement(x, y), expected, "probability_of_improvement", "30 and 17 random whole scores")
