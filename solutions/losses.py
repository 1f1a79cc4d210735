"""The three terms of PPO's loss (chapter 04), and the figures that tell how a run is going (chapter 05)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def policy_loss(
    new_logprobs: Float[Tensor, "B"],
    logprobs: Float[Tensor, "B"],
    advantages: Float[Tensor, "B"],
    clip_coef: float,
) -> Float[Tensor, ""]:
    """Compute the clipped surrogate objective, negated for minimising.

    Args:
        new_logprobs: log pi(a_t|s_t) under the current network, with its graph.
        logprobs: log pi_old(a_t|s_t), as stored in the rollout.
        advantages: A_t, already normalised if they are to be.
        clip_coef: epsilon, any number above 0; a huge one clips nothing.

    Returns:
        A scalar: minus the mean over the minibatch.

    Source: Schulman et al., Proximal Policy Optimization Algorithms (2017), equation 7; detail 8 of the 37.
    """
    ratio = (new_logprobs - logprobs).exp()
    unclipped = ratio * advantages
    clipped = ratio.clamp(1 - clip_coef, 1 + clip_coef) * advantages
    return -torch.min(unclipped, clipped).mean()


def value_loss(new_values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    """Compute half the mean squared error of the critic.

    Args:
        new_values: V(s_t) under the current network, with its graph.
        returns: the targets, advantages + values of the rollout.

    Returns:
        A scalar, without the coefficient `vf_coef`.

    Source: the L^VF of equation 9 in the PPO paper, with the half of detail 9 of the 37 (and no clipping of it).
    """
    return 0.5 * (new_values - returns).square().mean()


def entropy_bonus(logits: Float[Tensor, "B num_actions"]) -> Float[Tensor, ""]:
    """Compute the mean entropy of the policy, in nats: log(num_actions) when it is undecided, 0 when it is certain.

    Args:
        logits: the policy's unnormalised log-probabilities, with their graph; of any size, also far apart.

    Returns:
        A scalar, without the coefficient `ent_coef`; larger is more random.

    Source: the S of equation 9 in the PPO paper; detail 10 of the 37.
    """
    all_logprobs = F.log_softmax(logits, dim=-1)
    return -(all_logprobs.exp() * all_logprobs).sum(dim=-1).mean()


@torch.no_grad()
def approx_kl(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    """Estimate how far the policy has moved from the one that played: KL(pi_old || pi_new), never negative.

    Args:
        new_logprobs: log pi(a_t|s_t) under the current network.
        logprobs: log pi_old(a_t|s_t).

    Returns:
        A scalar: mean((ratio - 1) - log ratio).

    Source: Schulman, Approximating KL Divergence (2020), estimator k3; detail 12 of the 37.
    """
    logratio = new_logprobs - logprobs
    return ((logratio.exp() - 1) - logratio).mean()


@torch.no_grad()
def clipfrac(new_logprobs: Float[Tensor, "B"], logprobs: Float[Tensor, "B"], clip_coef: float) -> Float[Tensor, ""]:
    """Compute the share of the minibatch whose probability ratio has left the interval 1 +- clip_coef.

    Args:
        new_logprobs: log pi(a_t|s_t) under the current network.
        logprobs: log pi_old(a_t|s_t).
        clip_coef: epsilon.

    Returns:
        A scalar between 0 and 1.

    Source: detail 12 of the 37.
    """
    ratio = (new_logprobs - logprobs).exp()
    return ((ratio - 1).abs() > clip_coef).float().mean()


@torch.no_grad()
def explained_variance(values: Float[Tensor, "B"], returns: Float[Tensor, "B"]) -> Float[Tensor, ""]:
    """Compute how much of the returns' variance the critic foresees: 1 is all, 0 is no better than their mean.

    Args:
        values: V(s_t) as predicted when the rollout was played.
        returns: what they were to predict.

    Returns:
        A scalar: 1 - Var(returns - values) / Var(returns), and 0 where all returns are equal, up to rounding.
    """
    variance = returns.var(correction=0)
    foreseen = 1 - (returns - values).var(correction=0) / variance
    are_equal = variance <= 1e-12 * returns.square().mean()  # up to rounding
    return torch.where(are_equal, 0.0, foreseen)  # an `if` would have to wait for a GPU's answer
