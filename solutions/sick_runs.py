"""Runs of which some are sick, for you to find out which and why (chapter 05). What ails them stands below: diagnose first."""

from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

from jaxtyping import Float
from torch import Tensor

from solutions import losses
from solutions.args import PRESETS
from solutions.trainer import PPOTrainer


def train_patient(name: str, num_iterations: int) -> list[dict[str, float]]:
    """Train one of the patients on CartPole, all with the preset and the same seed.

    Args:
        name: one of those in `PATIENTS`.
        num_iterations: how many iterations it trains; the learning rate falls as if the run went on to its end.

    Returns:
        The rows of its log, one for each iteration.
    """
    with patch.multiple(losses, **PATIENTS[name]()):
        trainer = PPOTrainer(replace(PRESETS["cartpole"], seed=2))
        return trainer.train(on_iteration=lambda trainer: len(trainer.log.rows) >= num_iterations).rows


def _healthy() -> dict[str, Callable]:
    return {"value_loss": losses.value_loss}


def _forgets_who_played() -> dict[str, Callable]:
    """Compare the policy with itself: the log-probabilities of the rollout are replaced by those of the current network."""
    policy_loss, approx_kl, clipfrac = losses.policy_loss, losses.approx_kl, losses.clipfrac
    return {
        "policy_loss": lambda new, old, advantages, clip_coef: policy_loss(new, new.detach(), advantages, clip_coef),
        "approx_kl": lambda new, old: approx_kl(new, new),
        "clipfrac": lambda new, old, clip_coef: clipfrac(new, new, clip_coef),
    }


def _every_value_against_every_return() -> dict[str, Callable]:
    def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
        return 0.5 * (new_values[:, None] - returns).square().mean()

    return {"value_loss": value_loss}


PATIENTS = {"A": _every_value_against_every_return, "B": _healthy, "C": _forgets_who_played}
