"""Instruments to examine a run from outside (chapters 15 to 17).

Each takes the run's number. What they print and draw is for a reader of a notebook. All but the first few train, which takes seconds, and
minutes in Pong.
"""

import copy
import inspect
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.utils.capture import capture_output

from solutions.args import PRESETS, PPOArgs
from solutions.sick_runs import CAUSES, args_of, recorded, sick_trainer
from utils.envs import make_envs
from utils.probes import PROBES, probe_report
from utils.style import BLUE, ORANGE
from utils.watching import health
from utils.watching.table import Table

SCORE = ["episodic_return"]
POLICY = ["entropy", "approx_kl", "clipfrac"]
CRITIC = ["mean_value", "value_loss", "explained_variance"]
OPTIMIZER = ["grad_norm", "learning_rate"]
ALL = SCORE + POLICY + CRITIC + OPTIMIZER
"""The figures of a log that can be drawn; those before it are groups of them."""

LINEAR_UP_TO = {"approx_kl": 0.01, "value_loss": 1.0, "grad_norm": 1.0}
"""Above that the axis of a figure is logarithmic, if it goes far above it."""


def expect_known(figures: list[str]) -> None:
    """Raise ValueError if a name is not that of a figure."""
    if unknown := [figure for figure in figures if figure not in ALL]:
        raise ValueError(f"There is no figure {unknown[0]!r}: choose from {', '.join(ALL)}.")


