"""Policy gradients before PPO, and the first critic (chapters 00 to 02)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


def discounted_returns(rewards: Float[Tensor, "T"], gamma: float) -> Float[Tensor, "T"]:
    """Compute the discounted return from each step of one episode: G_t = r_t + gamma * r_{t+1} + gamma^2 * r_{t+2} + ...

    Args:
        rewards: the rewards of one whole episode, in order.
        gamma: the discount factor, between 0 and 1.

    Returns:
        A new tensor: entry t is the return counted from step t.

    Source: Sutton and Barto, Reinforcement Learning (2018), equation 3.8.
    """
    returns = torch.zeros_like(rewards)
    future = 0.0
    for t in reversed(range(len(rewards))):
        future = rewards[t] + gamma * future
        returns[t] = future
    return returns


def sample_actions(logits: Float[Tensor, "N num_actions"]) -> tuple[Int[Tensor, "N"], Float[Tensor, "N"]]:
    """Draw one action for each row from softmax(logits), and give its log-probability.

    Args:
        logits: unnormalised log-probabilities, one row for each environment.

    Returns:
        actions: drawn at random, each with its probability.
        logprobs: log pi(a|s) of just these actions.
    """
    all_logprobs = logits.log_softmax(dim=-1)
    actions = torch.multinomial(all_logprobs.exp(), num_samples=1)
    return actions.squeeze(-1), all_logprobs.gather(-1, actions).squeeze(-1)


def reinforce_loss(logprobs: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    """Compute a loss whose gradient is the REINFORCE estimate of the policy gradient, negated for minimising.

    Args:
        logprobs: log pi(a_t|s_t) of the actions taken, with their graph.
        returns: the return that followed each action; taken as constants, though they may carry a graph.

    Returns:
        A scalar: minus the mean of logprobs * returns.

    Source: Williams (1992); Sutton and Barto (2018), section 13.3.
    """
    return -(logprobs * returns.detach()).mean()


def fit_critic(
    critic: nn.Module, optimizer: torch.optim.Optimizer, obs: Float[Tensor, "B num_obs"], returns: Float[Tensor, "B"]
) -> Float[Tensor, ""]:
    """Take one gradient step that brings a critic's values nearer to the returns.

    Args:
        critic: observations (B, num_obs) -> values (B, 1).
        optimizer: made with the critic's parameters, in which gradients of an earlier step may be left.
        obs: a batch of observations.
        returns: the return that followed each of them.

    Returns:
        The mean squared error as it was before the step, without a graph.

    Source: Sutton and Barto (2018), sections 9.3 and 13.4.
    """
    loss = (critic(obs).squeeze(-1) - returns).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


def estimate_advantages(critic: nn.Module, obs: Float[Tensor, "B num_obs"], returns: Float[Tensor, "B"]) -> Float[Tensor, "B"]:
    """Estimate how much better each action was than usual: the return that followed, minus the value of the observation.

    Args:
        critic: observations (B, num_obs) -> values (B, 1).
        obs: a batch of observations.
        returns: the return that followed each of them.

    Returns:
        A new tensor without a graph.

    Source: Sutton and Barto (2018), section 13.4.
    """
    with torch.no_grad():
        return returns - critic(obs).squeeze(-1)
