"""Tests of the exercises of chapter 11."""

import torch
from torch import Tensor

from tests.checks import expect_close, expect_device_followed, expect_own_result, require, unmodified


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
        def of_batches(batch):
            require(
                batch.ndim == 4,
                f"The network was given a tensor of shape {tuple(batch.shape)}: it takes a batch, and {tuple(obs[None].shape)} is one of a single observation.",
                "no batch",
            )
            return network(batch)

        with unmodified(obs=obs):
            return occlusion_saliency(of_batches, obs, size, stride)

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
    same = obs[-1:].repeat(2, 1, 1)
    expect_close(saliency(pixel(0, 0, frame=0), same, 2, 2), nothing, "The map", "an output that reads the oldest frame alone")
    expect_close(saliency(lambda obs: obs.new_ones(len(obs)), obs, 2, 2), nothing, "The map", "an output that never changes")
    spread = lambda obs: obs[:, -1].sum(dim=(1, 2))
    expect_close(
        saliency(spread, obs, 2, 2),
        nothing,
        "The map",
        "an output that is the sum of the newest frame, which a mean leaves as it is",
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
    alike = torch.randn(40, 1)
    apart = torch.randn(40, 1)
    twins = torch.cat([alike, alike + apart / 1024], dim=1)
    between = 1024 * (twins[:, 1:] - twins[:, :1]) + 0.5 * torch.randn(40, 1)
    expect_close(
        probe(twins, between, held_out, 1e-7), normal_equations(twins, between, held_out, 1e-7), "R^2",
        "two features that are nearly the same, and a target that is their difference, which needs double precision", 1e-3,
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
