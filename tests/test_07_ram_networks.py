"""Tests of the exercises of chapter 07 on the console's memory: scaling, changes, networks."""

from math import sqrt

import torch
from torch import nn

from tests.checks import expect_close, expect_own_result, require, unmodified
from tests.test_02_actor_critic import (
    Trace,
    expect_activations,
    expect_heads,
    expect_initialised,
    expect_new_networks,
    expect_pair,
    expect_raw_output,
    shared_parameters,
)


def test_scale_bytes(scale_bytes):
    batches = {
        "the bytes 0, 1, 127, 128, 254 and 255": torch.tensor([0, 1, 127, 128, 254, 255], dtype=torch.uint8),
        "bytes that are all 0 or 1": torch.tensor([[0, 1, 1], [0, 0, 1]], dtype=torch.uint8),
        "bytes that are all between 10 and 30": torch.arange(10, 31, dtype=torch.uint8).reshape(7, 3),
        "a batch of frames": torch.randint(0, 256, (2, 4, 5, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)),
    }
    for given, obs in batches.items():
        with unmodified(obs=obs):
            scaled = scale_bytes(obs)
        expect_close(scaled, obs.double() / 255, f"What comes of {given}", "0 becomes 0, and 255 becomes 1", tolerance=1e-6)
        require(
            scaled.dtype == torch.float32,
            f"What comes of {given} has dtype {scaled.dtype}; the networks want float32.",
            str(scaled.dtype),
        )

    for shape in [(), (1, 1, 5), (1,)]:
        one = torch.full(shape, 51, dtype=torch.uint8)
        expect_close(scale_bytes(one), torch.full(shape, 0.2), f"What comes of bytes of shape {shape}", "any shape will do")
    expect_own_result(lambda number: scale_bytes(torch.full((2, 3), number, dtype=torch.uint8)), "scale_bytes")


def snapshots(num_bytes: int, batch: int) -> torch.Tensor:
    """Scaled snapshots as a game gives them: some bytes stand still, some move by a few, some jump."""
    generator = torch.Generator().manual_seed(num_bytes)
    first = torch.randint(0, 256, (batch, num_bytes), generator=generator)
    before = torch.where(torch.rand(first.shape, generator=generator) < 0.5, first, first.flip(0).roll(1, 1))
    moved = torch.randint(-7, 8, first.shape, generator=generator)
    newest = (before + moved).clamp(0, 255)
    newest[:, ::5] = before[:, ::5]
    newest[:, 1::5] = 255 - before[:, 1::5]
    return torch.stack([first, before, newest], dim=1).float() / 255


def changes(obs: torch.Tensor) -> torch.Tensor:
    """The definition, one byte at a time, in double precision."""
    rows = []
    for first, before, newest in obs.double():
        since_start = [float(c - a) for a, c in zip(first, newest, strict=True)]
        since_last = [min(max(32 * float(c - b), -1.0), 1.0) for b, c in zip(before, newest, strict=True)]
        rows.append(since_start + since_last)
    return torch.tensor(rows, dtype=torch.float64)


def test_ram_features(ram_features):
    by_hand = {
        "a byte that stands still at 200": ((200, 200, 200), (0.0, 0.0)),
        "a byte that has been at 100 for long, in a game that began with 40": ((40, 100, 100), (60 / 255, 0.0)),
        "a byte that has just gone from 100 to 104, in a game that began with 140": (
            (140, 100, 104),
            (-36 / 255, 32 * 4 / 255),
        ),
        "a byte that has just gone from 104 to 100, in a game that began with 100": ((100, 104, 100), (0.0, -32 * 4 / 255)),
        "a byte that has just jumped from 255 to 0, in a game that began with 255": ((255, 255, 0), (-1.0, -1.0)),
    }
    for given, (values, expected) in by_hand.items():
        obs = torch.tensor(values).reshape(1, 3, 1) / 255
        with unmodified(obs=obs):
            features = ram_features(obs)
        expect_close(
            features,
            torch.tensor([expected]),
            f"What comes of {given}",
            "first the change since the start, then the last step's",
        )
    for num_bytes, batch in [(4, 3), (128, 2)]:
        obs = snapshots(num_bytes, batch)
        with unmodified(obs=obs):
            features = ram_features(obs)
        expect_close(
            features,
            changes(obs),
            f"What comes of {batch} observations of {num_bytes} bytes",
            "first every byte's change since the start, then every byte's in the last step",
        )
    expect_own_result(lambda number: ram_features(snapshots(4, 3).roll(number, 0)), "ram_features")


def test_get_actor_and_critic_ram(get_actor_and_critic_ram):
    torch.manual_seed(0)
    for num_bytes, num_actions in [(128, 6), (10, 3)]:
        actor, critic = expect_pair(get_actor_and_critic_ram(num_bytes, num_actions))
        obs = snapshots(num_bytes, 10)
        given = f"snapshots of {num_bytes} bytes and {num_actions} actions"
        try:
            actor_trace, critic_trace = Trace(actor, obs), Trace(critic, obs)
        except NotImplementedError:
            raise
        except RuntimeError as error:
            require(False, f"The networks do not fit {given}: {error}.", f"sizes {num_bytes}")
        expect_heads(actor_trace.output, critic_trace.output, 10, num_actions, given)
        require(
            shared_parameters(actor, critic) == 0,
            "The actor and the critic share weights. In this chapter they are two separate networks; only RamFeatures, which has "
            "no weights, may be in both.",
            "shared",
        )
        for who, trace, outputs, last_std in [("actor", actor_trace, num_actions, 0.01), ("critic", critic_trace, 1, 1.0)]:
            shapes = [(layer.in_features, layer.out_features) for layer in trace.layers if isinstance(layer, nn.Linear)]
            expected = [(2 * num_bytes, 256), (256, 256), (256, outputs)]
            require(
                shapes == expected,
                f"The {who}'s linear layers have (inputs, outputs) {shapes} for {given}; expected {expected}, because RamFeatures "
                "gives two numbers for each byte.",
                str(shapes),
            )
            expect_close(
                trace.inputs[0],
                changes(obs),
                f"What the {who}'s first linear layer gets",
                "the features, as RamFeatures gives them",
            )
            expect_activations(trace, "ReLU", who)
            expect_initialised(trace.layers, [sqrt(2), sqrt(2), last_std], who)
            expect_raw_output(actor if who == "actor" else critic, trace.layers[-1], obs, who)
    expect_new_networks(lambda: get_actor_and_critic_ram(10, 3))
