"""How well an agent plays, measured apart from its training (chapter 06)."""

from typing import TYPE_CHECKING

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor, nn

from solutions import networks, policy_gradient
from solutions.args import PPOArgs, require_counts
from utils.display import caption_frames
from utils.envs import make_envs

if TYPE_CHECKING:
    from solutions.trainer import PPOTrainer


def on_device_of(network: nn.Module, obs: np.ndarray) -> Tensor:
    """Turn observations (N, ...), as the environments return them, into what a network takes: floats, on its device."""
    return networks.prepare_obs(torch.as_tensor(obs).to(next(network.parameters()).device))


@torch.no_grad()
def choose_actions(actor: nn.Module, obs: np.ndarray, greedy: bool) -> np.ndarray:
    """Choose a policy's actions for a batch of observations.

    Args:
        actor: observations -> logits (N, num_actions).
        obs: (N, ...), as the environments return them.
        greedy: whether to take the most probable action rather than to sample.

    Returns:
        actions (N,), ready for `envs.step`.
    """
    logits: Tensor = actor(on_device_of(actor, obs))
    actions = logits.argmax(dim=-1) if greedy else policy_gradient.sample_actions(logits)[0]
    return actions.cpu().numpy()


def evaluate(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    num_episodes: int,
    greedy: bool = True,
    max_steps: int = 27_000,
    seed: int | None = None,
) -> np.ndarray:
    """Play whole games, and return their true scores.

    The games are played in rounds: all environments start together, each plays one game, and a round ends with its
    longest game. So a long game counts as surely as a short one. (Taking the first games to finish would favour the
    short ones.)

    Args:
        actor: the policy.
        envs: made by `utils.envs.make_envs`; they are reset at the start of every round.
        num_episodes: how many games.
        greedy: whether to take the most probable action rather than to sample.
        max_steps: a game is cut short after so many steps, and counts with the score it has. A greedy Breakout agent
            that never presses FIRE would play for ever. 27,000 steps are 30 minutes of Atari.
        seed: the seed of the first environment's first game; others follow from it.

    Returns:
        The episodic returns, rewards unclipped, shape (num_episodes,): round by round, in the order of the environments. They
        may be negative, and need not be whole.
    """
    scores = []
    for round_start in range(0, num_episodes, envs.num_envs):
        obs, _ = envs.reset(seed=None if seed is None else seed + round_start)
        returns = np.zeros(envs.num_envs)
        playing = np.ones(envs.num_envs, dtype=bool)
        for _ in range(max_steps):
            obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
            returns[playing] = infos["episodic_return"][playing]
            playing &= ~infos["game_over"]
            if not playing.any():
                break
        scores.append(returns)
    return np.concatenate(scores)[:num_episodes]


@torch.no_grad()
def record_game(
    actor: nn.Module,
    envs: gym.vector.VectorEnv,
    greedy: bool = False,
    max_steps: int = 2_000,
    seed: int | None = None,
    critic: nn.Module | None = None,
) -> tuple[list[np.ndarray], float]:
    """Film a game.

    Args:
        actor: the policy.
        envs: one environment, made by `make_envs(..., num_envs=1, render=True)`.
        greedy, max_steps, seed: see `evaluate`.
        critic: if given, the pictures show its value and the return so far, see `utils.display.caption_frames`.

    Returns:
        The pictures (height, width, 3), one for each step, and the score.
    """
    frames, values, returns = [], [], [0.0]
    obs, _ = envs.reset(seed=seed)
    for _ in range(max_steps):
        frames.append(envs.render()[0])
        if critic is not None:
            values.append(critic(on_device_of(critic, obs)).item())
        obs, _, _, _, infos = envs.step(choose_actions(actor, obs, greedy))
        returns.append(float(infos["episodic_return"][0]))
        if infos["game_over"][0]:
            break
    return frames if critic is None else caption_frames(frames, values, returns), returns[-1]


class Evaluator:
    """Evaluates the greedy policy every few iterations, and says when the run may stop.

    Pass it to `PPOTrainer.train`. A look that says stop is the luckiest of many, so fresh games have to confirm it. Neither
    these nor those that `report` plays had a say before: all have seeds of their own.
    """

    def __init__(self, args: PPOArgs, every: int, num_episodes: int, max_steps: int, threshold: float | None = None):
        """See `evaluate`.

        Args:
            args: the settings of the run.
            every: how many iterations lie between two evaluations.
            num_episodes, max_steps: see `evaluate`.
            threshold: the run stops once the mean score less three standard errors reaches it, in the games of a look and then
                in as many fresh ones; None never stops it.

        Raises:
            ValueError: a count is below 1.
        """
        require_counts(eval_every=every, eval_episodes=num_episodes, eval_max_steps=max_steps)
        self.args, self.every, self.num_episodes, self.max_steps = args, every, num_episodes, max_steps
        self.threshold = threshold
        self.settings = {"every": every, "episodes": num_episodes, "max_steps": max_steps, "greedy": True}
        self.solved = False
        self._envs = None

    def __call__(self, trainer: "PPOTrainer") -> bool:
        """Evaluate if it is time to; returns whether the run may stop."""
        if len(trainer.log.rows) % self.every == 0:
            done = [one for one in trainer.log.evaluations if one["global_step"] == trainer.agent.global_step]
            latest = done[-1] if done else self.note(trainer)  # done: before the run was stopped and resumed
            self.solved = self.reaches(latest["mean"], latest["std"]) and self.confirm(trainer)
        return self.solved

    def reaches(self, mean: float, std: float) -> bool:
        """Tell whether the mean of an evaluation's scores, less three standard errors, reaches the threshold."""
        return self.threshold is not None and bool(mean - 3 * std / self.num_episodes**0.5 >= self.threshold)

    def confirm(self, trainer: "PPOTrainer") -> bool:
        """Play fresh games, and say whether they reach the threshold too."""
        scores = self.play(trainer.actor, first_seed=30_000 + self.num_episodes * len(trainer.log.rows))
        confirmed = self.reaches(scores.mean(), scores.std())
        trainer.log.add_confirmation(scores, confirmed)
        return confirmed

    def note(self, trainer: "PPOTrainer") -> dict:
        """Evaluate now, and add the result to the log of the run; returns it."""
        trainer.log.add_evaluation(trainer.agent.global_step, self.play(trainer.actor, first_seed=10_000))
        return trainer.log.evaluations[-1]

    def report(self, actor: nn.Module, greedy: bool = True) -> np.ndarray:
        """Play `num_episodes` games that had no say in when to stop; returns their scores."""
        return self.play(actor, first_seed=20_000, greedy=greedy)

    def play(self, actor: nn.Module, first_seed: int, greedy: bool = True) -> np.ndarray:
        """Play `num_episodes` games from a seed on; returns their scores."""
        if self._envs is None:
            num_envs = self.num_episodes if self.args.mode == "classic-control" else min(self.num_episodes, 20)
            self._envs = make_envs(self.args.env_id, num_envs, self.args.mode, sticky_actions=self.args.sticky_actions)
        seed = (first_seed + 1_000_000 * self.args.seed) % 2**30  # the emulators' seeds have 31 bits
        return evaluate(actor, self._envs, self.num_episodes, greedy, self.max_steps, seed)
