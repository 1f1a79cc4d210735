"""Environments whose every step is written down beforehand, and remembered."""

import gymnasium as gym
import numpy as np


class ScriptedEnvs(gym.vector.VectorEnv):
    """N environments that follow a script whatever the actions, and remember what passed.

    Observations are 3 random numbers (or bytes), so that each can be recognised. Environment n ends an episode at every step t with
    (t + n) % 5 == 4, terminated for even n and truncated for odd n; then `final_obs` differs from the next observation.
    """

    def __init__(self, num_envs: int, num_actions: int, in_bytes: bool = False):
        self.num_envs = num_envs
        self.in_bytes = in_bytes
        self.single_observation_space = (
            gym.spaces.Box(0, 255, (3,), np.uint8) if in_bytes else gym.spaces.Box(-np.inf, np.inf, (3,))
        )
        self.single_action_space = gym.spaces.Discrete(num_actions)
        self.rng = np.random.default_rng(0)
        self.resets = 0
        self.shown, self.actions, self.rewards = [], [], []
        self.terminations, self.truncations, self.final_obs = [], [], []

    def _new_obs(self) -> np.ndarray:
        if self.in_bytes:
            return self.rng.integers(0, 256, (self.num_envs, 3), np.uint8)
        return self.rng.normal(size=(self.num_envs, 3)).astype(np.float32)

    def reset(self, seed=None, options=None):
        self.resets += 1
        self.shown.append(self._new_obs())
        return self.shown[-1].copy(), {}

    def step(self, actions):
        if not isinstance(actions, np.ndarray) or actions.shape != (self.num_envs,):
            raise TypeError(
                f"The environments take a NumPy array of {self.num_envs} actions; they were given {type(actions).__name__}."
            )
        t = len(self.actions)
        self.actions.append(actions.copy())
        n = np.arange(self.num_envs)
        ends = (t + n) % 5 == 4
        self.terminations.append(ends & (n % 2 == 0))
        self.truncations.append(ends & (n % 2 == 1))
        self.rewards.append(self.rng.normal(size=self.num_envs).astype(np.float32))
        self.shown.append(self._new_obs())
        self.final_obs.append(np.where(ends[:, None], self._new_obs(), self.shown[-1]))
        infos = {
            "final_obs": self.final_obs[-1].copy(),
            "game_over": ends,
            "episodic_return": np.ones(self.num_envs),
            "episodic_length": np.full(self.num_envs, 5),
        }
        return self.shown[-1].copy(), self.rewards[-1].copy(), self.terminations[-1].copy(), self.truncations[-1].copy(), infos
