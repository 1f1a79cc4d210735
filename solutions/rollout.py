"""Playing and remembering: the rollout, the agent that fills it, and the minibatches drawn from it (chapter 03)."""

import gymnasium as gym
import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor, nn

from solutions import networks, policy_gradient


class Rollout:
    """What N environments did in T steps. Row t is the transition (s_t, a_t) -> (r_t, s_{t+1}).

    While it is open, `add` writes row after row. Rows are added whole or not at all, so no column can fall behind another.
    Once it is full, `close` shows its columns, and works out `next_values`: the value of the state that each step really
    led to, also where it truncated the episode. Where a step terminated there is no such state, and the entry means nothing.
    """

    obs: Shaped[Tensor, "T N *obs_shape"]
    actions: Shaped[Tensor, "T N"]
    logprobs: Float[Tensor, "T N"]
    values: Float[Tensor, "T N"]
    rewards: Float[Tensor, "T N"]
    terminations: Bool[Tensor, "T N"]
    truncations: Bool[Tensor, "T N"]
    next_values: Float[Tensor, "T N"]

    def __init__(self, num_steps: int, device: torch.device):
        """Open a rollout of T = `num_steps` rows, whose columns will lie on a device."""
        self.num_steps = num_steps
        self.device = device
        self.clear()

    def clear(self) -> None:
        """Forget every row, and open the rollout again."""
        for name in Rollout.__annotations__:
            vars(self).pop(name, None)  # or a closed rollout would take its place in memory beside the next one
        self.num_rows = 0
        self._columns: dict[str, Tensor] = {}
        self._final_obs: list[tuple[int, np.ndarray]] = []

    @property
    def rows(self) -> list[dict[str, Tensor]]:
        """The rows so far, each a view of all columns."""
        return [{name: column[t] for name, column in self._columns.items()} for t in range(self.num_rows)]

    def add(
        self,
        *,
        obs: Shaped[Tensor, "N *obs_shape"],
        actions: Shaped[Tensor, "N"],
        logprobs: Float[Tensor, "N"],
        values: Float[Tensor, "N"],
        rewards: Shaped[np.ndarray, "N"],
        terminations: Shaped[np.ndarray, "N"],
        truncations: Shaped[np.ndarray, "N"],
        final_obs: Shaped[np.ndarray, "N *obs_shape"],
    ) -> None:
        """Add the next row: one transition of each environment.

        Args:
            obs, actions, logprobs, values: what the agent saw, did and thought, on the device.
            rewards, terminations, truncations: what the step returned.
            final_obs: the observations that the step really led to; read where it truncated.

        Raises:
            ValueError: the rollout is full, or something is not one for each environment.
        """
        if self.num_rows == self.num_steps:
            raise ValueError(f"The rollout has its {self.num_steps} rows already: clear it before you play on.")
        num_envs = len(rewards)
        row = {
            "obs": obs,
            "actions": actions,
            "logprobs": logprobs,
            "values": values,
            "rewards": torch.as_tensor(rewards, dtype=torch.float32),
            "terminations": torch.as_tensor(terminations),
            "truncations": torch.as_tensor(truncations),
        }
        for name, entry in row.items():
            one_each = (num_envs, *entry.shape[1:]) if name == "obs" else (num_envs,)
            shape = tuple(self._columns[name].shape[1:]) if self._columns else one_each
            if entry.shape != shape:
                raise ValueError(f"`{name}` has shape {tuple(entry.shape)}; expected one for each environment: {shape}.")
        if not self._columns:
            for name, entry in row.items():  # pictures lie as convolutions want them, see solutions/fast/precision.py
                layout = torch.channels_last if entry.ndim == 4 else torch.contiguous_format
                size = (self.num_steps * num_envs, *entry.shape[1:])
                column = torch.empty(size, dtype=entry.dtype, device=self.device, memory_format=layout)
                self._columns[name] = column.unflatten(0, (self.num_steps, num_envs))
        for name, entry in row.items():
            self._columns[name][self.num_rows] = entry
        if truncations.any():
            self._final_obs.append((self.num_rows, final_obs[truncations]))
        self.num_rows += 1

    @torch.no_grad()
    def close(self, actor: nn.Module, critic: nn.Module, next_obs: Shaped[np.ndarray, "N *obs_shape"]) -> None:
        """Show the columns, each (T, N, ...), and work out `next_values`.

        Args:
            actor, critic: the networks that played.
            next_obs: the observations after the last row.

        Raises:
            ValueError: the rollout is not full.
        """
        if self.num_rows != self.num_steps:
            raise ValueError(f"The rollout has {self.num_rows} rows instead of {self.num_steps}: play on before you close it.")
        for name, column in self._columns.items():
            setattr(self, name, column)
        value_of = lambda obs: networks.actor_critic_forward(actor, critic, torch.as_tensor(obs).to(self.device))[1]
        self.next_values = torch.cat([self.values[1:], value_of(next_obs)[None]])
        for t, obs in self._final_obs:  # the next row's state comes after a reset: not where the step led
            self.next_values[t, self.truncations[t]] = value_of(obs)


class PPOAgent:
    """Plays in N environments side by side, and stores what happens in its rollout."""

    def __init__(
        self, envs: gym.vector.VectorEnv, actor: nn.Module, critic: nn.Module, num_steps: int = 128, seed: int | None = None
    ):
        """Start a game in every environment.

        Args:
            envs: made by `utils.envs.make_envs`.
            actor, critic: see `networks.get_actor_and_critic`.
            num_steps: T, the rows of a rollout.
            seed: for the environments' first reset.
        """
        self.envs = envs
        self.actor = actor
        self.critic = critic
        self.device = next(actor.parameters()).device
        self.rollout = Rollout(num_steps, self.device)
        self.global_step = 0
        self.restart(seed)

    def restart(self, seed: int | None = None) -> None:
        """Start a new game in every environment; the rollout and `global_step` stay as they are."""
        self.next_obs, _ = self.envs.reset(seed=seed)

    @torch.no_grad()
    def play_step(self) -> dict:
        """Play one step in every environment, and store it as the next row of the rollout.

        Actions are sampled for the current observations; the row holds these observations (as they came: bytes stay
        bytes), the actions, their log-probabilities, the critic's values, and what the step returned. Then the agent
        moves on to the next observations. `global_step` grows by the number of environments.

        Returns:
            The infos of the step.
        """
        obs = torch.as_tensor(self.next_obs).to(self.device)
        logits, values = networks.actor_critic_forward(self.actor, self.critic, obs)
        actions, logprobs = policy_gradient.sample_actions(logits)

        next_obs, rewards, terminations, truncations, infos = self.envs.step(actions.cpu().numpy())
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
        self.next_obs = next_obs
        self.global_step += self.envs.num_envs
        return infos


def get_minibatch_indices(rng: np.random.Generator, batch_size: int, minibatch_size: int) -> list[np.ndarray]:
    """Shuffle the numbers 0 to batch_size - 1 and cut them into minibatches.

    Args:
        rng: where the randomness comes from.
        batch_size: how many numbers; a multiple of minibatch_size.
        minibatch_size: B, how many in each minibatch.

    Returns:
        A list of batch_size // minibatch_size integer arrays of shape (minibatch_size,); together a permutation.
    """
    indices = rng.permutation(batch_size)
    return [indices[start : start + minibatch_size] for start in range(0, batch_size, minibatch_size)]
