"""Generalised advantage estimation (chapter 03)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def compute_advantages(
    rewards: Float[Tensor, "T N"],
    values: Float[Tensor, "T N"],
    next_values: Float[Tensor, "T N"],
    terminations: Bool[Tensor, "T N"],
    truncations: Bool[Tensor, "T N"],
    gamma: float,
    gae_lambda: float,
) -> Float[Tensor, "T N"]:
    """Compute generalised advantage estimates. Row t is the transition (s_t, a_t) -> (r_t, s_{t+1}).

        delta_t = r_t + gamma * (not terminated_t) * V(s_{t+1}) - V(s_t)
        A_t     = delta_t + gamma * gae_lambda * (not done_t) * A_{t+1},  done_t: terminated_t or truncated_t

    Args:
        rewards: r_t.
        values: V(s_t).
        next_values: V(s_{t+1}) of the state that the step really led to, not of the reset after it.
        terminations: True where the step ended the episode for good: there is nothing to bootstrap from.
        truncations: True where the step ran out of time: the sum ends, but V(s_{t+1}) still counts (unless the step
            terminated too).
        gamma: the discount factor.
        gae_lambda: how far to trust rewards (1) rather than values (0).

    Returns:
        A_t, one for each step: a new tensor, in the precision and on the device of `rewards`.

    Source: Schulman et al., High-Dimensional Continuous Control Using GAE (2016), equations 11 to 16; detail 5 of
    "The 37 Implementation Details of PPO".
    """
    dones = terminations | truncations
    deltas = rewards + gamma * next_values * ~terminations - values

    advantages = torch.zeros_like(rewards)
    next_advantage = torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        advantages[t] = deltas[t] + gamma * gae_lambda * ~dones[t] * next_advantage
        next_advantage = advantages[t]
    return advantages
