"""Tests of the exercises of chapter 11."""

import torch
from torch import Tensor

from tests.checks import expect_close, expect_device_followed, expect_own_result, expect_tensor, require, unmodified


def expect_refused(call, given: str) -> None:
    """Require that a call raises ValueError."""
    try:
        call()
    except ValueError:
        return
    require(False, f"{given} was taken without a ValueError: such a window cannot move over the frame.", given)


def test_occlusion_saliency(occlusion_saliency):
    def pixel(row, column, frame=-1, factor=1.0):
        return lambda obs: factor * obs[:, frame, row, column]

    def saliency(network, obs, size, stride):
        with unmodified(obs=obs):
            return occlusion_saliency(network, obs, size, stride)

    # one window at a time: 4 x 4 pixels, windows of 2 x 2 side by side
    obs = torch.zeros(2, 4, 4)
    obs[-1, 0, 0], obs[-1, 2, 2] = 0.75, 0.5  # their windows' means are exact
    one, other = torch.zeros(4, 4), torch.zeros(4, 4)
    one[:2, :2], other[2:, 2:] = 1.0, 1.0
    given = "a frame of 4 x 4 with two bright pixels, windows of 2 x 2 side by side, "
    expect_close(saliency(pixel(0, 0), obs, 2, 2), one, "The map", given + "an output that reads the pixel at [0, 0]")
    expect_close(saliency(pixel(0, 0, factor=-3.0), obs, 2, 2), one, "The map", given + "an output of -3 times that pixel")
    expect_close(saliency(pixel(2, 2), obs, 2, 2), other, "The map", given + "an output that reads the pixel at [2, 2]")
    both = lambda obs: obs[:, -1, 0, 0] + obs[:, -1, 2, 2]  # changes of 0.5625 and 0.375
    expect_close(saliency(both, obs, 2, 2), one + 2 / 3 * other, "The map", given + "an output that adds up both pixels")
    against = lambda obs: obs[:, -1, 0, 0] - obs[:, -1, 2, 2]
    expect_close(
        saliency(against, obs, 2, 2), one + 2 / 3 * other, "The map", given + "an output of the first pixel less the second"
    )

    nothing = torch.zeros(4, 4)
    expect_close(
        saliency(pixel(0, 0, frame=0), obs + 0.1, 2, 2), nothing, "The map", "the output reads the oldest frame, not the newest"
    )
    expect_close(saliency(lambda obs: obs.new_ones(len(obs)), obs, 2, 2), nothing, "The map", "the output never changes")
    spread = lambda obs: obs[:, -1].sum(dim=(1, 2))
    expect_close(
        saliency(spread, obs, 2, 2),
        nothing,
        "The map",
        "the output is the sum of the newest frame, and a mean leaves it as it is",
    )

    # windows that overlap, and pixels that none covers
    torch.manual_seed(0)
    obs = torch.rand(3, 8, 8)
    weights = torch.randn(8, 8)
    linear = lambda obs: (obs[:, -1] * weights).sum(dim=(1, 2)) + 5.0 * obs[:, 0].mean(dim=(1, 2))
    for size, stride in [(3, 2), (4, 1), (2, 3), (8, 1), (5, 7)]:
        given = f"random pixels of 8 x 8, a window of {size} with stride {stride}"
        expect_close(saliency(linear, obs, size, stride), by_hand(linear, obs, size, stride), "The map", given, tolerance=1e-3)

    eighths, whole = torch.randint(0, 9, (3, 8, 8)) / 8, torch.randint(-3, 4, (8, 8))  # no rounding, in whatever order
    weighted = lambda obs: (obs[:, -1] * whole).sum(dim=(1, 2))
    expect_close(
        saliency(weighted, eighths, 1, 1), torch.zeros(8, 8), "The map", "a window of one pixel, which is its own mean"
    )

    sizes = []
    counting = lambda obs: sizes.append(len(obs)) or linear(obs)
    saliency(counting, obs, 3, 1)
    require(
        len(sizes) <= 2,
        f"The network was called {len(sizes)} times for 36 positions of the window; expected one call for all of them, and at "
        "most one for the observation as it is.",
        "many calls",
    )

    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 1), torch.nn.Flatten(0))
    seen = saliency(network, obs, 3, 2)
    require(
        not seen.requires_grad,
        "The map hangs on the network's graph: put `@torch.no_grad()` above the function.",
        "keeps graph",
    )
    for size, stride in [(9, 1), (0, 1), (3, 0), (3, -2)]:
        expect_refused(lambda size=size, stride=stride: saliency(linear, obs, size, stride), f"size {size}, stride {stride}")
    expect_own_result(lambda number: occlusion_saliency(pixel(number, 0), obs, 2, 2), "occlusion_saliency")
    expect_device_followed(lambda obs: occlusion_saliency(spread, obs * obs, 3, 2), obs, what="occlusion_saliency")


def by_hand(network, obs: Tensor, size: int, stride: int) -> Tensor:
    """The map, one window after the other."""
    total, count = torch.zeros(obs.shape[1:]), torch.zeros(obs.shape[1:])
    for top in range(0, obs.shape[1] - size + 1, stride):
        for left in range(0, obs.shape[2] - size + 1, stride):
            edited = obs.clone()
            window = edited[-1, top : top + size, left : left + size]
            window.fill_(window.mean().item())
            total[top : top + size, left : left + size] += (network(edited[None]) - network(obs[None])).abs().item()
            count[top : top + size, left : left + size] += 1
    heat = total / count.clamp(min=1)
    return heat / heat.max()


