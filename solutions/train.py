"""Train an agent from a shell: python -m solutions.train cartpole | breakout"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import tyro

from solutions.args import PRESETS, PPOArgs
from solutions.checkpoint import save_agent
from solutions.evaluate import Evaluator
from solutions.trainer import PPOTrainer


@dataclass(frozen=True)
class Run:
    """What a training command does besides training."""

    args: tyro.conf.OmitArgPrefixes[PPOArgs]
    log: Path | None = None
    """Where the curve is written, as JSON; its picture goes beside it. By default under runs/. The agent's weights go there too."""
    eval_every: int | None = None
    """Play greedy games after every so many iterations; None only plays them at the end."""
    eval_episodes: int = 20
    """How many games each evaluation plays."""
    eval_max_steps: int = 27_000
    """A game of an evaluation is cut short after so many steps, and counts with the score it has."""
    threshold: float | None = None
    """Stop early once an evaluation's mean less two standard errors reaches this score; say at the end whether it was solved."""


RUNS = {
    "cartpole": (
        "CartPole-v1 from four numbers, solved in seconds",
        Run(PRESETS["cartpole"], eval_every=4, eval_episodes=100, eval_max_steps=500, threshold=475),
    ),
    "breakout": ("Atari Breakout from pixels", Run(PRESETS["breakout"], eval_episodes=20, eval_max_steps=5_000)),
}


def stopping_rule(run: Run) -> Evaluator:
    """The evaluations that a run asks for. Raises ValueError for a count below 1."""
    every = run.args.num_iterations if run.eval_every is None else run.eval_every
    return Evaluator(run.args, every, run.eval_episodes, run.eval_max_steps, run.threshold)


def main(run: Run) -> int:
    """Train, evaluate, write the curve and the agent; returns the exit code."""
    args = run.args
    evaluator = stopping_rule(run)
    name = f"{args.env_id.replace('/', '-')}-seed{args.seed}-{time.strftime('%Y%m%d-%H%M%S')}"
    if args.mode == "classic-control":
        torch.set_num_threads(1)  # its networks are too small to be worth sharing out
    trainer = PPOTrainer(args)
    log = trainer.log
    print(
        f"Training on {args.env_id} (seed {args.seed}, {trainer.device}): {args.total_timesteps:,} steps at most; Ctrl-C stops it."
    )
    scores = {}
    try:
        trainer.train(on_iteration=evaluator if run.eval_every is not None else None)
        for way, greedy in [("greedy", True), ("sampled", False)]:
            print(f"Playing {run.eval_episodes} {way} games ...")
            scores[way] = evaluator.report(trainer.actor, greedy)
    except KeyboardInterrupt:
        print("\nStopped early.")
    results = {way: {"mean": some.mean(), "std": some.std(), "episodes": len(some)} for way, some in scores.items()}
    curve, picture = log.save(run.log or Path("runs") / name / "curve.json", evaluations=evaluator.history, results=results)
    agent = save_agent(curve.with_suffix(".safetensors"), trainer.actor, trainer.critic, args)
    print(f"The curve is in {curve} and {picture}, the agent in {agent}.")
    if log.games:
        games, steps = min(100, len(log.games)), trainer.agent.global_step
        print(
            f"In training: mean {log.episodic_return:.1f} over the last {games} games, after {steps:,} steps in {log.seconds:.1f} s."
        )
    if len(scores) < 2:
        return 130
    means = {way: some.mean() for way, some in scores.items()}
    if means["greedy"] < means["sampled"] - scores["sampled"].std():
        print(
            "The greedy agent does much worse than the sampling one: it may be waiting for a key that it never presses, such as FIRE."
        )
    summary = f"mean {means['greedy']:.1f} greedy, {means['sampled']:.1f} sampled, over {run.eval_episodes} games each"
    if run.threshold is None:
        print(f"result: {summary}.")
        return 0
    solved = means["greedy"] >= run.threshold
    print(f"{'solved' if solved else 'not solved'}: {summary}; the threshold is {run.threshold:g}, greedy.")
    return 0 if solved else 1


if __name__ == "__main__":
    try:
        sys.exit(main(tyro.extras.overridable_config_cli(RUNS, prog="python -m solutions.train")))
    except ValueError as error:  # settings that cannot work: the sentence is enough
        sys.exit(f"error: {error}")
