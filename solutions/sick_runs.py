"""Runs of which most are sick, for you to find out which and why (chapters 05 and 15 to 17). What ails them stands below: diagnose first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any
from unittest.mock import patch

from solutions import diagnoses
from solutions.args import PRESETS, PPOArgs
from solutions.trainer import PPOTrainer
from utils import answers
from utils.course.exercises import Exercise, exercises
from utils.files import read_records
from utils.paths import ROOT
from utils.watching.table import Table

FILE = ROOT / "chapters" / "sick_runs.json"


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong: a part of which some text is replaced, or a setting."""

    says: str
    shows: str
    """Completes the sentence "you would see ..."."""
    part: str = ""
    """The exercise that asked for the part, if it is one."""
    changes: tuple[tuple[str, str], ...] = ()
    """Texts of the reference solution, and what stands in their place."""
    change_args: Callable[[PPOArgs], PPOArgs] = lambda args: args
    """What it makes of the settings."""
    mode: str = ""
    """The only mode of environments (see `utils.envs.make_envs`) in which the part plays a role, if there is one."""

    @property
    def exercise(self) -> Exercise:
        """The exercise that asked for the part."""
        return exercises()[self.part]

    def source(self) -> str:
        """Return the code of the broken part: a function, or a whole class. Raises ValueError if the reference has changed."""
        return self.exercise.changed_source(self.changes)

    def broken_part(self) -> Any:
        """Return the broken function or class. It has no file, so that no traceback shows its lines."""
        namespace = {**vars(import_module(self.exercise.module)), "__name__": "part"}
        exec(compile(self.source(), "<a part of the trainer>", "exec"), namespace)
        return namespace[self.exercise.object_name]

    def trainer(self, repaired: Any = None) -> type[PPOTrainer]:
        """Return a `PPOTrainer` with the broken part in the place of the reference's, or with the one that you give."""
        if not self.part:
            return PPOTrainer
        owner, parts = answers.places(self.exercise, self.broken_part() if repaired is None else repaired)

        def within(name: str):
            def method(trainer: PPOTrainer, *arguments):
                with patch.multiple(owner, create=True, **parts):
                    return getattr(PPOTrainer, name)(trainer, *arguments)

            return method

        methods = ("__init__", "rollout_phase", "learning_phase", "film")
        return type("PPOTrainer", (PPOTrainer,), {name: within(name) for name in methods})


RECOMPUTED = """\
            with torch.no_grad():
                logits, _ = networks.actor_critic_forward(self.actor, self.critic, obs)
                logprobs = logits.log_softmax(dim=-1).gather(-1, actions[:, None]).squeeze(-1)
"""
EPOCHS = "        for _ in range(args.update_epochs):\n"
FUSE = "            if args.target_kl"
BOTH_NETWORKS = "[*actor.parameters(), *critic.parameters()]"

