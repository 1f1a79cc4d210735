"""What an agent has learned: saliency maps, probes, counterfactual observations (chapters 11 and 12)."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@torch.no_grad()
def occlusion_saliency(
    network: Callable[[Float[Tensor, "B F L L"]], Float[Tensor, "B"]], obs: Float[Tensor, "F L L"], size: int, stride: int
) -> Float[Tensor, "L L"]:
    """Measure how much an output changes when a window of the newest frame turns grey.

    The window stands wholly inside the frame, first in the upper left corner, and moves by `stride` to the right and down, as
    that of a convolution without padding. At each position its pixels are set to their mean, in the newest frame alone.

    Args:
        network: prepared observations (B, F, L, L) -> one output for each (B,). It is called at most twice.
        obs: one prepared observation, in [0, 1]; the newest frame is the last. It is not changed.
        size: the side of the window, in pixels, from 1 to L.
        stride: how far the window moves, in pixels, at least 1.

    Returns:
        For each pixel, the mean of |output with the window grey - output| over the positions that cover it; 0 where none does.
        Divided by the largest, so that the largest is 1; all 0 if the output never changes.

    Raises:
        ValueError: the window is larger than the frame, or `size` or `stride` is below 1.

    Source: the idea is that of Greydanus et al., Visualizing and Understanding Atari Agents (2018), who blur the window.
    """
    side = obs.shape[-1]
    if not 1 <= size <= side or stride < 1:
        raise ValueError(
            f"A window of {size} x {size} pixels cannot move by {stride} over a frame of {side} x {side}: choose a size from 1 to {side}, and a stride of at least 1."
        )
    steps = range(0, side - size + 1, stride)
    corners = [(top, left) for top in steps for left in steps]
    windows = torch.zeros(len(corners), side, side, dtype=torch.bool, device=obs.device)
    occluded = obs.repeat(len(corners), 1, 1, 1)
    for k, (top, left) in enumerate(corners):
        windows[k, top : top + size, left : left + size] = True
        occluded[k, -1][windows[k]] = obs[-1][windows[k]].mean()
    change = (network(occluded) - network(obs[None])).abs()
    covered_by = windows.sum(dim=0)
    heat = (change[:, None, None] * windows).sum(dim=0) / covered_by.clamp(min=1)
    return heat / heat.max() if heat.max() > 0 else heat


def linear_probe(
    features: Float[Tensor, "n d"], targets: Float[Tensor, "n k"], held_out: Bool[Tensor, "n"], ridge: float
) -> Float[Tensor, "k"]:
    """Measure how well a linear function of features predicts targets that it was not fitted to.

    Features and targets are shifted by their means over the rows for fitting. There ridge regression finds the weights that
    minimise the squared errors plus a penalty times the sum of the squared weights. The penalty is `ridge` times the mean squared
    length of the shifted rows, so that it does not depend on how large or how many the features are.

    Args:
        features: one row for each observation. d may be far larger than n.
        targets: what to predict, k numbers for each observation.
        held_out: which rows are kept for the test; the others are fitted to. There are some of both.
        ridge: how high the penalty is, above 0.

    Returns:
        R^2 of each target on the held-out rows: 1 - (sum of squared errors) / (sum of squared distances from the target's mean
        over the held-out rows). 1 is perfect, 0 no better than that mean, and it may be negative.

    Source: Alain and Bengio, Understanding intermediate layers using linear classifier probes (2016).
    """
    features, targets = features.double(), targets.double()
    fitted = ~held_out
    center, offset = features[fitted].mean(dim=0), targets[fitted].mean(dim=0)

    x = features[fitted] - center
    penalty = ridge * x.square().sum(dim=1).mean()
    kernel = x @ x.T + penalty * torch.eye(len(x), dtype=x.dtype, device=x.device)
    weights = x.T @ torch.linalg.solve(kernel, targets[fitted] - offset)
    predicted = (features[held_out] - center) @ weights + offset

    truth = targets[held_out]
    errors = (truth - predicted).square().sum(dim=0)
    return (1 - errors / (truth - truth.mean(dim=0)).square().sum(dim=0)).float()


@torch.no_grad()
def counterfactual(
    actor: Callable[[Tensor], Float[Tensor, "B num_actions"]],
    critic: Callable[[Tensor], Float[Tensor, "B 1"]],
    obs: Float[Tensor, "B *obs_shape"],
    edited: Float[Tensor, "B *obs_shape"],
    same_action: Sequence[int] | None = None,
) -> tuple[Float[Tensor, "B"], Float[Tensor, "B"]]:
    """Compare what an agent makes of observations with what it makes of edited ones.

    Args:
        actor: prepared observations -> logits.
        critic: prepared observations -> values (B, 1).
        obs: prepared observations.
        edited: the same, each with something changed.
        same_action: for each action, the one that means the same in the edited observation; None if all keep their meaning.

    Returns:
        value_change: V(edited) - V(obs).
        policy_change: the total variation between the two policies, half the sum of |pi(a | obs) - pi(b | edited)|, where b is
            what a means in the edited observation: 0 if they are the same, 1 if they have no action in common.
    """
    before, after = actor(obs).softmax(dim=-1), actor(edited).softmax(dim=-1)
    if same_action is not None:
        after = after[:, list(same_action)]
    return (critic(edited) - critic(obs)).squeeze(-1), (after - before).abs().sum(dim=-1) / 2


def steps_before_loss(values: Float[Tensor, "T"], ball_lost: Bool[Tensor, "T"], share: float) -> Int[Tensor, "num_losses"]:
    """Count for how many steps a critic had seen each loss of a ball coming.

    A life is the steps after one loss (or from the first step on) up to the next loss, whose step belongs to it. The steps
    after the last loss belong to no life.

    Args:
        values: V of each step's state, before its action.
        ball_lost: whether the ball was lost in the step.
        share: a value is low if it is below this share of the mean value of its life.

    Returns:
        For each loss in turn, how many steps at the end of its life have a low value, without a gap. 0 if the last one has not.
    """
    counts, start = [], 0
    for end in ball_lost.nonzero().flatten().tolist():
        life = values[start : end + 1]
        high = (life >= share * life.mean()).nonzero()
        counts.append(len(life) - 1 - int(high[-1]) if len(high) else len(life))
        start = end + 1
    return torch.tensor(counts, dtype=torch.int64, device=values.device)
