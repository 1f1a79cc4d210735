"""Tests of the exercises of chapter 12."""

import torch
from torch import Tensor

from tests.checks import expect_close, expect_device_followed, expect_tensor, require, unmodified


def test_counterfactual(counterfactual):
    def compare(actor, critic, obs, edited, *same_action):
        with unmodified(obs=obs, edited=edited):
            seen = counterfactual(actor, critic, obs, edited, *same_action)
        require(
            isinstance(seen, tuple | list) and len(seen) == 2,
            f"counterfactual returns a {type(seen).__name__}; expected two tensors: `return value_change, policy_change`.",
            type(seen).__name__,
        )
        return seen

    def expect(seen, value_change, policy_change, given):
        expect_close(seen[0], torch.tensor(value_change), "The change of the value", given)
        expect_close(seen[1], torch.tensor(policy_change), "The change of the policy", given)

    # the observation holds the probabilities and, last, the value
    actor = lambda obs: obs[:, :-1].log() + 7.0  # a constant more: logits, not log-probabilities
    critic = lambda obs: obs[:, -1:]
    obs = torch.tensor([[0.7, 0.2, 0.1, 1.0], [0.5, 0.25, 0.25, 2.0]])
    edited = torch.tensor([[0.2, 0.7, 0.1, 4.0], [0.5, 0.25, 0.25, -1.0]])
    shown = "policies [0.7, 0.2, 0.1] and [0.5, 0.25, 0.25] with values 1 and 2; edited [0.2, 0.7, 0.1] and [0.5, 0.25, 0.25] with values 4 and -1"
    expect(compare(actor, critic, obs, edited), [3.0, -3.0], [0.5, 0.0], shown)
    expect(compare(actor, critic, obs, edited, [1, 0, 2]), [3.0, -3.0], [0.0, 0.25], shown + "; actions 0 and 1 change places")
    turned = torch.tensor([[0.1, 0.7, 0.2, 1.0]])  # action 0 became action 1, 1 became 2, 2 became 0
    expect(
        compare(actor, critic, obs[:1], turned, [1, 2, 0]), [0.0], [0.0],
        "policy [0.7, 0.2, 0.1], edited [0.1, 0.7, 0.2]; action 0 becomes 1, 1 becomes 2, 2 becomes 0",
    )  # fmt: skip
    certain = torch.tensor([[1.0, 1e-30, 1e-30, 0.0]])
    expect(compare(actor, critic, certain, certain.roll(1, dims=1).index_fill(1, torch.tensor([3]), 0.0).clamp(min=1e-30), None), [0.0], [1.0],
           "two policies that are sure of different actions")  # fmt: skip
    expect(compare(actor, critic, obs, obs, None), [0.0, 0.0], [0.0, 0.0], "an observation that was not changed")

    torch.manual_seed(0)
    trunk = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(18, 8), torch.nn.Tanh())
    policy, value = torch.nn.Sequential(trunk, torch.nn.Linear(8, 4)), torch.nn.Sequential(trunk, torch.nn.Linear(8, 1))
    frames = torch.rand(5, 2, 3, 3)
    flipped = frames.flip(-1)
    with torch.no_grad():
        before, after = policy(frames).softmax(-1), policy(flipped).softmax(-1)[:, [0, 1, 3, 2]]
        values = value(flipped)[:, 0] - value(frames)[:, 0]
    seen = compare(policy, value, frames, flipped, (0, 1, 3, 2))
    expect_close(seen[0], values, "The change of the value", "5 small random pictures, mirrored")
    expect_close(seen[1], ((after - before).abs().sum(1) / 2), "The change of the policy", "5 small random pictures, mirrored")
    for name, one in zip(["value", "policy"], seen, strict=True):
        require(
            not one.requires_grad,
            f"The change of the {name} hangs on the networks' graph: put `@torch.no_grad()` above the function.",
            "keeps the graph",
        )
    expect_device_followed(lambda a, b: counterfactual(actor, critic, a, b, [1, 0, 2])[1], obs, edited, what="counterfactual")
    expect_device_followed(lambda a, b: counterfactual(actor, critic, a, b)[0], obs, edited, what="counterfactual")


def test_steps_before_loss(steps_before_loss):
    def count(values: list[float], losses: list[int], expected: list[int], given: str, share: float = 0.5):
        values = torch.tensor(values)
        ball_lost = torch.zeros(len(values), dtype=torch.bool)
        ball_lost[losses] = True
        with unmodified(values=values, ball_lost=ball_lost):
            seen = steps_before_loss(values, ball_lost, share)
        if not expected and isinstance(seen, Tensor):
            seen = seen.long()  # `torch.tensor([])` has floats, of which there are none
        given = f"share {share}, values {values.tolist()}, a ball lost in step{'s' * (len(losses) > 1)} {', '.join(map(str, losses)) or 'none'}: {given}"
        expect_tensor(seen, (len(expected),), "What steps_before_loss returns", floating=False)
        expect_close(seen.double(), torch.tensor(expected, dtype=torch.float64), "steps_before_loss", given)

    count([4.0, 4.0, 4.0, 4.0, 1.0, 1.0], [5], [2], "the mean is 3, and the last two are below 1.5")
    count([4.0, 1.0, 4.0, 4.0, 4.0, 1.0], [5], [1], "the mean is 3; a low value before a high one does not count")
    count([4.0, 4.0, 4.0, 4.0, 4.0, 3.0], [5], [0], "the mean is 3.83, and the last value is above half of it")
    count([2.0, 4.0, 3.0, 0.0, 1.0], [4], [0], "the mean is 2, and the last value is half of it, not below")
    count(
        [6.0, 6.0, 1.0, 1.0, 9.0, 9.0, 9.0],
        [3],
        [2],
        "the mean of this life is 3.5; what comes after the loss does not belong to it",
    )
    count([8.0, 8.0, 8.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.25], [3, 8], [1, 1], "the lives have means of 6.25 and 0.85")
    count([5.0, 2.0, 0.4, 0.3, 3.0, 0.9], [0, 3, 5], [0, 2, 1], "the lives have 1, 3 and 2 steps, and means of 5, 0.9 and 1.95")
    count([5.0, 5.0, 1.0], [], [], "no life has ended")
    count([4.0, 4.0, 4.0, 2.5, 2.0, 1.5], [5], [3], "the mean is 3, and the last three are below 2.7", share=0.9)
    count([4.0, 4.0, 4.0, 2.5, 2.0, 1.5], [5], [1], "the mean is 3, and the last is below 1.8", share=0.6)
    count([-1.0, -1.0, -1.0], [2], [3], "the mean is -1, and all three are below -0.5")

    torch.manual_seed(0)
    values, ball_lost, share = torch.randn(200).cumsum(0).abs(), torch.rand(200) < 0.06, 0.7
    expected, life = [], []
    for value, lost in zip(values.tolist(), ball_lost.tolist(), strict=True):
        life.append(value)
        if lost:
            n = 0
            while n < len(life) and life[-1 - n] < share * sum(life) / len(life):
                n += 1
            expected.append(n)
            life = []
    seen = steps_before_loss(values, ball_lost, share)
    expect_tensor(seen, (len(expected),), "What steps_before_loss returns", floating=False)
    given = f"share 0.7, 200 steps of a random walk, in which {len(expected)} balls are lost"
    expect_close(seen.double(), torch.tensor(expected, dtype=torch.float64), "steps_before_loss", given)
    expect_device_followed(lambda *inputs: steps_before_loss(*inputs, 0.5), values, ball_lost, what="steps_before_loss")