CAUSES = {
    "A": Cause(
        "The learning rate is ten times too large.",
        "`approx_kl` and `clipfrac` far above those of the healthy runs in the very first iterations, and the rate itself, in `settings`",
        change_args=lambda args: replace(args, learning_rate=10 * args.learning_rate),
    ),
    "B": Cause(
        "Nothing is wrong with the code. The seed was unlucky.",
        "a trainer that passes every probe, and other seeds of it that learn, though some of them late",
    ),
    "C": Cause(
        "The log-probabilities in the rollout belong to actions that were drawn a second time.",
        "`approx_kl` and `clipfrac` that grow during the run, and an entropy that stays high",
        "play_step",
        (
            (
                "        actions, logprobs = policy_gradient.sample_actions(logits)\n",
                "        actions, _ = policy_gradient.sample_actions(logits)\n        _, logprobs = policy_gradient.sample_actions(logits)\n",
            ),
        ),
    ),
    "D": Cause(
        "A step at which the time ran out is stored as one that terminated the episode.",
        "scores like those of healthy runs, but values below theirs once games reach the time limit, and the sixth probe at 1.4 instead of 2",
        "play_step",
        (
            ("        self.rollout.add(", "        dones = terminations | truncations\n        self.rollout.add("),
            ("terminations=terminations", "terminations=dones"),
        ),
    ),
    "E": Cause(
        "The observations are scaled to [0, 1] twice.",
        "networks that receive numbers of at most 1/255, and first updates that hardly move the policy",
        "scale_bytes",
        (("obs.float() / 255", "(obs.float() / 255) / 255"),),
        mode="ram",
    ),
    "F": Cause(
        "The networks do not see how anything moves: the change of each byte since the last step comes out as 0.",
        "a first step and an explained variance like those of the healthy runs, and scores that rise later",
        "ram_features",
        (("32 * (newest - before)", "32 * (newest - newest)"),),
        mode="ram",
    ),
    "G": Cause(
        "The sum of the advantages is cut one step early: at the step before the last one of an episode, and not at the last one.",
        "values that are too large for the games' length, in some seeds for most of the run, and probes that all pass",
        "compute_advantages",
        (("~dones[t]", "~dones[min(t + 1, len(dones) - 1)]"),),
    ),
    "H": Cause(
        "The sum of the advantages is not cut where an episode ends.",
        "next to nothing in CartPole: scores and figures as in healthy runs, but for a larger value loss at the start, and in most seeds a smaller first step",
        "compute_advantages",
        (("    dones = terminations | truncations\n", ""), (" * ~dones[t]", "")),
    ),
    "J": Cause(
        "The policy loss has the wrong sign.",
        "the lowest possible scores soon, and a fourth probe that fails: the policy moves away from what pays",
        "policy_loss",
        (("return -torch", "return torch"),),
    ),
    "K": Cause(
        "The policy loss takes the larger of its two terms, which are to be maximised, instead of the smaller.",
        "huge first steps, and the lowest possible scores ever after, though all probes pass and the learning rate is right",
        "policy_loss",
        (("-torch.min(", "-torch.max("),),
    ),
    "L": Cause(
        "The ratio is not clipped.",
        "an `approx_kl` of some tenths again and again, and in CartPole scores that rise and fall by turns",
        "policy_loss",
        (
            ("    clipped = ratio.clamp(1 - clip_coef, 1 + clip_coef) * advantages\n", ""),
            ("-torch.min(unclipped, clipped)", "-unclipped"),
        ),
    ),
    "M": Cause(
        "The value loss compares every value with every return.",
        "an explained variance of 0 from beginning to end, while the mean value follows the scores, and a second probe that fails",
        "value_loss",
        (("(new_values - returns)", "(new_values[:, None] - returns)"),),
    ),
    "N": Cause(
        "The value loss normalises the returns of each minibatch.",
        "a mean value of 0 and a value loss of about 0.5 from beginning to end, whatever the scores, and a first probe that fails",
        "value_loss",
        (
            (
                "    return 0.5",
                "    returns = (returns - returns.mean()) / (returns.std() + 1e-8)\n    return 0.5",
            ),
        ),
    ),
    "O": Cause(
        "The old log-probabilities are computed again at the beginning of each epoch.",
        "an entropy that falls faster than in the healthy runs, further than `approx_kl` says, and in some seeds scores that break down",
        "learning_phase",
        ((EPOCHS, EPOCHS + RECOMPUTED),),
    ),
    "P": Cause(
        "The old log-probabilities are computed again in each minibatch.",
        "`approx_kl` and `clipfrac` of exactly 0, and an entropy that is gone after a few iterations",
        "learning_phase",
        ((" logprobs[mb]", " new_logprobs.detach()"),),
    ),
    "Q": Cause(
        "The optimizer holds the actor, and of the critic only the last layer.",
        "a mean value that stays far below the healthy runs' and explains little, and hidden layers of the critic that never change",
        "make_optimizer",
        ((BOTH_NETWORKS, "[*actor.parameters(), *critic[-1].parameters()]"),),
    ),
    "R": Cause(
        "The optimizer holds the critic, and of the actor only the last layer.",
        "scores and values as in healthy runs (in CartPole), but hidden layers of the actor that never change",
        "make_optimizer",
        ((BOTH_NETWORKS, "[*actor[-1].parameters(), *critic.parameters()]"),),
    ),
    "S": Cause(
        "The scheduler's `step()` is called after each epoch, not after each iteration.",
        "a learning rate that falls to 0 in a straight line, within the first third of the run",
        "learning_phase",
        (("        self.scheduler.step()\n", ""), (FUSE, f"            self.scheduler.step()\n{FUSE}")),
    ),
    "T": Cause(
        "The scheduler multiplies its falling factor onto the current rate, not onto the first one.",
        "a learning rate that falls to next to nothing within the first third of the run, and not in a straight line",
        "PPOScheduler",
        (
            (
                'group["lr"] = self.initial_lr + progress * (self.end_lr - self.initial_lr)',
                'group["lr"] += progress * (self.end_lr - group["lr"])',
            ),
        ),
    ),
    "U": Cause(
        "The value of the next state is added also where the step terminated.",
        "a first probe at 2 instead of 1, and values that climb to 1 / (1 - gamma) whatever the games score",
        "compute_advantages",
        ((" * ~terminations", ""),),
    ),
    "W": Cause(
        "The observations are scaled by a whole division, so that each byte below 255 becomes 0.",
        "networks that receive nothing but 0 and 1, a first step as large as in the healthy runs, and then scores and an explained variance below theirs",
        "scale_bytes",
        (("/ 255", "// 255"),),
        mode="ram",
    ),
}
"""What may be wrong with a run, by a letter."""


@dataclass(frozen=True)
class Run:
    """A run to be diagnosed."""

    cause: str
    args: PPOArgs
    healthy_seeds: tuple[int, ...] = (1, 2, 3)

    @property
    def game(self) -> str:
        """Its game and settings but for the seed, as a name."""
        return f"{self.args.env_id}, {self.args.total_timesteps:,} steps"


