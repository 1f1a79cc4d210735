"""Measure figures of the text that no cell of a chapter computes: python chapters/by_hand.py NAME ... | --logs NAME LOG ...

They take many seeds, or a change in the trainer, so a reader would wait too long for them. Each function below is one entry of
chapters/measured.json; its docstring is the protocol. Other entries without code of a chapter were measured by the command that
stands there. `--logs` reads the curves that `python -m solutions.train GAME ... --log LOG` wrote, one for each seed, and writes
what to expect of such a training into chapters/curves.json and chapters/measured.json.
"""

import argparse
import io
import json
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from utils import words

if __name__ == "__main__":
    words.guard()  # before the imports that may fail

import gymnasium as gym
import numpy as np
import torch
from gymnasium.envs.classic_control import CartPoleEnv
from torch import nn

from chapters import build, measure
from solutions import losses, optim
from solutions.args import PRESETS, PPOArgs
from solutions.evaluate import Evaluator, choose_actions, evaluate
from solutions.train import command_of
from solutions.trainer import PPOTrainer
from utils.course import measured
from utils.envs import make_envs
from utils.paths import ROOT

CARTPOLE = PRESETS["cartpole"]


def trained(args: PPOArgs, on_iteration=None) -> PPOTrainer:
    """Train, without the words of a run."""
    trainer = PPOTrainer(args)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        trainer.train(on_iteration=on_iteration)
    return trainer


def early(seed: int, games: int, **settings) -> float:
    """The mean of sampled games of an agent of 20,480 steps, as `tests.test_trained_return` trains it."""
    trainer = trained(replace(CARTPOLE, seed=seed, total_timesteps=20_480, **settings))
    return evaluate(trainer.actor, make_envs("CartPole-v1", games), games, False, 500, 1000 + seed).mean()


def cartpole_20k() -> dict[str, float]:
    """20,480 steps with the preset of cartpole, seeds 1 to 40, 50 sampled games each."""
    scores = [early(seed, 50) for seed in range(1, 41)]
    return {
        "mean": np.mean(scores),
        "lowest": min(scores),
        "highest": max(scores),
        "lowest_of_three": np.mean(sorted(scores)[:3]),
    }


def cartpole_20k_broken() -> dict[str, float]:
    """20,480 steps with the preset of cartpole, seeds 1 to 3, 20 sampled games each, with one thing wrong."""

    def mean(**settings) -> float:
        return np.mean([early(seed, 20, **settings) for seed in (1, 2, 3)])

    figures = {"one_epoch": mean(update_epochs=1), "never_normalised": mean(norm_adv=False)}
    with patch.object(nn.utils, "clip_grad_norm_", lambda *some, **more: torch.tensor(0.0)):
        figures["never_clipped"] = mean()
    step, scheduler = torch.optim.Adam.step, optim.PPOScheduler

    class EveryMinibatch(scheduler):
        def __init__(self, optimizer, *some):
            super().__init__(optimizer, *some)
            optimizer.step = lambda: (step(optimizer), scheduler.step(self))

        def step(self):
            pass

    with patch.object(optim, "PPOScheduler", EveryMinibatch):
        figures["scheduler_in_every_minibatch"] = mean()
    with patch.object(torch.optim.Adam, "zero_grad", lambda *_, **__: None):
        figures["never_cleared"] = mean()
    loss = losses.policy_loss
    with patch.object(losses, "policy_loss", lambda *some: -loss(*some)):
        figures["wrong_sign"] = mean()
    with patch.object(losses, "policy_loss", lambda new, old, *some: loss(new, new.detach(), *some)):
        figures["ratio_always_1"] = mean()
    return figures


def cartpole_stopping() -> dict[str, float]:
    """Seeds 1 to 40 with the preset of cartpole and a look every 4 iterations, stopped at the first mean of 475, with three standard
    errors to spare, and when 100 fresh games had said the same; then 100 other greedy games each."""
    names = ("first", "spare", "fresh")
    others = {name: [] for name in names}
    for seed in range(1, 41):
        args = replace(CARTPOLE, seed=seed)
        evaluator, found = Evaluator(args, 4, 100, 500, 475), {}

        def look(trainer, evaluator=evaluator, found=found):
            stop = evaluator(trainer)
            if trainer.log.evaluations:
                last = trainer.log.evaluations[-1]
                for name, reached in zip(
                    names, (last["mean"] >= 475, evaluator.reaches(last["mean"], last["std"]), stop), strict=True
                ):
                    if reached and name not in found:
                        found[name] = evaluator.report(trainer.actor).mean()
            return stop

        trained(args, look)
        for name in found:
            others[name].append(found[name])
    return {"runs": 40} | {
        f"{what}_{name}": figure
        for name in names
        for what, figure in (("solved", len(others[name])), ("too_early", sum(mean < 475 for mean in others[name])), ("lowest", min(others[name])))
    }  # fmt: skip


