"""The details of PPO, each of which can be left out or changed while everything else stays (chapters 13 and 14).

`python chapters/ablate.py GAME` trains them over many seeds.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from unittest.mock import patch

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from solutions import advantages, losses, networks, optim, rollout
from solutions.args import PRESETS, PPOArgs
from solutions.trainer import PPOTrainer
from utils.files import read_records
from utils.paths import ROOT

FILE = ROOT / "chapters" / "ablation.json"

POINTS = 25
"""So many points of each curve are kept."""

GAMES = {
    "cartpole": replace(PRESETS["cartpole"], total_timesteps=51_200),
    "acrobot": replace(PRESETS["cartpole"], env_id="Acrobot-v1", total_timesteps=51_200),
    "breakout": replace(PRESETS["breakout"], total_timesteps=300_000, device="cpu", precision="fp32"),
}


WORST = {"cartpole": 0.0, "acrobot": -500.0, "breakout": 0.0}
"""The lowest score of each game."""


@dataclass(frozen=True)
class Detail:
    """One thing that is changed: settings, or a part that another one replaces."""

    says: str
    settings: dict = field(default_factory=dict)
    part: Callable[[], AbstractContextManager] | None = None  # a context within which the run is made and trained


@contextmanager
def replaced(module, name: str, part) -> Iterator[None]:
    """Within the block, replace `module.name` by what `part` makes of it."""
    with patch.object(module, name, part(getattr(module, name))):
        yield


def plain_init():
    return replaced(networks, "layer_init", lambda _: lambda layer, std=1.0: layer)


def large_last_layer():
    # of the four layers only the actor's last one has a std below 1
    return replaced(networks, "layer_init", lambda init: lambda layer, std=2**0.5: init(layer, max(std, 1.0)))


def small_eps():
    def part(make_optimizer):
        def with_eps(*arguments):
            optimizer = make_optimizer(*arguments)
            for group in optimizer.param_groups:
                group["eps"] = 1e-8
            return optimizer

        return with_eps

    return replaced(optim, "make_optimizer", part)


def in_order():
    """Minibatches of neighbouring steps, the same in every epoch."""
    return replaced(
        rollout,
        "get_minibatch_indices",
        lambda _: lambda rng, batch_size, minibatch_size: np.arange(batch_size).reshape(-1, minibatch_size),
    )


def time_limit_as_end():
    """A truncated step is taken for a terminated one."""
    return replaced(
        advantages,
        "compute_advantages",
        lambda compute: (
            lambda rewards, values, next_values, terminations, truncations, *rest: compute(
                rewards, values, next_values, terminations | truncations, truncations, *rest
            )
        ),
    )


def shared_trunk():
    def part(build):
        def with_one_trunk(num_inputs: int, num_actions: int):
            actor, critic = build(num_inputs, num_actions)
            trunk = actor[:-1]
            return nn.Sequential(trunk, actor[-1]), nn.Sequential(trunk, critic[-1])

        return with_one_trunk

    return replaced(networks, "get_actor_and_critic_classic", part)


@contextmanager
def clipped_value_loss() -> Iterator[None]:
    """A value that has moved by more than `clip_coef` towards its target since the rollout gets no gradient (detail 9 of the 37).

    The loss is not told which steps its minibatch has, so the minibatches and the advantages leave word of it.
    """
    seen = {}

    def noting_values(compute):
        def noted(rewards, values, *rest):
            seen["values"] = values.flatten()
            return compute(rewards, values, *rest)

        return noted

    def noting_indices(get):
        def noted(*arguments):
            for indices in get(*arguments):
                seen["indices"] = indices
                yield indices

        return noted

    def clipped(new_values, returns):
        values = seen["values"][torch.as_tensor(seen["indices"])]
        near = values + (new_values - values).clamp(-PPOArgs.clip_coef, PPOArgs.clip_coef)
        return 0.5 * torch.max((new_values - returns).square(), (near - returns).square()).mean()

    with (
        replaced(advantages, "compute_advantages", noting_values),
        replaced(rollout, "get_minibatch_indices", noting_indices),
        replaced(losses, "value_loss", lambda _: clipped),
    ):
        yield


DETAILS = {
    "as it is": Detail("the settings of the game, unchanged"),
    "advantages not normalised": Detail("norm_adv=False (detail 7 of the 37)", {"norm_adv": False}),
    "PyTorch's initialisation": Detail(
        "weights and biases as PyTorch draws them: not orthogonal, and no small last layer (detail 2)", part=plain_init
    ),
    "large last layer": Detail(
        "the actor's last layer begins with std 1 in the place of 0.01 (detail 2)", part=large_last_layer
    ),
    "learning rate stays": Detail("anneal_lr=False (detail 4)", {"anneal_lr": False}),
    "Adam's eps 1e-8": Detail("PyTorch's default in the place of 1e-5 (detail 3)", part=small_eps),
    "lambda 0": Detail("gae_lambda=0: one reward and the next value (detail 5)", {"gae_lambda": 0.0}),
    "lambda 1": Detail("gae_lambda=1: all rewards up to the end of the rollout, then a value (detail 5)", {"gae_lambda": 1.0}),
    "ratio not clipped": Detail("clip_coef=1e9 (detail 8)", {"clip_coef": 1e9}),
    "no entropy bonus": Detail("ent_coef=0 (detail 10)", {"ent_coef": 0.0}),
    "gradient not clipped": Detail("max_grad_norm=1e9 (detail 11)", {"max_grad_norm": 1e9}),
    "one epoch": Detail("update_epochs=1 (detail 6)", {"update_epochs": 1}),
    "minibatches in order": Detail("neighbouring steps, the same in every epoch (detail 6)", part=in_order),
    "time limit as an end": Detail(
        "no value of the next state where the time ran out, after 500 steps", part=time_limit_as_end
    ),
    "value loss clipped": Detail(
        "no gradient for a value that has moved by more than 0.2 towards its target (detail 9)", part=clipped_value_loss
    ),
    "shared trunk": Detail("actor and critic share their hidden layers (detail 13)", part=shared_trunk),
}


DETAILS_OF = {name: list(DETAILS) for name in GAMES} | {
    "breakout": ["as it is", "advantages not normalised", "learning rate stays", "lambda 0", "ratio not clipped", "one epoch"]
}
"""The variants that are trained in each game. Breakout takes hours, so only five changes are, all of them settings."""


def train(args: PPOArgs, detail: Detail) -> tuple[list[int], list[float]]:
    """Train one run of a variant, printing nothing.

    Returns:
        steps: the environment steps played at 25 moments at equal distances, the last one at the end; with fewer iterations, after each.
        scores: the mean score of the last 100 games then, of the episodes so far where there are fewer; NaN before the first.
    """
    with (detail.part or nullcontext)(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        log = PPOTrainer(replace(args, **detail.settings)).train()
    points = min(POINTS, len(log.rows))
    kept = np.linspace(len(log.rows) / points - 1, len(log.rows) - 1, points).round().astype(int)
    return [log.rows[k]["global_step"] for k in kept], [log.rows[k]["episodic_return"] for k in kept]


def scores_of(game: str, curves: Float[np.ndarray, "runs points"]) -> Float[np.ndarray, "runs"]:
    """Return a score for each run: the mean of its curve, which counts as the game's lowest score before the first game has ended."""
    return np.nan_to_num(curves, nan=WORST[game]).mean(axis=1)


def read_runs(game: str) -> dict[str, dict]:
    """Return the recorded runs of a game, by the name of their variant.

    Returns:
        For each variant, as arrays, `steps` (P,) and `curves` (runs, P): the mean score of the last 100 games after so many steps;
        `scores` (runs,): those of `scores_of`; and `core_seconds`, what its runs took on one core each.

    Raises:
        ValueError: there is no such file, it cannot be read, or it has no runs of the game; the message says what to do.
    """
    variants = read_records(FILE, f"python chapters/ablate.py {game}")
    if game not in variants:
        raise ValueError(
            f"There are no recorded runs of {game!r}, only of {', '.join(variants)}: choose one of these, or make them by "
            f"`python chapters/ablate.py {game}`."
        )
    runs = {}
    for name, one in variants[game].items():
        curves = np.array(one["curves"], dtype=float)
        runs[name] = {
            "steps": np.array(one["steps"]),
            "curves": curves,
            "scores": scores_of(game, curves),
            "core_seconds": one["core_seconds"],
        }
    return runs
