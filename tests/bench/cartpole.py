"""How long CartPole takes to solve: python tests/bench/cartpole.py [number of seeds]

Runs the preset of `python -m solutions.train cartpole` for seeds 1 to 20 and prints, for each, the training time until the
greedy policy's mean over 100 episodes was at least 475 (evaluation apart), and its mean over 100 other episodes.
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
from solutions.train import RUNS, stopping_rule
from solutions.trainer import PPOTrainer


def solve(seed: int) -> tuple[float, int, float]:
    """Train until the greedy policy is solved; returns the seconds, the steps, and the mean of 100 other greedy games."""
    args = replace(PRESETS["cartpole"], seed=seed)
    evaluator, trainer = stopping_rule(replace(RUNS["cartpole"][1], args=args)), PPOTrainer(args)
    evaluating = 0.0

    def look(trainer) -> bool:
        nonlocal evaluating
        started = time.perf_counter()
        solved = evaluator(trainer)
        evaluating += time.perf_counter() - started
        return solved

    started = time.perf_counter()
    trainer.train(on_iteration=look)
    seconds = time.perf_counter() - started - evaluating
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
