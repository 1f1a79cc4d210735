"""Train an agent from a shell: python -m solutions.train cartpole | pong-ram | breakout | space-invaders"""

import dataclasses
import shlex
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import tyro

from solutions.args import PRESETS, PPOArgs, require_counts
from solutions.evaluate import Evaluator
from solutions.fast import distributed
from solutions.fast.gpu import GPUTrainer
from solutions.saving import checkpoint
from solutions.saving.run_files import RunFiles
from solutions.trainer import PPOTrainer
from utils import answers, words
from utils.envs import find_spec, is_atari
from utils.interrupts import SIGNALS, Interrupts, silence
from utils.processes import WorkerError
from utils.transitions import ContractError


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
    eval_max_steps: int | None = None
    """A game of an evaluation is cut short after so many steps, and counts with the score it has. None: after the environment's
    own time limit, or 27,000 steps where it has none."""
    threshold: float | Literal["auto"] | None = "auto"
    """Stop early once an evaluation's mean less three standard errors reaches this score, and that of as many fresh games does; say at
    the end whether it was solved. auto: the score at which Gymnasium calls the environment solved, if it names one."""

    def __post_init__(self):
        names = "updates", "checkpoint_every", "save_every", "eval_every", "eval_episodes", "eval_max_steps"
        require_counts(**{name: getattr(self, name) for name in names})
        if self.log is not None and self.log.suffix != ".json":
            raise ValueError(f"--log is where the curve goes, as JSON: give a name that ends in .json, not {self.log}.")


RUNS = {
    "cartpole": (
        "CartPole-v1 from four numbers, solved in seconds",
        Run(PRESETS["cartpole"], eval_every=4, eval_episodes=100),
    ),
    "pong-ram": ("Atari Pong from the console's 128 bytes of memory", Run(PRESETS["pong-ram"], eval_every=100)),
    "breakout": ("Atari Breakout from pixels", Run(PRESETS["breakout"])),
    "space-invaders": ("Atari Space Invaders from pixels", Run(PRESETS["space-invaders"], save_every=1_000)),
}


EVAL_MAX_STEPS = {"ALE/Breakout-v5": 5_000}
"""For games that a greedy agent may never end, as it waits for a ball that it never serves."""


def preset_of(args: PPOArgs) -> tuple[str, PPOArgs] | None:
    """Return the name and the settings of the command that trains on the same environment, None if there is none."""
    fits = [(name, run.args) for name, (_, run) in RUNS.items() if (run.args.env_id, run.args.mode) == (args.env_id, args.mode)]
    return fits[0] if fits else None


def options(args: PPOArgs, preset: PPOArgs) -> list[str]:
    """Return the words on a command line that make some settings out of others."""
    words = []
    for field in dataclasses.fields(args):
        option, value = field.name.replace("_", "-"), getattr(args, field.name)
        if value != getattr(preset, field.name):
            words += [f"--{'' if value else 'no-'}{option}"] if isinstance(value, bool) else [f"--{option}", str(value)]
    return words


def command_of(args: PPOArgs) -> str:
    """Return the command that trains with some settings."""
    found = preset_of(args)
    if found is None:
        return f"PPOTrainer({args}).train()"
    name, preset = found
    return shlex.join(["python", "-m", "solutions.train", name, *options(args, preset)])


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
    if run.answers and distributed.is_launched():
        raise ValueError("Your own answers train in one process: leave out torchrun, or --answers.")
    if run.args.mode != "atari":
        torch.set_num_threads(1)  # its networks are too small to be worth sharing out
    if run.answers:
        print(answers.adopt())

    def make(args: PPOArgs) -> PPOTrainer:
        if run.updates is not None:
            args = dataclasses.replace(args, total_timesteps=run.updates * args.batch_size)
        return trainer_class(run)(args)

    return make(run.args) if run.resume is None else checkpoint.resume(run.resume, run.args, make)


def announce(run: Run, ppo: PPOTrainer) -> None:
    """Say what will be trained."""
    args = ppo.args
    print(
        f"Training on {args.env_id} (seed {args.seed}, {ppo.device}): {args.num_iterations * args.batch_size:,} steps at most, "
        f"{args.num_iterations:,} rollouts of {args.batch_size:,}; Ctrl-C stops it."
    )
    if run.resume is None:
        return
    print(f"Going on from {run.resume}, after {ppo.agent.global_step:,} steps.")
    ignored = ignored_settings(run.args, args)
    if ignored:
        print(f"The settings of that run stand, so this changes nothing: {' '.join(ignored)}.")
    before, now = checkpoint.read_trained(run.resume).get("ranks", 1), checkpoint.trained_for(ppo)["ranks"]
    if ppo.log.rows and before != now:
        print(f"It was trained by {before} process(es), and now is by {now}: from here on its random numbers are others.")


def ignored_settings(asked: PPOArgs, used: PPOArgs) -> list[str]:
    """Return those options of a command that differ from its preset, and were not used."""
    found = preset_of(asked)
    preset = asked if found is None else found[1]
    names = [field.name for field in dataclasses.fields(asked) if field.name not in checkpoint.NEW_AT_RESUMING]
    kept = {name: getattr(preset, name) for name in names if getattr(asked, name) == getattr(used, name)}
    kept |= {name: getattr(preset, name) for name in checkpoint.NEW_AT_RESUMING}
    return options(dataclasses.replace(asked, **kept), preset)


def stopping_rule(run: Run) -> Evaluator:
    """Return the evaluations that a run asks for. Raises ValueError for a count below 1."""
    every = run.args.num_iterations if run.eval_every is None else run.eval_every
    spec = find_spec(run.args.env_id)
    max_steps = run.eval_max_steps or EVAL_MAX_STEPS.get(spec.id) or spec.max_episode_steps or 27_000
    threshold = spec.reward_threshold if run.threshold == "auto" else run.threshold
    return Evaluator(run.args, every, run.eval_episodes, max_steps, threshold)


