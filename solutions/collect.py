"""A rollout from anything that can be played, apart from any training."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import NamedTuple

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from solutions.rollout import PPOAgent, Rollout
from utils.contract import Transition


class Session(NamedTuple):
    """Something that N environments play: how to start it, how to see what they show, and how to make a step."""

    start: Callable[[], None]
    """Called once at the beginning of every rollout; a session that is under way already stays where it is."""
    observe: Callable[[], np.ndarray]
    """() -> obs (N, ...), what the environments show now."""
    step: Callable[[np.ndarray], Transition]
    """actions (N,) -> the transition, checked: nothing looks at it again before it is in the rollout."""


def session_of(envs: gym.vector.VectorEnv, seed: int | None = None) -> Session:
    """A session on vector environments, in this process or in others. It outlives a rollout: the next one goes on in it.

    Args:
        envs: `utils.contract.CheckedEnvs`, round what `utils.envs.make_envs` makes.
        seed: for their reset, which is the session's start.
    """
    shown: list[np.ndarray] = []

    def start() -> None:
        if not shown:
            shown.append(envs.reset(seed=seed)[0])

    def step(actions: np.ndarray) -> Transition:
        shown[0], rewards, terminations, truncations, infos = envs.step(actions)
        return Transition(None, actions, rewards, terminations, truncations, shown[0], infos["final_obs"])

    return Session(start, lambda: shown[0], step)


def collect(session: Session, actor: nn.Module, critic: nn.Module, num_steps: int, generator: torch.Generator) -> Rollout:
    """Play a number of steps, and return them as a closed rollout.

    For rollouts that must be repeatable by themselves: all chance but the session's own is the generator's. Two calls in a
    row play what one call of twice the length would have played. (A training has its own way, `PPOTrainer.rollout_phase`:
    it draws from torch's own generator and counts games as it goes. Both play by `PPOAgent.play_step`.)

    Args:
        session: what to play.
        actor, critic: the networks.
        num_steps: T, the rows of the rollout.
        generator: the random state to draw actions from, on the networks' device; it is left advanced.

    Raises:
        ContractError, WorkerError: from the session's step.
    """
    with drawing_from(generator):
        agent = PPOAgent(_SessionEnvs(session), actor, critic, num_steps)
        for _ in range(num_steps):
            agent.play_step()
    agent.rollout.close(actor, critic, agent.next_obs)
    return agent.rollout


class _SessionEnvs(gym.vector.VectorEnv):
    """A session, as the environments of a PPOAgent."""

    def __init__(self, session: Session):
        self.session = session

    def reset(self, *, seed=None, options=None):
        self.session.start()
        obs = self.session.observe()
        self.num_envs = len(obs)
        return obs, {}

    def step(self, actions):
        did = self.session.step(actions)
        infos = {"final_obs": did.final_obs}
        return self.session.observe(), did.rewards, did.terminations, did.truncations, infos


@contextmanager
def drawing_from(generator: torch.Generator):
    """Within the block, whatever torch draws on the generator's device comes from it; torch's own state is as before."""
    on_cuda = generator.device.type == "cuda"
    own = torch.cuda.default_generators[generator.device.index or 0] if on_cuda else torch.default_generator
    kept = own.get_state()
    own.set_state(generator.get_state())
    try:
        yield
    finally:
        generator.set_state(own.get_state())
        own.set_state(kept)