def test_linear_probe(linear_probe):
    def probe(features, targets, held_out, ridge):
        with unmodified(features=features, targets=targets, held_out=held_out):
            return linear_probe(features, targets, held_out, ridge)

    # by hand: two features, shifted (1, -1) and (-1, 1); the penalty is 2, the weights (-1, 1)
    expect_close(
        probe(
            torch.tensor([[1.0, 0.0], [-1.0, 2.0], [0.0, 3.0], [2.0, 1.0]]),
            torch.tensor([[7.0], [13.0], [13.0], [9.0]]),
            torch.tensor([False, False, True, True]),
            1.0,
        ),
        torch.tensor([0.75]), "R^2",
        "the rows (1, 0) and (-1, 2) with targets 7 and 13 to fit to, ridge 1: (0, 3) and (2, 1) are predicted as 12 and 8, and are 13 and 9",
    )  # fmt: skip

    # by hand: shifted features -2 and 2, targets -3 and 3; the penalty is 4 ridge, and the weight 12 / (8 + 4 ridge)
    features = torch.tensor([[10.0], [14.0], [10.0], [14.0]])
    targets = torch.tensor([[7.0], [13.0], [7.0], [13.0]])
    held_out = torch.tensor([False, False, True, True])
    for ridge, away in [(1.0, 2.0), (4.0, 1.0), (1e-6, 3.0)]:
        given = f"features 10 and 14, targets 7 and 13, tested on the same numbers, ridge {ridge:g}: the predictions are 10 -+ {away:g}"
        expect_close(probe(features, targets, held_out, ridge), torch.tensor([1 - ((3 - away) / 3) ** 2]), "R^2", given)
    shifted = torch.tensor([[7.0], [13.0], [17.0], [23.0]])  # predictions 8 and 12, far from the new targets 17 and 23
    expect_close(
        probe(features, shifted, held_out, 1.0),
        torch.tensor([1 - (9.0**2 + 11.0**2) / 18]),
        "R^2",
        "the targets of the held-out rows lie 10 higher than those that were fitted to",
    )

    # many rows, against the normal equations
    torch.manual_seed(0)
    features = torch.randn(60, 5) * torch.tensor([1.0, 5.0, 0.2, 1.0, 30.0]) + torch.tensor([0.0, 3.0, -1.0, 50.0, 2.0])
    targets = torch.stack([features[:, 1] - 4 * features[:, 2] + 7, features[:, 0] ** 2, torch.randn(60)], dim=1)
    held_out = torch.arange(60) % 3 == 1
    for ridge in [0.001, 0.1, 3.0]:
        given = f"60 rows of 5 features of very different sizes, 3 targets, ridge {ridge:g}"
        expect_close(
            probe(features, targets, held_out, ridge), normal_equations(features, targets, held_out, ridge), "R^2", given, 1e-3
        )
    given = "two of three rows held out"
    expect_close(
        probe(features, targets, ~held_out, 0.1), normal_equations(features, targets, ~held_out, 0.1), "R^2", given, 1e-3
    )

    constant = torch.cat([features, torch.full((60, 1), 0.3)], dim=1)
    expect_close(
        probe(constant, targets, held_out, 0.1), normal_equations(features, targets, held_out, 0.1), "R^2",
        "one more feature, which is the same in all rows: it tells nothing", 1e-3,
    )  # fmt: skip
    late = constant.clone()
    late[held_out, -1] = 0.8
    expect_close(
        probe(late, targets, held_out, 0.1), normal_equations(features, targets, held_out, 0.1), "R^2",
        "one more feature, which is the same in all rows for fitting and another number in the held-out ones", 1e-3,
    )  # fmt: skip

    wide = torch.randn(40, 6_000)
    signal = wide[:, :3].sum(dim=1, keepdim=True) + 3 * torch.randn(40, 1)
    held_out = torch.arange(40) >= 25
    expect_close(
        probe(wide, signal, held_out, 0.3), normal_equations(wide, signal, held_out, 0.3, dual=True), "R^2",
        "25 rows for fitting with 6,000 features each", 1e-3,
    )  # fmt: skip
    expect_own_result(
        lambda number: linear_probe(features[number:], targets[number:], torch.arange(60)[number:] > 30, 1.0), "linear_probe"
    )
    expect_device_followed(
        lambda features, targets, held_out: linear_probe(features, targets, held_out, 1.0),
        features, targets, torch.arange(60) > 30, what="linear_probe",
    )  # fmt: skip


def normal_equations(features: Tensor, targets: Tensor, held_out: Tensor, ridge: float, dual: bool = False) -> Tensor:
    """R^2 of ridge regression, with the inverse of (x.T x + penalty), or of (x x.T + penalty)."""
    x, y = features[~held_out].double(), targets[~held_out].double()
    test = features[held_out].double() - x.mean(dim=0)
    x = x - x.mean(dim=0)
    penalty = ridge * (x**2).sum() / len(x)
    if dual:
        weights = x.T @ torch.inverse(x @ x.T + penalty * torch.eye(len(x)).double()) @ (y - y.mean(dim=0))
    else:
        weights = torch.inverse(x.T @ x + penalty * torch.eye(x.shape[1]).double()) @ x.T @ (y - y.mean(dim=0))
    truth = targets[held_out].double()
    errors = (test @ weights + y.mean(dim=0) - truth) ** 2
    return (1 - errors.mean(dim=0) / truth.var(dim=0, correction=0)).float()


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
