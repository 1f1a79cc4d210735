"""Train an agent from a shell: python -m solutions.train cartpole | pong-ram | breakout | space-invaders"""

import dataclasses
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import tyro

from solutions.args import PRESETS, PPOArgs, require_counts
from solutions.evaluate import Evaluator
from solutions.fast import distributed
from solutions.fast.gpu import GPUTrainer
from solutions.saving import checkpoint
from solutions.trainer import PPOTrainer
from utils import answers, words
from utils.processes import WorkerError
from utils.transitions import ContractError
from utils.watching.log import new_run_folder


@dataclass(frozen=True)
class Run:
    """What a training command does besides training."""

    args: tyro.conf.OmitArgPrefixes[PPOArgs]
    updates: int | None = None
    """The length of the run in iterations, in the place of total_timesteps."""
    log: Path | None = None
    """Where the curve is written, as JSON; its picture, the checkpoint and the agent go beside it. By default under runs/."""
    resume: Path | None = None
    """Go on from a checkpoint, with its settings (total_timesteps may be new), or start with the weights of an agent."""
    checkpoint_every: int = 10
    """Write a checkpoint each time this many iterations have passed, in the place of the one before; Ctrl-C writes one too."""
    save_every: int | None = None
    """Keep the agent as it is each time this many iterations have passed, in a file named by the step; None never does."""
    answers: bool = False
    """Train with your own answers to the exercises in the place of the reference's parts, where they pass their tests."""
    eval_every: int | None = None
    """Play greedy games before the first iteration and after every so many; None only plays them at the end."""
    eval_episodes: int = 20
    """How many games each evaluation plays."""
    eval_max_steps: int = 27_000
    """A game of an evaluation is cut short after so many steps, and counts with the score it has."""
    threshold: float | None = None
    """Stop early once an evaluation's mean less two standard errors reaches this score; say at the end whether it was solved."""


RUNS = {
    "cartpole": (
        "CartPole-v1 from four numbers, solved in seconds",
        Run(PRESETS["cartpole"], eval_every=4, eval_episodes=100, eval_max_steps=500, threshold=475.0),
    ),
    "pong-ram": ("Atari Pong from the console's 128 bytes of memory", Run(PRESETS["pong-ram"], eval_every=100)),
    "breakout": ("Atari Breakout from pixels", Run(PRESETS["breakout"], eval_max_steps=5_000)),
    "space-invaders": ("Atari Space Invaders from pixels", Run(PRESETS["space-invaders"], save_every=1_000)),
}


def command_of(args: PPOArgs) -> str:
    """Return the command that trains with some settings."""
    fits = {name: run.args for name, (_, run) in RUNS.items() if (run.args.env_id, run.args.mode) == (args.env_id, args.mode)}
    if not fits:
        return f"PPOTrainer({args}).train()"
    name, preset = next(iter(fits.items()))
    words = ["python", "-m", "solutions.train", name]
    for field in dataclasses.fields(args):
        option, value = field.name.replace("_", "-"), getattr(args, field.name)
        if value != getattr(preset, field.name):
            words += [f"--{'' if value else 'no-'}{option}"] if isinstance(value, bool) else [f"--{option}", str(value)]
    return shlex.join(words)


def trainer_class(run: Run) -> type[PPOTrainer]:
    """Return the trainer's class: under torchrun that of a rank, else on a GPU the one for it, else PPOTrainer."""
    if distributed.is_launched():
        return distributed.RankTrainer
    # Not with answers: one that looks at a number, as an `if` does, cannot be recorded
    if run.args.torch_device.type == "cuda" and not run.answers:
        return GPUTrainer
    return PPOTrainer


def make_trainer(run: Run) -> PPOTrainer:
    """Make the trainer of a run, anew or from what is to be resumed; it may be the learner's. Raises ValueError."""
    if run.updates is not None and run.resume is not None:
        raise ValueError("updates are counted from the start, in rollouts of one size: with --resume, give --total-timesteps.")
    if run.answers and distributed.is_launched():
        raise ValueError("Your own answers train in one process: leave out torchrun, or --answers.")
    args = run.args
    if run.updates is not None:
        require_counts(updates=run.updates)
        args = dataclasses.replace(args, total_timesteps=run.updates * args.batch_size)
    if args.mode != "atari":
        torch.set_num_threads(1)  # its networks are too small to be worth sharing out
    if run.answers:
        print(answers.adopt())
    if distributed.is_launched():
        distributed.join(args)
    make = trainer_class(run)
    return make(args) if run.resume is None else checkpoint.resume(run.resume, args, make)


def announce(run: Run, ppo: PPOTrainer) -> None:
    """Say what will be trained."""
    args = ppo.args
    print(
        f"Training on {args.env_id} (seed {args.seed}, {ppo.device}): {args.num_iterations * args.batch_size:,} steps at most, "
        f"{args.num_iterations:,} rollouts of {args.batch_size:,}; Ctrl-C stops it."
    )
    if run.resume is not None:
        print(f"Going on from {run.resume}, after {ppo.agent.global_step:,} steps.")
        before, now = checkpoint.read_trained(run.resume).get("ranks", 1), checkpoint.trained_for(ppo)["ranks"]
        if ppo.log.rows and before != now:
            print(f"It was trained by {before} process(es), and now is by {now}: from here on its random numbers are others.")


