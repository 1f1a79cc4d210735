"""Emulators that play while the network chooses, used by `gpu.GPUTrainer`.

A plain agent waits for its emulators, and they wait for it. Here the environments are two halves: while the emulators of one
half play their step, the agent chooses the actions of the other. With the same actions, each environment plays the same game.
But random numbers are drawn in another order, so a run is not the plain trainer's to the digit.
"""

import numpy as np
import torch
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space

from solutions import networks, policy_gradient, rollout
from solutions.args import PPOArgs
from utils.envs import make_envs


class Halves(VectorEnv):
    """Native emulators in two halves, each of which is sent actions, and asked for its results, apart from the other."""

    def __init__(self, args: PPOArgs):
        """Make the environments that `args` describe; their number is even."""
        self.args, self.size, self.num_envs = args, args.num_envs // 2, args.num_envs
        self.renew()
        self.metadata = self.halves[0].metadata
        self.single_observation_space = self.halves[0].single_observation_space
        self.single_action_space = self.halves[0].single_action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def renew(self) -> None:
        """Make new emulators, in the place of those that may be in the middle of a step."""
        args = self.args
        make_half = lambda: make_envs(args.env_id, self.size, args.mode, sticky_actions=args.sticky_actions).env
        self.halves, self.results = [make_half(), make_half()], []

    def reset(self, *, seed=None, options=None):
        self.results = []
        seeds = [None, None] if seed is None else [seed, seed + self.size]  # as if they were one
        resets = [half.reset(seed=seed, options=options) for half, seed in zip(self.halves, seeds, strict=True)]
        return np.concatenate([obs for obs, _ in resets]), self._join([infos for _, infos in resets])

    def send(self, half: int, actions: np.ndarray) -> None:
        """Let the emulators of a half play a step, and do not wait. Raises ValueError for actions that do not exist."""
        if not 0 <= actions.min() <= actions.max() < self.single_action_space.n:  # the emulators would hang for ever
            raise ValueError(f"The actions {actions} are not all among the {self.single_action_space.n} of the game.")
        self.halves[half].send(actions)

    def receive(self, half: int) -> np.ndarray:
        """Wait for the step of a half; returns its next observations. The next `step` returns the rest."""
        self.results.append(self.halves[half].recv())
        return self.results[-1][0]

    def step(self, actions):
        """Return the results of both halves. If `send` and `receive` have not been called for this step, it does so with `actions`."""
        if not self.results:
            for half, some in enumerate(np.split(actions, 2)):
                self.send(half, some)
            for half in range(2):
                self.receive(half)
        *parts, infos = zip(*self.results, strict=True)
        self.results = []
        if any("final_obs" in some for some in infos):  # it is there only where a game, or a life, has ended
            for some, next_obs in zip(infos, parts[0], strict=True):
                some.setdefault("final_obs", next_obs)
        return *map(np.concatenate, parts), self._join(infos)

    def close_extras(self, **options):
        for half in self.halves:
            half.close()

    def _join(self, infos) -> dict[str, np.ndarray]:
        """Return the infos of both halves as those of all environments."""
        joined = {name: np.concatenate([some[name] for some in infos]) for name in infos[0]}
        joined["env_id"][self.size :] += self.size
        return joined


class OverlappingAgent(rollout.PPOAgent):
    """A PPOAgent in environments that are halves."""

    def restart(self, seed: int | None = None) -> None:
        """See `PPOAgent.restart`."""
        super().restart(seed)
        self.chosen = []

    def play_step(self) -> dict:
        """Play a step as a PPOAgent does, but before it is stored, send off the next.

        Not after the rollout's last: then the networks learn first. If it is interrupted, the next step plays new games, since
        some emulators are in the middle of theirs.
        """
        try:
            return self._play_step()
        except KeyboardInterrupt:
            self.envs.unwrapped.renew()
            self.restart(seed=self.global_step)
            raise

    @torch.no_grad()
    def _play_step(self) -> dict:
        if not self.chosen:
            for half, obs in enumerate(np.split(self.next_obs, 2)):
                self._choose(half, obs)
        *columns, played = zip(*self.chosen, strict=True)
        obs, actions, logprobs, values = map(torch.cat, columns)
        self.chosen = []
        for half in range(2):
            next_obs = self.envs.unwrapped.receive(half)
            if self.rollout.num_rows + 1 < self.rollout.num_steps:
                self._choose(half, next_obs)

        self.next_obs, rewards, terminations, truncations, infos = self.envs.step(np.concatenate(played))
        self.rollout.add(
            obs=obs,
            actions=actions,
            logprobs=logprobs,
            values=values,
            rewards=rewards,
            terminations=terminations,
            truncations=truncations,
            final_obs=infos["final_obs"],
        )
        self.global_step += self.envs.num_envs
        return infos

    def _choose(self, half: int, next_obs: np.ndarray) -> None:
        """Choose the next actions of a half, and let its emulators go."""
        obs = torch.as_tensor(next_obs).to(self.device)
        logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
        actions, logprobs = policy_gradient.sample_actions(logits)
        played = actions.cpu().numpy()
        self.envs.unwrapped.send(half, played)
        self.chosen.append((obs, actions, logprobs, values, played))
