"""What a few runs say about many: robust means, intervals and comparisons (chapters 13 and 14)."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float


def interquartile_mean(scores: Float[np.ndarray, "..."]) -> float:
    """Compute the mean of the middle half of some scores.

    Args:
        scores: n of them, at least one, in an array of any shape and in any order. They are not changed.

    Returns:
        The mean of what is left without the n // 4 lowest and the n // 4 highest.

    Source: Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice (2021).
    """
    ordered = np.sort(scores, axis=None)
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())


def bootstrap_interval(
    scores: Float[np.ndarray, "groups runs"],
    statistic: Callable[[Float[np.ndarray, "groups runs"]], float],
    rng: np.random.Generator,
    num_resamples: int = 2000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Estimate how far a statistic of some runs may lie from that of all runs that could have been made.

    The stratified bootstrap: in each resample every group has as many runs as before, each drawn from the group's own runs with
    replacement. The interval is from one percentile of the resamples' statistics to another.

    Args:
        scores: a row for each group, such as a variant or a game, of at least 3 runs each. They are not changed.
        statistic: scores of this shape -> a number.
        rng: draws the resamples.
        num_resamples: how many there are.
        confidence: the share of the resamples' statistics that lies within the interval, above 0 and below 1.

    Returns:
        low, high: as many of the resamples' statistics lie below low as above high.

    Raises:
        ValueError: a group has fewer than 3 runs.

    Source: Efron, Bootstrap Methods: Another Look at the Jackknife (1979); for runs of agents Agarwal et al. (2021).
    """
    num_runs = scores.shape[1]
    if num_runs < 3:
        raise ValueError(f"{num_runs} runs are too few to say how far runs scatter: give at least 3 of each group.")
    found = []
    for _ in range(num_resamples):
        picked = rng.integers(num_runs, size=scores.shape)
        found.append(statistic(np.take_along_axis(scores, picked, axis=1)))
    outside = (1 - confidence) / 2
    low, high = np.quantile(found, [outside, 1 - outside])
    return float(low), float(high)


def probability_of_improvement(x: Float[np.ndarray, "n"], y: Float[np.ndarray, "m"]) -> float:
    """Estimate how probably a run of one kind is better than a run of another.

    Args:
        x: scores of runs of the one kind.
        y: scores of runs of the other, of which there may be another number.

    Returns:
        The share of the n m pairs in which x is higher; a pair of equal scores counts half.

    Source: the U of Mann and Whitney (1947), divided by n m; for runs of agents Agarwal et al. (2021).
    """
    pairs = x[:, None] - y[None, :]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)
