"""Tests of the exercises of chapter 10."""

import copy
from collections.abc import Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tests.checks import expect_close, expect_device_followed, expect_own_result, require, unmodified


class Plain(nn.Module):
    """A network that is no Sequential: it has no first child to ask for."""

    def __init__(self, outputs: int):
        super().__init__()
        self.layer = nn.Linear(4, outputs)

    def forward(self, obs: Tensor) -> Tensor:
        return self.layer(obs)


def trunk_of(inputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 8), nn.Tanh())


def heads_on(actor_trunk: nn.Module, critic_trunk: nn.Module) -> tuple[nn.Sequential, nn.Sequential]:
    """An actor whose head has three layers, and a critic whose head has two."""
    actor = nn.Sequential(actor_trunk, nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 3))
    return actor, nn.Sequential(critic_trunk, nn.Tanh(), nn.Linear(8, 1))


@contextmanager
def calls_of(trunks: Sequence[nn.Module]):
    """Note within the block each time that the first layer with weights of some trunks runs."""
    calls = []
    hooks = [trunk[1].register_forward_hook(lambda *_: calls.append("ran")) for trunk in trunks]
    yield calls
    for hook in hooks:
        hook.remove()


def expect_outputs(actor_critic_forward, actor, critic, obs: Tensor, given: str, trunks: Sequence[nn.Module] = ()) -> None:
    """Require that what the function returns is right, and that each of some trunks ran once for it."""
    scaled = obs.float() / 255 if obs.dtype == torch.uint8 else obs
    with torch.no_grad():
        expected = actor(scaled), critic(scaled)[:, 0]
    with unmodified(obs=obs), calls_of(trunks) as calls:
        returned = actor_critic_forward(actor, critic, obs)
    require(
        isinstance(returned, tuple | list) and len(returned) == 2,
        f"actor_critic_forward returns a {type(returned).__name__}; expected two tensors: `return logits, values`.",
        type(returned).__name__,
    )
    expect_close(returned[0], expected[0], f"The logits of {given}", "what actor(obs) gives, where bytes are scaled to [0, 1]")
    expect_close(returned[1], expected[1], f"The values of {given}", "what critic(obs) gives, without its last dimension")
    advice = (
        "expected each once."
        if len(trunks) > 1
        else "expected once. Run it once, keep what comes out, and give that to both heads."
    )
    require(
        len(calls) == len(trunks),
        f"In one call of actor_critic_forward, on {given}, {'the two first layers' if len(trunks) > 1 else 'the trunk'} ran "
        f"{len(calls)} times; {advice}",
        f"ran {len(calls)} times",
    )


def test_actor_critic_forward(actor_critic_forward):
    torch.manual_seed(0)
    trunk = trunk_of(18)
    actor, critic = heads_on(trunk, trunk)
    pictures = torch.randint(0, 256, (5, 2, 3, 3), dtype=torch.uint8)
    for obs in (pictures, pictures[:1]):
        given = f"{len(obs)} small picture{'s' * (len(obs) > 1)} (bytes) with a shared trunk"
        expect_outputs(actor_critic_forward, actor, critic, obs, given, [trunk])
    expect_both_losses_reach(actor_critic_forward, actor, critic, pictures, "a shared trunk")

    trunk = trunk_of(4)
    numbers = torch.randn(6, 4) * 3
    given = "6 rows of numbers (floats) with a shared trunk"
    expect_outputs(actor_critic_forward, *heads_on(trunk, trunk), numbers, given, [trunk])

    trunks = trunk_of(4), trunk_of(4)
    separate = heads_on(*trunks)
    for rows in (numbers, numbers[:1]):
        given = f"{len(rows)} row{'s' * (len(rows) > 1)} of numbers with two separate networks"
        expect_outputs(actor_critic_forward, *separate, rows, given, trunks)
    expect_both_losses_reach(actor_critic_forward, *separate, numbers, "two separate networks")
    twins = heads_on(trunks[0], copy.deepcopy(trunks[0]))
    expect_both_losses_reach(actor_critic_forward, *twins, numbers, "two separate networks that start with equal weights")

    given = "6 rows of numbers with networks that are no nn.Sequential"
    expect_outputs(actor_critic_forward, Plain(3), Plain(1), numbers, given)
    expect_device_followed(
        lambda *inputs: actor_critic_forward(*inputs)[1], *copy.deepcopy((actor, critic)), pictures, what="actor_critic_forward"
    )


def expect_both_losses_reach(actor_critic_forward, actor, critic, obs: Tensor, networks: str) -> None:
    """Require that a loss of the logits, and one of the values, have the gradients that actor(obs) and critic(obs) give."""
    scaled = obs.float() / 255 if obs.dtype == torch.uint8 else obs
    logits, values = actor_critic_forward(actor, critic, obs)
    for who, network, seen, expected in [
        ("logits", actor, logits, actor(scaled)),
        ("values", critic, values, critic(scaled)[:, 0]),
    ]:
        require(
            seen.requires_grad,
            f"With {networks}, the {who} carry no gradient: nothing could learn from them.",
            f"{who} without gradient",
        )
        if not seen.requires_grad or seen.shape != expected.shape:
            continue
        parameters = list(network.parameters())
        gradients = torch.autograd.grad(seen.square().sum(), parameters, retain_graph=True, allow_unused=True)
        wanted = torch.autograd.grad(expected.square().sum(), parameters)
        unreached = [name for (name, _), one in zip(network.named_parameters(), gradients, strict=True) if one is None]
        require(
            not unreached,
            f"With {networks}, a loss of the {who} does not reach {', '.join(unreached)} of the network that they come from.",
            f"{who} do not reach {unreached}",
        )
        if not unreached:
            expect_close(
                torch.cat([one.flatten() for one in gradients]),
                torch.cat([one.flatten() for one in wanted]),
                f"With {networks}, the gradient of a loss of the {who}",
                f"all parameters of the {'actor' if who == 'logits' else 'critic'} in a row",
                tolerance=1e-3,
            )


