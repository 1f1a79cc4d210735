"""A run in one figure: its scores beside those of an agent of the course, and the figures of its updates."""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from tqdm import tqdm

from utils.playing import cards
from utils.style import AMBER, BLUE, GREEN, ORANGE

LAYOUT = [
    ["episodic_return", "episodic_return", "policy_loss", "value_loss", "entropy"],
    ["episodic_return", "episodic_return", "approx_kl", "clipfrac", "explained_variance"],
]

TYPE = {"font.size": 13, "axes.titlesize": 14, "legend.fontsize": 12}
"""A notebook shows the figure at about two thirds of its size."""


def plot(log) -> Figure:
    """Draw the scores of the games, the evaluations and the figures of a run (a `RunLog`)."""
    with rc_context(TYPE):
        figure = Figure(figsize=(13, 6), layout="none")
        margins = {"left": 0.075, "right": 0.985, "bottom": 0.1, "top": 0.94, "wspace": 0.45, "hspace": 0.3}
        # A layout that matplotlib works out takes twice as long to draw
        axes = figure.subplot_mosaic(LAYOUT, gridspec_kw=margins)
        _draw_scores(axes["episodic_return"], log)
        axes["episodic_return"].locator_params(axis="x", nbins=6)
        for name, ax in axes.items():
            if name != "episodic_return":
                ax.plot(log.rows.column("global_step"), log.rows.column(name), ".-" if len(log.rows) < 3 else "-", color=ORANGE)
                ax.set_title(name)
                ax.locator_params(nbins=4)
            ax.xaxis.set_major_formatter(in_short)
            ax.yaxis.set_major_formatter(in_short)
    return figure


def in_short(number: float, _=None) -> str:
    """Write a number on an axis: 20k for 20,000 and 1.5M for 1,500,000, so that no factor stands apart from it."""
    for size, letter in [(1e6, "M"), (1e3, "k")]:
        if size <= abs(number) < 1e9:
            return f"{number / size:g}{letter}"
    return f"{number:.6g}"


def _draw_scores(ax, log) -> None:
    args = log.args
    same_game = {
        name: card for name, card in cards.read_cards().items() if (card["env_id"], card["mode"]) == (args.env_id, args.mode)
    }
    with_curve = [name for name, card in same_game.items() if "curve" in card]
    if with_curve and not log.began_trained:
        name = max(with_curve, key=lambda name: same_game[name]["steps"])
        curve = same_game[name]["curve"]
        steps = [step for step in curve["global_step"] if step <= args.total_timesteps]  # no further than this run will go
        ax.plot(steps, curve["episodic_return"][: len(steps)], color=AMBER, linewidth=1, label=f"the course's agent {name}")
        ax.set_xlim(0, args.total_timesteps)
    if log.games:
        steps, returns, _ = map(np.array, zip(*log.games, strict=True))
        ax.plot(steps, returns, ".", color="0.6", markersize=3, label="one game")
        window = np.lib.stride_tricks.sliding_window_view(returns, min(100, len(returns))).mean(axis=-1)
        ax.plot(steps[-len(window) :], window, color=BLUE, label="mean of 100 games")
    if log.evaluations:
        steps, means, stds = (np.array([one[key] for one in log.evaluations]) for key in ("global_step", "mean", "std"))
        ax.errorbar(steps, means, stds, fmt="o-", color=GREEN, capsize=2, label="greedy games, mean and std")
    if ax.has_data():
        ax.legend()
    ax.set(title=f"{args.env_id}, seed {args.seed}{_pace(log)}", xlabel="environment steps", ylabel="episodic return")


def _pace(log) -> str:
    """Say how many steps a second the run makes, and while it goes on the time left."""
    if not log.rows or not log.seconds:
        return ""
    rate = log.rows[-1]["global_step"] / log.seconds
    pace = f": {rate:,.0f} steps/s"
    if log.bar is None:
        return pace
    return f"{pace}, {tqdm.format_interval((log.bar.total - log.rows[-1]['global_step']) / rate)} left"