CARTPOLE = replace(PRESETS["cartpole"], total_timesteps=61_440)
ACROBOT = replace(CARTPOLE, env_id="Acrobot-v1")
LEARN_SOON = (1, 5, 7)
"""Healthy seeds that learn Acrobot soon: others take longer than these runs are."""

RUNS = {
    1: Run(diagnoses.diagnosis_1(), replace(CARTPOLE, seed=5)),
    2: Run(diagnoses.diagnosis_2(), replace(CARTPOLE, seed=6)),
    3: Run(diagnoses.diagnosis_3(), replace(CARTPOLE, seed=7)),
    4: Run(diagnoses.diagnosis_4(), replace(ACROBOT, seed=3), healthy_seeds=LEARN_SOON),
    5: Run(diagnoses.diagnosis_5(), replace(CARTPOLE, seed=8)),
    6: Run(diagnoses.diagnosis_6(), replace(PRESETS["pong-ram"], total_timesteps=61_440, seed=4)),
    7: Run(diagnoses.diagnosis_7(), replace(ACROBOT, seed=9), healthy_seeds=LEARN_SOON),
    8: Run(diagnoses.diagnosis_8(), replace(CARTPOLE, seed=11)),
    9: Run(diagnoses.diagnosis_9(), replace(CARTPOLE, seed=4)),
}
"""The runs of chapters 15 (1 to 3), 16 (4 to 7) and 17."""

REPAIRS = {1: 1, 2: 2, 3: 3, 4: 5, 5: 6, 6: 7, 7: 8, 8: 9}
"""For each exercise `repair_N`, the run whose part it repairs: without a gap, which would show which run has no bug."""


def run_of(number: int) -> Run:
    """Return a run. Raises ValueError if there is none of that number."""
    if number not in RUNS:
        raise ValueError(f"There is no run {number!r}; they are numbered 1 to {len(RUNS)}.")
    return RUNS[number]


def sick_trainer(number: int, repaired: Any = None) -> type[PPOTrainer]:
    """Return the PPOTrainer that a run was trained with.

    Args:
        number: of the run.
        repaired: a function or class to take the place of the part that is broken; with it, the trainer is healthy if the part is.

    Raises:
        ValueError: there is no such run, or nothing in it to be repaired.
    """
    cause = CAUSES[run_of(number).cause]
    if repaired is not None and not cause.part:
        raise ValueError(f"No part of run {number} is broken, so there is nothing to put in its place.")
    return cause.trainer(repaired)


def args_of(number: int) -> PPOArgs:
    """Return the settings of a run. Raises ValueError if there is none of that number."""
    run = run_of(number)
    return CAUSES[run.cause].change_args(run.args)


def part_of(number: int) -> str:
    """Return the code of the part of a run that is broken: a function, or the method of a class.

    Raises:
        ValueError: there is no such run, or nothing in it is broken.
    """
    cause = CAUSES[run_of(number).cause]
    if not cause.part:
        raise ValueError(f"No part of run {number} is broken.")
    return cause.source() if not cause.exercise.methods else cause.exercise.methods_of(cause.source())


def recorded(number: int) -> dict[str, Table]:
    """Return the recorded logs of a run and of three healthy ones of the same game and settings.

    Returns:
        The rows of each log (see `utils.watching.log.RunLog`), under "run N" and "healthy, seed S".

    Raises:
        ValueError: there is no such run, or the file is not there or cannot be read; the message says what to do.
    """
    run = run_of(number)
    command = "python chapters/record_runs.py"
    entries = read_records(FILE, command)
    healthy = {f"healthy, seed {seed}": f"{run.game}, seed {seed}" for seed in run.healthy_seeds}
    wanted = {f"run {number}": f"run {number}"} | healthy
    if missing := [name for name in wanted.values() if name not in entries]:
        raise ValueError(f"{FILE} has no {missing[0]!r}: `{command}` records the runs anew.")
    logs = {name: entries[entry]["log"] for name, entry in wanted.items()}
    return {
        name: Table(dict(zip(log, row, strict=True)) for row in zip(*log.values(), strict=True)) for name, log in logs.items()
    }


PATIENTS = {"A": "M", "B": "B", "C": "P"}
"""The patients of chapter 05, and what ails them."""


def train_patient(name: str, num_iterations: int) -> list[dict[str, float]]:
    """Train one of the patients on CartPole, all with the preset and the same seed.

    Args:
        name: one of those in `PATIENTS`.
        num_iterations: how many iterations it trains; the learning rate falls as if the run went on to its end.

    Returns:
        The rows of its log, one for each iteration.
    """
    trainer = CAUSES[PATIENTS[name]].trainer()(replace(PRESETS["cartpole"], seed=2))
    return trainer.train(on_iteration=lambda trainer: len(trainer.log.rows) >= num_iterations).rows