def clip_five_seeds() -> dict[str, float]:
    """The preset of cartpole, with clip_coef=1e9, and with ten times its learning_rate; seeds 1 to 5, to the end of all
    iterations; episodic_return and clipfrac of the log's rows."""
    kinds = {
        "preset": {},
        "not_clipped": {"clip_coef": 1e9},
        "ten_times_the_rate": {"learning_rate": 10 * CARTPOLE.learning_rate},
    }
    figures = {}
    for kind, changes in kinds.items():
        runs = [trained(replace(CARTPOLE, seed=seed, **changes)).log.rows for seed in range(1, 6)]
        for number in (10, 33, 100):
            scores = [rows[number - 1]["episodic_return"] for rows in runs]
            figures |= {f"{kind}_{number}_min": min(scores), f"{kind}_{number}_max": max(scores)}
        figures |= {f"{kind}_end_{seed}": rows[-1]["episodic_return"] for seed, rows in enumerate(runs, 1)}
        first = [rows[0]["clipfrac"] for rows in runs]
        figures |= {f"{kind}_first_clipfrac_min": min(first), f"{kind}_first_clipfrac_max": max(first)}
    return figures


def critic_switched_off() -> dict[str, float]:
    """The preset of cartpole with vf_coef=0.0 for 10,240 steps: episodic_return of the last row."""
    trainer = trained(replace(CARTPOLE, vf_coef=0.0, total_timesteps=10_240))
    return {"return_after_10240": trainer.log.rows[-1]["episodic_return"]}


def names_of(stem: str, *words_of_cells: str) -> dict:
    """Run the first cell of a solved chapter, and each that has some words in it; returns all names that they bind."""
    cells = [
        cell.source
        for cell in build.unfold(stem, build.read_sources(), solved=True, measuring=True).cells
        if cell.cell_type == "code"
    ]
    names = {"__name__": stem}
    for wanted in ("import gymnasium as gym", *words_of_cells):
        exec(next(source for source in cells if wanted in source), names)
    return names


def centred_cartpole() -> dict[str, float]:
    """Both trainings of chapter 06's easier CartPole with seeds 1 to 8: lengths of the training games that ended in the last
    7,000 steps, then 50 greedy games in CartPole-v1."""
    names_of("06_train_cartpole", "class Centred")
    envs, figures = make_envs("CartPole-v1", 50), {}
    for name, env_id in (("plain", "CartPole-v1"), ("centred", "CentredCartPole-v0")):
        runs = [trained(replace(CARTPOLE, seed=seed, env_id=env_id, total_timesteps=40_000)) for seed in range(1, 9)]
        late = [np.mean([length for step, _, length in run.log.games if step > 33_000]) for run in runs]
        greedy = [evaluate(run.actor, envs, 50, True, 500, seed=5).mean() for run in runs]
        figures |= {f"{name}_late": np.mean(late), f"{name}_worst": min(greedy), f"{name}_best": max(greedy)}
    return figures


def dancing_cartpole() -> dict[str, float]:
    """The dance of chapter 06 with seeds 1 to 4, 20 greedy games each."""
    names_of("06_train_cartpole", "class Dance")
    return dances(range(1, 5), 120_000)


def dancing_without_clock() -> dict[str, float]:
    """The dance of chapter 06 without the clock, 100,000 steps, seeds 1 and 2, 20 greedy games each."""
    dance = names_of("06_train_cartpole", "class Dance")["Dance"]
    dance.__init__ = lambda self, env: super(dance, self).__init__(env)
    dance.with_clock = lambda self, obs: obs
    return dances((1, 2), 100_000)


def dances(seeds, steps: int) -> dict[str, float]:
    """Train dancers; returns the mean score of each."""
    figures = {}
    for seed in seeds:
        dancer = trained(replace(CARTPOLE, seed=seed, env_id="DancingCartPole-v0", total_timesteps=steps))
        scores = evaluate(dancer.actor, make_envs("DancingCartPole-v0", 20), 20, True, 500, seed=1000)
        figures[f"seed_{seed}"] = scores.mean()
    return figures


class PaidForSpeed(gym.Wrapper):
    """CartPole, paid for the cart's speed."""

    def step(self, action):
        obs, _, *rest = self.env.step(action)
        return obs, min(abs(float(obs[1])), 1.5) / 1.5, *rest