def show_run(number: int, figures: list[str] | str = SCORE, until: int | None = None, **others: Table) -> None:
    """Draw figures of a run beside those of three healthy seeds of the same game and settings.

    Args:
        number: of the run.
        figures: names from `ALL`.
        until: so many environment steps are drawn, all if it is None.
        others: rows of other logs, to be drawn under these names.

    Raises:
        ValueError: there is no such run or figure.
    """
    figures = [figures] if isinstance(figures, str) else figures
    expect_known(figures)
    logs = recorded(number) | others
    columns = len(figures) if len(figures) <= 4 else 5
    rows_of_axes = -(-len(figures) // columns)
    fig, axes = plt.subplots(
        rows_of_axes, columns, figsize=(min(13.5, 2 + 3.4 * columns), 2.6 * rows_of_axes + 0.3), squeeze=False
    )
    for ax in axes.flat[len(figures) :]:
        ax.axis("off")
    for ax, figure in zip(axes.flat, figures, strict=False):
        for name, rows in logs.items():
            colour, width = (ORANGE, 1.8) if name.startswith("run") else (BLUE, 1.8) if name in others else ("0.65", 1.0)
            ax.plot(rows.column("global_step"), rows.column(figure), color=colour, lw=width, zorder=3 if width > 1 else 2)
        highest = np.nanmax(np.concatenate([rows.column(figure) for rows in logs.values()]))  # one may have no game yet
        if highest > 5 * LINEAR_UP_TO.get(figure, np.inf):
            unit = LINEAR_UP_TO[figure]
            ax.set_yscale("symlog", linthresh=unit)
            steps = (1, 2, 5) if highest < 20 * unit else (1,)
            ticks = [0, unit / 2, *(unit * step * 10**k for k in range(6) for step in steps if unit * step * 10**k <= highest)]
            ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
            ax.minorticks_off()
        if figure == "explained_variance":
            ax.set_ylim(-0.55, 1.05)
        ax.set_title(figure if ax.get_yscale() == "linear" else f"{figure} (log above {LINEAR_UP_TO[figure]:g})")
        ax.set_xlim(0, until)
        ax.set_xlabel("environment steps")
        ax.xaxis.set_major_locator(plt.MaxNLocator(3))
        ax.xaxis.set_major_formatter("{x:,.0f}")
    lines = [(ORANGE, f"run {number}"), *((BLUE, name) for name in others), ("0.65", "three healthy seeds")]
    handles = [plt.Line2D([], [], color=colour, label=label) for colour, label in lines]
    fig.legend(handles=handles, loc="lower center", ncols=len(handles), bbox_to_anchor=(0.5, -0.16 / rows_of_axes))
    plt.show()


def figure_at(rows: Table, figure: str, iteration: int) -> float:
    """Return a figure of a log in one of its iterations. Raises ValueError if there is no such figure or iteration."""
    expect_known([figure])
    if not -len(rows) <= iteration < len(rows):
        raise ValueError(f"The run has {len(rows)} iterations, counted from 0: there is no iteration {iteration}.")
    return rows.column(figure)[iteration]


def healthy_runs(number: int) -> list[Table]:
    """Return the logs of the three healthy runs beside a run, in the order of their seeds."""
    return [rows for name, rows in recorded(number).items() if name.startswith("healthy")]


def of_run(number: int, figure: str, iteration: int = -1) -> float:
    """Return a figure of a recorded run in one of its iterations: 0 is the first, -1 the last."""
    return figure_at(recorded(number)[f"run {number}"], figure, iteration)


def of_healthy(number: int, figure: str, iteration: int = -1, choose: Callable = max) -> float:
    """Return the largest of that figure in the three healthy runs beside a run; with `choose=min` the smallest."""
    return choose(figure_at(rows, figure, iteration) for rows in healthy_runs(number))


def worth(steps: int, gamma: float = 0.99) -> float:
    """Return what the states of a game of so many steps are worth on average, if each step pays 1."""
    return float(np.mean((1 - gamma ** np.arange(1, steps + 1)) / (1 - gamma)))


def times_worth(rows: Table) -> list[float]:
    """Return, for each iteration of a run of CartPole, how many times as large `mean_value` is as what games of its length are worth."""
    return [
        value / worth(round(score))
        for value, score in zip(rows.column("mean_value"), rows.column("episodic_return"), strict=True)
    ]


def in_digits(figure: str, *values: float) -> str:
    """Return values of a figure as text, several as a range; without a finished game a score has none."""
    digits = 4 if figure == "entropy" else 3  # the entropy is to be taken from log n
    return "no game yet" if np.isnan(values[0]) else " to ".join(f"{value:.{digits}g}" for value in values)


def healthy_range(number: int, figure: str, iteration: int) -> str:
    """Return the range of a figure in the three healthy runs beside a run, as text."""
    return in_digits(figure, of_healthy(number, figure, iteration, min), of_healthy(number, figure, iteration))


def first_iterations(number: int) -> None:
    """Print the figures of a run's first three iterations, and the range of the healthy ones."""
    print(f"{'':20}" + "".join(f"{f'iteration {k + 1}: run, healthy':>34} |" for k in range(3)))
    for figure in ALL:
        cells = [(in_digits(figure, of_run(number, figure, k)), healthy_range(number, figure, k)) for k in range(3)]
        print(f"{figure:20}" + "".join(f"{run:>12}{healthy:>22} |" for run, healthy in cells))


def settings(number: int) -> None:
    """Print the settings of a run that differ from those of the course's preset of its game (for Acrobot, from CartPole's)."""
    args = args_of(number)
    name = "pong-ram" if args.mode == "ram" else "cartpole"
    for setting, value in asdict(args).items():
        if value != (in_preset := getattr(PRESETS[name], setting)):
            print(f"{setting:20} {value!r}, and in the preset {name} {in_preset!r}")


def probes(which: int | str) -> None:
    """Let the trainer of a run, or one with a cause, learn the probe environments; print what each is and what was learned."""
    trainer_class = CAUSES[which].trainer() if which in CAUSES else sick_trainer(which)
    for probe, passed, sentence in probe_report(trainer_class, PPOArgs):
        print(
            f"{'✓' if passed else '✗'} {probe[:6]} ({PROBES[probe].__doc__.splitlines()[0].rstrip('.')})\n         {sentence}"
        )


def look_inside(number: int) -> None:
    """Train two iterations with the run's trainer and with a healthy one; print what the networks receive and how layers move."""
    for whose, trainer_class in {
        f"the trainer of run {number}": sick_trainer(number),
        "a healthy trainer": CAUSES["B"].trainer(),
    }.items():
        trainer, inputs = trainer_class(args_of(number)), []
        both = {"actor": trainer.actor, "critic": trainer.critic}
        trainer.actor[0].register_forward_pre_hook(lambda _, given, inputs=inputs: inputs.append(given[0].detach()))
        start = {who: copy.deepcopy(network.state_dict()) for who, network in both.items()}
        for _ in range(2):
            trainer.rollout_phase()
            trainer.learning_phase()
        lowest, highest = min(one.min() for one in inputs), max(one.max() for one in inputs)
        print(f"{whose}: its networks receive numbers from {lowest:.3g} to {highest:.3g}")
        for who, network in both.items():
            weights = {name: weight for name, weight in network.state_dict().items() if name.endswith("weight")}
            moved = [(weight - start[who][name]).norm() / start[who][name].norm() for name, weight in weights.items()]
            layers = ", ".join(f"layer {k} {share:.1%}" for k, share in enumerate(moved, 1))
            print(f"    {who + ',':7} by how much the weights have changed: {layers}")


def on_the_way(rows: Table) -> str:
    """Return the mean return of the last 100 games at three times of a run, as text."""
    returns = rows.column("episodic_return")
    quarter, half, end = (in_digits("episodic_return", returns[max(len(returns) * k // 4, 1) - 1]) for k in (1, 2, 4))
    return f"mean return after a quarter of the run {quarter}, after half {half}, at its end {end}"


def other_seeds(number: int, seeds: tuple[int, ...] | int = (21, 22, 23)) -> None:
    """Train the run's trainer with other seeds, and print the mean return of the last 100 games on the way, and of healthy runs."""
    for seed in (seeds,) if isinstance(seeds, int) else seeds:
        with capture_output():
            rows = sick_trainer(number)(replace(args_of(number), seed=seed)).train().rows
        print(f"this trainer, seed {seed}: {on_the_way(rows)}")
    for rows in healthy_runs(number):
        print(f"a healthy run: {on_the_way(rows)}")


def try_cause(number: int, letter: str, figures: list[str] | str = ALL, seed: int | None = None) -> None:
    """Put a cause into a healthy trainer, train it with the settings of a run and another seed, and draw it beside the run.

    Then print all figures of the first iteration of both, and the score on the way.

    Args:
        number: of the run.
        letter: of the cause, from `CAUSES`.
        figures: names from `ALL`.
        seed: of the training; None is the run's and 100.

    Raises:
        ValueError: there is no such cause, or it is in a part that the run's game does not use.
    """
    if letter not in CAUSES:
        raise ValueError(f"There is no cause {letter!r}: choose a letter from {', '.join(CAUSES)}.")
    cause = CAUSES[letter]
    args = cause.change_args(replace(args_of(number), seed=args_of(number).seed + 100 if seed is None else seed))
    if cause.mode not in ("", args.mode):
        raise ValueError(f"The cause {letter} is in a part for the console's memory, from which run {number} does not play.")
    with capture_output():
        rows = cause.trainer()(args).train().rows
    show_run(number, figures, **{f"cause {letter}, trained here": rows})
    for figure in ALL:
        cause_first, run_first = in_digits(figure, rows[0][figure]), in_digits(figure, of_run(number, figure, 0))
        print(f"{figure:20} first iteration: cause {letter} {cause_first}, run {number} {run_first}")
    print(f"cause {letter}, seed {args.seed}: {on_the_way(rows)}")


def film(number: int) -> None:
    """Train the run once more, with its own seed, and show a game."""
    trainer = sick_trainer(number)(args_of(number))
    with capture_output():
        trainer.train()
    trainer.film()


def train_again(number: int, part: Any, figures: list[str], iterations: int | None = None) -> None:
    """Train a run with a part of yours in the place of the broken one, draw it beside what it was, and compare its beginning, a third and its end.

    Args:
        number: of the run.
        part: the function or class that takes the broken part's place.
        figures: names from `ALL`.
        iterations: the training stops after so many, at its end if it is None.
    """
    trainer = sick_trainer(number, part)(args_of(number))
    with capture_output():
        rows = trainer.train(on_iteration=lambda trainer: len(trainer.log.rows) == iterations).rows
    show_run(number, figures, until=2 * rows[-1]["global_step"] if iterations else None, repaired=rows)
    last = min(len(rows), len(recorded(number)[f"run {number}"])) - 1
    print(f"{'':20}{'iteration':>10}{f'run {number}':>12}{'repaired':>12}{'healthy':>24}")
    for figure in figures:
        for k in (0, last // 3, last):
            was, now = in_digits(figure, of_run(number, figure, k)), in_digits(figure, rows[k][figure])
            print(f"{figure:20}{k + 1:>10}{was:>12}{now:>12}{healthy_range(number, figure, k):>24}")
    actions = trainer.log.num_actions
    print(
        "The repaired run:",
        health.in_words(rows, trainer.args, actions, health.diagnose(rows, trainer.args, actions)),
        sep="\n",
    )


def automatic_check(number: int) -> str:
    """Say what `health.diagnose` finds in a run, looking after each of its iterations, and after how many steps first."""
    rows, args = recorded(number)[f"run {number}"], args_of(number)
    num_actions = int(make_envs(args.env_id, 1, args.mode).single_action_space.n)
    found: dict[str, int] = {}
    for seen in range(1, len(rows) + 1):
        for finding in health.diagnose(Table(rows[:seen]), args, num_actions):
            found.setdefault(finding, rows[seen - 1]["global_step"])
    return ", ".join(f"{finding} (after {step:,} steps)" for finding, step in found.items()) or "nothing suspicious"


def remind() -> None:
    """Print the causes, what each instrument does, and the groups of figures."""
    for letter, cause in CAUSES.items():
        print(f"{letter}  {cause.says}")
    print()
    instruments = (
        *(show_run, first_iterations, of_run, of_healthy, worth, settings),
        *(probes, look_inside, other_seeds, try_cause, film),  # from here on they train
    )
    for instrument in instruments:
        names = ", ".join(inspect.signature(instrument).parameters)
        print(f"{instrument.__name__}({names})\n    {inspect.getdoc(instrument).splitlines()[0]}")
    print()
    for name, figures in {"POLICY": POLICY, "CRITIC": CRITIC, "OPTIMIZER": OPTIMIZER}.items():
        print(f"{name}: {', '.join(figures)}")