def averaged(average_gradients, gradients: list[list[Tensor]], counts: list[int], given: str) -> list[Tensor]:
    """Call the function, and require that it returns a list of new tensors and leaves its inputs alone."""
    before = copy.deepcopy((gradients, counts))
    returned = average_gradients(gradients, counts)
    same = counts == before[1] and [len(part) for part in gradients] == [len(part) for part in before[0]]
    same = same and all(
        torch.equal(one, other)
        for part, as_it_was in zip(gradients, before[0], strict=True)
        for one, other in zip(part, as_it_was, strict=True)
    )
    require(
        same, "Your code changes its inputs: the parts need their gradients as they are. Make new tensors.", "changes inputs"
    )
    require(
        isinstance(returned, list | tuple) and all(isinstance(one, Tensor) for one in returned),
        f"average_gradients returns a {type(returned).__name__}; expected a list with a tensor for each parameter.",
        type(returned).__name__,
    )
    require(
        len(returned) == len(before[0][0]),
        f"Of {given}, average_gradients returns {len(returned)} tensors; expected {len(before[0][0])}, one for each parameter.",
        f"{len(returned)} tensors",
    )
    own = {one.untyped_storage().data_ptr() for part in gradients for one in part}
    require(
        not any(one.untyped_storage().data_ptr() in own for one in returned),
        f"Of {given}, a tensor that average_gradients returns is one of those that it was given, or a view of it: make new ones.",
        "returns its input",
    )
    return list(returned)


def gradient_of_mean(parameters: list[Tensor], inputs: Tensor, targets: Tensor) -> list[Tensor]:
    """The gradient of the mean loss of a small regression: two layers, one tensor for each of their parameters."""
    parameters = [one.clone().requires_grad_() for one in parameters]
    first, bias, second = parameters
    loss = (((inputs @ first + bias).tanh() @ second - targets) ** 2).mean()
    return list(torch.autograd.grad(loss, parameters))


def test_average_gradients(average_gradients):
    for counts, expected in [([1, 3], 5.0), ([3, 1], 3.0), ([2, 2], 4.0), ([30, 90], 5.0)]:
        given = f"the gradients 2 and 6, of {counts[0]} and {counts[1]} samples"
        seen = averaged(average_gradients, [[torch.tensor([2.0])], [torch.tensor([6.0])]], counts, given)
        because = f"each part counts as often as it has samples: ({counts[0]} x 2 + {counts[1]} x 6) / {sum(counts)}"
        expect_close(seen[0], torch.tensor([expected]), f"The average of {given}", because)

    torch.manual_seed(0)
    parameters = [torch.randn(4, 3), torch.randn(3), torch.randn(3, 1)]
    inputs, targets = torch.randn(12, 4), torch.randn(12, 1)
    targets += torch.arange(12)[:, None]  # so that the parts differ
    whole = gradient_of_mean(parameters, inputs, targets)
    for counts in [[6, 6], [1, 3, 8], [5, 2, 4, 1], [12]]:
        parts = [gradient_of_mean(parameters, *pair) for pair in zip(inputs.split(counts), targets.split(counts), strict=True)]
        given = f"12 samples, in parts of {', '.join(map(str, counts))}" if len(counts) > 1 else "12 samples in one part"
        seen = averaged(average_gradients, parts, counts, given)
        for number, (one, other) in enumerate(zip(seen, whole, strict=False)):
            because = f"parameter {number}, against the gradient of the mean over all 12 samples at once"
            expect_close(one, other, f"The average of {given}", because)

    double = averaged(
        average_gradients,
        [[torch.ones(2, dtype=torch.float64) / 3], [torch.ones(2, dtype=torch.float64)]],
        [1, 2],
        "gradients in double precision",
    )
    require(
        double[0].dtype == torch.float64,
        f"Of gradients in float64, average_gradients returns {double[0].dtype}; expected the same dtype.",
        str(double[0].dtype),
    )
    expect_close(double[0], torch.full((2,), 7 / 9, dtype=torch.float64), "The average of 1/3 and 1, of 1 and 2 samples")
    expect_own_result(
        lambda number: average_gradients([[torch.full((2,), 1.0 + number)], [torch.full((2,), 3.0)]], [1, 1])[0],
        "average_gradients",
    )
    expect_device_followed(
        lambda one, other: average_gradients([[one], [other]], [1, 2])[0],
        torch.ones(3),
        torch.zeros(3),
        what="average_gradients",
    )