def stopping_rule(run: Run) -> Evaluator:
    """Return the evaluations that a run asks for. Raises ValueError for a count below 1."""
    every = run.args.num_iterations if run.eval_every is None else run.eval_every
    return Evaluator(run.args, every, run.eval_episodes, run.eval_max_steps, run.threshold)


def curve_path(run: Run) -> Path:
    """Return where the curve goes; everything else goes beside it. Raises ValueError if it cannot go there."""
    if run.log is not None:
        if run.log.suffix != ".json":
            raise ValueError(f"--log is where the curve goes, as JSON: give a name that ends in .json, not {run.log}.")
        return run.log
    if run.resume is not None and run.resume.name.endswith(checkpoint.SUFFIX):
        return run.resume.with_name(run.resume.name.removesuffix(checkpoint.SUFFIX) + ".json")
    try:
        return new_run_folder(run.args) / "curve.json"
    except OSError as error:
        raise ValueError(f"The run cannot be kept under runs/ ({error.strerror or error}): say where with --log.") from None


def train_and_evaluate(
    run: Run, ppo: PPOTrainer, evaluator: Evaluator, checkpointer: checkpoint.Checkpointer
) -> dict[str, np.ndarray]:
    """Train to the end, and play games with the agent.

    Returns:
        The scores of the games, "greedy" and "sampled"; fewer if Ctrl-C has stopped it.
    """

    def after_iteration(ppo: PPOTrainer) -> bool:
        checkpointer(ppo)
        return run.eval_every is not None and evaluator(ppo)

    scores = {}
    try:
        if run.eval_every is not None and not ppo.log.rows:
            evaluator.note(ppo)
        ppo.train(on_iteration=after_iteration)
        if evaluator.solved:
            print(f"Solved after {ppo.agent.global_step:,} steps, so the training ends here.")
        checkpointer.save(ppo)
        for way, greedy in [("greedy", True), ("sampled", False)]:
            print(f"Playing {run.eval_episodes} {way} games ...")
            scores[way] = evaluator.report(ppo.actor, greedy)
    except KeyboardInterrupt:
        checkpointer.save(ppo)
        print(f"\nStopped early. To go on, add --resume {checkpointer.path}")
    return scores


def report(run: Run, ppo: PPOTrainer, scores: dict[str, np.ndarray]) -> int:
    """Say how the training went; returns the exit code."""
    log = ppo.log
    if log.games:
        games, steps = min(100, len(log.games)), ppo.agent.global_step
        print(
            f"In training: mean {log.episodic_return:.1f} over the last {games} games, after {steps:,} steps in {log.seconds:.1f} s."
        )
    print(log.health())
    if len(scores) < 2:
        return 130
    greedy, sampled = scores["greedy"].mean(), scores["sampled"].mean()
    if greedy < sampled - scores["sampled"].std():
        print(
            "The greedy agent does much worse than the sampling one: it may be waiting for a key that it never presses, such as FIRE."
        )
    summary = f"mean {greedy:.1f} greedy, {sampled:.1f} sampled, over {run.eval_episodes} games each"
    if run.threshold is None:
        print(f"result: {summary}.")
        return 0
    solved = greedy >= run.threshold
    print(f"{'solved' if solved else 'not solved'}: {summary}; the threshold is {run.threshold:g}, greedy.")
    return 0 if solved or distributed.is_launched() else 1  # torchrun takes 1 for a failure


def main(run: Run) -> int:
    """Train, evaluate, write the curve and the agent; returns the exit code."""
    ppo = make_trainer(run)
    evaluator = stopping_rule(dataclasses.replace(run, args=ppo.args))  # a resumed run has its checkpoint's settings
    announce(run, ppo)
    if distributed.rank() > 0:
        return ppo.follow()
    curve = curve_path(run)
    checkpointer = checkpoint.Checkpointer(curve.with_suffix(checkpoint.SUFFIX), run.checkpoint_every, run.save_every)
    scores, ruined = {}, None
    try:
        scores = train_and_evaluate(run, ppo, evaluator, checkpointer)
    except distributed.RankError as error:
        sys.exit(f"error: {error} {checkpointer.advice}")
    except (FloatingPointError, ContractError, WorkerError) as error:
        ruined = error
    results = {way: {"mean": some.mean(), "std": some.std(), "episodes": len(some)} for way, some in scores.items()}
    try:
        curve, picture = ppo.log.save(curve, evaluator=evaluator.settings, results=results)
        if ruined is not None:
            sys.exit(f"error: {ruined} {checkpointer.advice} The curve is in {curve} and {picture}.")
        agent = curve.with_suffix(".safetensors")
        checkpoint.save_agent(agent, ppo.actor, ppo.critic, ppo.args, checkpoint.trained_for(ppo))
    except OSError as error:
        sys.exit(f"error: the results could not be written ({error}): make room there. {checkpointer.advice}")
    print(f"The curve is in {curve} and {picture}, the agent in {agent}.")
    return report(run, ppo, scores)


if __name__ == "__main__":
    sys.exit(main(words.parsed(tyro.extras.overridable_config_cli, RUNS, prog="python -m solutions.train")))
