"""Tests of the exercises of chapter 04."""

import math
import warnings

import torch

from tests.checks import (
    expect_close,
    expect_device_followed,
    expect_gradient,
    expect_tensor,
    require,
    unmodified,
)


def test_policy_loss(policy_loss):
    # Every case of the clipped objective at once, one step for each: (ratio, advantage, what it contributes, its slope)
    cases = [
        (1.0, 2.0, 2.0, True), (1.1, 2.0, 2.2, True), (1.5, 2.0, 1.2 * 2.0, False), (0.5, 2.0, 0.5 * 2.0, True),
        (1.0, -2.0, -2.0, True), (0.9, -1.0, -0.9, True), (0.5, -1.0, -0.8, False), (1.5, -1.0, -1.5, True), (2.5, 0.3, 1.2 * 0.3, False),
    ]  # fmt: skip
    ratio = torch.tensor([case[0] for case in cases])
    advantages = torch.tensor([case[1] for case in cases])
    contributions = torch.tensor([case[2] for case in cases])
    slopes = torch.tensor([r * a if slope else 0.0 for r, a, _, slope in cases]) / len(cases)  # d ratio / d new_logprob = ratio
    logprobs = torch.linspace(-2, -0.5, len(cases))
    new_logprobs = (logprobs + ratio.log()).requires_grad_()
    with unmodified(logprobs=logprobs, advantages=advantages):
        loss = policy_loss(new_logprobs, logprobs, advantages, 0.2)
    one = policy_loss(torch.log(torch.tensor([1.5, 1.0])), torch.zeros(2), torch.tensor([2.0, 1.0]), 0.2)
    expect_close(
        one,
        torch.tensor(-1.7),
        "policy_loss",
        "ratios [1.5, 1.0], advantages [2, 1], clip_coef 0.2: minus the mean of 1.2 * 2 and 1 * 1",
    )
    described = f"ratios {[c[0] for c in cases]}, advantages {[c[1] for c in cases]}, clip_coef 0.2"
    expect_tensor(loss, (), "policy_loss")
    # Of two minibatches at once: a mistake may look like another on one of them, but not on both
    opposite = torch.minimum(-ratio * advantages, -ratio.clamp(0.8, 1.2) * advantages)
    both = torch.stack([loss, policy_loss(new_logprobs, logprobs, -advantages, 0.2)])
    wanted = -torch.stack([contributions.mean(), opposite.mean()])
    expect_close(both, wanted, "policy_loss", f"{described}; then the same with the advantages negated")
    if loss.requires_grad:
        (gradient,) = torch.autograd.grad(loss, new_logprobs, retain_graph=True, allow_unused=True)
        gradient = torch.zeros(len(cases)) if gradient is None else gradient
        silent = [i for i, (seen, wanted) in enumerate(zip(gradient, -slopes, strict=True)) if wanted != 0 and seen == 0]
        require(
            not silent or not gradient.any(),
            f"Steps with the ratios {[cases[i][0] for i in silent]} and advantages {[cases[i][1] for i in silent]} get no gradient, but they "
            "have not gone too far in the direction of their advantage: only those that have are cut off.",
            gradient,
        )
    expect_gradient(loss, new_logprobs, -slopes, "policy_loss", described)

    torch.manual_seed(0)
    for clip_coef in [0.1, 0.3]:
        logprobs = -torch.rand(64) * 2
        new_logprobs = (logprobs + torch.randn(64) * 0.5).requires_grad_()
        advantages = torch.randn(64)
        ratio = (new_logprobs - logprobs).exp()
        low, high = 1 - clip_coef, 1 + clip_coef
        bound = torch.where(advantages > 0, torch.full_like(ratio, high), torch.full_like(ratio, low))
        pessimistic = torch.where(advantages > 0, torch.minimum(ratio, bound), torch.maximum(ratio, bound)) * advantages
        loss = policy_loss(new_logprobs, logprobs, advantages, clip_coef)
        expect_close(loss, -pessimistic.mean().detach(), "policy_loss", f"64 random steps, clip_coef {clip_coef}")
        expect_gradient(loss, new_logprobs, torch.autograd.grad(-pessimistic.mean(), new_logprobs)[0], "policy_loss")
    expect_close(
        policy_loss(torch.tensor([-0.5]), torch.tensor([-0.5]), torch.tensor([4.0]), 0.2),
        torch.tensor(-4.0),
        "policy_loss",
        "one step whose policy has not moved, advantage 4",
    )
    expect_device_followed(policy_loss, new_logprobs, logprobs, advantages, 0.2, what="policy_loss")
    unclipped = policy_loss(new_logprobs, logprobs, advantages, 1e9)
    expect_close(unclipped, -(ratio * advantages).mean().detach(), "policy_loss", "clip_coef 1e9, which clips nothing")


