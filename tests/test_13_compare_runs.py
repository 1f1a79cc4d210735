"""Tests of the exercises of chapter 13."""

import numpy as np
import torch

from tests.checks import require


def expect_number(seen, expected: float, what: str, given: str, tolerance: float = 1e-6) -> None:
    """Require a number, within a tolerance."""
    require(seen is not None, f"{what} is None. Does your function `return` it?")
    require(
        np.ndim(seen) == 0 and not isinstance(seen, bool | str),
        f"{what} is {seen!r}; expected one number.",
        type(seen).__name__,
    )
    require(
        abs(float(seen) - expected) <= tolerance * (1 + abs(expected)),
        f"{what} is not right: {given}.\n  seen     {float(seen):.6g}\n  expected {expected:.6g}",
        torch.tensor(float(seen), dtype=torch.float64),
    )


def unchanged(call, *arrays: np.ndarray):
    """Call, and require that the arrays are what they were."""
    before = [array.copy() for array in arrays]
    returned = call(*arrays)
    require(
        all(np.array_equal(one, other) for one, other in zip(arrays, before, strict=True)),
        "Your code changes its input: sort or shuffle a copy (`np.sort` makes one, `.sort()` does not).",
        "changes its input",
    )
    return returned


def test_interquartile_mean(interquartile_mean):
    for scores, expected, why in [
        ([1.0, 2.0, 3.0, 4.0], 2.5, "one is cut at each end"),
        ([4.0, 900.0, 1.0, 2.0], 3.0, "in order 1, 2, 4, 900; one is cut at each end"),
        ([10.0, 20.0, 60.0], 30.0, "3 // 4 is 0, so nothing is cut"),
        ([7.0], 7.0, "there is only one"),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 50.0, -50.0], 3.0, "9 // 4 is 2; two are cut at each end"),
        ([-8.0, -1.0, -2.0, -4.0, -3.0, -100.0, 5.0, 1.0], (-4 - 3 - 2 - 1) / 4, "two of eight are cut at each end"),
        ([5.0, 1.0, 1.0, 1.0, 9.0, 9.0, 2.0], (1 + 1 + 2 + 5 + 9) / 5, "7 // 4 is 1, and equal scores are cut one by one"),
    ]:
        seen = unchanged(interquartile_mean, np.array(scores))
        expect_number(seen, expected, "interquartile_mean", f"scores {scores}: {why}")
    table = np.array([[1.0, 100.0], [2.0, 3.0]])
    expect_number(
        unchanged(interquartile_mean, table),
        2.5,
        "interquartile_mean",
        "scores [[1, 100], [2, 3]]: four in an array of two rows",
    )


def test_bootstrap_interval(bootstrap_interval):
    def interval(scores, statistic, seed=0, **options):
        returned = unchanged(
            lambda scores: bootstrap_interval(scores, statistic, np.random.default_rng(seed), **options), scores
        )
        require(
            isinstance(returned, tuple | list | np.ndarray) and len(returned) == 2,
            f"bootstrap_interval returns {returned!r}; expected two numbers: `return low, high`.",
            type(returned).__name__,
        )
        return float(returned[0]), float(returned[1])

    mean = lambda scores: float(scores.mean())
    same = np.full((2, 5), 3.25)
    for bound in interval(same, mean, num_resamples=50):
        expect_number(bound, 3.25, "A bound", "all runs have the score 3.25, so there is nothing that scatters")

    # runs are drawn with replacement, as many as there are, from their own group
    rng = np.random.default_rng(1)
    groups = np.array([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [100.0, 101.0, 102.0, 103.0, 104.0, 105.0, 106.0]])
    shapes, mixed, whole, resamples = set(), 0, 0, []

    def look(scores):
        nonlocal mixed, whole
        shapes.add(np.shape(scores))
        if np.shape(scores) == groups.shape:
            mixed += bool((scores[0] > 50).any() or (scores[1] < 50).any())
            whole += bool((np.sort(scores, axis=1) == groups).all())
            resamples.append(np.array(scores))
        return 0.0

    interval(groups, look, num_resamples=300)
    require(
        shapes == {(2, 7)},
        f"The statistic was given scores of shape {', '.join(map(str, sorted(shapes)))}; expected (2, 7), that of `scores`: every "
        "group keeps as many runs as it had.",
        str(sorted(shapes)),
    )
    require(not mixed, "A resample has runs of one group in the other: draw each group from its own runs.", "groups are mixed")
    require(
        300 <= len(resamples) <= 301,
        f"With num_resamples=300 the statistic was called {len(resamples)} times; expected once for each resample.",
        "number of resamples",
    )
    require(
        whole < 30,
        f"In {whole} of 300 resamples each group has just its own runs again: draw with replacement, so that some come twice.",
        "without replacement",
    )
    drawn = np.array(resamples)
    shares = np.array([[(drawn[:, g] == groups[g, k]).mean() for k in range(7)] for g in range(2)])
    require(
        np.abs(shares - 1 / 7).max() < 0.05,
        f"In 300 resamples, one run was drawn in {shares.min():.0%} of the places and another in {shares.max():.0%}; all seven "
        "of a group should be as probable.",
        "unequal",
    )
    together = np.mean([(one[0] == one[1] - 100).all() for one in drawn])
    require(
        together < 0.5,
        "The groups are drawn together: where the third run of one is taken, that of the other is, too. Draw for each on its own.",
        "drawn together",
    )

    # the percentile interval of the mean of many runs is near that of the normal distribution
    normal = rng.normal(10.0, 2.0, size=(1, 400))
    center, error = normal.mean(), normal.std() / 20
    for confidence, z in [(0.95, 1.96), (0.5, 0.674), (0.8, 1.282)]:
        low, high = interval(normal, mean, num_resamples=2000, confidence=confidence)
        given = f"the mean of 400 normal scores, confidence {confidence}, 2,000 resamples: near the mean -+ {z} standard errors of {error:.3f}"
        for name, bound, expected in [("low", low, center - z * error), ("high", high, center + z * error)]:
            require(
                abs(bound - expected) < 0.25 * error,
                f"{name} is not right: {given}.\n  seen     {bound:.3f}\n  expected {expected:.3f}, within {0.25 * error:.3f}",
                f"{name}, {confidence}: {(bound - center) / error:.1f}",
            )
    skewed = np.array([[0.0] * 9 + [10.0]])
    low, high = interval(skewed, mean, num_resamples=4000, confidence=0.9)
    expect_number(
        low, 0.0, "low", "nine runs of 0 and one of 10, the mean, confidence 0.9: in a third of the resamples there is no 10"
    )
    expect_number(
        high,
        3.0,
        "high",
        "nine runs of 0 and one of 10, the mean, confidence 0.9: in 1 of 14 resamples there are three or more",
    )
    first = interval(normal[:, :9], mean, seed=3, num_resamples=100)
    require(
        first
        == interval(normal[:, :9], mean, seed=3, num_resamples=100)
        != interval(normal[:, :9], mean, seed=4, num_resamples=100),
        "The interval does not follow `rng`: the same generator gives the same interval, another seed another one.",
        "does not follow rng",
    )
    try:
        interval(np.ones((2, 3)), mean, num_resamples=50)
    except ValueError:
        require(False, "Groups of 3 runs were refused; expected an interval: only fewer are too few.", "3 refused")
    for few in (1, 2):
        try:
            interval(np.ones((2, few)), mean)
        except ValueError:
            continue
        require(
            False,
            f"Groups of {few} run{'s' * (few > 1)} were taken; expected a ValueError: they say next to nothing about scatter.",
            f"{few} taken",
        )
