"""Tests of the exercises of chapters 02 and 09: networks."""

import copy
from math import sqrt
from types import SimpleNamespace

import gymnasium as gym
import torch
from torch import nn

from tests.checks import (
    expect_close,
    expect_device_followed,
    expect_no_graph,
    expect_tensor,
    line_of,
    require,
    show,
    unmodified,
)


def orthogonal_scale(weight: torch.Tensor) -> float | None:
    """The std of an orthogonal weight matrix, or None if it is not one."""
    matrix = weight.detach().flatten(1).double()
    gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    scale = gram.diagonal().mean().sqrt()
    is_orthogonal = torch.allclose(
        gram, scale**2 * torch.eye(len(gram), dtype=gram.dtype), atol=1e-4 * max(1.0, scale.item() ** 2)
    )
    return scale.item() if is_orthogonal else None


def test_layer_init(layer_init):
    torch.manual_seed(0)
    layers = [nn.Linear(5, 3), nn.Linear(3, 7), nn.Conv2d(2, 4, 3)]
    for layer in layers:
        for arguments in [{}, {"std": 0.01}, {"bias_const": 0.7}, {"std": 2.0, "bias_const": -1.0}]:
            call = f"layer_init({', '.join([str(layer), *(f'{k}={v}' for k, v in arguments.items())])})"
            std, bias = arguments.get("std", sqrt(2)), arguments.get("bias_const", 0.0)
            returned = layer_init(layer, **arguments)
            require(
                returned is not None,
                "layer_init returns None: return the layer, so that it can be used in a Sequential.",
                "none",
            )
            require(
                returned is layer,
                "layer_init must change the layer it is given and return it; it returned something else.",
                "another",
            )
            require(
                layer.weight.std() > 0,
                f"After {call} all its weights are {layer.weight.flatten()[0].item():.4f}; expected orthogonal ones of the scale std = {std:.4f}"
                + (f", also where they have {layer.weight.dim()} dimensions." if layer.weight.dim() > 2 else "."),
                f"constant weights of {layer.weight.dim()} dimensions",
            )
            scale = orthogonal_scale(layer.weight)
            lengths = layer.weight.detach().flatten(1).norm(dim=1)
            require(
                scale is not None,
                f"After {call} the weights are not orthogonal: the rows (or columns) should be at right angles and equally long; use nn.init.orthogonal_.",
                f"rows of length {std}"
                if torch.allclose(lengths, torch.full_like(lengths, std))
                else f"not orthogonal, spread {layer.weight.std().item():.3f}",
            )
            require(
                abs(scale - std) < 1e-3 * std,
                f"After {call} the orthogonal weights have the scale {scale:.4f}; expected std = {std:.4f}.",
                f"scale {scale:.4f} for {std}",
            )
            require(
                layer.bias.shape == layer.weight.shape[:1],
                f"After {call} the bias has the shape {tuple(layer.bias.shape)}; expected one number for each output, as before: fill it in "
                "place.",
                f"bias of shape {tuple(layer.bias.shape)}",
            )
            require(
                torch.allclose(layer.bias, torch.full_like(layer.bias, bias)),
                f"After {call} the biases are {show(layer.bias)}; expected every one to be {bias}.",
                layer.bias.detach(),
            )
    double = layer_init(nn.Linear(3, 2).double())
    require(
        double.weight.dtype == double.bias.dtype == torch.float64,
        f"After layer_init of a layer of 64-bit floats, its weights are {double.weight.dtype} and its biases {double.bias.dtype}: change the "
        "numbers in the tensors that are there.",
        "precision",
    )
    twins = [layer_init(nn.Linear(4, 4)).weight for _ in range(2)]
    require(
        not torch.equal(*twins),
        "Two layers of the same shape get the very same weights: do not set a seed in layer_init; each layer draws its own.",
        "seeded",
    )
    require(
        layers[0].weight.requires_grad and layers[0].bias.requires_grad,
        "The layer's parameters must go on learning: keep requires_grad.",
        "frozen",
    )


