"""Known-wrong answers of chapters 13 and 14; `tests/mistakes/__init__.py` says how an entry works."""

from tests.mistakes import mistake

MIDDLE, BOOTSTRAP, IMPROVEMENT = "interquartile_mean", "bootstrap_interval", "probability_of_improvement"
PICKED = "rng.integers(num_runs, size=scores.shape)"
TAKEN = "np.take_along_axis(scores, picked, axis=1)"
QUANTILES = "np.quantile(found, [outside, 1 - outside])"
SHARE = "(pairs > 0).mean() + (pairs == 0).mean() / 2"

MISTAKES = [
    mistake(MIDDLE, "mean", "nothing were cut: it is the mean of all.", ("cut = len(ordered) // 4", "cut = 0")),
    mistake(MIDDLE, "median", "the median were taken.", ("float(ordered[cut : len(ordered) - cut].mean())", "float(np.median(ordered))")),
    mistake(MIDDLE, "not sorted", "the first and the last scores were cut, without sorting them first.", ("np.sort(scores, axis=None)", "scores.flatten()")),
    mistake(MIDDLE, "lowest only", "only the lowest were cut.", ("ordered[cut : len(ordered) - cut]", "ordered[cut:]")),
    mistake(MIDDLE, "highest only", "only the highest were cut.", ("ordered[cut : len(ordered) - cut]", "ordered[: len(ordered) - cut]")),
    mistake(MIDDLE, "half at each end", "n // 2 were cut, and not n // 4 at each end.", ("cut = len(ordered) // 4", "cut = (len(ordered) - 1) // 2")),
    mistake(MIDDLE, "an eighth at each end", "n // 8 were cut at each end: the middle half is left when n // 4 are cut.", ("// 4", "// 8")),
    mistake(MIDDLE, "rounded up", "n / 4 were rounded up.", ("len(ordered) // 4", "-(-len(ordered) // 4) if len(ordered) > 2 else 0")),
    mistake(MIDDLE, "one at each end", "one score were cut at each end, whatever their number.", ("len(ordered) // 4", "min(1, len(ordered) // 4)")),
    mistake(MIDDLE, "one too few at the top", "one too many of the highest were cut.", ("len(ordered) - cut]", "max(len(ordered) - cut - 1, 1)]")),
    mistake(MIDDLE, "empty slice", "`[cut:-cut]` stood there, which is empty where nothing is cut.", ("ordered[cut : len(ordered) - cut]", "ordered[cut:-cut]")),
    mistake(MIDDLE, "between the quartiles", "the scores between two quantiles were taken: of equal ones these cut all or none.", ("ordered[cut : len(ordered) - cut]", "ordered[(ordered > np.quantile(ordered, 0.25)) & (ordered < np.quantile(ordered, 0.75))]")),
    mistake(MIDDLE, "range", "the distance between the quartiles were returned, and not the mean of what lies between.", ("float(ordered[cut : len(ordered) - cut].mean())", "float(np.quantile(ordered, 0.75) - np.quantile(ordered, 0.25))")),
    mistake(MIDDLE, "sum", "the middle half were added up, and not averaged.", ("cut].mean()", "cut].sum()")),
    mistake(MIDDLE, "by rows", "each row were cut on its own, or the rows counted in the place of the scores.", ("np.sort(scores, axis=None)", "np.sort(scores, axis=-1)"), ("- cut].mean())", "- cut].mean(axis=0).mean())")),
    mistake(MIDDLE, "changes its input", "the scores themselves were sorted: `np.sort` makes a copy.", ("    ordered = np.sort(scores, axis=None)\n", "    scores.shape = (scores.size,) if scores.ndim == 1 else scores.shape\n    scores.sort()\n    ordered = np.sort(scores, axis=None)\n")),
    mistake(BOOTSTRAP, "without replacement", "the runs were drawn without replacement: each resample then is the same runs in another order.", (PICKED, "rng.permuted(np.broadcast_to(np.arange(num_runs), scores.shape), axis=1)")),
    mistake(BOOTSTRAP, "one group for all", "the runs of all groups were mixed.", (f"{TAKEN}", "scores.flatten()[rng.integers(scores.size, size=scores.shape)]")),
    mistake(BOOTSTRAP, "drawn together", "the same places were drawn in every group.", (PICKED, "np.broadcast_to(rng.integers(num_runs, size=num_runs), scores.shape)")),
    mistake(BOOTSTRAP, "groups drawn, too", "whole groups were drawn, and not runs within each group.", (TAKEN, "scores[rng.integers(len(scores), size=len(scores))]")),
    mistake(BOOTSTRAP, "half as many", "a resample had fewer runs than there are.", (PICKED, "rng.integers(num_runs, size=(len(scores), num_runs // 2))")),
    mistake(BOOTSTRAP, "last run never", "the last run of each group were never drawn: the end of `rng.integers` is not drawn, so it is the number of runs.", (PICKED, "rng.integers(num_runs - 1, size=scores.shape)")),
    mistake(BOOTSTRAP, "first run never", "the first run of each group were never drawn.", (PICKED, "rng.integers(1, num_runs, size=scores.shape)")),
    mistake(BOOTSTRAP, "each group alone", "the statistic were worked out of one group at a time.", ("statistic(np.take_along_axis(scores, picked, axis=1))", "np.mean([statistic(one[None]) for one in np.take_along_axis(scores, picked, axis=1)])")),
    mistake(BOOTSTRAP, "mean", "the mean were taken in the place of `statistic`.", ("statistic(np.take_along_axis(scores, picked, axis=1))", "np.take_along_axis(scores, picked, axis=1).mean()")),
    mistake(BOOTSTRAP, "the whole range", "the lowest and the highest statistic were returned.", (QUANTILES, "min(found), max(found)")),
    mistake(BOOTSTRAP, "all on one side", "the whole rest lay on each side: half of it belongs below, half above.", ("(1 - confidence) / 2", "min(1 - confidence, 0.5)")),
    mistake(BOOTSTRAP, "confidence ignored", "the interval were that of 95 %, whatever the confidence.", ("(1 - confidence) / 2", "0.025")),
    mistake(BOOTSTRAP, "confidence taken for the rest", "the confidence were taken for what lies outside.", ("(1 - confidence) / 2", "confidence / 2 if confidence < 1 else 0")),
    mistake(BOOTSTRAP, "two standard errors", "it were the mean of the resamples' statistics less and plus their standard deviations: percentiles are asked for.", (QUANTILES, "np.mean(found) - 1.96 * np.std(found), np.mean(found) + 1.96 * np.std(found)")),
    mistake(BOOTSTRAP, "percent", "`np.percentile` were given shares: it wants numbers from 0 to 100.", (QUANTILES, "np.percentile(found, [outside, 1 - outside])")),
    mistake(BOOTSTRAP, "order", "the upper bound were returned first.", ("return float(low), float(high)", "return float(high), float(low)")),
    mistake(BOOTSTRAP, "number of resamples ignored", "there were always as many resamples as the default says.", ("range(num_resamples)", "range(2000)")),
    mistake(BOOTSTRAP, "its own generator", "a generator of its own were made, and `rng` not used.", ("    num_runs = scores.shape[1]\n", "    num_runs = scores.shape[1]\n    rng = np.random.default_rng(0)\n")),
    mistake(BOOTSTRAP, "global random numbers", "NumPy's global random numbers were used, and not `rng`.", (PICKED, "np.random.randint(num_runs, size=scores.shape)")),
    mistake(BOOTSTRAP, "shuffled in place", "the scores themselves were shuffled.", ("    found = []\n", "    found = []\n    rng.shuffle(scores, axis=1)\n")),
    mistake(BOOTSTRAP, "too few taken", "one or two runs were taken: they say next to nothing about how far runs scatter.", ("num_runs < 3", "num_runs < 1")),
    mistake(BOOTSTRAP, "three refused", "three runs were refused: only fewer are too few.", ("num_runs < 3", "num_runs < 4")),
    mistake(BOOTSTRAP, "two are enough", "two runs were taken for enough.", ("num_runs < 3", "num_runs < 2")),
    mistake(IMPROVEMENT, "equal counts nothing", "equal scores counted nothing: each such pair counts half.", (SHARE, "(pairs > 0).mean()")),
    mistake(IMPROVEMENT, "equal counts whole", "equal scores counted as an improvement: each such pair counts half.", (SHARE, "(pairs >= 0).mean()")),
    mistake(IMPROVEMENT, "turned round", "the pairs in which y is higher were counted.", (SHARE, "(pairs < 0).mean() + (pairs == 0).mean() / 2")),
    mistake(IMPROVEMENT, "means compared", "the two means were compared: every pair counts.", ("float(" + SHARE + ")", "float(x.mean() > y.mean())")),
    mistake(IMPROVEMENT, "with the mean of y", "each x were compared with the mean of y.", ("x[:, None] - y[None, :]", "x - y.mean()")),
    mistake(IMPROVEMENT, "with the median of y", "each x were compared with the median of y.", ("x[:, None] - y[None, :]", "x - np.median(y)")),
    mistake(IMPROVEMENT, "one to one", "the first of x were compared with the first of y, and so on: every x meets every y.", ("x[:, None] - y[None, :]", "x[: min(len(x), len(y))] - y[: min(len(x), len(y))]")),
    mistake(IMPROVEMENT, "number of pairs", "the pairs were counted, and not divided by their number.", (SHARE, "(pairs > 0).sum() + (pairs == 0).sum() / 2")),
    mistake(IMPROVEMENT, "divided by n squared", "the number of pairs were taken for n times n.", (SHARE, "((pairs > 0).sum() + (pairs == 0).sum() / 2) / len(x) ** 2")),
    mistake(IMPROVEMENT, "mean difference", "the mean difference were returned.", (SHARE, "pairs.mean()")),
    mistake(IMPROVEMENT, "equal pairs left out", "equal pairs were left out of the number of pairs, too.", (SHARE, "(pairs > 0).sum() / max((pairs != 0).sum(), 1)")),
    mistake(IMPROVEMENT, "wins less losses", "the share of lower pairs were taken away from that of higher ones.", (SHARE, "(pairs > 0).mean() - (pairs < 0).mean()")),
    mistake(IMPROVEMENT, "changes its input", "the scores themselves were sorted.", ("    pairs =", "    x.sort()\n    y.sort()\n    pairs =")),
]  # fmt: skip
