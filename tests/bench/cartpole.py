"""How long CartPole takes to solve: python tests/bench/cartpole.py [number of seeds]

Runs the preset of `python -m solutions.train cartpole` for seeds 1 to 20 and prints, for each, the training time until the
greedy policy was solved by the rule of `solutions.evaluate.Evaluator` (evaluation apart), and its mean over 100 other episodes.
"""

import io
import sys
import time
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

import torch
import tyro

from solutions.args import PRESETS, require_counts
from solutions.train import RUNS, Run, stopping_rule
from solutions.trainer import PPOTrainer


class Stopwatch:
    """Seconds since it was made, without those in which it was halted."""

    def __init__(self):
        self.started, self.halted = time.perf_counter(), 0.0

    def seconds(self) -> float:
        return time.perf_counter() - self.started - self.halted

    def apart(self, act):
        """Return what a call returns; its time does not count."""
        started = time.perf_counter()
        result = act()
        self.halted += time.perf_counter() - started
        return result


def settings(seed: int) -> Run:
    """The command's settings, with a seed."""
    return replace(RUNS["cartpole"][1], args=replace(PRESETS["cartpole"], seed=seed))


def solve(seed: int) -> tuple[float, int, float]:
    """Train until the greedy policy is solved; returns the seconds, the steps, and the mean of 100 other greedy games."""
    run = settings(seed)
    evaluator, trainer, clock = stopping_rule(run), PPOTrainer(run.args), Stopwatch()
    trainer.train(on_iteration=lambda trainer: clock.apart(lambda: evaluator(trainer)))
    seconds = clock.seconds()
    return seconds, trainer.agent.global_step, evaluator.report(trainer.actor).mean()


def main(seeds: tyro.conf.Positional[int] = 20) -> int:
    require_counts(seeds=seeds)
    torch.set_num_threads(1)
    found = []
    for seed in range(1, 1 + seeds):
        with redirect_stdout(io.StringIO()):  # no progress bars
            found.append(solve(seed))
        seconds, steps, mean = found[-1]
        print(f"seed {seed:2}: {seconds:5.2f} s, {steps:7,} steps, mean of 100 other greedy episodes {mean:5.1f}", flush=True)
    times, steps, means = zip(*found, strict=True)
    solved = sum(mean >= 475 for mean in means)
    print(
        f"solved {solved} of {len(means)}; time median {median(times):.2f} s, worst {max(times):.2f} s; steps median {median(steps):,.0f}"
    )
    return 0 if solved == len(means) else 1


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