class Trace:
    """Every linear or convolutional layer that a network runs on a batch, with what went in and came out."""

    def __init__(self, network: nn.Module, batch: torch.Tensor):
        self.layers: list[nn.Module] = []
        self.inputs: list[torch.Tensor] = []
        self.outputs: list[torch.Tensor] = []

        def note(layer, inputs, output):
            self.layers.append(layer)
            self.inputs.append(inputs[0].detach())
            self.outputs.append(output.detach().clone())

        hooks = [m.register_forward_hook(note) for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
        with torch.no_grad(), unmodified(observations=batch):
            self.output = network(batch)
        for hook in hooks:
            hook.remove()


def expect_pair(answer) -> tuple[nn.Module, nn.Module]:
    require(answer is not None, "The function returns None: return the two networks, `actor, critic`.")
    require(
        isinstance(answer, tuple | list) and len(answer) == 2 and all(isinstance(network, nn.Module) for network in answer),
        f"Expected two networks (actor, critic); got {type(answer).__name__}.",
    )
    return answer


def nth(number: int) -> str:
    """The ordinal of a layer, counted from 0; activations are not counted."""
    ordinals = ["first", "second", "third", "fourth", "fifth", "sixth"]
    return ordinals[number] if number < len(ordinals) else f"{number + 1}th"


def expect_initialised(layers: list[nn.Module], stds: list[float], who: str) -> None:
    for number, (layer, std) in enumerate(zip(layers, stds, strict=True)):
        scale = orthogonal_scale(layer.weight)
        require(
            scale is not None,
            f"The {who}'s {nth(number)} layer ({layer}) does not have orthogonal weights: pass every layer through layer_init.",
            f"{who} {number} not orthogonal",
        )
        require(
            abs(scale - std) < 1e-3 * std,
            f"The {who}'s {nth(number)} layer ({layer}) has weights of scale {scale:.4f}; expected std = {std:.4f}.",
            f"{who} {number} {scale:.3f} {show(layer.bias.mean())}",
        )
        require(
            not layer.bias.any(),
            f"The {who}'s {nth(number)} layer ({layer}) has biases that are not 0.",
            f"{who} {number} bias",
        )


ACTIVATIONS = {"no activation": lambda x: x, "ReLU": torch.relu, "Tanh": torch.tanh}


def expect_activations(trace: Trace, expected: str, who: str) -> None:
    """Between one layer and the next there is the activation of that name."""
    for number in range(len(trace.layers) - 1):
        before, after = trace.outputs[number], trace.inputs[number + 1]
        fits = [name for name, function in ACTIVATIONS.items() if torch.allclose(after, function(before), atol=1e-5)]
        kind = fits[0] if fits else "something else"
        require(
            expected in fits,
            f"Between the {who}'s {nth(number)} and {nth(number + 1)} layer there is {kind}; expected {expected}.",
            f"{who} {number} {kind}",
        )


def expect_raw_input(trace: Trace, batch: torch.Tensor, who: str) -> None:
    require(
        torch.allclose(trace.inputs[0].reshape(batch.shape), batch),
        f"The {who}'s first layer does not get the observations as they are: they come scaled already, so do not change them here.",
        f"{who} input",
    )


def expect_learnable(network: nn.Module, batch: torch.Tensor, who: str) -> None:
    parameters = dict(network.named_parameters())
    output = network(batch)
    require(
        output.requires_grad,
        f"The {who}'s output carries no gradient, so it could never learn: no torch.no_grad, no detach, no requires_grad_(False).",
        f"{who} without gradient",
    )
    learning = [parameter for parameter in parameters.values() if parameter.requires_grad]
    gradients = dict(zip(map(id, learning), torch.autograd.grad(output.sum(), learning, allow_unused=True), strict=True))
    stuck = [name for name, parameter in parameters.items() if gradients.get(id(parameter)) is None]
    require(
        not stuck,
        f"No gradient reaches {stuck} of the {who}, so they could never learn: no requires_grad_(False), and no detach on the way.",
        f"{who} stuck",
    )


def expect_raw_output(network: nn.Module, last: nn.Module, batch: torch.Tensor, who: str) -> None:
    with torch.no_grad():
        last.weight.mul_(100)  # so that a softmax or a tanh after it would show
    trace = Trace(network, batch)
    require(
        torch.allclose(trace.output, trace.outputs[-1], rtol=1e-3, atol=1e-4),
        f"Something follows the {who}'s last layer (a softmax or a tanh, perhaps): its raw output is wanted"
        + (", the logits." if who == "actor" else "."),
        show(trace.output[0]),
    )


def expect_heads(actor_out, critic_out, batch: int, num_actions: int, from_: str) -> None:
    if tuple(actor_out.shape) == (batch, 1) and tuple(critic_out.shape) == (batch, num_actions):
        require(False, "The networks come in the wrong order: return actor first, then critic.", "order")
    expect_tensor(actor_out, (batch, num_actions), f"The actor's output for {from_}")
    expect_tensor(critic_out, (batch, 1), f"The critic's output for {from_}")


def shared_parameters(actor: nn.Module, critic: nn.Module) -> int:
    return len({id(p) for p in actor.parameters()} & {id(p) for p in critic.parameters()})


def expect_new_networks(make) -> None:
    """Require that every call makes networks of its own."""
    one, other = expect_pair(make()), expect_pair(make())
    kept = sum(shared_parameters(a, b) for a in one for b in other)
    require(
        kept == 0,
        f"A second call returns {kept} parameter tensors of the first call's networks: build new ones each time, or a second training goes "
        "on with the networks of the first.",
        "keeps networks",
    )


def test_get_actor_and_critic_classic(get_actor_and_critic_classic):
    torch.manual_seed(0)
    for num_obs, num_actions in [(4, 2), (6, 3)]:
        actor, critic = expect_pair(get_actor_and_critic_classic(num_obs, num_actions))
        obs = torch.randn(10, num_obs) * 3
        try:
            actor_trace, critic_trace = Trace(actor, obs), Trace(critic, obs)
        except (NotImplementedError, RecursionError):
            raise
        except RuntimeError as error:
            require(False, f"The networks do not fit observations of {num_obs} numbers: {error}.", f"sizes {num_obs}")
        expect_heads(actor_trace.output, critic_trace.output, 10, num_actions, f"{num_obs} numbers and {num_actions} actions")
        shared = shared_parameters(actor, critic)
        require(
            shared == 0,
            f"The actor and the critic share {shared} parameter tensors. In this chapter they are two separate networks.",
            f"shared {shared}",
        )
        expect_raw_input(actor_trace, obs, "actor")
        expect_raw_input(critic_trace, obs, "critic")
        for who, trace, outputs, last_std in [("actor", actor_trace, num_actions, 0.01), ("critic", critic_trace, 1, 1.0)]:
            shapes = [(layer.in_features, layer.out_features) for layer in trace.layers if isinstance(layer, nn.Linear)]
            expected = [(num_obs, 64), (64, 64), (64, outputs)]
            require(
                shapes == expected,
                f"The {who}'s linear layers have (inputs, outputs) {shapes}; expected {expected}.",
                str(shapes),
            )
            expect_activations(trace, "Tanh", who)
            expect_initialised(trace.layers, [sqrt(2), sqrt(2), last_std], who)
            expect_learnable(actor if who == "actor" else critic, obs, who)
            expect_raw_output(actor if who == "actor" else critic, trace.layers[-1], obs, who)
    expect_new_networks(lambda: get_actor_and_critic_classic(4, 2))


def test_get_actor_and_critic_atari(get_actor_and_critic_atari):
    torch.manual_seed(0)
    for frames, side, num_actions in [(4, 84, 4), (3, 36, 6)]:
        given = f"frames of shape {(frames, side, side)} and {num_actions} actions"
        try:
            answer = get_actor_and_critic_atari((frames, side, side), num_actions)
            actor, critic = expect_pair(answer)
            obs = torch.rand(5, frames, side, side)
            actor_trace, critic_trace = Trace(actor, obs), Trace(critic, obs)
        except (NotImplementedError, RecursionError):
            raise
        except RuntimeError as error:
            m = (side - 4) // 8 - 3
            require(
                False,
                f"The networks do not fit {given}: {error}. From a side of {side} the convolutions make 64 x {m} x {m} = {64 * m * m} numbers.",
                f"sizes {side}: {error}",
            )
        except ValueError as error:
            require(
                False,
                f"For frames of shape {(frames, side, side)} it raises ValueError ({error}), but {side} is 8 * {(side - 4) // 8} + 4, so they "
                f"are allowed.{line_of(error)}",
                f"refuses {side}: {error}",
            )
        expect_heads(actor_trace.output, critic_trace.output, 5, num_actions, given)

        convolutions = [
            (c.in_channels, c.out_channels, c.kernel_size, c.stride) for c in actor_trace.layers if isinstance(c, nn.Conv2d)
        ]
        expected = [(frames, 32, (8, 8), (4, 4)), (32, 64, (4, 4), (2, 2)), (64, 64, (3, 3), (1, 1))]
        require(
            convolutions == expected,
            f"The convolutions have (channels in, channels out, size, stride) {convolutions}; expected {expected}.",
            str(convolutions),
        )
        for conv in (c for c in actor_trace.layers if isinstance(c, nn.Conv2d)):
            require(conv.padding in ((0, 0), "valid"), f"{conv} has padding; the network uses none.", "padding")
        sizes = [layer.out_features for layer in actor_trace.layers if isinstance(layer, nn.Linear)]
        require(
            sizes == [512, num_actions],
            f"After the convolutions come linear layers with {sizes} outputs; expected [512, {num_actions}].",
            str(sizes),
        )
        for who, trace in [("actor", actor_trace), ("critic", critic_trace)]:
            for number in range(len(trace.layers) - 1):
                before, after = trace.outputs[number], trace.inputs[number + 1].reshape(trace.outputs[number].shape)
                if not torch.allclose(after, before.relu(), atol=1e-5):
                    kind = "no activation" if torch.allclose(after, before) else "something else"
                    require(
                        False,
                        f"Between the {who}'s {nth(number)} and {nth(number + 1)} layer there is {kind}; expected ReLU.",
                        f"{who} {number} {kind}",
                    )

        expect_raw_input(actor_trace, obs, "actor")
        expect_raw_input(critic_trace, obs, "critic")
        shared = shared_parameters(actor, critic)
        require(
            shared > 0,
            "The actor and the critic share no parameters: each has a trunk of its own (two trunks, or a copy of one). Build one trunk "
            "and use the same object in both.",
            "not shared",
        )
        require(
            shared == 8,
            f"The actor and the critic share {shared} parameter tensors; expected 8: the trunk's 4 layers, and no head.",
            f"shared {shared}",
        )
        same = isinstance(actor, nn.Sequential) and isinstance(critic, nn.Sequential) and actor[0] is critic[0]
        same = same and len(list(actor[0].parameters())) == 8
        is_module = not (isinstance(actor, nn.Sequential) or isinstance(critic, nn.Sequential))
        require(
            same or is_module,
            "The first child of both Sequentials must be the same, whole trunk (actor[0] is critic[0], with all its layers inside): only "
            "then can it run once for both.",
            "not first",
        )
        expect_initialised(actor_trace.layers, [sqrt(2)] * 4 + [0.01], "actor")
        expect_initialised(critic_trace.layers[-1:], [1.0], "critic")
        expect_learnable(actor, obs, "actor")
        expect_learnable(critic, obs, "critic")
        expect_raw_output(actor, actor_trace.layers[-1], obs, "actor")
        expect_raw_output(critic, critic_trace.layers[-1], obs, "critic")
    expect_new_networks(lambda: get_actor_and_critic_atari((3, 36, 36), 6))
    for wrong in [(4, 80, 80), (4, 84, 44), (4, 28, 28)]:
        refused = "nothing was raised"
        try:
            get_actor_and_critic_atari(wrong, 4)
        except ValueError as error:
            require(
                any(digit in str(error) for digit in "0123456789"),
                f"Frames of shape {wrong} are refused with the words {str(error)!r}, which do not say what would be right: name a side that "
                "fits, such as 84, or the rule 8m + 4.",
                "no advice",
            )
            continue
        except Exception as error:
            refused = f"{type(error).__name__} was raised"
        require(
            False,
            f"Frames of shape {wrong} must be refused with a ValueError, because they are not square with a side of 8m + 4, m at least 4; "
            f"{refused}.",
            f"{wrong} {refused}",
        )


def test_get_actor_and_critic(get_actor_and_critic, mode="classic-control"):
    spaces = {
        "classic-control": (gym.spaces.Box(-1, 1, (4,)), gym.spaces.Discrete(2)),
        "ram": (gym.spaces.Box(0, 255, (3, 128), dtype="uint8"), gym.spaces.Discrete(6)),
        "atari": (gym.spaces.Box(0, 255, (4, 84, 84), dtype="uint8"), gym.spaces.Discrete(4)),
    }
    require(mode in spaces, f"mode must be one of {', '.join(spaces)}; you gave {mode!r}.")
    obs_space, action_space = spaces[mode]
    envs = SimpleNamespace(single_observation_space=obs_space, single_action_space=action_space, num_envs=3)
    actor, critic = expect_pair(get_actor_and_critic(envs, mode))
    obs = torch.rand(3, *obs_space.shape)
    expect_heads(actor(obs), critic(obs), 3, int(action_space.n), f'mode "{mode}"')
    require(
        (shared_parameters(actor, critic) > 0) == (mode == "atari"),
        f'In mode "{mode}" the actor and the critic should {"share a trunk" if mode == "atari" else "be separate"}.',
    )
    require(actor(obs).requires_grad, "The networks' outputs carry no gradient.")


def linear_critic(weights: list[float], bias: float) -> nn.Linear:
    """A critic whose values are easy to work out: a sum of the observation's numbers, each times its weight, and a bias."""
    critic = nn.Linear(len(weights), 1)
    critic.load_state_dict({"weight": torch.tensor([weights]), "bias": torch.tensor([bias])})
    return critic


def parameters_of(network: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def test_fit_critic(fit_critic):
    # One observation of 1 and 2, weights of 1 and a bias of 0: the value is 3, the return 5, the error -2
    critic = linear_critic([1.0, 1.0], 0.0)
    optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
    obs, returns = torch.tensor([[1.0, 2.0]]), torch.tensor([5.0])
    with unmodified(obs=obs, returns=returns):
        loss = fit_critic(critic, optimizer, obs, returns)
    expect_close(
        loss, torch.tensor(4.0), "The loss of one observation with the value 3 and the return 5", "(3 - 5)^2, before the step"
    )
    gradients = [parameter.grad for parameter in critic.parameters()]
    there = "none" if None in gradients else "zeros" if not any(one.any() for one in gradients) else "there"
    require(
        not torch.equal(parameters_of(critic), torch.tensor([1.0, 1.0, 0.0])),
        "The critic has not moved at all. "
        + {
            "none": "Its parameters have no gradient after the call: the loss never reached them.",
            "zeros": "The gradients of its parameters are 0 after the call, though the value was wrong by 2.",
            "there": "The gradients of its parameters are there after the call: the optimizer has not used them.",
        }[there],
        f"not moved, gradients {there}",
    )
    expect_close(
        parameters_of(critic),
        torch.tensor([1.4, 1.8, 0.4]),
        "The critic after one step",
        "weights (1, 1) and bias 0, learning rate 0.1: minus 0.1 * 2 * (3 - 5) times (1, 2) and 1",
    )

    torch.manual_seed(0)
    obs, returns = torch.randn(6, 2), torch.tensor([1.0, -2.0, 3.0, 10.0, 0.5, -4.0])
    critic = linear_critic([0.5, -1.5], 0.25)
    optimizer = torch.optim.SGD(critic.parameters(), lr=0.05)
    losses, expected_losses, seen, expected = [], [], [], []
    weights = parameters_of(critic)
    inputs = torch.cat([obs, torch.ones(6, 1)], dim=1)
    for parameter in critic.parameters():
        parameter.grad = torch.full_like(parameter, 7.0)  # left from an earlier step
    for _ in range(3):
        errors = inputs @ weights - returns
        expected_losses.append(errors.square().mean())
        weights = weights - 0.05 * 2 * (inputs.T @ errors) / 6
        losses.append(fit_critic(critic, optimizer, obs, returns))
        seen.append(parameters_of(critic))
        expected.append(weights)
    expect_close(
        torch.stack(losses),
        torch.stack(expected_losses),
        "What fit_critic returns in three steps on six observations",
        "mean squared errors",
    )
    expect_close(
        torch.stack(seen),
        torch.stack(expected),
        "The critic after each of three steps on six observations",
        "plain gradient descent with rate 0.05 on the mean squared error; gradients left from before do not count",
    )
    expect_no_graph(losses[0], "The loss")

    critic = linear_critic([1.0, 0.0], 0.0)
    optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
    promised = torch.tensor([2.0, 3.0], requires_grad=True)
    returns = promised * 1.0  # with a graph, as if another network had had a part in them
    fit_critic(critic, optimizer, torch.tensor([[1.0, 0.0], [2.0, 0.0]]), returns)
    require(
        returns.requires_grad,
        "Your code cuts the caller's `returns` off from their graph, as detach_() does: leave the caller's tensors alone.",
        "detach_",
    )
    critic = linear_critic([1.0, 0.0], 0.0)
    before = parameters_of(critic)
    nothing_to_do = fit_critic(
        critic, torch.optim.SGD(critic.parameters(), lr=0.1), torch.tensor([[1.0, 0.0], [2.0, 0.0]]), torch.tensor([1.0, 2.0])
    )
    expect_close(nothing_to_do, torch.tensor(0.0), "The loss of a critic that is right about every observation")
    expect_close(
        parameters_of(critic),
        before,
        "A critic that is right about every observation, after the step",
        "there is nothing to mend",
    )

    frozen, learning = nn.Linear(2, 3), nn.Linear(3, 1)
    optimizer = torch.optim.SGD(learning.parameters(), lr=0.1)
    before = parameters_of(frozen)
    fit_critic(nn.Sequential(frozen, learning), optimizer, obs, torch.ones(6))
    require(
        torch.equal(before, parameters_of(frozen)),
        "A layer that the optimizer was not given has moved: step with the optimizer, and change no parameters yourself.",
        "moved by hand",
    )
    critic = linear_critic([0.5, -1.5], 0.25)
    adam, own = torch.optim.Adam(critic.parameters(), lr=0.05), parameters_of(critic)
    fit_critic(critic, adam, obs, torch.ones(6))
    require(
        bool(((parameters_of(critic) - own).abs() - 0.05).abs().max() < 1e-3),
        f"With Adam and a learning rate of 0.05 the weights and the bias have moved by {show((parameters_of(critic) - own).abs())}; expected 0.05 "
        "each, as Adam's first step does: make the step with the optimizer that is given.",
        "not the optimizer given",
    )
    expect_device_followed(
        lambda network, *columns: fit_critic(network, torch.optim.SGD(network.parameters(), lr=0.1), *columns),
        copy.deepcopy(critic),
        obs,
        torch.ones(6),
        what="fit_critic",
    )


def test_estimate_advantages(estimate_advantages):
    critic = linear_critic([1.0, 10.0], 0.5)
    obs, returns = torch.tensor([[1.0, 2.0], [3.0, 0.0], [0.0, -1.0]]), torch.tensor([20.0, 5.0, -9.5])
    with unmodified(obs=obs, returns=returns):
        advantages = estimate_advantages(critic, obs, returns)
    expect_close(
        advantages,
        torch.tensor([-1.5, 1.5, 0.0]),
        "estimate_advantages",
        "returns (20, 5, -9.5) minus values (21.5, 3.5, -9.5)",
    )
    require(
        not advantages.requires_grad,
        "The advantages carry a graph: the critic would be bent by the policy's loss. Detach them, or work under torch.no_grad().",
        "graph",
    )
    torch.manual_seed(0)
    critic, obs = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)), torch.randn(5, 3)
    promised = torch.randn(5, requires_grad=True)
    returns = promised * 30
    before = parameters_of(critic)
    advantages = estimate_advantages(critic, obs, returns)
    with torch.no_grad():
        expected = returns - critic(obs)[:, 0]
    expect_close(
        advantages, expected, "estimate_advantages", "5 random observations: the return minus the critic's value of each"
    )
    require(
        not advantages.requires_grad,
        "Where the returns carry a graph, the advantages do as well: they are numbers, so detach them, or work under torch.no_grad().",
        "graph through the returns",
    )
    require(
        returns.requires_grad,
        "Your code cuts the caller's `returns` off from their graph, as detach_() does: leave the caller's tensors alone.",
        "detach_",
    )
    require(
        torch.equal(before, parameters_of(critic)) and all(p.grad is None for p in critic.parameters()),
        "The critic's parameters, or their gradients, have changed: here it only predicts.",
        "critic changed",
    )
    require(
        torch.is_grad_enabled(),
        "Gradients are switched off for everything that follows: use `with torch.no_grad():`.",
        "no grad for ever",
    )
    expect_close(
        estimate_advantages(critic, obs[:1], returns[:1].detach()), expected[:1], "estimate_advantages", "a single observation"
    )
    expect_close(
        estimate_advantages(critic, obs, torch.zeros(5)),
        expected - returns.detach(),
        "estimate_advantages",
        "returns of 0: minus the values",
    )
    expect_device_followed(estimate_advantages, copy.deepcopy(critic), obs, torch.ones(5), what="estimate_advantages")


def test_side_after(side_after):
    cases = [(5, 3, 2), (84, 8, 4), (20, 4, 2), (9, 3, 1), (7, 7, 1), (7, 7, 3), (10, 3, 4), (12, 3, 4), (85, 8, 4), (87, 8, 4), (3, 1, 1), (6, 1, 5), (6, 2, 5), (100, 9, 7)]  # fmt: skip
    for side, size, stride in cases:
        seen = side_after(side, size, stride)
        positions = [place for place in range(0, side, stride) if place + size <= side]
        require(
            isinstance(seen, int) and not isinstance(seen, bool),
            f"side_after({side}, {size}, {stride}) gives {seen!r}, of the type {type(seen).__name__}; expected a whole number, an int.",
            type(seen).__name__,
        )
        require(
            seen == len(positions),
            f"side_after({side}, {size}, {stride}) gives {seen}; expected {len(positions)}: a window of {size} fits at the positions "
            f"{', '.join(map(str, positions[:4]))}{', ...' * (len(positions) > 4)}{f', {positions[-1]}' * (len(positions) > 4)} of a side of {side}.",
            f"{side}, {size}, {stride}: {seen}",
        )