def paid_for_speed() -> dict[str, float]:
    """CartPole paid min(|speed|, 1.5) / 1.5, 100,000 steps, seeds 1 to 3: one greedy game each; how long it lasted, its mean speed
    in m/s, and how often the cart turned round."""
    gym.register("SpeedyCartPole-v0", lambda **kwargs: PaidForSpeed(CartPoleEnv(**kwargs)), max_episode_steps=500)
    figures = {}
    for seed in (1, 2, 3):
        actor = trained(replace(CARTPOLE, seed=seed, env_id="SpeedyCartPole-v0", total_timesteps=100_000)).actor
        envs = make_envs("SpeedyCartPole-v0", 1)
        obs, _ = envs.reset(seed=7)
        speeds, over = [], False
        while not over:
            speeds.append(obs[0, 1])
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy=True))
            over = infos["game_over"][0]
        turns = np.count_nonzero(np.diff(np.sign(speeds)))
        figures |= {f"steps_{seed}": len(speeds), f"speed_{seed}": np.abs(speeds).mean(), f"turns_{seed}": turns}
    return figures


FIGURES = (
    cartpole_20k, cartpole_20k_broken, cartpole_stopping, clip_five_seeds, critic_switched_off,
    centred_cartpole, dancing_cartpole, dancing_without_clock, paid_for_speed,
)  # fmt: skip


def passed_for_good(rows: list[dict], score: float) -> int:
    """The steps after which the mean of the last 100 games never fell below a score again, in thousands; 0 where it did."""
    below = [row["global_step"] for row in rows if (row["episodic_return"] or 0) < score]
    return 0 if below[-1] == rows[-1]["global_step"] else round(below[-1], -3)


def read_logs(paths: list[Path]) -> tuple[dict, dict, dict]:
    """Return how the logs of several seeds came about, their curve, and figures of it."""
    logs = [json.loads(path.read_text("utf-8")) for path in paths]
    args = [PPOArgs(**log["args"]) for log in logs]
    first, *others = [replace(one, seed=1) for one in args]
    if any(one != first for one in others):
        raise ValueError(f"These logs differ in more than their seed: {', '.join(map(str, paths))}.")
    seeds = [one.seed for one in args]
    entry = measure.facts(f"{command_of(first)} --seed {', '.join(map(str, seeds))}", time.time())
    entry["seconds"] = round(sum(log["rows"][-1]["seconds"] for log in logs))
    every = max(1, len(logs[0]["rows"]) // 75)
    curves = [[row["episodic_return"] or 0.0 for row in log["rows"]][every - 1 :: every] for log in logs]
    by_step = list(zip(*curves, strict=True))
    curve = {
        "seeds": seeds,
        "steps": [row["global_step"] for row in logs[0]["rows"]][every - 1 :: every],
        "low": [round(min(scores), 3) for scores in by_step],
        "mean": [round(sum(scores) / len(scores), 3) for scores in by_step],
        "high": [round(max(scores), 3) for scores in by_step],
    }
    ends = [log["rows"][-1]["episodic_return"] for log in logs]
    figures = {"mean_low": min(ends), "mean_high": max(ends)}
    for seed, log in zip(seeds, logs, strict=True):
        figures |= {f"above_{score}_seed_{seed}": passed_for_good(log["rows"], score) for score in (2, 5, 10)}
        figures |= {
            f"mean_seed_{seed}": log["rows"][-1]["episodic_return"],
            f"best_seed_{seed}": int(max(score for _, score, _ in log["games"])),
        }
    return entry, curve, figures


def named(section: str, figures: dict[str, float]) -> dict[str, float]:
    """Return those of a section's figures that a chapter's source names, rounded; the others are not kept."""
    text = "".join(path.read_text("utf-8") for path in sorted((ROOT / "chapters" / "source").glob("*.md")))
    figures = {name: round(float(value), 4) for name, value in figures.items() if f"{section}.{name} " in text}
    return {name: int(value) if value == int(value) else value for name, value in figures.items()}


def main() -> int:
    known = {one.__name__: one for one in FIGURES}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--logs", nargs="+", metavar=("NAME", "LOG"), help="the name of a curve, and a log for each seed")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in known]:
        parser.error(f"no figures are called {', '.join(unknown)}: choose from {', '.join(known)}.")
    if arguments.logs:
        name, *paths = arguments.logs
        entry, curve, figures = read_logs([Path(path) for path in paths])
        measure.write(measured.CURVES, measured.read_curves() | {name: entry | curve})
        measure.write(measured.FILE, measured.read() | {name: entry | {"figures": named(name, figures)}})
        measured.read.cache_clear()
        print(f"{name}: {figures}")
    torch.set_num_threads(1)
    for name in arguments.names:
        started = time.time()
        figures = known[name]()
        protocol = " ".join(known[name].__doc__.split())
        entry = measure.facts(f"python chapters/by_hand.py {name}: {protocol}", started) | {"figures": named(name, figures)}
        measure.write(measured.FILE, measured.read() | {name: entry})
        measured.read.cache_clear()
        print(f"{name}: {figures}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
