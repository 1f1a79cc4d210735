"""What makes a training fast and changes nothing that it learns. The trainer calls `prepare`; each trick is a function here.

Other tricks live where they belong: pictures stay bytes in the rollout, and lie there as convolutions want them
(`rollout.Rollout`); a trunk that actor and critic share runs once (`networks.actor_critic_forward`); the emulators are native
code in threads (`utils.envs.make_envs`). Two have a room of their own, for a GPU: `solutions/graphs.py` and
`solutions/overlap.py`. `python tests/bench_breakout.py` says what each is worth on a machine.
"""

import ctypes
import sys
from pathlib import Path

import torch
from torch import nn

from solutions import networks


def prepare(actor: nn.Module, critic: nn.Module, device: torch.device, precision: str) -> tuple[nn.Module, nn.Module]:
    """Move both networks to a device, and make them fast there. Their weights stay float32, and so does what they return.

    Args:
        actor, critic: see `networks.get_actor_and_critic`. Changed in place.
        device: where they are to compute.
        precision: "fp32"; "bf16", for networks with convolutions; or "auto": bf16 where the hardware has it.

    Returns:
        Both networks.
    """
    actor, critic = actor.to(device), critic.to(device)
    if any(parameter.ndim == 4 for parameter in actor.parameters()):
        if device.type == "cpu":
            keep_memory()
        put_channels_last(actor, critic)
        if precision == "bf16" or (precision == "auto" and has_fast_bf16(device)):
            compute_in_bf16(actor, critic)
    return actor, critic


def keep_memory() -> None:
    """Tell the C library to keep what is freed, rather than to give it back to the system and to ask for it again.

    A minibatch of pictures goes through arrays of 10 to 30 MB, and each fresh page costs the system a fault. Linux (glibc)
    only; elsewhere nothing happens. What is resident grows in a few jumps, each as large as a rollout, and then no more: by about
    90 MB in three runs of tests/bench_memory.py.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        mmap_threshold, trim_threshold = -3, -1  # their numbers in malloc.h
        libc.mallopt(mmap_threshold, 32 * 1024**2)  # the most that it takes
        libc.mallopt(trim_threshold, 2**31 - 1)


def put_channels_last(*networks: nn.Module) -> None:
    """Lay the weights of convolutions out as the fast ones want them: the numbers of all channels of a pixel together."""
    for network in networks:
        network.to(memory_format=torch.channels_last)


def has_fast_bf16(device: torch.device) -> bool:
    """Whether a device computes faster in bfloat16 than in float32. A CPU without the instructions for it imitates them."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:  # not Linux
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def compute_in_bf16(actor: nn.Module, critic: nn.Module) -> None:
    """Let the trunk, where nearly all of the time goes, multiply in bfloat16. Heads, losses and weights stay float32.

    Networks without a common trunk compute in bfloat16 as a whole.
    """
    for network in [actor[0]] if networks.share_trunk(actor, critic) else [actor, critic]:
        network.forward = _Autocast(network.forward)


class _Autocast:
    def __init__(self, forward):
        self.forward = forward

    def __call__(self, obs):
        with torch.autocast(obs.device.type, torch.bfloat16):
            return self.forward(obs).float()
