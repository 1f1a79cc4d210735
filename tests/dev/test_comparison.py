"""The statistics of chapters 13 and 14 agree with scipy's."""

import numpy as np
import pytest
from scipy import stats

from solutions.comparison import bootstrap_interval, interquartile_mean, probability_of_improvement

SIZES = [1, 3, 4, 5, 7, 8, 20, 41]


def scores(size: int, seed: int = 0, location: float = 0.0) -> np.ndarray:
    """Skewed, with equal ones among them."""
    return location + np.random.default_rng(seed).exponential(3.0, size).round(1)


@pytest.mark.parametrize("size", SIZES)
def test_the_interquartile_mean_is_a_trimmed_mean(size):
    assert interquartile_mean(scores(size)) == pytest.approx(stats.trim_mean(scores(size), 0.25))


@pytest.mark.parametrize("size", SIZES)
def test_improvement_is_the_u_of_mann_and_whitney(size):
    x, y = scores(size, 1), scores(13, 2, location=0.5)
    expected = stats.mannwhitneyu(x, y).statistic / (len(x) * len(y))
    assert probability_of_improvement(x, y) == pytest.approx(expected)


@pytest.mark.parametrize("confidence", [0.5, 0.95])
@pytest.mark.parametrize("size", [3, 10, 30])
def test_the_interval_is_of_percentiles(size, confidence):
    """Of the difference between the interquartile means of two groups, each drawn on its own."""
    x, y = scores(size, 3, location=2.0), scores(size, 4)
    ours = bootstrap_interval(
        np.stack([x, y]),
        lambda both: interquartile_mean(both[0]) - interquartile_mean(both[1]),
        np.random.default_rng(5),
        6000,
        confidence,
    )
    theirs = stats.bootstrap(
        (x, y),
        lambda x, y: stats.trim_mean(x, 0.25) - stats.trim_mean(y, 0.25),
        n_resamples=6000,
        confidence_level=confidence,
        method="percentile",
        vectorized=False,
        rng=np.random.default_rng(6),
    ).confidence_interval
    assert np.allclose(ours, theirs, atol=0.08 * (theirs.high - theirs.low))
