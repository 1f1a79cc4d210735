"""Playing and remembering: the rollout, the agent that fills it, and the minibatches drawn from it (chapter 03)."""

from dataclasses import dataclass, field

import gymnasium as gym
import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from solutions import networks, policy_gradient


@dataclass
class Rollout:
    """What N environments did in T steps. Row t is the transition (s_t, a_t) -> (r_t, s_{t+1}).

    While it is open it holds a list of rows; `close` stacks them into tensors of shape (T, N, ...) and works out
    `next_values`, the value of the state that each step really led to.
    """

    num_steps: int
    device: torch.device
    rows: list[dict[str, Tensor]] = field(default_factory=list)
    final_obs: list[tuple[int, Tensor, Tensor]] = field(default_factory=list)

    def clear(self) -> None:
        """Forget every row, and open the rollout again."""
        self.rows, self.final_obs = [], []

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
            ValueError: the rollout is full, or the actions, log-probabilities or values are not one for each environment.
        """
        if len(self.rows) == self.num_steps:
            raise ValueError(f"The rollout has its {self.num_steps} rows already: clear it before you play on.")
        num_envs = len(rewards)
        for name, column in {"actions": actions, "logprobs": logprobs, "values": values}.items():
            if column.shape != (num_envs,):
                raise ValueError(f"`{name}` has shape {tuple(column.shape)}; expected one for each environment: ({num_envs},).")
        if truncations.any():
            where = torch.as_tensor(truncations.nonzero()[0])
            self.final_obs.append((len(self.rows), where, torch.as_tensor(final_obs[truncations])))
        self.rows.append(
            {
                "obs": obs,
                "actions": actions,
                "logprobs": logprobs,
                "values": values,
                "rewards": torch.as_tensor(rewards, dtype=torch.float32),
                "terminations": torch.as_tensor(terminations),
                "truncations": torch.as_tensor(truncations),
            }
        )

    @torch.no_grad()
    def close(self, actor: nn.Module, critic: nn.Module, next_obs: Shaped[np.ndarray, "N *obs_shape"]) -> None:
        """Stack the rows into tensors, and work out the value of the state that each step led to.

        Afterwards the rollout has the attributes obs, actions, logprobs, values, rewards, terminations, truncations
        and next_values, each (T, N, ...).

        Args:
            actor, critic: the networks that played.
            next_obs: the observations after the last row.

        Raises:
            ValueError: the rollout is not full.
        """
        if len(self.rows) != self.num_steps:
            raise ValueError(f"The rollout has {len(self.rows)} rows instead of {self.num_steps}: play on before you close it.")
        for name in self.rows[0]:
            setattr(self, name, torch.stack([row[name] for row in self.rows]).to(self.device))
        value_of = lambda obs: networks.actor_critic_forward(actor, critic, torch.as_tensor(obs).to(self.device))[1]
        self.next_values = torch.cat([self.values[1:], value_of(next_obs)[None]])
        for t, where, obs in self.final_obs:  # the next row's state comes after a reset: not where the step led
            self.next_values[t, where.to(self.device)] = value_of(obs)


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
        self.next_obs, _ = envs.reset(seed=seed)

    @torch.no_grad()
    def play_step(self) -> dict:
        """Play one step in every environment, and store it as the next row of the rollout.

        Actions are sampled for the current observations; the row holds these observations, the actions, their
        log-probabilities, the critic's values, and what the step returned. Then the agent moves on to the next
        observations. `global_step` grows by the number of environments.

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
        batch_size // minibatch_size integer arrays of shape (minibatch_size,); together a permutation.
    """
    indices = rng.permutation(batch_size)
    return [indices[start : start + minibatch_size] for start in range(0, batch_size, minibatch_size)]