def train(
    run: Run, ppo: PPOTrainer, evaluator: Evaluator, checkpointer: checkpoint.Checkpointer, interrupts: Interrupts
) -> bool:
    """Train to the end; returns whether it came there, or somebody stopped it."""

    def after_iteration(ppo: PPOTrainer) -> bool:
        with interrupts.kept_back():
            checkpointer(ppo)
        return evaluate_if_due()

    def evaluate_if_due() -> bool:
        with interrupts.at_once():
            return interrupts.asked > 0 or (run.eval_every is not None and evaluator(ppo))

    try:
        if not evaluate_if_due():
            ppo.train(on_iteration=after_iteration)
    except KeyboardInterrupt:
        return False
    except BrokenPipeError:  # nobody reads any more what is printed
        silence(sys.__stdout__)
        return False
    except WorkerError:  # whoever ends this process may have ended those of its environments as well
        if not interrupts.asked:
            raise
    if evaluator.solved:
        print(f"Solved after {ppo.agent.global_step:,} steps, so the training ends here.")
    return interrupts.asked == 0


def play_games(run: Run, ppo: PPOTrainer, evaluator: Evaluator) -> dict[str, np.ndarray]:
    """Play games with the agent; returns their scores, "greedy" and "sampled", or fewer if Ctrl-C ends it."""
    scores = {}
    try:
        for way, greedy in [("greedy", True), ("sampled", False)]:
            print(f"Playing {run.eval_episodes} {way} games ...")
            scores[way] = evaluator.report(ppo.actor, greedy)
    except KeyboardInterrupt:
        print("\nStopped: games that were not played to their end do not count.")
    return scores


def report(run: Run, ppo: PPOTrainer, scores: dict[str, np.ndarray], threshold: float | None) -> int:
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
    if greedy < sampled - scores["sampled"].std() and run.eval_episodes > 1:
        advice = ": it may be waiting for a key that it never presses, such as FIRE" if is_atari(ppo.args.env_id) else ""
        print(f"The greedy agent does much worse than the sampling one{advice}.")
    summary = f"mean {greedy:.1f} greedy, {sampled:.1f} sampled, over {run.eval_episodes} games each"
    if threshold is None:
        print(f"result: {summary}.")
        return 0
    solved = greedy >= threshold
    print(f"{'solved' if solved else 'not solved'}: {summary}; the threshold is {threshold:g}, greedy.")
    return 0 if solved or distributed.is_launched() else 1  # torchrun takes 1 for a failure


def main(run: Run) -> int:
    """Train, evaluate, write the agent and the curve; returns the exit code."""
    if distributed.is_launched():
        distributed.join(run.args)
    if distributed.rank() > 0:
        return make_trainer(run).follow()
    files = RunFiles(run.args, run.log, run.resume)
    # Under torchrun SIGTERM says that another process has died
    signals = [number for number in SIGNALS if number != signal.SIGTERM or not distributed.is_launched()]
    with files.claimed():  # before the checkpoint is read: another run may be about to write it
        ppo = make_trainer(run)
        evaluator = stopping_rule(dataclasses.replace(run, args=ppo.args))  # a resumed run has its checkpoint's settings
        announce(run, ppo)
        checkpointer = checkpoint.Checkpointer(files.checkpoint, run.checkpoint_every, run.save_every)
        with Interrupts(signals) as interrupts:
            try:
                return train_and_report(run, ppo, evaluator, checkpointer, files, interrupts)
            except distributed.RankError as error:
                sys.exit(f"error: {error} {checkpointer.advice}")


def train_and_report(
    run: Run,
    ppo: PPOTrainer,
    evaluator: Evaluator,
    checkpointer: checkpoint.Checkpointer,
    files: RunFiles,
    interrupts: Interrupts,
) -> int:
    """Train, and write the agent as soon as that has ended; then play its games and draw its curve."""

    def keep_agent() -> None:
        checkpointer.save(ppo)
        checkpoint.save_agent(files.agent, ppo.actor, ppo.critic, ppo.args, checkpoint.trained_for(ppo))

    def keep_curve(scores: dict[str, np.ndarray]) -> str:
        results = {way: {"mean": some.mean(), "std": some.std(), "episodes": len(some)} for way, some in scores.items()}
        curve, picture = ppo.log.save(files.curve, evaluator=evaluator.settings, results=results)
        return f"The curve is in {curve} and {picture}"

    def whole(write: Callable, *arguments):
        with interrupts.kept_back():
            try:
                return write(*arguments)
            except OSError as error:
                sys.exit(f"error: the results could not be written ({error}): make room there. {checkpointer.advice}")

    try:
        finished = train(run, ppo, evaluator, checkpointer, interrupts)
    except (FloatingPointError, ContractError, WorkerError, OSError) as error:
        sys.exit(f"error: {error} {checkpointer.advice} {whole(keep_curve, {})}.")
    whole(keep_agent)
    scores = {}
    if finished and not interrupts.asked:
        with interrupts.at_once():
            scores = play_games(run, ppo, evaluator)
    else:
        print(
            f"\nStopped early. To go on, add --resume {files.checkpoint}" if files.checkpoint.exists() else "\nStopped early."
        )
    print(f"{whole(keep_curve, scores)}, the agent in {files.agent}.")
    return report(run, ppo, scores, evaluator.threshold)


if __name__ == "__main__":
    sys.exit(main(words.parsed(tyro.extras.overridable_config_cli, RUNS, prog="python -m solutions.train")))
