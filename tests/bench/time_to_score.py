"""How soon an agent is good: python tests/bench/time_to_score.py breakout | cartpole [--seeds 3] [--first 1] [--minutes 30]

Needs the extra `pip install -e '.[bench]'`. For each seed in turn, from --first on, our preset and Stable-Baselines3 with the settings of RL Baselines3
Zoo train alone on the same machine. Breakout: minutes until the mean of the last 100 training games (whole games, unclipped, no
sticky actions) reaches 5, 10 and 20; what has not come so far in --minutes is given up. CartPole: seconds of training until the
greedy policy is solved by the rule of `solutions.evaluate.Evaluator`, evaluations apart, asked as often as by `python -m solutions.train cartpole`.
"""

import io
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that take seconds

import numpy as np
import torch
import tyro
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_atari_env, make_vec_env
from stable_baselines3.common.vec_env import VecFrameStack
from torch import Tensor, nn

from solutions.args import PRESETS, require_counts
from solutions.train import stopping_rule
from solutions.trainer import PPOTrainer
from tests.bench import cartpole

SCORES = (5, 10, 20)


class Asking(BaseCallback):
    """Asks after every update whether to stop; `_on_rollout_end` would come before it, and the policy would change once more."""

    def __init__(self, stop):
        super().__init__()
        self.stop, self.stopped = stop, False

    def _on_rollout_start(self) -> None:
        self.stopped = self.stop(self.model)

    def _on_step(self) -> bool:
        return not self.stopped


def falling(start: float):
    """Return a schedule as RL Baselines3 Zoo's `lin_...`: what is left of the run -> a value that falls to 0."""
    return lambda left: left * start


class Milestones:
    """When the mean of the last 100 games first reached each of some scores."""

    def __init__(self, limit: float):
        self.clock, self.limit, self.reached, self.steps = cartpole.Stopwatch(), limit, {}, 0

    def done(self, scores, steps: int) -> bool:
        """Look at the last 100 games; returns whether the run may end."""
        self.steps = steps
        if len(scores) == 100:
            for score in SCORES:
                if np.mean(scores) >= score:
                    self.reached.setdefault(score, self.clock.seconds())
        return len(self.reached) == len(SCORES) or self.clock.seconds() > self.limit


def breakout_ours(seed: int, limit: float) -> Milestones:
    ppo = PPOTrainer(replace(PRESETS["breakout"], seed=seed))
    marks = Milestones(limit)
    ppo.train(on_iteration=lambda ppo: marks.done([score for _, score, _ in ppo.log.games[-100:]], ppo.agent.global_step))
    return marks


def breakout_theirs(seed: int, limit: float) -> Milestones:
    """RL Baselines3 Zoo's settings for Atari games."""
    envs = VecFrameStack(make_atari_env("BreakoutNoFrameskip-v4", n_envs=8, seed=seed), n_stack=4)
    model = PPO(
        "CnnPolicy", envs, n_steps=128, n_epochs=4, batch_size=256, learning_rate=falling(2.5e-4), clip_range=falling(0.1),
        vf_coef=0.5, ent_coef=0.01, seed=seed,
    )  # fmt: skip
    marks = Milestones(limit)
    ask = Asking(lambda model: marks.done([one["r"] for one in model.ep_info_buffer], model.num_timesteps))
    model.learn(10_000_000, callback=ask)
    return marks


class Actor(nn.Module):
    """The actor of a policy of Stable-Baselines3: observations -> logits."""

    def __init__(self, policy):
        super().__init__()
        self.policy = policy

    def forward(self, obs: Tensor) -> Tensor:
        return self.policy.get_distribution(obs).distribution.logits


def cartpole_theirs(seed: int) -> tuple[float, int, float]:
    """RL Baselines3 Zoo's settings for CartPole-v1."""
    envs = make_vec_env("CartPole-v1", n_envs=8, seed=seed)
    model = PPO(
        "MlpPolicy", envs, n_steps=32, batch_size=256, gae_lambda=0.8, gamma=0.98, n_epochs=20, ent_coef=0.0,
        learning_rate=falling(1e-3), clip_range=falling(0.2), seed=seed, device="cpu",
    )  # fmt: skip
    run = cartpole.settings(seed)
    evaluator, clock, actor = stopping_rule(run), cartpole.Stopwatch(), Actor(model.policy)
    look = run.eval_every * run.args.batch_size  # steps between two looks, as for ours

    def solved() -> bool:
        looks = [evaluator.play(actor, first_seed) for first_seed in (10_000, 30_000 + model.num_timesteps)]
        return all(evaluator.reaches(scores.mean(), scores.std()) for scores in looks)

    ask = Asking(lambda model: model.num_timesteps % look == 0 and clock.apart(solved))
    model.learn(100_000, callback=ask)
    seconds = clock.seconds()
    return seconds, model.num_timesteps, evaluator.report(actor).mean()


def main(
    game: tyro.conf.Positional[Literal["breakout", "cartpole"]], seeds: int = 3, first: int = 1, minutes: int = 30
) -> None:
    require_counts(seeds=seeds, first=first, minutes=minutes)
    terminal, sys.stdout = sys.stdout, io.StringIO()  # no progress bars
    say = lambda text: print(text, file=terminal, flush=True)
    if game == "cartpole":
        torch.set_num_threads(1)
        found = {"ours": [], "Stable-Baselines3": []}
        for seed in range(first, first + seeds):
            for name, run in [("ours", cartpole.solve), ("Stable-Baselines3", cartpole_theirs)]:
                seconds, steps, mean = run(seed)
                found[name].append(seconds)
                say(f"seed {seed}, {name}: {seconds:.2f} s, {steps:,} steps, mean of 100 other greedy games {mean:.1f}")
        middle = {name: median(times) for name, times in found.items()}
        say(
            f"medians: {middle['ours']:.2f} s, {middle['Stable-Baselines3']:.2f} s; ratio {middle['Stable-Baselines3'] / middle['ours']:.1f}"
        )
        return
    for seed in range(first, first + seeds):
        for name, run in [("ours", breakout_ours), ("Stable-Baselines3", breakout_theirs)]:
            marks = run(seed, 60 * minutes)
            times = ", ".join(
                f"{score} after {marks.reached[score] / 60:.1f}" if score in marks.reached else f"{score} never"
                for score in SCORES
            )
            say(f"seed {seed}, {name}: {times} minutes; {marks.steps:,} steps in {marks.clock.seconds() / 60:.1f}")


if __name__ == "__main__":
    tyro.cli(main)
