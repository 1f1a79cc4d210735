"""The pretended GPU refuses what a GPU refuses, and nothing else."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.checks import WrongAnswer, expect_device_followed
from tests.devices import GPU, MIXED, TO_NUMPY, OnGPU, PretendedGPU, on_gpu

FOLLOWS = [
    lambda x, c: x + 1,
    lambda x, c: x + torch.tensor(1.0),  # a number may lie on the CPU
    lambda x, c: torch.zeros_like(x) + x,
    lambda x, c: torch.zeros(4, 3, device=x.device) + x,
    lambda x, c: torch.as_tensor(np.zeros((4, 3), np.float32), device=x.device) + x,
    lambda x, c: c.to(x.device) + x,
    lambda x, c: c.to(x) + x,
    lambda x, c: x.to(torch.float64),
    lambda x, c: x[torch.tensor([0, 1])],  # and so may indices
    lambda x, c: torch.stack([x[0], x[1]]),
    lambda x, c: torch.zeros_like(x).add_(x),
    lambda x, c: torch.where(x > 0, x, 0.0),
    lambda x, c: torch.distributions.Categorical(logits=x).sample(),
    lambda x, c: F.log_softmax(x, dim=-1).gather(1, x.argmax(1, keepdim=True)),
    lambda x, c: on_gpu(nn.Linear(3, 2))(x),
    lambda x, c: sum(row for row in x),
    lambda x, c: c.type_as(x) + x,
    lambda x, c: c.cuda() + x,
    lambda x, c: c.to("cuda") + x,
    lambda x, c: c.to(x.device, torch.float64) + x,
    lambda x, c: torch.ones(3, device="cuda" if x.is_cuda else "cpu") + x,
    lambda x, c: x.new_tensor(c) + x,
    lambda x, c: x.index_put((torch.tensor([0]), torch.tensor([1])), x[0, 0]),
]
MIXES = [
    (MIXED, lambda x, c: x + c),
    (MIXED, lambda x, c: torch.zeros(4, 3) + x),
    (MIXED, lambda x, c: torch.tensor(x.tolist()) - x),
    (MIXED, lambda x, c: torch.stack([x[0], c[1]])),
    (MIXED, lambda x, c: torch.zeros_like(x).add_(c)),
    (MIXED, lambda x, c: x.cpu() + x),
    (MIXED, lambda x, c: x.to("cpu") + x),
    (MIXED, lambda x, c: on_gpu(nn.Linear(3, 2))(c)),
    (TO_NUMPY, lambda x, c: x.numpy()),
    (TO_NUMPY, lambda x, c: np.asarray(x)),
]


@pytest.fixture
def tensors():
    return on_gpu(torch.randn(4, 3)), torch.randn(4, 3)


@pytest.mark.parametrize("number", range(len(FOLLOWS)))
def test_what_follows(tensors, number):
    with PretendedGPU():
        result = FOLLOWS[number](*tensors)
        assert result.device == GPU and result.is_cuda
    assert isinstance(result, OnGPU)


@pytest.mark.parametrize("number", range(len(MIXES)))
def test_what_mixes(tensors, number):
    said, call = MIXES[number]
    with PretendedGPU(), pytest.raises((RuntimeError, TypeError), match=said):
        call(*tensors)


def test_numbers_can_be_asked_for(tensors):
    x, on_cpu = tensors
    with PretendedGPU():
        assert x.cpu().numpy().shape == (4, 3)
        assert len(x.tolist()) == 4
        assert bool(x.square().sum() > 0)
        assert x.numpy(force=True).shape == (4, 3)
        assert x.cpu().device == on_cpu.device == torch.device("cpu")


def test_what_goes_through_vmap_gets_no_verdict():
    expect_device_followed(torch.vmap(lambda x, y: (x - y).square()), torch.ones(3), torch.zeros(3), what="it")
    with pytest.raises(WrongAnswer):
        expect_device_followed(lambda x, y: x + torch.zeros(3), torch.ones(3), torch.zeros(3), what="it")