def test_value_loss(value_loss):
    expect_close(
        value_loss(torch.tensor([1.0, 4.0]), torch.tensor([1.0, 0.0])),
        torch.tensor(4.0),
        "value_loss",
        "values [1, 4], returns [1, 0]: half the mean of 0 and 16",
    )
    torch.manual_seed(0)
    new_values, returns = torch.randn(16).mul(3).requires_grad_(), torch.randn(16)
    with unmodified(returns=returns):
        loss = value_loss(new_values, returns)
    error = (new_values - returns).detach()
    expect_tensor(loss, (), "value_loss")
    require(
        loss.dtype == torch.float32,
        f"value_loss of 32-bit floats is {loss.dtype}: `.half()` converts to 16 bits, and halves nothing.",
        str(loss.dtype),
    )
    expect_close(loss, 0.5 * (error**2).mean(), "value_loss", "16 random values: half the mean of the squared errors")
    expect_gradient(loss, new_values, error / 16, "value_loss")
    expect_device_followed(value_loss, new_values, returns, what="value_loss")
    column = new_values.detach()[:, None]
    try:
        with warnings.catch_warnings(action="ignore"):  # F.mse_loss has a word to say about it, rightly
            broadcast = value_loss(column, returns)
    except Exception:
        return  # refusing it is the best answer
    spread = 0.5 * ((column - returns) ** 2).mean()
    right = 0.5 * ((column.squeeze(-1) - returns) ** 2).mean()
    if isinstance(broadcast, torch.Tensor) and broadcast.shape == ():
        known = any(torch.isclose(broadcast, one) for one in (spread, 16 * spread, right))
        require(
            known,
            f"value_loss of (16, 1) values against (16,) returns is {broadcast:.4f}: neither the mean over 16 nor over 16 x 16.",
            broadcast,
        )


def test_entropy_bonus(entropy_bonus):
    for number in [2, 5]:
        expect_close(
            entropy_bonus(torch.zeros(3, number)),
            torch.tensor(math.log(number)),
            "entropy_bonus",
            f"{number} equally likely actions, whose entropy is log {number} nats",
        )
    torch.manual_seed(0)
    probs = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3], [0.98, 0.01, 0.01]])
    nats = torch.tensor([-sum(p * math.log(p) for p in row) for row in probs.tolist()])
    logits = (probs.log() + torch.randn(4, 1) * 3).requires_grad_()
    with unmodified(logits=logits.detach()):
        bonus = entropy_bonus(logits)
    expect_close(bonus, nats.mean(), "entropy_bonus", "4 policies over 3 actions: the mean of their entropies in nats")
    expected = -probs * (probs.log() + nats[:, None]) / 4  # d entropy / d logit_i = -p_i (log p_i + H)
    expect_gradient(bonus, logits, expected, "entropy_bonus")
    # Only the differences of the logits in a row count: whatever is added to all of them.
    for shifts, because in [
        ([100.0] * 4, "100 added to every logit"),
        ([0.0, -200.0, 0.0, -200.0], "200 taken off every logit in rows 1 and 3"),
    ]:
        shifted = entropy_bonus(probs.log() + torch.tensor(shifts)[:, None])
        expect_close(shifted, nats.mean(), "entropy_bonus", f"the same policies, {because}")
    certain = entropy_bonus(torch.tensor([[200.0, 0.0, 0.0]]))
    expect_close(certain, torch.tensor(0.0), "entropy_bonus", "a policy that is certain (log of 0 must not give NaN)")
    sure = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)
    (gradient,) = torch.autograd.grad(entropy_bonus(sure), sure)
    require(
        bool(gradient.isfinite().all()),
        f"For a policy that is certain, the gradient of entropy_bonus is {gradient.tolist()}: a log of 0 is in the graph, although "
        "its value was repaired afterwards. Use log_softmax.",
        "gradient nan",
    )
    expect_device_followed(entropy_bonus, logits, what="entropy_bonus")
